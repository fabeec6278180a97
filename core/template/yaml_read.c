#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "core/template/base64.h"
#include "core/template/dict.h"
#include "core/template/engine.h"
#include "core/template/format.h"
#include "core/template/yaml.h"

enum kind { NODE_SCALAR, NODE_MAPPING, NODE_SEQUENCE, NODE_ALIAS };
enum { MAX_DEPTH = 10000 };

struct node {
    enum kind kind;
    size_t line;
    struct sw_str tag;   /* long form, "" for none */
    struct sw_str value; /* scalar; alias: its anchor's name */
    bool implicit;
    bool busy; /* alias: being decoded */
    const struct node *target;
    struct node **children; /* mapping: keys and values in turn */
    size_t count, cap;
};

struct reader {
    struct sw_engine *engine;
    struct sw_str text;
    yaml_parser_t parser;
    yaml_event_t event;
    bool has_event;
    struct sw_map anchors;
    int depth;
    struct sw_buf *error;
    struct sw_buf type_errors;
    size_t decoded, decoded_in_aliases;
    int alias_depth;
};

static struct sw_arena *arena(struct reader *reader) {
    return &reader->engine->arena;
}

static bool fail(struct reader *reader, const char *before, struct sw_str part, const char *after) {
    sw_buf_printf(reader->error, "yaml: %s", before);
    sw_buf_add_str(reader->error, part);
    sw_buf_puts(reader->error, after);
    return false;
}

/* The parser's own message, with the line that yaml.v2 would name. */
static bool fail_as(struct reader *reader, const yaml_parser_t *parser) {
    size_t line = parser->problem_mark.line + (parser->problem_mark.line && parser->error == YAML_SCANNER_ERROR);
    if (line == 0)
        line = parser->context_mark.line;
    sw_buf_puts(reader->error, "yaml: ");
    if (line)
        sw_buf_printf(reader->error, "line %zu: ", line);
    sw_buf_puts(reader->error, parser->problem ? parser->problem : "unknown problem parsing YAML content");
    return false;
}

/* Where a character of the text begins. */
static size_t offset_of(struct sw_str text, size_t characters) {
    size_t at = 0;
    while (at < text.len && (characters || ((unsigned char)text.data[at] & 0xC0) == 0x80))
        characters -= ((unsigned char)text.data[at++] & 0xC0) != 0x80;
    return at;
}

/* libyaml looks ahead for the colon of a key before the parser has seen what stands in front of it, yaml.v2 does not: a fault there comes first.
 */
static bool fail_before(struct reader *reader, size_t end) {
    yaml_parser_t parser;
    yaml_event_t event;
    bool good = true, before = false;
    if (!yaml_parser_initialize(&parser))
        return false;
    yaml_parser_set_input_string(&parser, (const unsigned char *)reader->text.data, end);
    for (bool last = false; good && !last;) {
        good = yaml_parser_parse(&parser, &event);
        last = good && event.type == YAML_STREAM_END_EVENT;
        if (good)
            yaml_event_delete(&event);
    }
    before = !good && parser.problem_mark.index < reader->parser.context_mark.index;
    if (before)
        fail_as(reader, &parser);
    yaml_parser_delete(&parser);
    return before;
}

static bool fail_parse(struct reader *reader) {
    const yaml_parser_t *parser = &reader->parser;
    bool colon =
        parser->error == YAML_SCANNER_ERROR && parser->problem && strcmp(parser->problem, "could not find expected ':'") == 0;
    if (!colon || !fail_before(reader, offset_of(reader->text, parser->context_mark.index)))
        fail_as(reader, parser);
    return false;
}

static bool peek(struct reader *reader) {
    if (reader->has_event)
        return true;
    if (!yaml_parser_parse(&reader->parser, &reader->event))
        return fail_parse(reader);
    reader->has_event = true;
    return true;
}

static void drop(struct reader *reader) {
    if (reader->has_event)
        yaml_event_delete(&reader->event);
    reader->has_event = false;
}

static struct sw_str text_of(struct reader *reader, const yaml_char_t *text, size_t len) {
    return text ? sw_str_copy(arena(reader), (struct sw_str){(const char *)text, len}) : (struct sw_str){"", 0};
}

static struct sw_str string_of(struct reader *reader, const yaml_char_t *text) {
    return text_of(reader, text, text ? strlen((const char *)text) : 0);
}

static void add_child(struct reader *reader, struct node *node, struct node *child) {
    if (node->count == node->cap) {
        node->cap = node->cap ? node->cap * 2 : 4;
        struct node **children = sw_arena_new(arena(reader), node->cap * sizeof(struct node *));
        if (node->count)
            memcpy(children, node->children, node->count * sizeof(struct node *));
        node->children = children;
    }
    node->children[node->count++] = child;
}

static struct node *parse_node(struct reader *reader);

