/* The methods of `.Files`. Errors of the project's files reach the template as they are. */
#include <stdlib.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/template/dict.h"
#include "core/template/engine.h"
#include "core/template/function.h"

struct sw_template_found {
    struct sw_arena *arena;
    struct sw_dict *dict;
};

void sw_template_found_add(struct sw_template_found *found, const char *path, struct sw_bytes content) {
    struct sw_str key = sw_str_copy(found->arena, sw_str_of(path));
    struct sw_str text = sw_str_copy(found->arena, (struct sw_str){content.data, content.len});
    sw_dict_set(found->arena, found->dict, key, sw_text(text));
}

static const struct sw_template_files *files_of(const struct sw_call *call) {
    return call->engine->input->files;
}

static const char *path_of(struct sw_call *call) {
    return sw_str_z(call->arena, call->args[0].text);
}

static bool fail(struct sw_call *call, const struct sw_error *error) {
    return sw_call_fail_str(call, "", sw_str_of(error->message));
}

static bool get(struct sw_call *call) {
    sw_cleanup_error struct sw_error *error = NULL;
    sw_cleanup_free char *content = NULL;
    size_t len = 0;
    if (!files_of(call)->get(files_of(call)->context, path_of(call), &content, &len, &error))
        return fail(call, error);
    return sw_call_affords(call, len) && sw_return_text(call, sw_str_copy(call->arena, (struct sw_str){content, len}));
}

static bool glob(struct sw_call *call) {
    sw_cleanup_error struct sw_error *error = NULL;
    struct sw_template_found found = {call->arena, sw_dict_new(call->arena)};
    if (!files_of(call)->glob(files_of(call)->context, path_of(call), &found, &error))
        return fail(call, error);
    return sw_return(call, sw_of_dict(SW_T_DICT, found.dict));
}

static bool ask(struct sw_call *call, bool (*question)(void *, const char *, bool *, struct sw_error **)) {
    sw_cleanup_error struct sw_error *error = NULL;
    bool answer = false;
    if (!question(files_of(call)->context, path_of(call), &answer, &error))
        return fail(call, error);
    return sw_return_bool(call, answer);
}

static bool exists(struct sw_call *call) {
    return ask(call, files_of(call)->exists);
}

static bool is_dir(struct sw_call *call) {
    return ask(call, files_of(call)->is_dir);
}

const struct sw_method sw_files_methods[] = {
    {SW_T_FILES, {"Get", "s", 's', get}, NULL},       {SW_T_FILES, {"Glob", "s", 'd', glob}, NULL},
    {SW_T_FILES, {"Exists", "s", 'b', exists}, NULL}, {SW_T_FILES, {"IsDir", "s", 'b', is_dir}, NULL},
    {SW_T_NONE, {NULL, NULL, 0, NULL}, NULL},
};
