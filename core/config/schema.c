#define PCRE2_CODE_UNIT_WIDTH 8
#include "core/config/schema.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "core/config/schema_internal.h"

enum { MOST_REFS = 16, MATCH_LIMIT = 1000000 };

static void free_pattern(void *code) {
    pcre2_code_free(code);
}

static bool compile_pattern(struct sw_schema *schema, const char *pattern, struct sw_error **error) {
    if (sw_map_has(&schema->patterns, pattern))
        return true;
    int number;
    PCRE2_SIZE offset;
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_DOLLAR_ENDONLY, &number, &offset, NULL);
    if (!code) {
        PCRE2_UCHAR text[128];
        pcre2_get_error_message(number, text, sizeof text);
        return sw_fail(error, SW_ERROR_CONFIG, "schema \"%s\": pattern \"%s\": %s", schema->name, pattern, (const char *)text);
    }
    sw_map_set(&schema->patterns, pattern, code);
    return true;
}

const json_t *sw_schema_follow(const struct sw_schema *schema, const json_t *node) {
    for (unsigned i = 0; i < MOST_REFS; i++) {
        const char *ref = json_string_value(json_object_get(node, "$ref"));
        if (!ref)
            return node;
        if (strcmp(ref, "#") == 0)
            node = schema->root;
        else if (strncmp(ref, "#/$defs/", 8) == 0)
            node = json_object_get(json_object_get(schema->root, "$defs"), ref + 8);
        else
            return NULL;
        if (!node)
            return NULL;
    }
    return NULL;
}

/* Compiles patterns and tries references of a node and of all below it. */
static bool prepare(struct sw_schema *schema, const json_t *node, struct sw_error **error) {
    const char *ref = json_string_value(json_object_get(node, "$ref"));
    if (ref && !sw_schema_follow(schema, node))
        return sw_fail(error, SW_ERROR_CONFIG, "schema \"%s\": $ref \"%s\" leads nowhere", schema->name, ref);
    const char *pattern = json_string_value(json_object_get(node, "pattern"));
    if (pattern && !compile_pattern(schema, pattern, error))
        return false;
    const char *key;
    json_t *child;
    json_object_foreach(json_object_get(node, "patternProperties"), key, child) {
        if (!compile_pattern(schema, key, error))
            return false;
    }
    json_object_foreach((json_t *)node, key, child) {
        if (json_is_object(child) && !prepare(schema, child, error))
            return false;
        size_t index;
        json_t *item;
        json_array_foreach(child, index, item) {
            if (json_is_object(item) && !prepare(schema, item, error))
                return false;
        }
    }
    return true;
}

struct sw_schema *sw_schema_new(const char *name, const char *text, struct sw_error **error) {
    json_error_t where;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(root)) {
        json_decref(root);
        sw_fail(error, SW_ERROR_CONFIG, "schema \"%s\" is no JSON object: line %d: %s", name, where.line, where.text);
        return NULL;
    }
    struct sw_schema *schema = sw_new(sizeof *schema);
    schema->name = sw_strdup(name);
    schema->root = root;
    if (prepare(schema, root, error))
        return schema;
    sw_schema_free(schema);
    return NULL;
}

void sw_schema_free(struct sw_schema *schema) {
    if (!schema)
        return;
    json_decref(schema->root);
    sw_map_fini(&schema->patterns, free_pattern);
    free(schema->name);
    free(schema);
}

const char *sw_schema_name(const struct sw_schema *schema) {
    return schema->name;
}

const json_t *sw_schema_json(const struct sw_schema *schema) {
    return schema->root;
}

bool sw_schema_has(const struct sw_schema *schema, const char *key) {
    return json_object_get(json_object_get(sw_schema_follow(schema, schema->root), "properties"), key) != NULL;
}

bool sw_schema_match(const struct sw_schema *schema, const char *pattern, const char *text) {
    const pcre2_code *code = sw_map_get(&schema->patterns, pattern);
    if (!code)
        return true;
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(code, NULL);
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(limits, MATCH_LIMIT);
    int found = pcre2_match(code, (PCRE2_SPTR)text, strlen(text), 0, 0, data, limits);
    pcre2_match_context_free(limits);
    pcre2_match_data_free(data);
    return found >= 0;
}