/* Children up to the end of a mapping or sequence. */
static bool parse_children(struct reader *reader, struct node *node, yaml_event_type_t end) {
    if (++reader->depth > MAX_DEPTH)
        return fail(reader, "exceeded max depth of 10000", (struct sw_str){"", 0}, "");
    for (;;) {
        if (!peek(reader))
            return false;
        if (reader->event.type == end)
            break;
        struct node *child = parse_node(reader);
        if (!child)
            return false;
        add_child(reader, node, child);
    }
    drop(reader);
    reader->depth--;
    return true;
}

static void set_anchor(struct reader *reader, const yaml_char_t *anchor, struct node *node) {
    if (anchor)
        sw_map_set(&reader->anchors, (const char *)anchor, node);
}

static struct node *parse_alias(struct reader *reader, struct node *node) {
    node->kind = NODE_ALIAS;
    node->value = string_of(reader, reader->event.data.alias.anchor);
    node->target = sw_map_get(&reader->anchors, node->value.data);
    drop(reader);
    if (node->target)
        return node;
    fail(reader, "unknown anchor '", node->value, "' referenced");
    return NULL;
}

static struct node *parse_node(struct reader *reader) {
    if (!peek(reader))
        return NULL;
    yaml_event_t *event = &reader->event;
    struct node *node = sw_arena_new(arena(reader), sizeof *node);
    node->line = event->start_mark.line;
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return parse_alias(reader, node);
    case YAML_SCALAR_EVENT:
        node->kind = NODE_SCALAR;
        node->tag = string_of(reader, event->data.scalar.tag);
        node->value = text_of(reader, event->data.scalar.value, event->data.scalar.length);
        node->implicit = event->data.scalar.plain_implicit;
        set_anchor(reader, event->data.scalar.anchor, node);
        drop(reader);
        return node;
    case YAML_MAPPING_START_EVENT:
        node->kind = NODE_MAPPING;
        set_anchor(reader, event->data.mapping_start.anchor, node);
        drop(reader);
        return parse_children(reader, node, YAML_MAPPING_END_EVENT) ? node : NULL;
    default:
        node->kind = NODE_SEQUENCE;
        set_anchor(reader, event->data.sequence_start.anchor, node);
        drop(reader);
        return parse_children(reader, node, YAML_SEQUENCE_END_EVENT) ? node : NULL;
    }
}

/* The first document's node; NULL in `*node` for an empty stream. The document's end is read too, for its errors. */
static bool parse_document(struct reader *reader, struct node **node) {
    *node = NULL;
    for (;;) {
        if (!peek(reader))
            return false;
        yaml_event_type_t type = reader->event.type;
        if (type == YAML_STREAM_END_EVENT || type == YAML_DOCUMENT_END_EVENT)
            return true;
        if (type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_START_EVENT) {
            drop(reader);
            continue;
        }
        *node = parse_node(reader);
        if (!*node)
            return false;
    }
}

static struct sw_str short_tag(struct reader *reader, struct sw_str tag) {
    static const char prefix[] = "tag:yaml.org,2002:";
    if (!sw_str_has_prefix(tag, sw_str_of(prefix)))
        return tag;
    return sw_str_of(sw_arena_format(arena(reader), "!!%.*s", (int)(tag.len - strlen(prefix)), tag.data + strlen(prefix)));
}

/* Notes that a node does not fit `type`; decoding goes on. Returns false. */
static bool misfit(struct reader *reader, const struct node *node, const char *tag, const char *type) {
    struct sw_buf *out = &reader->type_errors;
    struct sw_str shown = node->tag.len ? short_tag(reader, node->tag) : sw_str_of(tag);
    sw_buf_printf(out, "\n  line %zu: cannot unmarshal ", node->line + 1);
    sw_buf_add_str(out, shown);
    if (!sw_str_is(shown, "!!seq") && !sw_str_is(shown, "!!map")) {
        bool cut = node->value.len > 10;
        sw_buf_puts(out, " `");
        sw_buf_add_str(out, cut ? sw_str_slice(node->value, 0, 7) : node->value);
        sw_buf_puts(out, cut ? "...`" : "`");
    }
    sw_buf_printf(out, " into %s", type);
    return false;
}

static const char *kind_tag(enum sw_template_yaml_kind kind) {
    static const char *const tags[] = {"!!str", "!!bool", "!!int", "!!float", "!!null", "!!timestamp"};
    return tags[kind];
}

