#include "core/config/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/vec.h"
#include "core/config/yaml_scalar.h"

enum { DEEPEST = 200, ALIAS_FREE = 1000, RATIO_LOW = 400000, RATIO_HIGH = 4000000 };

/* Where a line of the text, as libyaml counts them, begins. */
struct line {
    size_t offset;
    uint32_t number; /* as editors count, by line feeds alone, from 0 */
};

struct anchor {
    char *name;
    struct sw_value *value; /* NULL while it is being made */
};

struct composer {
    yaml_parser_t parser;
    yaml_event_t event; /* the current one */
    struct sw_arena *arena;
    const struct sw_yaml_text *text;
    struct sw_diagnostics *list;
    bool lenient;
    bool failed; /* a finding that ends the reading was added */
    struct sw_vec lines;
    struct sw_vec anchors;
    uint64_t made;              /* values in the text itself */
    const struct sw_value *key; /* the last one read, for syntax errors */
    const char *file;           /* name of the last value's file, and a copy of it */
    const char *file_copy;
};

/* ---- places ---- */

static size_t break_len(const char *at, const char *end) {
    size_t left = (size_t)(end - at);
    if (*at == '\n')
        return 1;
    if (*at == '\r')
        return left > 1 && at[1] == '\n' ? 2 : 1;
    if (left > 1 && memcmp(at, "\xC2\x85", 2) == 0)
        return 2;
    if (left > 2 && (memcmp(at, "\xE2\x80\xA8", 3) == 0 || memcmp(at, "\xE2\x80\xA9", 3) == 0))
        return 3;
    return 0;
}

static void find_lines(struct sw_vec *lines, const char *data, size_t len) {
    struct line line = {0};
    sw_vec_push(lines, &line);
    for (size_t i = 0; i < len;) {
        size_t skip = break_len(data + i, data + len);
        if (skip) {
            line.number += memchr(data + i, '\n', skip) != NULL;
            line.offset = i + skip;
            sw_vec_push(lines, &line);
        }
        i += skip ? skip : 1;
    }
}

/* Byte offset of a mark, whose column counts characters. */
static size_t offset_of(const struct composer *c, const yaml_mark_t *mark) {
    const struct line *line = sw_vec_at(&c->lines, mark->line < c->lines.len ? mark->line : c->lines.len - 1);
    size_t at = line->offset;
    for (size_t column = 0; column < mark->column && at < c->text->len; column++)
        do
            at++;
        while (at < c->text->len && ((unsigned char)c->text->data[at] & 0xC0) == 0x80);
    return at;
}

/* A copy of a file's name; values of one file share it. */
static const char *own_name(struct composer *c, const char *name) {
    if (!c->file_copy || (name != c->file && strcmp(name, c->file_copy) != 0))
        c->file_copy = sw_arena_str(c->arena, name);
    c->file = name;
    return c->file_copy;
}

static void set_place(struct composer *c, struct sw_value *value, const yaml_mark_t *mark) {
    const struct line *line = sw_vec_at(&c->lines, mark->line < c->lines.len ? mark->line : c->lines.len - 1);
    size_t begin = line->offset;
    while (begin > 0 && c->text->data[begin - 1] != '\n')
        begin--;
    value->rendered_line = c->text->first_line + line->number;
    value->rendered_column = (uint32_t)(offset_of(c, mark) - begin + 1);
    struct sw_yaml_origin origin = {0};
    if (c->text->origin)
        origin = c->text->origin(c->text->context, value->rendered_line);
    uint32_t shown = origin.file ? origin.line : value->rendered_line;
    value->place = (struct sw_place){.file = own_name(c, origin.file ? origin.file : c->text->file),
                                     .line = shown,
                                     .column = value->rendered_column,
                                     .end_line = shown};
}

static struct sw_value *new_value(struct composer *c, enum sw_value_kind kind, const yaml_mark_t *mark) {
    struct sw_value *value = sw_arena_new(c->arena, sizeof *value);
    value->kind = kind;
    value->source = value->text = kind == SW_VALUE_NULL ? "" : NULL;
    value->arena = c->arena;
    value->weight = 1;
    set_place(c, value, mark);
    c->made++;
    return value;
}

/* ---- syntax errors ---- */

