/* werf's toYaml and fromYaml. */
#include <string.h>

#include "core/template/engine.h"
#include "core/template/function.h"
#include "core/template/yaml.h"

/* What YAML itself cannot hold is ""; a type that has no form at all is an error. */
static bool fn_to_yaml(struct sw_call *call) {
    sw_cleanup_buf struct sw_buf out = {0}, error = {0};
    if (sw_template_yaml_write(call->engine, &out, call->args[0], &error))
        return sw_call_affords(call, out.len) && sw_return_taken(call, &out);
    if (strncmp(sw_buf_text(&error), "yaml: ", 6) == 0)
        return sw_return_text(call, sw_str_of(""));
    return sw_call_fail_str(call, "", (struct sw_str){error.data, error.len});
}

static bool fn_from_yaml(struct sw_call *call) {
    struct sw_datum value;
    return sw_template_yaml_parse(call->engine, call->args[0].text, &value, call->error) && sw_return(call, value);
}

const struct sw_function sw_yaml_functions[] = {
    {"toYaml", "a", 's', fn_to_yaml},
    {"fromYaml", "s", 'd', fn_from_yaml},
    {NULL, NULL, 0, NULL},
};
