#include "plugins/dockerfile/env.h"

#include <stdint.h>

void sw_df_env_init(struct sw_df_env *env, struct sw_arena *arena) {
    *env = (struct sw_df_env){.arena = arena, .variables = {.width = sizeof(struct sw_df_variable)}};
}

void sw_df_env_fini(struct sw_df_env *env) {
    sw_vec_fini(&env->variables);
    sw_map_fini(&env->places, NULL);
}

static void append(struct sw_df_env *env, const struct sw_df_variable *variable) {
    sw_vec_push(&env->variables, variable);
    sw_map_set(&env->places, variable->name, (void *)(uintptr_t)env->variables.len);
}

void sw_df_env_copy(struct sw_df_env *env, const struct sw_df_env *from) {
    sw_df_env_init(env, from->arena);
    for (size_t i = 0; i < from->variables.len; i++) {
        const struct sw_df_variable *variable = sw_vec_at(&from->variables, i);
        if (variable->name)
            append(env, variable);
    }
}

static struct sw_df_variable *find(const struct sw_df_env *env, const char *name) {
    uintptr_t place = (uintptr_t)sw_map_get(&env->places, name);
    return place ? sw_vec_at(&env->variables, place - 1) : NULL;
}

const char *sw_df_env_get(const struct sw_df_env *env, const char *name) {
    const struct sw_df_variable *variable = find(env, name);
    return variable ? variable->value : NULL;
}

void sw_df_env_set(struct sw_df_env *env, const char *name, const char *value) {
    struct sw_df_variable *old = find(env, name);
    if (old)
        old->name = NULL;
    const char *entry = sw_arena_format(env->arena, "%s=%s", name, value);
    struct sw_df_variable variable = {.name = sw_arena_str(env->arena, name), .entry = entry};
    variable.value = entry + __builtin_strlen(variable.name) + 1;
    append(env, &variable);
}

void sw_df_env_unset(struct sw_df_env *env, const char *name) {
    struct sw_df_variable *old = find(env, name);
    if (!old)
        return;
    old->name = NULL;
    sw_map_remove(&env->places, name);
}

enum member { NAMES, ENTRIES };

static struct sw_strings list(const struct sw_df_env *env, enum member member) {
    const char **items = sw_arena_new(env->arena, (env->places.count + 1) * sizeof(char *));
    size_t count = 0;
    for (size_t i = 0; i < env->variables.len; i++) {
        const struct sw_df_variable *variable = sw_vec_at(&env->variables, i);
        if (variable->name)
            items[count++] = member == NAMES ? variable->name : variable->entry;
    }
    return (struct sw_strings){items, count};
}

struct sw_strings sw_df_env_names(const struct sw_df_env *env) {
    return list(env, NAMES);
}

struct sw_strings sw_df_env_entries(const struct sw_df_env *env) {
    return list(env, ENTRIES);
}
