/* What the schema checker says: places on the way to a value, what was wanted, and where an unknown key might belong. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/suggest.h"
#include "core/config/schema_internal.h"

enum { DEEPEST_SEARCH = 4, SHORTEST_PART = 4 };

void sw_schema_way(const char *subject, const struct sw_schema_step *step, struct sw_buf *out) {
    const struct sw_schema_step *steps[256];
    size_t count = 0;
    for (; step && count < sizeof steps / sizeof *steps; step = step->parent)
        steps[count++] = step;
    sw_buf_puts(out, subject);
    while (count-- > 0) {
        if (steps[count]->key)
            sw_buf_printf(out, "%s%s", out->len ? " › " : "", steps[count]->key);
        else
            sw_buf_printf(out, "[%zu]", steps[count]->index);
    }
}

/* ---- what is wanted ---- */

static bool names_type(const json_t *node, const char *type) {
    const json_t *types = json_object_get(node, "type");
    if (json_is_string(types))
        return strcmp(json_string_value(types), type) == 0;
    size_t index;
    json_t *item;
    json_array_foreach((json_t *)types, index, item) {
        if (strcmp(json_string_value(item) ? json_string_value(item) : "", type) == 0)
            return true;
    }
    return false;
}

static bool kind_fits(const char *type, const struct sw_value *value) {
    switch (sw_value_kind_of(value)) {
    case SW_VALUE_NULL:
        return strcmp(type, "null") == 0;
    case SW_VALUE_BOOL:
        return strcmp(type, "boolean") == 0;
    case SW_VALUE_INT:
        return strcmp(type, "integer") == 0 || strcmp(type, "number") == 0;
    case SW_VALUE_FLOAT:
        return strcmp(type, "number") == 0 ||
               (strcmp(type, "integer") == 0 && sw_document_table.integer(value, 1) == sw_document_table.integer(value, 2));
    case SW_VALUE_STRING:
        return strcmp(type, "string") == 0;
    case SW_VALUE_LIST:
        return strcmp(type, "array") == 0;
    case SW_VALUE_MAP:
        return strcmp(type, "object") == 0;
    }
    return false;
}

bool sw_schema_type_fits(const json_t *node, const struct sw_value *value) {
    const json_t *types = json_object_get(node, "type");
    if (!types)
        return true;
    if (json_is_string(types))
        return kind_fits(json_string_value(types), value);
    size_t index;
    json_t *item;
    json_array_foreach((json_t *)types, index, item) {
        if (json_is_string(item) && kind_fits(json_string_value(item), value))
            return true;
    }
    return false;
}

static void add_alternative(struct sw_buf *out, size_t begin, const char *text) {
    if (strstr(sw_buf_text(out) + begin, text))
        return;
    sw_buf_printf(out, "%s%s", out->len > begin ? " or " : "", text);
}

static const char *expected_list(const struct sw_schema *schema, const json_t *node) {
    const json_t *items = sw_schema_follow(schema, json_object_get(node, "items"));
    if (!items)
        return "a list";
    if (names_type(items, "object"))
        return "a list of maps";
    return names_type(items, "string") ? "a list of texts" : "a list";
}

void sw_schema_expected(const struct sw_schema *schema, const json_t *node, struct sw_buf *out) {
    size_t begin = out->len;
    const char *const unions[] = {"oneOf", "anyOf"};
    for (size_t i = 0; i < 2; i++) {
        size_t index;
        json_t *branch;
        json_array_foreach(json_object_get(node, unions[i]), index, branch) {
            sw_cleanup_buf struct sw_buf one = {0};
            sw_schema_expected(schema, sw_schema_follow(schema, branch), &one);
            add_alternative(out, begin, sw_buf_text(&one));
        }
    }
    if (names_type(node, "string"))
        add_alternative(out, begin, "a text");
    else if (names_type(node, "number"))
        add_alternative(out, begin, "a number");
    else if (names_type(node, "integer"))
        add_alternative(out, begin, "a whole number");
    if (names_type(node, "boolean") && !names_type(node, "string"))
        add_alternative(out, begin, "true or false");
    if (names_type(node, "array"))
        add_alternative(out, begin, expected_list(schema, node));
    if (names_type(node, "object"))
        add_alternative(out, begin, "a map");
    if (out->len == begin)
        sw_buf_puts(out, "something else");
}

/* ---- unknown keys ---- */

static bool is_subsequence(const char *part, const char *whole) {
    for (; *part && *whole; whole++)
        part += *part == *whole;
    return !*part;
}

/* Whether one is the other with letters left out behind the same beginning: "targetArg" and "targetBuildArg". */
static bool is_shortened(const char *a, const char *b) {
    size_t common = 0;
    while (a[common] && a[common] == b[common])
        common++;
    return common >= SHORTEST_PART && (is_subsequence(a + common, b + common) || is_subsequence(b + common, a + common));
}

bool sw_schema_similar(const char *word, const char *key) {
    return is_shortened(word, key) || sw_suggest(word, (struct sw_strings){&key, 1});
}

