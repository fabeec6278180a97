/* image.h - a Stapel document as what the stages work with: defaults applied, paths cleaned, entries that share a target made
 * to leave each other's files alone. */
#ifndef PLUGINS_STAPEL_IMAGE_H
#define PLUGINS_STAPEL_IMAGE_H

#include "plugins/stapel/host.h"

/* The four steps of `shell`. */
enum sw_stapel_step {
    SW_STAPEL_BEFORE_INSTALL = 0,
    SW_STAPEL_INSTALL,
    SW_STAPEL_BEFORE_SETUP,
    SW_STAPEL_SETUP,
    SW_STAPEL_STEPS,
};

/* Where imports and dependencies go in. */
enum sw_stapel_slot {
    SW_STAPEL_AT_BEFORE_INSTALL = 0,
    SW_STAPEL_AT_AFTER_INSTALL,
    SW_STAPEL_AT_BEFORE_SETUP,
    SW_STAPEL_AT_AFTER_SETUP,
    SW_STAPEL_SLOTS,
};

/* What git mappings and imports have in common. Strings live in the image's arena. */
struct sw_stapel_export {
    const char *add; /* cleaned, absolute */
    const char *to;
    struct sw_strings include; /* cleaned */
    struct sw_strings exclude; /* cleaned; those that other entries make necessary stand last */
    const char *owner;
    const char *group;
    struct sw_place place;
};

struct sw_stapel_mapping {
    struct sw_stapel_export files;
    const char *scope; /* `add` without its slash: "" is the root */
    const char *url;   /* "" for the project's own repository */
    const char *branch;
    const char *tag;
    const char *commit;
    struct sw_strings watched[SW_STAPEL_STEPS]; /* stageDependencies */
    bool watches[SW_STAPEL_STEPS];              /* they were given, even if empty */
    const char *hash;                           /* of all parameters: names the mapping in labels */
    const struct sw_commit *handle;             /* once it is open; NULL while printing a remote one */
    bool is_folder;                             /* what `add` is */
};

struct sw_stapel_import {
    struct sw_stapel_export files;
    const char *source; /* image of the project, or reference */
    bool external;
    const char *image; /* as written: `from` or `image`, `artifact` */
    const char *artifact;
    const char *stage;
    const char *before;
    const char *after;
    enum sw_stapel_slot slot;
};

struct sw_stapel_target {
    const char *type;
    const char *variable;
};
struct sw_stapel_dependency {
    const char *image;
    enum sw_stapel_slot slot;
    const struct sw_stapel_target *targets;
    size_t target_count;
};

struct sw_stapel_mount {
    const char *from; /* cleaned; "." for folders of ours */
    const char *to;
    const char *type; /* "tmp_dir", "build_dir", "custom_dir" */
    const char *host; /* custom_dir: as written */
};

struct sw_stapel_shell {
    bool exists;
    struct sw_strings commands[SW_STAPEL_STEPS];
    const char *versions[SW_STAPEL_STEPS];
    const char *version;
    struct sw_place places[SW_STAPEL_STEPS];
};

struct sw_stapel_image {
    struct sw_arena arena;
    const char *base; /* reference, image of the project, or "scratch" */
    bool base_is_image;
    bool from_latest;
    const char *from_cache_version;
    bool no_git_after; /* artifacts, disableGitAfterPatch */
    bool is_artifact;
    struct sw_stapel_mapping *mappings; /* local ones first */
    size_t mapping_count;
    struct sw_stapel_import *imports;
    size_t import_count;
    struct sw_stapel_dependency *dependencies;
    size_t dependency_count;
    struct sw_stapel_mount *mounts;
    size_t mount_count;
    struct sw_stapel_shell shell;
    const struct sw_value *docker; /* NULL: none */
};

/* Reads the document of `request`. NULL and `error` when it cannot be built. */
struct sw_stapel_image *sw_stapel_image_new(const struct sw_plan_request *request, struct sw_error **error);
void sw_stapel_image_free(struct sw_stapel_image *image);

/* Name of a step: "beforeInstall". */
const char *sw_stapel_step_name(enum sw_stapel_step step);

/* Makes `first` leave out what `second` fills below its target. */
void sw_stapel_exclude(struct sw_arena *arena, struct sw_stapel_export *first, const struct sw_stapel_export *second);

/* The hash that names a mapping. */
const char *sw_stapel_mapping_hash(struct sw_arena *arena, const struct sw_stapel_mapping *mapping);

/* werf's short name of a remote repository: "werf/werf" of "https://github.com/werf/werf.git". */
const char *sw_stapel_repository_name(struct sw_arena *arena, const char *url);

#endif
