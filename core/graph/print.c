#include "core/graph/print.h"

#include <jansson.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/graph/normal.h"

static const struct sw_host_graph *const graphs = &sw_host_graph_table;

bool sw_graph_format_parse(const char *text, enum sw_graph_format *format) {
    static const char *const names[] = {"tree", "json", "dot", "mermaid"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0) {
            *format = (enum sw_graph_format)i;
            return true;
        }
    return false;
}

static const char *shown_name(const struct sw_printed_image *image) {
    return *image->name ? image->name : "~";
}

static const struct sw_printed_stage *stage_at(const struct sw_printed_image *image, sw_node node) {
    for (size_t i = 0; i < image->stage_count; i++)
        if (image->stages[i].node == node)
            return &image->stages[i];
    return NULL;
}

/* ---- tree ---- */

static void print_tree_node(struct sw_buf *out, const struct sw_printed_image *image, sw_node node) {
    const sw_node *inputs;
    size_t input_count = graphs->inputs(image->graph, node, &inputs);
    const struct sw_printed_stage *stage = stage_at(image, node);
    sw_buf_printf(out, "  #%u %-7s %s", node, sw_op_name(graphs->kind(image->graph, node)),
                  graphs->note(image->graph, node)->title);
    for (size_t i = 0; i < input_count; i++)
        sw_buf_printf(out, "%s#%u", i ? " " : "  <- ", inputs[i]);
    if (stage)
        sw_buf_printf(out, "  [stage %s %.12s]", stage->name, stage->digest);
    sw_buf_putc(out, '\n');
}

static void print_tree(struct sw_buf *out, const struct sw_printed_image *images, size_t count) {
    for (size_t i = 0; i < count; i++) {
        sw_buf_printf(out, "%s (%s)", shown_name(&images[i]), images[i].platform);
        for (size_t j = 0; j < images[i].needs.count; j++)
            sw_buf_printf(out, "%s%s", j ? ", " : " needs ", images[i].needs.items[j]);
        sw_buf_putc(out, '\n');
        for (sw_node node = 0; node < graphs->count(images[i].graph); node++)
            print_tree_node(out, &images[i], node);
    }
}

/* ---- JSON ---- */

static const char *number_of_input(const void *context, sw_node node) {
    static _Thread_local char text[16];
    (void)context;
    snprintf(text, sizeof text, "#%u", node);
    return text;
}

static json_t *json_of_node(const struct sw_graph *graph, sw_node node) {
    json_t *form = sw_normal_form(graphs->kind(graph, node), graphs->record(graph, node), NULL, number_of_input, graph);
    const struct sw_op_note *note = graphs->note(graph, node);
    json_object_set_new(form, "node", json_integer(node));
    json_object_set_new(form, "key", json_string(graphs->key(graph, node)));
    json_object_set_new(form, "title", json_string(note->title));
    if (note->place.file)
        json_object_set_new(form, "place", json_pack("{s:s, s:i}", "file", note->place.file, "line", (int)note->place.line));
    return form;
}

static json_t *json_of_image(const struct sw_printed_image *image) {
    json_t *nodes = json_array(), *stages = json_array(), *needs = json_array();
    for (sw_node node = 0; node < graphs->count(image->graph); node++)
        json_array_append_new(nodes, json_of_node(image->graph, node));
    for (size_t i = 0; i < image->stage_count; i++)
        json_array_append_new(stages, json_pack("{s:s, s:s, s:i}", "name", image->stages[i].name, "digest", image->stages[i].digest,
                                                "node", (int)image->stages[i].node));
    for (size_t i = 0; i < image->needs.count; i++)
        json_array_append_new(needs, json_string(image->needs.items[i]));
    return json_pack("{s:s, s:s, s:o, s:o, s:o}", "image", image->name, "platform", image->platform, "needs", needs, "stages",
                     stages, "nodes", nodes);
}

static void print_json(struct sw_buf *out, const struct sw_printed_image *images, size_t count) {
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_of_image(&images[i]));
    sw_cleanup_json json_t *root = json_pack("{s:o}", "images", list);
    sw_cleanup_free char *text = json_dumps(root, JSON_INDENT(2) | JSON_SORT_KEYS);
    sw_buf_puts(out, text);
    sw_buf_putc(out, '\n');
}

/* ---- pictures ---- */

/* Text inside a quoted label: the two languages need quotes and backslashes out of the way, and a node's title on one line. */
static void put_label(struct sw_buf *out, const char *text) {
    size_t len = strlen(text);
    for (size_t i = 0; i < len && i < 80; i++)
        sw_buf_putc(out, text[i] == '"' || text[i] == '\\' ? '\'' : (unsigned char)text[i] < ' ' ? ' ' : text[i]);
    if (len > 80)
        sw_buf_puts(out, "...");
}

/* `arrow` and `end` are the language's own: "->" and ";", or "-->" and "". */
static void print_picture_edges(struct sw_buf *out, const struct sw_printed_image *image, size_t number, const char *arrow,
                                const char *end) {
    for (sw_node node = 0; node < graphs->count(image->graph); node++) {
        const sw_node *inputs;
        size_t input_count = graphs->inputs(image->graph, node, &inputs);
        for (size_t i = 0; i < input_count; i++)
            sw_buf_printf(out, "    i%zu_%u %s i%zu_%u%s\n", number, inputs[i], arrow, number, node, end);
    }
}

static void print_dot(struct sw_buf *out, const struct sw_printed_image *images, size_t count) {
    sw_buf_puts(out, "digraph slipway {\n  rankdir=LR;\n  node [shape=box];\n");
    for (size_t i = 0; i < count; i++) {
        sw_buf_printf(out, "  subgraph cluster_%zu {\n    label=\"", i);
        put_label(out, shown_name(&images[i]));
        sw_buf_puts(out, "\";\n");
        for (sw_node node = 0; node < graphs->count(images[i].graph); node++) {
            sw_buf_printf(out, "    i%zu_%u [label=\"", i, node);
            put_label(out, graphs->note(images[i].graph, node)->title);
            sw_buf_printf(out, "\"%s];\n", stage_at(&images[i], node) ? ", style=bold" : "");
        }
        print_picture_edges(out, &images[i], i, "->", ";");
        sw_buf_puts(out, "  }\n");
    }
    sw_buf_puts(out, "}\n");
}

static void print_mermaid(struct sw_buf *out, const struct sw_printed_image *images, size_t count) {
    sw_buf_puts(out, "flowchart LR\n");
    for (size_t i = 0; i < count; i++) {
        sw_buf_printf(out, "  subgraph s%zu [\"", i);
        put_label(out, shown_name(&images[i]));
        sw_buf_puts(out, "\"]\n");
        for (sw_node node = 0; node < graphs->count(images[i].graph); node++) {
            sw_buf_printf(out, "    i%zu_%u[\"", i, node);
            put_label(out, graphs->note(images[i].graph, node)->title);
            sw_buf_puts(out, "\"]\n");
        }
        print_picture_edges(out, &images[i], i, "-->", "");
        sw_buf_puts(out, "  end\n");
    }
}

void sw_graph_print(struct sw_buf *out, enum sw_graph_format format, const struct sw_printed_image *images, size_t count) {
    switch (format) {
    case SW_GRAPH_TREE:
        print_tree(out, images, count);
        break;
    case SW_GRAPH_JSON:
        print_json(out, images, count);
        break;
    case SW_GRAPH_DOT:
        print_dot(out, images, count);
        break;
    case SW_GRAPH_MERMAID:
        print_mermaid(out, images, count);
        break;
    }
}
