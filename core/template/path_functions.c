/* Sprig's family of paths; the os… forms are the same on Linux. */
#include <stdlib.h>
#include <string.h>

#include "core/base/path.h"
#include "core/template/function.h"

static bool apply(struct sw_call *call, char *(*work)(const char *)) {
    char *path = work(sw_str_z(call->arena, call->args[0].text));
    struct sw_str result = sw_str_copy(call->arena, sw_str_of(path));
    free(path);
    return sw_return_text(call, result);
}

static bool fn_base(struct sw_call *call) {
    return apply(call, sw_path_base);
}

static bool fn_dir(struct sw_call *call) {
    return apply(call, sw_path_dir);
}

static bool fn_clean(struct sw_call *call) {
    return apply(call, sw_path_clean);
}

static bool fn_ext(struct sw_call *call) {
    struct sw_str path = call->args[0].text;
    for (size_t i = path.len; i-- > 0 && path.data[i] != '/';)
        if (path.data[i] == '.')
            return sw_return_text(call, sw_str_slice(path, i, path.len));
    return sw_return_text(call, sw_str_of(""));
}

static bool fn_is_abs(struct sw_call *call) {
    return sw_return_bool(call, call->args[0].text.len && call->args[0].text.data[0] == '/');
}

const struct sw_function sw_path_functions[] = {
    {"base", "s", 's', fn_base},      {"dir", "s", 's', fn_dir},       {"clean", "s", 's', fn_clean},
    {"ext", "s", 's', fn_ext},        {"isAbs", "s", 'b', fn_is_abs},  {"osBase", "s", 's', fn_base},
    {"osDir", "s", 's', fn_dir},      {"osClean", "s", 's', fn_clean}, {"osExt", "s", 's', fn_ext},
    {"osIsAbs", "s", 'b', fn_is_abs}, {NULL, NULL, 0, NULL},
};
