#include <string.h>

#include "plugins/dockerfile/shell.h"

void sw_df_env_init(struct sw_df_env *env, struct sw_arena *arena) {
    *env = (struct sw_df_env){.arena = arena, .pairs = {.width = sizeof(struct sw_pair)}};
}

void sw_df_env_fini(struct sw_df_env *env) {
    sw_vec_fini(&env->pairs);
}

void sw_df_env_copy(struct sw_df_env *env, const struct sw_df_env *from) {
    sw_df_env_init(env, from->arena);
    for (size_t i = 0; i < from->pairs.len; i++)
        sw_vec_push(&env->pairs, sw_vec_at(&from->pairs, i));
}

const char *sw_df_env_get(const struct sw_df_env *env, const char *name) {
    for (size_t i = 0; i < env->pairs.len; i++) {
        const struct sw_pair *pair = sw_vec_at(&env->pairs, i);
        if (strcmp(pair->key, name) == 0)
            return pair->value;
    }
    return NULL;
}

void sw_df_env_set(struct sw_df_env *env, const char *name, const char *value) {
    struct sw_pair pair = {sw_arena_str(env->arena, name), sw_arena_str(env->arena, value)};
    sw_df_env_unset(env, name);
    sw_vec_push(&env->pairs, &pair);
}

void sw_df_env_unset(struct sw_df_env *env, const char *name) {
    struct sw_pair *pairs = env->pairs.data;
    for (size_t i = 0; i < env->pairs.len; i++) {
        if (strcmp(pairs[i].key, name) != 0)
            continue;
        memmove(&pairs[i], &pairs[i + 1], (env->pairs.len - i - 1) * sizeof(*pairs));
        env->pairs.len--;
        return;
    }
}