static const char *hint_of_problem(const struct composer *c, size_t offset) {
    const char *problem = c->parser.problem ? c->parser.problem : "";
    char at = offset < c->text->len ? c->text->data[offset] : 0;
    if (strstr(problem, "cannot start any token")) {
        if (at == '\t')
            return "YAML is indented with spaces, never with tabs";
        if (at == '@' || at == '`' || at == '%')
            return "quote a text that begins with this character";
    }
    if (strstr(problem, "alphabetic or numeric character"))
        return "quote a text that begins with `*` or `&`: these are an alias and an anchor";
    if (strstr(problem, "mapping values are not allowed") && at == ':' && offset + 1 < c->text->len &&
        !strchr(" \t\r\n", c->text->data[offset + 1]))
        return "a space is missing behind the colon";
    if (strstr(problem, "mapping values are not allowed"))
        return "a \": \" inside a text must be quoted; or the line is indented wrongly";
    if (strstr(problem, "could not find expected ':'"))
        return "a line of a map needs \"key: value\"";
    if (strstr(problem, "did not find expected key") || strstr(problem, "did not find expected '-' indicator"))
        return "check the indentation: entries of one map or list stand in one column";
    if (strstr(problem, "expected ',' or ']'") || strstr(problem, "expected ',' or '}'"))
        return "a bracket is not closed, or a comma is missing";
    if (strstr(problem, "unexpected end of stream"))
        return "a quote or a bracket is not closed";
    if (strstr(problem, "expected <document start>"))
        return "text stands behind the end of the document; documents are separated by a line of three hyphens";
    return NULL;
}

/* The line before `mark`, when it looks like "key:value": without a space the two are one text, which goes on in the next line. Gives the
 * place of its colon. */