/* A key that is there already is rarely meant once more: only when it begins like the word. */
static const char *nearest_key(const char *word, const struct sw_value *map, const json_t *const *nodes, size_t count) {
    struct sw_vec names = {.width = sizeof(const char *)};
    const char *shortened = NULL;
    for (size_t i = 0; i < count; i++) {
        const char *key;
        json_t *property;
        json_object_foreach(json_object_get(nodes[i], "properties"), key, property) {
            if (sw_value_key(map, key) && *key != *word)
                continue;
            sw_vec_push(&names, &key);
            if (!shortened && is_shortened(word, key))
                shortened = key;
        }
    }
    const char *nearest = sw_suggest(word, (struct sw_strings){names.data, names.len});
    sw_vec_fini(&names);
    return shortened ? shortened : nearest;
}

static const char *said_elsewhere(const char *word, const json_t *const *nodes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_object_get(json_object_get(nodes[i], "x-elsewhere"), word));
        if (text)
            return text;
    }
    return NULL;
}

/* Looks for `word` among the keys of maps below `node`; writes the way there. */
static bool find_below(const struct sw_schema *schema, const json_t *node, const char *word, unsigned depth, struct sw_buf *way) {
    const char *key;
    json_t *property;
    if (depth == DEEPEST_SEARCH)
        return false;
    json_object_foreach(json_object_get(node, "properties"), key, property) {
        const json_t *inner = sw_schema_follow(schema, property);
        size_t before = way->len;
        sw_buf_printf(way, "%s%s", before ? " › " : "", key);
        if (json_object_get(json_object_get(inner, "properties"), word) || find_below(schema, inner, word, depth + 1, way))
            return true;
        sw_buf_truncate(way, before);
    }
    return false;
}

static bool hint_below(const struct sw_schema_run *run, const json_t *const *nodes, size_t count, const char *word,
                       struct sw_error *error) {
    for (size_t i = 0; i < count; i++) {
        sw_cleanup_buf struct sw_buf way = {0};
        if (find_below(run->schema, nodes[i], word, 0, &way)) {
            sw_error_hint(error, "\"%s\" belongs under `%s`", word, sw_buf_text(&way));
            return true;
        }
    }
    return false;
}

/* A key of a map further up: the line is indented too far. */
static bool hint_above(const struct sw_schema_step *step, const char *word, struct sw_error *error) {
    for (; step; step = step->parent) {
        if (step->node && json_object_get(json_object_get(step->node, "properties"), word)) {
            sw_error_hint(error, "\"%s\" belongs beside `%s`: the line is indented too far", word, step->key);
            return true;
        }
    }
    return false;
}

static const struct sw_schema *who_knows(const struct sw_schema_others *others, const char *word) {
    for (size_t i = 0; others && i < others->count; i++)
        if (sw_schema_has(others->schemas[i], word))
            return others->schemas[i];
    return NULL;
}

static void list_keys(const json_t *const *nodes, size_t count, struct sw_error *error) {
    enum { MOST_LISTED = 12 };
    struct sw_buf names = {0};
    size_t known = 0;
    for (size_t i = 0; i < count; i++) {
        const char *key;
        json_t *property;
        json_object_foreach(json_object_get(nodes[i], "properties"), key, property) {
            sw_buf_printf(&names, "%s%s", known++ ? ", " : "", key);
        }
    }
    if (known && known <= MOST_LISTED)
        sw_error_hint(error, "the keys here are: %s", sw_buf_text(&names));
    sw_buf_fini(&names);
}

void sw_schema_unknown_key(const struct sw_schema_run *run, const json_t *const *nodes, size_t count, const struct sw_value *map,
                           const struct sw_value *key, const struct sw_schema_step *step, const struct sw_schema_others *others) {
    struct sw_error *(*say)(struct sw_diagnostics *, const struct sw_value *, const char *, ...) =
        run->lax ? sw_diagnose_value_warning : sw_diagnose_value;
    sw_cleanup_buf struct sw_buf way = {0};
    sw_schema_way(run->subject, step, &way);
    if (way.len)
        sw_buf_puts(&way, ": ");
    const char *word = key->source, *elsewhere = said_elsewhere(word, nodes, count);
    const struct sw_schema *owner = elsewhere ? NULL : who_knows(others, word);
    if (owner) {
        say(run->list, key, "%skey \"%s\" is only for %s images", sw_buf_text(&way), word, owner->name);
        return;
    }
    const char *nearest = elsewhere ? NULL : nearest_key(word, map, nodes, count);
    if (nearest) {
        say(run->list, key, "%sunknown key \"%s\" (did you mean \"%s\"?)", sw_buf_text(&way), word, nearest);
        return;
    }
    struct sw_error *error = say(run->list, key, "%sunknown key \"%s\"", sw_buf_text(&way), word);
    if (elsewhere)
        sw_error_hint(error, "%s", elsewhere);
    else if (!hint_below(run, nodes, count, word, error) && !hint_above(step, word, error))
        list_keys(nodes, count, error);
}
