/* The walk of a schema beside a value. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/suggest.h"
#include "core/config/schema_internal.h"

enum { MOST_NODES = 16, MOST_NESTED = 512 };

static bool check(struct sw_schema_run *run, const json_t *node, const struct sw_value *value, const struct sw_schema_step *step);

static struct sw_error *complain(struct sw_schema_run *run, const json_t *node, const struct sw_value *value,
                                 const struct sw_schema_step *step, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* NULL when the run is silent, or the schema has a message of its own. */
static struct sw_error *complain(struct sw_schema_run *run, const json_t *node, const struct sw_value *value,
                                 const struct sw_schema_step *step, const char *format, ...) {
    if (!run->list)
        return NULL;
    sw_cleanup_buf struct sw_buf way = {0};
    sw_schema_way(run->subject, step, &way);
    const char *own = json_string_value(json_object_get(node, "errorMessage"));
    va_list args;
    va_start(args, format);
    sw_cleanup_free char *text = sw_vformat(format, args);
    va_end(args);
    struct sw_error *error =
        sw_diagnose_value(run->list, value, "%s%s%s", sw_buf_text(&way), way.len ? ": " : "", own ? own : text);
    return own ? NULL : error;
}

/* ---- scalars ---- */

static void hint_of_type(const struct sw_schema_run *run, const json_t *node, const struct sw_value *value,
                         const struct sw_schema_step *step, struct sw_error *error) {
    struct sw_value text = {.kind = SW_VALUE_STRING}, list = {.kind = SW_VALUE_LIST};
    bool wants_text = sw_schema_type_fits(node, &text),
         wants_list = sw_schema_type_fits(node, &list) &&
                      sw_schema_type_fits(sw_schema_follow(run->schema, json_object_get(node, "items")), &text);
    if (sw_value_kind_of(value) == SW_VALUE_MAP && wants_text && step && !step->key)
        sw_error_hint(error, "a text with \": \" in it is read as a map: quote it");
    if (!sw_value_is_scalar(value))
        return;
    if (wants_text && value->kind != SW_VALUE_STRING)
        sw_error_hint(error, "quote it: \"%s\"", value->source);
    else if (wants_list && step && step->key && !strpbrk(value->source, ",\n"))
        sw_error_hint(error, "write `%s: [%s]`", step->key, value->source);
    else if (wants_list && step && step->key && !strpbrk(value->source, "\n[]\"'"))
        sw_error_hint(error, "write it as a list: `%s: [%s]`", step->key, value->source);
}

static bool check_type(struct sw_schema_run *run, const json_t *node, const struct sw_value *value,
                       const struct sw_schema_step *step) {
    if (sw_schema_type_fits(node, value))
        return true;
    if (!run->list)
        return false;
    if (sw_value_kind_of(value) == SW_VALUE_NULL && step && !step->key) {
        complain(run, NULL, value, step, "this entry of the list is empty");
        return false;
    }
    sw_cleanup_buf struct sw_buf expected = {0};
    char found[160];
    sw_schema_expected(run->schema, node, &expected);
    sw_value_describe(value, found, sizeof found);
    struct sw_error *error = complain(run, node, value, step, "expected %s, not %s", sw_buf_text(&expected), found);
    if (error)
        hint_of_type(run, node, value, step, error);
    return false;
}

static bool equals(const json_t *wanted, const struct sw_value *value) {
    if (json_is_string(wanted))
        return sw_value_is_scalar(value) && strcmp(json_string_value(wanted), value->source) == 0;
    if (json_is_integer(wanted))
        return sw_value_kind_of(value) >= SW_VALUE_INT && sw_value_kind_of(value) <= SW_VALUE_FLOAT &&
               sw_document_table.integer(value, json_integer_value(wanted) - 1) == json_integer_value(wanted);
    if (json_is_boolean(wanted))
        return sw_value_kind_of(value) == SW_VALUE_BOOL && value->boolean == json_is_true(wanted);
    return json_is_null(wanted) && sw_value_kind_of(value) == SW_VALUE_NULL;
}