static bool missing_space(const struct composer *c, const yaml_mark_t *mark, yaml_mark_t *colon) {
    if (!mark->line || mark->line >= c->lines.len)
        return false;
    size_t start = ((const struct line *)sw_vec_at(&c->lines, mark->line - 1))->offset;
    size_t end = ((const struct line *)sw_vec_at(&c->lines, mark->line))->offset;
    const char *line = c->text->data + start;
    size_t word = 0;
    while (start + word < end && (line[word] == ' ' || line[word] == '-'))
        word++;
    while (start + word < end && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_", line[word]))
        word++;
    if (start + word + 1 >= end || line[word] != ':' || strchr(" \t\r\n/", line[word + 1]) || !line[word + 1])
        return false;
    *colon = (yaml_mark_t){.line = mark->line - 1, .column = word};
    return true;
}

/* Where a syntax error is best shown: a quote or bracket that is never closed, and a key without its colon, where it begins. */
static yaml_mark_t mark_of_problem(const struct composer *c) {
    const char *problem = c->parser.problem ? c->parser.problem : "";
    yaml_mark_t mark = c->parser.problem_mark;
    if (c->parser.error == YAML_READER_ERROR) { /* it knows a byte offset only */
        size_t offset = c->parser.problem_offset < c->text->len ? c->parser.problem_offset : c->text->len;
        mark = (yaml_mark_t){0};
        while (mark.line + 1 < c->lines.len && ((struct line *)sw_vec_at(&c->lines, mark.line + 1))->offset <= offset)
            mark.line++;
    } else if (strstr(problem, "unexpected end of stream") || strstr(problem, "expected ',' or") ||
               strstr(problem, "could not find expected ':'")) {
        mark = c->parser.context_mark;
    } else if (strstr(problem, "mapping values are not allowed")) {
        missing_space(c, &c->parser.problem_mark, &mark);
    }
    return mark;
}

static void syntax_error(struct composer *c) {
    struct sw_value at = {0};
    yaml_mark_t mark = mark_of_problem(c);
    set_place(c, &at, &mark);
    const char *hint = hint_of_problem(c, offset_of(c, &mark));
    struct sw_buf text = {0};
    sw_buf_printf(&text, "YAML syntax: %s", c->parser.problem ? c->parser.problem : "unknown problem");
    if (c->parser.context && c->parser.error != YAML_READER_ERROR)
        sw_buf_printf(&text, " (%s)", c->parser.context);
    if (c->key)
        sw_buf_printf(&text, "; the last key before it is \"%s\"", c->key->source);
    struct sw_error *error = sw_diagnose_value(c->list, &at, "%s", sw_buf_text(&text));
    sw_buf_fini(&text);
    if (hint)
        sw_error_hint(error, "%s", hint);
    c->failed = true;
}

static bool next_event(struct composer *c) {
    yaml_event_delete(&c->event);
    if (yaml_parser_parse(&c->parser, &c->event))
        return true;
    syntax_error(c);
    return false;
}

static struct sw_value *stop(struct composer *c) {
    c->failed = true;
    return NULL;
}

/* ---- anchors and aliases ---- */

static struct anchor *find_anchor(const struct composer *c, const char *name) {
    for (size_t i = c->anchors.len; i-- > 0;) {
        struct anchor *anchor = sw_vec_at(&c->anchors, i);
        if (strcmp(anchor->name, name) == 0)
            return anchor;
    }
    return NULL;
}

/* Index of a new anchor, so that its value can be filled in later; -1 for none. */
static ptrdiff_t open_anchor(struct composer *c, const yaml_char_t *name) {
    if (!name)
        return -1;
    struct anchor anchor = {.name = sw_arena_str(c->arena, (const char *)name)};
    sw_vec_push(&c->anchors, &anchor);
    return (ptrdiff_t)c->anchors.len - 1;
}

static void close_anchor(struct composer *c, ptrdiff_t index, struct sw_value *value) {
    if (index >= 0)
        ((struct anchor *)sw_vec_at(&c->anchors, (size_t)index))->value = value;
}

/* How much of a document may come from aliases: nearly all of a small one, little of a large one (yaml.v2's rule). */
static bool aliases_fit(uint64_t made, uint64_t weight) {
    if (weight <= ALIAS_FREE || weight <= made)
        return true;
    double allowed = weight <= RATIO_LOW    ? 0.99
                     : weight >= RATIO_HIGH ? 0.10
                                            : 0.99 - 0.89 * ((double)(weight - RATIO_LOW) / (RATIO_HIGH - RATIO_LOW));
    return (double)(weight - made) <= allowed * (double)weight;
}

static struct sw_value *compose_alias(struct composer *c, uint32_t depth) {
    struct sw_value *copy = new_value(c, SW_VALUE_NULL, &c->event.start_mark);
    const char *name = (const char *)c->event.data.alias.anchor;
    struct anchor *anchor = find_anchor(c, name);
    if (!anchor) {
        struct sw_error *error =
            sw_diagnose_value(c->list, copy, "alias *%s: no anchor &%s stands before it in this document", name, name);
        sw_error_hint(error, "anchors do not reach across `---`");
        return stop(c);
    }
    if (!anchor->value) {
        sw_diagnose_value(c->list, copy, "alias *%s: the value of the anchor contains itself", name);
        return stop(c);
    }
    struct sw_value place = *copy;
    *copy = *anchor->value;
    copy->place = place.place;
    copy->rendered_line = place.rendered_line;
    copy->rendered_column = place.rendered_column;
    if (depth + copy->depth > DEEPEST) {
        sw_diagnose_value(c->list, copy, "alias *%s: values are nested more than %d levels deep", name, DEEPEST);
        return stop(c);
    }
    return copy;
}

/* ---- lists and maps ---- */

struct pairs {
    struct sw_vec keys;
    struct sw_vec values;
    struct sw_map seen;             /* text of a key, marked by how it was compared, to the key */
    const struct sw_value *merging; /* the `<<` whose pairs are being added */
};

static struct sw_value *compose(struct composer *c, uint32_t depth);

static void seal(struct composer *c, struct sw_value *value, const struct sw_vec *keys, const struct sw_vec *values) {
    value->count = values->len;
    value->values = sw_arena_copy(c->arena, values->data, values->len * sizeof(struct sw_value *));
    value->keys = keys ? sw_arena_copy(c->arena, keys->data, keys->len * sizeof(struct sw_value *)) : NULL;
    for (size_t i = 0; i < value->count; i++) {
        value->weight += value->values[i]->weight + (keys != NULL);
        if (value->depth <= value->values[i]->depth)
            value->depth = value->values[i]->depth + 1;
    }
    if (value->weight > RATIO_HIGH * 4ull)
        value->weight = RATIO_HIGH * 4ull;
}

static struct sw_value *compose_list(struct composer *c, uint32_t depth) {
    struct sw_value *list = new_value(c, SW_VALUE_LIST, &c->event.start_mark);
    ptrdiff_t anchor = open_anchor(c, c->event.data.sequence_start.anchor);
    sw_cleanup_vec struct sw_vec items = {.width = sizeof(struct sw_value *)};
    for (;;) {
        if (!next_event(c))
            return NULL;
        if (c->event.type == YAML_SEQUENCE_END_EVENT)
            break;
        struct sw_value *item = compose(c, depth + 1);
        if (!item)
            return NULL;
        sw_vec_push(&items, &item);
    }
    seal(c, list, NULL, &items);
    close_anchor(c, anchor, list);
    return list;
}

static bool is_merge(const struct composer *c) {
    if (c->event.type != YAML_SCALAR_EVENT || strcmp((const char *)c->event.data.scalar.value, "<<") != 0)
        return false;
    const char *tag = (const char *)c->event.data.scalar.tag;
    return c->event.data.scalar.plain_implicit || (tag && strcmp(tag, "tag:yaml.org,2002:merge") == 0);
}

static void report_duplicate(struct composer *c, const struct pairs *pairs, const struct sw_value *first,
                             const struct sw_value *second) {
    if (first->merged != second->merged) { /* what must change is the key that is written out */
        const struct sw_value *written = first->merged ? second : first, *merged = first->merged ? first : second;
        struct sw_error *error =
            sw_diagnose_value(c->list, written, "key \"%s\" comes twice: here, and through the merge key `<<` from line %u",
                              written->source, merged->place.line);
        sw_error_hint(error, "a merge can add keys, it cannot be overridden: leave \"%s\" out on one side", written->source);
        return;
    }
    sw_diagnose_value(c->list, pairs->merging ? pairs->merging : second, "key \"%s\" is already set in line %u", second->source,
                      first->place.line);
}

/* Keys are equal when their texts are, and below the top level also when YAML makes the same value of them. */
static const struct sw_value *seen_before(struct pairs *pairs, const struct sw_value *key, uint32_t depth) {
    char *by_source = sw_format("s%s", key->source);
    char *by_value = depth ? sw_format("%d%s", (int)key->kind, key->text) : NULL;
    const struct sw_value *first = sw_map_get(&pairs->seen, by_source);
    if (!first && by_value)
        first = sw_map_get(&pairs->seen, by_value);
    if (!first) {
        sw_map_set(&pairs->seen, by_source, (void *)key);
        if (by_value)
            sw_map_set(&pairs->seen, by_value, (void *)key);
    }
    free(by_source);
    free(by_value);
    return first;
}

static void replace_pair(struct pairs *pairs, const struct sw_value *first, struct sw_value *key, struct sw_value *value) {
    for (size_t i = 0; i < pairs->keys.len; i++) {
        struct sw_value **old = sw_vec_at(&pairs->keys, i);
        if (*old == first) {
            *old = key;
            *(struct sw_value **)sw_vec_at(&pairs->values, i) = value;
            return;
        }
    }
}

static void add_pair(struct composer *c, struct pairs *pairs, struct sw_value *key, struct sw_value *value, uint32_t depth) {
    const struct sw_value *first = seen_before(pairs, key, depth);
    if (!first) {
        sw_vec_push(&pairs->keys, &key);
        sw_vec_push(&pairs->values, &value);
        return;
    }
    if (!c->lenient) {
        report_duplicate(c, pairs, first, key);
        return;
    }
    if (key->merged)
        return;
    if (!first->merged)
        sw_diagnose_value_warning(c->list, key, "key \"%s\" is already set in line %u: this one wins", key->source,
                                  first->place.line);
    replace_pair(pairs, first, key, value);
}

static bool merge_map(struct composer *c, struct pairs *pairs, const struct sw_value *map, uint32_t depth) {
    if (map->kind != SW_VALUE_MAP)
        return false;
    for (size_t i = 0; i < map->count; i++) {
        struct sw_value *key = sw_arena_copy(c->arena, map->keys[i], sizeof *key);
        key->merged = true;
        add_pair(c, pairs, key, map->values[i], depth);
    }
    return true;
}

static bool merge(struct composer *c, struct pairs *pairs, const struct sw_value *value, uint32_t depth) {
    bool fits = true;
    if (value->kind == SW_VALUE_LIST)
        for (size_t i = 0; i < value->count; i++)
            fits = merge_map(c, pairs, value->values[i], depth) && fits;
    else
        fits = merge_map(c, pairs, value, depth);
    if (!fits)
        sw_diagnose_value(c->list, value, "the merge key `<<` takes a map or a list of maps");
    return fits;
}

static bool compose_pair(struct composer *c, struct pairs *pairs, uint32_t depth) {
    bool merging = is_merge(c);
    struct sw_value *key = compose(c, depth + 1);
    if (!key)
        return false;
    if (key->source)
        c->key = key;
    if (!next_event(c))
        return false;
    struct sw_value *value = compose(c, depth + 1);
    if (!value)
        return false;
    if (merging) {
        pairs->merging = key;
        merge(c, pairs, value, depth);
        pairs->merging = NULL;
    } else if (key->kind == SW_VALUE_LIST || key->kind == SW_VALUE_MAP) {
        struct sw_error *error =
            sw_diagnose_value(c->list, key, "a key must be text, not %s", key->kind == SW_VALUE_LIST ? "a list" : "a map");
        sw_error_hint(error, "quote it if it is text, for instance one that begins with `{{` or `[[`");
    } else {
        add_pair(c, pairs, key, value, depth);
    }
    return true;
}

static struct sw_value *compose_map(struct composer *c, uint32_t depth) {
    struct sw_value *map = new_value(c, SW_VALUE_MAP, &c->event.start_mark);
    ptrdiff_t anchor = open_anchor(c, c->event.data.mapping_start.anchor);
    struct pairs pairs = {.keys.width = sizeof(struct sw_value *), .values.width = sizeof(struct sw_value *)};
    bool good;
    while ((good = next_event(c)) && c->event.type != YAML_MAPPING_END_EVENT)
        if (!(good = compose_pair(c, &pairs, depth)))
            break;
    if (good) {
        seal(c, map, &pairs.keys, &pairs.values);
        close_anchor(c, anchor, map);
    }
    sw_vec_fini(&pairs.keys);
    sw_vec_fini(&pairs.values);
    sw_map_fini(&pairs.seen, NULL);
    return good ? map : NULL;
}

static struct sw_value *compose_scalar(struct composer *c) {
    struct sw_value *value = new_value(c, SW_VALUE_STRING, &c->event.start_mark);
    ptrdiff_t anchor = open_anchor(c, c->event.data.scalar.anchor);
    const char *tag = c->event.data.scalar.tag ? (const char *)c->event.data.scalar.tag : "";
    const char *text = sw_arena_strn(c->arena, (const char *)c->event.data.scalar.value, c->event.data.scalar.length);
    const char *problem = strlen(text) != c->event.data.scalar.length
                              ? "a NUL byte in a text"
                              : sw_yaml_resolve(c->arena, value, tag, text, c->event.data.scalar.plain_implicit);
    if (problem)
        sw_diagnose_value(c->list, value, "%s", problem);
    close_anchor(c, anchor, value);
    return value;
}

/* Makes the value that begins with the current event. */
static struct sw_value *compose(struct composer *c, uint32_t depth) {
    if (depth > DEEPEST) {
        struct sw_value *at = new_value(c, SW_VALUE_NULL, &c->event.start_mark);
        sw_diagnose_value(c->list, at, "values are nested more than %d levels deep", DEEPEST);
        return stop(c);
    }
    switch (c->event.type) {
    case YAML_ALIAS_EVENT:
        return compose_alias(c, depth);
    case YAML_SEQUENCE_START_EVENT:
        return compose_list(c, depth);
    case YAML_MAPPING_START_EVENT:
        return compose_map(c, depth);
    default:
        return compose_scalar(c);
    }
}

/* ---- the document ---- */

/* Behind the first document nothing may stand. */
static void check_end(struct composer *c) {
    if (!next_event(c) || c->event.type != YAML_DOCUMENT_END_EVENT || !next_event(c) || c->event.type == YAML_STREAM_END_EVENT)
        return;
    struct sw_value at = {0};
    set_place(c, &at, &c->event.start_mark);
    struct sw_error *error =
        sw_diagnose_value(c->list, &at, "a second YAML document begins here, in the middle of a document of werf.yaml");
    sw_error_hint(error, "documents are separated by a line that holds three hyphens and nothing else");
    c->failed = true;
}

static struct sw_value *compose_document(struct composer *c) {
    if (!next_event(c)) /* stream start */
        return NULL;
    if (!next_event(c))
        return NULL;
    if (c->event.type == YAML_STREAM_END_EVENT)
        return new_value(c, SW_VALUE_NULL, &c->event.start_mark);
    if (!next_event(c)) /* document start */
        return NULL;
    struct sw_value *root = compose(c, 0);
    if (!root)
        return NULL;
    check_end(c);
    if (!aliases_fit(c->made, root->weight)) {
        sw_diagnose_value(c->list, root, "aliases multiply this document to %llu values", (unsigned long long)root->weight);
        return NULL;
    }
    return root;
}

static struct sw_value *parse(struct sw_arena *arena, const struct sw_yaml_text *text, struct sw_diagnostics *list, bool lenient) {
    struct composer c = {.arena = arena,
                         .text = text,
                         .list = list,
                         .lenient = lenient,
                         .lines.width = sizeof(struct line),
                         .anchors.width = sizeof(struct anchor)};
    const struct sw_yaml_text *texts = list->texts;
    size_t text_count = list->text_count;
    if (!texts) {
        list->texts = text;
        list->text_count = 1;
    }
    size_t mark = text->len >= 3 && memcmp(text->data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0; /* a byte order mark is no column */
    find_lines(&c.lines, text->data, text->len);
    ((struct line *)sw_vec_at(&c.lines, 0))->offset = mark;
    struct sw_value *root = NULL;
    if (yaml_parser_initialize(&c.parser)) {
        yaml_parser_set_encoding(&c.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&c.parser, (const unsigned char *)text->data + mark, text->len - mark);
        root = compose_document(&c);
        yaml_event_delete(&c.event);
        yaml_parser_delete(&c.parser);
    }
    sw_vec_fini(&c.lines);
    sw_vec_fini(&c.anchors);
    list->texts = texts;
    list->text_count = text_count;
    return c.failed ? NULL : root;
}

struct sw_value *sw_yaml_parse(struct sw_arena *arena, const struct sw_yaml_text *text, struct sw_diagnostics *list) {
    return parse(arena, text, list, false);
}

struct sw_value *sw_yaml_parse_lenient(struct sw_arena *arena, const struct sw_yaml_text *text, struct sw_diagnostics *list) {
    return parse(arena, text, list, true);
}

/* ---- excerpts ---- */

static bool find_line(const struct sw_yaml_text *text, uint32_t line, struct sw_bytes *out) {
    if (line < text->first_line)
        return false;
    const char *at = text->data, *end = text->data + text->len;
    for (uint32_t i = text->first_line; i < line; i++) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        if (!feed)
            return false;
        at = feed + 1;
    }
    const char *feed = memchr(at, '\n', (size_t)(end - at));
    size_t len = (size_t)((feed ? feed : end) - at);
    *out = (struct sw_bytes){at, len && at[len - 1] == '\r' ? len - 1 : len};
    return true;
}

char *sw_yaml_excerpt(const struct sw_yaml_text *text, uint32_t line, uint32_t column) {
    enum { WIDEST = 160 };
    struct sw_bytes found;
    if (!find_line(text, line, &found))
        return NULL;
    struct sw_yaml_origin origin = {.file = text->file, .line = line, .verbatim = true};
    if (text->origin)
        origin = text->origin(text->context, line);
    const char *data = found.data;
    size_t len = found.len < WIDEST ? found.len : WIDEST;
    struct sw_buf out = {0};
    sw_buf_printf(&out, "%6u | %.*s", origin.verbatim ? origin.line : line, (int)len, data);
    if (column && column <= len + 1) {
        sw_buf_puts(&out, "\n       | ");
        for (uint32_t i = 0; i + 1 < column; i++) {
            if (((unsigned char)data[i] & 0xC0) != 0x80)
                sw_buf_putc(&out, data[i] == '\t' ? '\t' : ' ');
        }
        sw_buf_putc(&out, '^');
    }
    if (!origin.verbatim && origin.file)
        sw_buf_printf(&out, "\n       = line %u of the rendered text, made by line %u of %s", line, origin.line, origin.file);
    return sw_buf_take(&out);
}