/* A scalar's value by its tag, or as it looks. `*kind` is what it turned out to be. */
static bool resolve(struct reader *reader, const struct node *node, enum sw_template_yaml_kind *kind, struct sw_datum *out) {
    *kind = SW_YAML_STR;
    *out = sw_text(node->value);
    if (node->tag.len == 0 && !node->implicit)
        return true;
    struct sw_str tag = short_tag(reader, node->tag);
    if (sw_str_is(tag, "!!binary")) {
        sw_cleanup_buf struct sw_buf error = {0};
        struct sw_buf data = {0};
        bool good = sw_base64_read(&data, node->value, &error);
        *out = sw_text(sw_str_take(arena(reader), &data));
        return good || fail(reader, "!!binary value contains invalid base64 data", (struct sw_str){"", 0}, "");
    }
    bool known = tag.len == 0;
    for (int i = SW_YAML_BOOL; i <= SW_YAML_TIMESTAMP; i++)
        known |= sw_str_is(tag, kind_tag((enum sw_template_yaml_kind)i));
    if (!known)
        return true;
    *kind = sw_template_yaml_resolve(arena(reader), node->value, out);
    if (tag.len == 0 || sw_str_is(tag, kind_tag(*kind)))
        return true;
    if (sw_str_is(tag, "!!float") && out->type == SW_T_INT) {
        *out = sw_float((double)out->number);
        *kind = SW_YAML_FLOAT;
        return true;
    }
    sw_buf_printf(reader->error, "yaml: cannot decode %s `", kind_tag(*kind));
    sw_buf_add_str(reader->error, node->value);
    sw_buf_puts(reader->error, "` as a ");
    sw_buf_add_str(reader->error, tag);
    return false;
}

static bool decode(struct reader *reader, struct node *node, struct sw_datum *out);
static bool decode_into(struct reader *reader, struct node *node, struct sw_datum map);

/* Guards against a small text that aliases blow up. */
static bool count_node(struct reader *reader) {
    reader->decoded++;
    reader->decoded_in_aliases += reader->alias_depth > 0;
    double low = 400000, high = 4000000, count = (double)reader->decoded;
    double allowed = count <= low ? 0.99 : count >= high ? 0.10 : 0.99 - 0.89 * ((count - low) / (high - low));
    if (reader->decoded_in_aliases > 100 && reader->decoded > 1000 && (double)reader->decoded_in_aliases / count > allowed)
        return fail(reader, "document contains excessive aliasing", (struct sw_str){"", 0}, "");
    if (!sw_engine_has_stack(reader->engine))
        return fail(reader, "exceeded max depth of 10000", (struct sw_str){"", 0}, "");
    return true;
}

static bool enter_alias(struct reader *reader, struct node *node) {
    if (node->busy)
        return fail(reader, "anchor '", node->value, "' value contains itself");
    node->busy = true;
    reader->alias_depth++;
    return true;
}

static void leave_alias(struct reader *reader, struct node *node) {
    node->busy = false;
    reader->alias_depth--;
}

static bool is_merge(const struct node *node) {
    return node->kind == NODE_SCALAR && sw_str_is(node->value, "<<") &&
           (node->implicit || sw_str_is(node->tag, "tag:yaml.org,2002:merge"));
}

static bool wants_map(struct reader *reader) {
    return fail(reader, "map merge requires map or sequence of maps as the value", (struct sw_str){"", 0}, "");
}

static bool merge(struct reader *reader, struct node *node, struct sw_datum map) {
    if (node->kind == NODE_SEQUENCE) {
        for (size_t i = node->count; i-- > 0;) {
            const struct node *item = node->children[i];
            const struct node *target = item->kind == NODE_ALIAS ? item->target : item;
            if (target->kind != NODE_MAPPING)
                return wants_map(reader);
            if (!decode_into(reader, node->children[i], map))
                return false;
        }
        return true;
    }
    const struct node *target = node->kind == NODE_ALIAS ? node->target : node;
    return target->kind == NODE_MAPPING ? decode_into(reader, node, map) : wants_map(reader);
}

/* A key of a map[string]…: its text, whatever it looks like. `*usable` is false for a list or map. */
static bool decode_text_key(struct reader *reader, struct node *node, struct sw_datum *key, bool *usable) {
    if (!count_node(reader))
        return false;
    *usable = true;
    if (node->kind == NODE_ALIAS) {
        if (!enter_alias(reader, node))
            return false;
        bool good = decode_text_key(reader, (struct node *)node->target, key, usable);
        leave_alias(reader, node);
        return good;
    }
    if (node->kind != NODE_SCALAR) {
        *usable = misfit(reader, node, node->kind == NODE_MAPPING ? "!!map" : "!!seq", "string");
        return true;
    }
    enum sw_template_yaml_kind kind;
    if (!resolve(reader, node, &kind, key))
        return false;
    if (kind == SW_YAML_NULL)
        *key = sw_text((struct sw_str){"", 0});
    else if (key->type != SW_T_STRING)
        *key = sw_text(node->value);
    return true;
}