static bool check_enum(struct sw_schema_run *run, const json_t *node, const struct sw_value *value,
                       const struct sw_schema_step *step) {
    json_t *wanted = json_object_get(node, "enum"), *constant = json_object_get(node, "const"), *item;
    size_t index;
    if (constant && !equals(constant, value)) {
        sw_cleanup_free char *text = json_dumps(constant, JSON_ENCODE_ANY);
        char found[160];
        sw_value_describe(value, found, sizeof found);
        struct sw_error *error = complain(run, node, value, step, "expected %s, not %s", text, found);
        if (error && sw_value_kind_of(value) == SW_VALUE_STRING && strcmp(value->source, text) == 0)
            sw_error_hint(error, "write it without quotes");
        return false;
    }
    if (!wanted)
        return true;
    struct sw_vec names = {.width = sizeof(const char *)};
    sw_cleanup_buf struct sw_buf all = {0};
    json_array_foreach(wanted, index, item) {
        if (equals(item, value)) {
            sw_vec_fini(&names);
            return true;
        }
        const char *name = json_string_value(item);
        if (name && *name) {
            sw_vec_push(&names, &name);
            sw_buf_printf(&all, "%s%s", all.len ? ", " : "", name);
        }
    }
    char found[160];
    sw_value_describe(value, found, sizeof found);
    struct sw_error *error = complain(run, node, value, step, "expected one of %s, not %s", sw_buf_text(&all), found);
    const char *nearest = sw_value_is_scalar(value) ? sw_suggest(value->source, (struct sw_strings){names.data, names.len}) : NULL;
    if (error && nearest)
        sw_error_hint(error, "did you mean \"%s\"?", nearest);
    sw_vec_fini(&names);
    return false;
}

static size_t text_len(const char *text) {
    size_t len = 0;
    for (; *text; text++)
        len += ((unsigned char)*text & 0xC0) != 0x80;
    return len;
}

static bool check_text(struct sw_schema_run *run, const json_t *node, const struct sw_value *value,
                       const struct sw_schema_step *step) {
    if (!sw_value_is_scalar(value))
        return true;
    const json_t *least = json_object_get(node, "minLength"), *most = json_object_get(node, "maxLength");
    const char *pattern = json_string_value(json_object_get(node, "pattern"));
    if (least && text_len(value->source) < (size_t)json_integer_value(least)) {
        complain(run, node, value, step, json_integer_value(least) == 1 ? "must not be empty" : "is too short");
        return false;
    }
    if (most && text_len(value->source) > (size_t)json_integer_value(most)) {
        complain(run, node, value, step, "is longer than %lld characters", (long long)json_integer_value(most));
        return false;
    }
    if (pattern && !sw_schema_match(run->schema, pattern, value->source)) {
        const char *own = json_string_value(json_object_get(node, "patternErrorMessage"));
        if (own)
            complain(run, node, value, step, "%s", own);
        else
            complain(run, node, value, step, "\"%s\" does not match the pattern %s", value->source, pattern);
        return false;
    }
    return true;
}

static bool check_number(struct sw_schema_run *run, const json_t *node, const struct sw_value *value,
                         const struct sw_schema_step *step) {
    const json_t *least = json_object_get(node, "minimum"), *most = json_object_get(node, "maximum");
    if (sw_value_kind_of(value) != SW_VALUE_INT && sw_value_kind_of(value) != SW_VALUE_FLOAT)
        return true;
    double number = value->kind == SW_VALUE_INT ? (double)value->integer : value->real;
    if (least && number < json_number_value(least)) {
        complain(run, node, value, step, "%s is less than %g", value->source, json_number_value(least));
        return false;
    }
    if (most && number > json_number_value(most)) {
        complain(run, node, value, step, "%s is more than %g", value->source, json_number_value(most));
        return false;
    }
    return true;
}

/* ---- lists and maps ---- */

static bool check_list(struct sw_schema_run *run, const json_t *node, const struct sw_value *list,
                       const struct sw_schema_step *step) {
    const json_t *least = json_object_get(node, "minItems"), *most = json_object_get(node, "maxItems");
    const json_t *items = json_object_get(node, "items");
    bool good = true;
    if (least && list->count < (size_t)json_integer_value(least)) {
        complain(run, node, list, step, "needs at least %lld entr%s", (long long)json_integer_value(least),
                 json_integer_value(least) == 1 ? "y" : "ies");
        good = false;
    }
    if (most && list->count > (size_t)json_integer_value(most)) {
        complain(run, node, list, step, "has more than %lld entries", (long long)json_integer_value(most));
        good = false;
    }
    for (size_t i = 0; items && i < list->count; i++) {
        struct sw_schema_step inner = {.parent = step, .index = i};
        good = check(run, items, list->values[i], &inner) && good;
        if (!good && !run->list)
            return false;
    }
    return good;
}

