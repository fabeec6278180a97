#include "core/template/engine.h"

#include <string.h>

#include "core/template/exec.h"
#include "core/template/function.h"
#include "core/template/quote.h"

bool sw_engine_has_stack(const struct sw_engine *engine) {
    return (uintptr_t)__builtin_frame_address(0) > (uintptr_t)engine->stack_end;
}

bool sw_engine_may_write(const struct sw_engine *engine, const struct sw_buf *out) {
    return sw_engine_has_stack(engine) && out->len <= engine->limits.memory;
}

/* A parsed tree takes the place of an earlier one of its name, but an empty one does not. */
static void install(struct sw_engine *engine, const struct sw_tree *tree) {
    const char *name = sw_str_z(&engine->arena, tree->name);
    if (sw_map_has(&engine->templates, name) && sw_node_is_empty(tree->root))
        return;
    sw_map_set(&engine->templates, name, sw_arena_copy(&engine->arena, tree, sizeof *tree));
}

bool sw_engine_parse(struct sw_engine *engine, struct sw_str name, struct sw_str text, struct sw_buf *error) {
    struct sw_source *source = sw_arena_new(&engine->arena, sizeof *source);
    *source = (struct sw_source){name, text};
    sw_cleanup_vec struct sw_vec trees = {.width = sizeof(struct sw_tree)};
    uint32_t line;
    if (!sw_parse(&engine->arena, source, &engine->functions, &trees, error, &line)) {
        if (!engine->fault) {
            engine->fault = source;
            engine->fault_line = line;
        }
        return false;
    }
    for (size_t i = 0; i < trees.len; i++)
        install(engine, sw_vec_at(&trees, i));
    return true;
}

const struct sw_tree *sw_engine_find(const struct sw_engine *engine, struct sw_str name) {
    sw_cleanup_buf struct sw_buf key = {0};
    sw_buf_add_str(&key, name);
    return sw_map_get(&engine->templates, sw_buf_text(&key));
}

bool sw_engine_execute(struct sw_engine *engine, struct sw_str name, struct sw_datum data, struct sw_output *out,
                       struct sw_buf *error) {
    const struct sw_tree *tree = sw_engine_find(engine, name);
    if (tree)
        return sw_engine_run(engine, tree, data, out, error);
    sw_buf_puts(error, "template: no template ");
    sw_quote(error, name, SW_UNICODE);
    sw_buf_puts(error, " associated with template ");
    sw_quote(error, sw_str_of(engine->input->main.name), SW_UNICODE);
    return false;
}

struct sw_str sw_engine_source(struct sw_engine *engine, struct sw_str name) {
    const struct sw_tree *tree = sw_engine_find(engine, name);
    struct sw_buf text = {0};
    if (tree)
        sw_node_write(&text, tree->root);
    return sw_str_trim_space(sw_str_take(&engine->arena, &text));
}

/* The content with line numbers. */
static void write_numbered(struct sw_buf *out, struct sw_str content) {
    size_t line = 1, start = 0;
    for (size_t i = 0; i <= content.len; i++) {
        if (i < content.len && content.data[i] != '\n')
            continue;
        sw_buf_printf(out, "%6zu  ", line++);
        sw_buf_add_str(out, sw_str_slice(content, start, i));
        sw_buf_putc(out, '\n');
        start = i + 1;
    }
}

void sw_engine_explain(struct sw_engine *engine, const char *function, struct sw_str name, struct sw_str content,
                       struct sw_buf *error) {
    if (!engine->input->debug)
        return;
    if (content.len == 0)
        content = sw_engine_source(engine, name);
    sw_buf_puts(error, "\n\nDetails:\n  Function name: ");
    sw_quote(error, sw_str_of(function), SW_UNICODE);
    sw_buf_puts(error, "\n  Template name: ");
    sw_quote(error, name, SW_UNICODE);
    sw_buf_puts(error, "\n  Template content:\n");
    sw_cleanup_buf struct sw_buf numbered = {0};
    write_numbered(&numbered, content);
    struct sw_str text = {numbered.data, numbered.len};
    struct sw_str trimmed = sw_str_trim_space(text);
    sw_buf_add_str(error, sw_str_slice(text, 0, (size_t)(trimmed.data - text.data) + trimmed.len));
}
