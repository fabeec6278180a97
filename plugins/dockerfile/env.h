/* env.h - variables of a build: looked up by name, listed in the order in which they were last set. */
#ifndef PLUGINS_DOCKERFILE_ENV_H
#define PLUGINS_DOCKERFILE_ENV_H

#include "core/base/arena.h"
#include "core/base/map.h"
#include "core/base/vec.h"
#include "slipway/types.h"

struct sw_df_variable {
    const char *name; /* NULL: it was set again, or unset */
    const char *value;
    const char *entry; /* "NAME=VALUE" */
};

struct sw_df_env {
    struct sw_arena *arena;  /* of names and values */
    struct sw_vec variables; /* struct sw_df_variable */
    struct sw_map places;    /* from names to places among them, counted from 1 */
};

void sw_df_env_init(struct sw_df_env *env, struct sw_arena *arena);
void sw_df_env_fini(struct sw_df_env *env);
void sw_df_env_copy(struct sw_df_env *env, const struct sw_df_env *from);

const char *sw_df_env_get(const struct sw_df_env *env, const char *name); /* NULL: not set */
void sw_df_env_set(struct sw_df_env *env, const char *name, const char *value);
void sw_df_env_unset(struct sw_df_env *env, const char *name);

/* The names, and the entries "NAME=VALUE", in order; arrays of the arena. */
struct sw_strings sw_df_env_names(const struct sw_df_env *env);
struct sw_strings sw_df_env_entries(const struct sw_df_env *env);

#endif