static const json_t *pattern_property(const struct sw_schema_run *run, const json_t *node, const char *word) {
    const char *pattern;
    json_t *property;
    json_object_foreach(json_object_get(node, "patternProperties"), pattern, property) {
        if (sw_schema_match(run->schema, pattern, word))
            return property;
    }
    return NULL;
}

static void warn_deprecated(struct sw_schema_run *run, const json_t *property, const struct sw_value *key,
                            const struct sw_schema_step *step) {
    const json_t *node = sw_schema_follow(run->schema, property);
    if (!run->list || !json_is_true(json_object_get(node, "deprecated")))
        return;
    sw_cleanup_buf struct sw_buf way = {0};
    sw_schema_way(run->subject, step->parent, &way);
    const char *text = json_string_value(json_object_get(node, "deprecationMessage"));
    sw_diagnose_value_warning(run->list, key, "%s%skey \"%s\" is deprecated%s%s", sw_buf_text(&way), way.len ? ": " : "",
                              key->source, text ? ": " : "", text ? text : "");
}

static bool check_required(struct sw_schema_run *run, const json_t *node, const struct sw_value *map,
                           const struct sw_schema_step *step) {
    size_t index;
    json_t *name, *needs;
    bool good = true;
    json_array_foreach(json_object_get(node, "required"), index, name) {
        if (sw_value_key(map, json_string_value(name)))
            continue;
        complain(run, node, map, step, "key \"%s\" is missing", json_string_value(name));
        good = false;
    }
    const char *key;
    json_object_foreach(json_object_get(node, "dependentRequired"), key, needs) {
        const struct sw_value *present = sw_value_key(map, key);
        json_array_foreach(needs, index, name) {
            if (!present || sw_value_key(map, json_string_value(name)))
                continue;
            complain(run, node, present, step, "key \"%s\" needs key \"%s\" beside it", key, json_string_value(name));
            good = false;
        }
    }
    return good;
}

static bool check_pair(struct sw_schema_run *run, const json_t *node, const struct sw_value *map, size_t index,
                       const struct sw_schema_step *step) {
    const struct sw_value *key = map->keys[index];
    struct sw_schema_step inner = {.parent = step, .key = key->source, .node = node};
    const json_t *property = json_object_get(json_object_get(node, "properties"), key->source);
    if (!property)
        property = pattern_property(run, node, key->source);
    if (property) {
        warn_deprecated(run, property, key, &inner);
        return check(run, property, map->values[index], &inner);
    }
    const json_t *additional = json_object_get(node, "additionalProperties");
    if (json_is_object(additional))
        return check(run, additional, map->values[index], &inner);
    if (!json_is_false(additional))
        return true;
    if (run->list)
        sw_schema_unknown_key(run, &node, 1, map, key, step, NULL);
    return run->lax;
}

static bool check_map(struct sw_schema_run *run, const json_t *node, const struct sw_value *map,
                      const struct sw_schema_step *step) {
    bool good = check_required(run, node, map, step);
    for (size_t i = 0; i < map->count && (good || run->list); i++)
        good = check_pair(run, node, map, i, step) && good;
    return good;
}

/* ---- unions ---- */

static bool accepts(const struct sw_schema_run *run, const json_t *node, const struct sw_value *value) {
    struct sw_schema_run silent = {.schema = run->schema, .subject = "", .refs = run->refs};
    return check(&silent, node, value, NULL);
}

/* The one branch whose type fits a value that is wrong in some other way; NULL when several do. */
static const json_t *likely_branch(const struct sw_schema_run *run, const json_t *branches, const struct sw_value *value) {
    const json_t *likely = NULL;
    size_t index;
    json_t *branch;
    json_array_foreach((json_t *)branches, index, branch) {
        const json_t *node = sw_schema_follow(run->schema, branch);
        if (!node || !sw_schema_type_fits(node, value))
            continue;
        if (likely)
            return NULL;
        likely = node;
    }
    return likely;
}

