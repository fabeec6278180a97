/* image.h - the image config that instructions change: read from a base's JSON, written as BuildKit writes it. */
#ifndef PLUGINS_DOCKERFILE_IMAGE_H
#define PLUGINS_DOCKERFILE_IMAGE_H

#include <jansson.h>

#include "core/base/map.h"
#include "plugins/dockerfile/instruction.h"
#include "plugins/dockerfile/platform.h"
#include "plugins/dockerfile/shell.h"

struct sw_df_history {
    const char *created; /* NULL: none */
    const char *created_by;
    const char *author;
    const char *comment;
    bool empty_layer;
};

struct sw_df_image {
    struct sw_arena *arena;
    const char *created; /* NULL: none */
    const char *author;
    struct sw_df_platform platform;
    const char *rootfs_type;
    struct sw_strings diff_ids;
    bool has_diff_ids;
    struct sw_vec history; /* struct sw_df_history */
    const char *user;
    struct sw_map ports; /* keys only: values are not NULL */
    struct sw_vec env;   /* const char *: "K=V" in order */
    struct sw_strings entrypoint;
    struct sw_strings command;
    struct sw_map volumes;
    const char *workdir;
    struct sw_map labels; /* const char * */
    const char *stop_signal;
    bool args_escaped;
    bool has_health;
    struct sw_df_health health;
    struct sw_strings onbuild;
    struct sw_strings shell;
};

/* An image with nothing in it. */
void sw_df_image_init(struct sw_df_image *image, struct sw_arena *arena);
void sw_df_image_fini(struct sw_df_image *image);

/* Ends `image` and makes it a copy of `from`. */
void sw_df_image_assign(struct sw_df_image *image, const struct sw_df_image *from);

/* What `FROM scratch` begins with. */
void sw_df_image_scratch(struct sw_df_image *image, const struct sw_df_platform *platform);

/* Reads a config blob into a fresh image. */
bool sw_df_image_read(struct sw_df_image *image, const char *json, struct sw_df_failure *failure);

/* Environment of the config: in place, or at the end. */
const char *sw_df_image_env(const struct sw_df_image *image, const char *name);
void sw_df_image_set_env(struct sw_df_image *image, const char *name, const char *value);

/* Adds a history entry. */
void sw_df_image_commit(struct sw_df_image *image, const char *created_by, bool has_layer, const char *created);

/* Whether any layer belongs to it. */
bool sw_df_image_has_layers(const struct sw_df_image *image);

/* The whole config, as new JSON. */
json_t *sw_df_image_json(const struct sw_df_image *image);

#endif
