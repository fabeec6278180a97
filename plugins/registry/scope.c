#include "plugins/registry/scope.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"

char *sw_scope_repository(const char *path, const char *actions) {
    return sw_format("repository:%s:%s", path, actions);
}

static bool has_action(const char *actions, const char *action, size_t len) {
    for (const char *at = actions; *at;) {
        size_t part = strcspn(at, ",");
        if ((part == len && !strncmp(at, action, len)) || (part == 1 && *at == '*'))
            return true;
        at += part + (at[part] == ',');
    }
    return false;
}

static bool covers(const char *held, const char *wanted) {
    const char *held_actions = strrchr(held, ':');
    const char *wanted_actions = strrchr(wanted, ':');
    if (!held_actions || !wanted_actions)
        return !strcmp(held, wanted);
    if (held_actions - held != wanted_actions - wanted || strncmp(held, wanted, (size_t)(held_actions - held)))
        return false;
    for (const char *at = wanted_actions + 1; *at;) {
        size_t part = strcspn(at, ",");
        if (!has_action(held_actions + 1, at, part))
            return false;
        at += part + (at[part] == ',');
    }
    return true;
}

bool sw_scopes_cover(struct sw_strings held, struct sw_strings wanted) {
    for (size_t i = 0; i < wanted.count; i++) {
        bool found = false;
        for (size_t j = 0; j < held.count && !found; j++)
            found = covers(held.items[j], wanted.items[i]);
        if (!found)
            return false;
    }
    return true;
}

bool sw_scopes_add(struct sw_strlist *scopes, const char *text) {
    struct sw_strlist merged = {0};
    while (text && *text) {
        size_t part = strcspn(text, " ");
        char *scope = sw_strndup(text, part);
        struct sw_strings one = {(const char *const *)&scope, 1};
        if (part && !sw_scopes_cover(sw_strlist_view(scopes), one) && !sw_strlist_has(&merged, scope))
            sw_strlist_add(&merged, scope);
        free(scope);
        text += part + (text[part] == ' ');
    }
    bool any = merged.len > 0;
    sw_strlist_copy(&merged, sw_strlist_view(scopes));
    sw_strlist_fini(scopes);
    *scopes = merged;
    return any;
}