static bool check_union(struct sw_schema_run *run, const json_t *node, const char *word, const struct sw_value *value,
                        const struct sw_schema_step *step) {
    const json_t *branches = json_object_get(node, word);
    size_t index, fitting = 0;
    json_t *branch;
    if (!branches)
        return true;
    json_array_foreach((json_t *)branches, index, branch) {
        fitting += accepts(run, branch, value);
    }
    if (fitting == 1 || (fitting > 1 && strcmp(word, "anyOf") == 0))
        return true;
    if (fitting > 1) {
        complain(run, node, value, step, "fits several forms at once");
        return false;
    }
    const json_t *likely = run->list && !json_object_get(node, "errorMessage") ? likely_branch(run, branches, value) : NULL;
    if (likely)
        return check(run, likely, value, step);
    sw_cleanup_buf struct sw_buf expected = {0};
    char found[160];
    sw_schema_expected(run->schema, node, &expected);
    sw_value_describe(value, found, sizeof found);
    struct sw_error *error = complain(run, node, value, step, "expected %s, not %s", sw_buf_text(&expected), found);
    if (error && sw_value_is_scalar(value) && value->kind != SW_VALUE_STRING && strstr(sw_buf_text(&expected), "a text"))
        sw_error_hint(error, "quote it: \"%s\"", value->source);
    return false;
}

static bool check_all(struct sw_schema_run *run, const json_t *node, const struct sw_value *value,
                      const struct sw_schema_step *step) {
    size_t index;
    json_t *branch;
    bool good = true;
    json_array_foreach(json_object_get(node, "allOf"), index, branch) {
        good = check(run, branch, value, step) && good;
    }
    const json_t *not = json_object_get(node, "not");
    if (not &&accepts(run, not, value)) {
        complain(run, node, value, step, "is a value that is not allowed here");
        good = false;
    }
    return good;
}

static bool check(struct sw_schema_run *run, const json_t *node, const struct sw_value *value, const struct sw_schema_step *step) {
    if (json_is_boolean(node)) {
        if (json_is_false(node))
            complain(run, node, value, step, "is not allowed here");
        return json_is_true(node);
    }
    node = sw_schema_follow(run->schema, node);
    if (!node || json_is_true(json_object_get(node, "x-own-check")) || run->refs >= MOST_NESTED)
        return true;
    run->refs++;
    bool good = json_object_get(node, "const") || check_type(run, node, value, step);
    if (good) {
        good = check_enum(run, node, value, step) && check_text(run, node, value, step) && check_number(run, node, value, step);
        if (sw_value_kind_of(value) == SW_VALUE_LIST)
            good = check_list(run, node, value, step) && good;
        if (sw_value_kind_of(value) == SW_VALUE_MAP)
            good = check_map(run, node, value, step) && good;
        good = check_union(run, node, "oneOf", value, step) && good;
        good = check_union(run, node, "anyOf", value, step) && good;
        good = check_all(run, node, value, step) && good;
    }
    run->refs--;
    return good;
}

bool sw_schema_check_lax(const struct sw_schema *schema, const struct sw_value *map, const char *subject,
                         struct sw_diagnostics *list) {
    struct sw_schema_run run = {.schema = schema, .subject = subject, .list = list, .lax = true};
    return check(&run, schema->root, map, NULL);
}

/* ---- a document that several schemas describe ---- */

bool sw_schema_check(const struct sw_schema *const *schemas, size_t count, const struct sw_value *map, const char *subject,
                     const struct sw_schema_others *others, struct sw_diagnostics *list) {
    const json_t *nodes[MOST_NODES];
    if (count > MOST_NODES)
        count = MOST_NODES;
    struct sw_schema_run run = {.subject = subject, .list = list};
    bool good = true, open = true;
    for (size_t i = 0; i < count; i++) {
        run.schema = schemas[i];
        nodes[i] = sw_schema_follow(schemas[i], schemas[i]->root);
        open = open && !json_is_false(json_object_get(nodes[i], "additionalProperties"));
        good = check_required(&run, nodes[i], map, NULL) && good;
    }
    for (size_t i = 0; i < map->count; i++) {
        size_t owner = 0;
        while (owner < count && !sw_schema_has(schemas[owner], map->keys[i]->source))
            owner++;
        run.schema = schemas[owner < count ? owner : 0];
        if (owner < count)
            good = check_pair(&run, nodes[owner], map, i, NULL) && good;
        else if (!open) {
            sw_schema_unknown_key(&run, nodes, count, map, map->keys[i], NULL, others);
            good = false;
        }
    }
    return good;
}