static bool decode_key(struct reader *reader, struct node *node, enum sw_type type, struct sw_datum *key, bool *usable) {
    if (type == SW_T_DICT)
        return decode_text_key(reader, node, key, usable);
    *usable = true;
    if (!decode(reader, node, key))
        return false;
    if (!sw_is_list(*key) && !sw_is_map(*key))
        return true;
    sw_buf_puts(reader->error, "yaml: invalid map key: ");
    sw_fmt_printf(reader->engine, reader->error, sw_str_of("%#v"), key, 1);
    return false;
}

static bool decode_mapping(struct reader *reader, struct node *node, struct sw_datum map) {
    for (size_t i = 0; i + 1 < node->count; i += 2) {
        struct sw_datum key, value;
        bool usable;
        if (is_merge(node->children[i])) {
            if (!merge(reader, node->children[i + 1], map))
                return false;
            continue;
        }
        if (!decode_key(reader, node->children[i], map.type, &key, &usable))
            return false;
        if (!usable)
            continue;
        if (!decode(reader, node->children[i + 1], &value))
            return false;
        sw_dict_put(arena(reader), map.dict, key, value);
    }
    return true;
}

/* A mapping, or an alias of one, into a map that is there. */
static bool decode_into(struct reader *reader, struct node *node, struct sw_datum map) {
    if (!count_node(reader))
        return false;
    if (node->kind != NODE_ALIAS)
        return decode_mapping(reader, node, map);
    if (!enter_alias(reader, node))
        return false;
    bool good = decode_into(reader, (struct node *)node->target, map);
    leave_alias(reader, node);
    return good;
}

static bool decode_sequence(struct reader *reader, struct node *node, struct sw_datum *out) {
    struct sw_list *list = sw_list_new(arena(reader), node->count, node->count);
    *out = sw_of_list(SW_T_LIST, list);
    for (size_t i = 0; i < node->count; i++)
        if (!decode(reader, node->children[i], &list->items[i]))
            return false;
    return true;
}

/* Anything, into an interface {}. */
static bool decode(struct reader *reader, struct node *node, struct sw_datum *out) {
    enum sw_template_yaml_kind kind;
    bool good;
    *out = sw_none();
    if (!count_node(reader))
        return false;
    switch (node->kind) {
    case NODE_ALIAS:
        if (!enter_alias(reader, node))
            return false;
        good = decode(reader, (struct node *)node->target, out);
        leave_alias(reader, node);
        return good;
    case NODE_MAPPING:
        *out = sw_of_dict(SW_T_ANYDICT, sw_dict_new(arena(reader)));
        return decode_mapping(reader, node, *out);
    case NODE_SEQUENCE:
        return decode_sequence(reader, node, out);
    case NODE_SCALAR:
        break;
    }
    good = resolve(reader, node, &kind, out);
    if (kind == SW_YAML_TIMESTAMP)
        *out = sw_text(node->value);
    return good;
}

/* The document itself, which must be a mapping or null. */
static bool decode_top(struct reader *reader, struct node *node, struct sw_datum *out) {
    static const char type[] = "map[string]interface {}";
    enum sw_template_yaml_kind kind;
    struct sw_datum value;
    while (node->kind == NODE_ALIAS)
        node = (struct node *)node->target;
    if (node->kind == NODE_MAPPING)
        return count_node(reader) && decode_mapping(reader, node, *out);
    if (node->kind == NODE_SEQUENCE) {
        misfit(reader, node, "!!seq", type);
        return true;
    }
    if (!resolve(reader, node, &kind, &value))
        return false;
    if (kind == SW_YAML_NULL)
        out->dict = NULL;
    else
        misfit(reader, node, sw_str_is(short_tag(reader, node->tag), "!!binary") ? "!!binary" : kind_tag(kind), type);
    return true;
}

static bool read_all(struct reader *reader, struct sw_datum *out) {
    struct node *node;
    *out = sw_of_dict(SW_T_DICT, sw_dict_new(arena(reader)));
    if (!parse_document(reader, &node) || (node && !decode_top(reader, node, out)))
        return false;
    if (reader->type_errors.len == 0)
        return true;
    sw_buf_puts(reader->error, "yaml: unmarshal errors:");
    sw_buf_add(reader->error, reader->type_errors.data, reader->type_errors.len);
    return false;
}

bool sw_template_yaml_parse(struct sw_engine *engine, struct sw_str text, struct sw_datum *out, struct sw_buf *error) {
    struct reader reader = {.engine = engine, .error = error};
    if (!yaml_parser_initialize(&reader.parser))
        return fail(&reader, "out of memory", (struct sw_str){"", 0}, "");
    struct sw_str input = text.len ? text : sw_str_of("\n");
    reader.text = input;
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)input.data, input.len);
    bool good = read_all(&reader, out);
    drop(&reader);
    yaml_parser_delete(&reader.parser);
    sw_map_fini(&reader.anchors, NULL);
    sw_buf_fini(&reader.type_errors);
    return good;
}
