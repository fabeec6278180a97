#include "plugins/dockerfile/frontend.h"

#include <string.h>

#include "plugins/dockerfile/directive.h"
#include "plugins/dockerfile/reference.h"
#include "plugins/dockerfile/text.h"

/* Images of the dialect that is read here: a tag is a version 1, "latest", or a channel of one. */
static bool is_own(const char *image, struct sw_arena *arena) {
    struct sw_df_failure ignored = {.arena = arena};
    struct sw_df_reference reference;
    if (!sw_df_reference_parse(image, &reference, &ignored) || strcmp(reference.domain, "docker.io") != 0)
        return false;
    bool upstream = strcmp(reference.path, "docker/dockerfile-upstream") == 0;
    if (upstream || strcmp(reference.path, "docker/dockerfile") == 0) {
        const char *tag = reference.tag;
        bool version = *tag == '1' && (!tag[1] || strchr(".-", tag[1]));
        return upstream || !*tag || version || strcmp(tag, "latest") == 0 || strcmp(tag, "labs") == 0 ||
               strcmp(tag, "experimental") == 0;
    }
    return false;
}

bool sw_df_frontend_find(const char *file, const char *build_arg, struct sw_df_frontend *frontend, struct sw_df_failure *failure) {
    const char *value = build_arg ? build_arg : sw_df_directive_syntax(failure->arena, file);
    struct sw_df_reference reference;
    *frontend = (struct sw_df_frontend){0};
    if (!value)
        return true;
    value = sw_df_skip_space(value);
    const char *image = sw_arena_strn(failure->arena, value, strcspn(value, " \t"));
    if (is_own(image, failure->arena))
        return true;
    if (!sw_df_reference_parse(image, &reference, failure))
        return sw_df_fail_at(failure, 1, 1);
    *frontend = (struct sw_df_frontend){.image = image, .line = value};
    return true;
}
