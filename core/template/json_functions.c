/* Sprig's family of JSON. */
#include <string.h>

#include "core/template/engine.h"
#include "core/template/function.h"
#include "core/template/json.h"

static bool is_must(const struct sw_call *call) {
    return strncmp(call->name, "must", 4) == 0;
}

static bool fn_from_json(struct sw_call *call) {
    struct sw_datum value;
    sw_cleanup_buf struct sw_buf error = {0};
    enum sw_json_read read = sw_json_parse(call->arena, call->args[0].text, &value, &error);
    if (read != SW_JSON_READ && is_must(call))
        return sw_call_fail_str(call, "", (struct sw_str){error.data, error.len});
    return sw_return(call, value);
}

/* What has no JSON is "", unless the form or the style is one that says so. */
static bool to_json(struct sw_call *call, enum sw_json_style style) {
    sw_cleanup_buf struct sw_buf out = {0}, error = {0};
    bool good = sw_json_write(call->engine, &out, call->args[0], style, &error);
    if (!good && (is_must(call) || style == SW_JSON_RAW))
        return sw_call_fail_str(call, "", (struct sw_str){error.data, error.len});
    if (!good)
        return sw_return_text(call, sw_str_of(""));
    return sw_call_affords(call, out.len) && sw_return_taken(call, &out);
}

static bool fn_to_json(struct sw_call *call) {
    return to_json(call, SW_JSON_COMPACT);
}

static bool fn_to_pretty_json(struct sw_call *call) {
    return to_json(call, SW_JSON_PRETTY);
}

static bool fn_to_raw_json(struct sw_call *call) {
    return to_json(call, SW_JSON_RAW);
}

const struct sw_function sw_json_functions[] = {
    {"fromJson", "s", 'a', fn_from_json},
    {"mustFromJson", "s", 'a', fn_from_json},
    {"toJson", "a", 's', fn_to_json},
    {"mustToJson", "a", 's', fn_to_json},
    {"toPrettyJson", "a", 's', fn_to_pretty_json},
    {"mustToPrettyJson", "a", 's', fn_to_pretty_json},
    {"toRawJson", "a", 's', fn_to_raw_json},
    {"mustToRawJson", "a", 's', fn_to_raw_json},
    {NULL, NULL, 0, NULL},
};
