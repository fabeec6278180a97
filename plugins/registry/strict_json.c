#include "plugins/registry/strict_json.h"

#include "core/base/error.h"

enum { MAX_DEPTH = 64 };
#define MAX_SIZE ((json_int_t)1 << 53)

/* The greatest depth of brackets outside strings. */
static bool too_deep(struct sw_bytes text) {
    int depth = 0;
    bool string = false;
    const char *at = text.data;
    for (size_t i = 0; i < text.len; i++) {
        if (string) {
            if (at[i] == '\\')
                i++;
            else if (at[i] == '"')
                string = false;
        } else if (at[i] == '"') {
            string = true;
        } else if (at[i] == '{' || at[i] == '[') {
            if (++depth > MAX_DEPTH)
                return true;
        } else if (at[i] == '}' || at[i] == ']') {
            depth--;
        }
    }
    return false;
}

json_t *sw_strict_json(struct sw_bytes text, const char *what, struct sw_error **error) {
    if (too_deep(text)) {
        sw_fail(error, SW_ERROR_CORRUPT, "%s is nested more than %d levels deep", what, MAX_DEPTH);
        return NULL;
    }
    json_error_t problem;
    json_t *value = json_loadb(text.len ? text.data : "", text.len, JSON_REJECT_DUPLICATES, &problem);
    if (!value) {
        sw_fail(error, SW_ERROR_CORRUPT, "%s is not valid JSON: line %d, column %d: %s", what, problem.line, problem.column,
                problem.text);
        return NULL;
    }
    if (!json_is_object(value)) {
        json_decref(value);
        sw_fail(error, SW_ERROR_CORRUPT, "%s is not a JSON object", what);
        return NULL;
    }
    return value;
}

const char *sw_json_text(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

bool sw_json_size(const json_t *object, const char *key, uint64_t *size) {
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) >= MAX_SIZE)
        return false;
    *size = (uint64_t)json_integer_value(value);
    return true;
}
