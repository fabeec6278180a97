/* step.h - what a Dockerfile comes down to: steps on top of one another, before they become nodes of a build graph.
 *
 * The evaluator makes them, `explain` prints them, the planner hands them to the host. A step's inputs are made before it. */
#ifndef PLUGINS_DOCKERFILE_STEP_H
#define PLUGINS_DOCKERFILE_STEP_H

#include "plugins/dockerfile/giturl.h"
#include "plugins/dockerfile/instruction.h"

enum sw_df_step_kind {
    SW_DF_STEP_SCRATCH,
    SW_DF_STEP_IMAGE,
    SW_DF_STEP_CONTEXT, /* files of the build context, or of a named one */
    SW_DF_STEP_URL,
    SW_DF_STEP_GIT,
    SW_DF_STEP_INLINE, /* one file from the Dockerfile itself */
    SW_DF_STEP_RUN,
    SW_DF_STEP_COPY,
    SW_DF_STEP_MKDIR,
};

struct sw_df_step;

struct sw_df_run_mount {
    struct sw_df_mount mount;      /* ids and targets are filled in */
    const struct sw_df_step *from; /* BIND, CACHE; NULL: none */
    const char *source;            /* path in `from` */
    bool initial_folder;           /* CACHE, BIND: an empty folder with the mount's owner and mode stands for the source */
};

struct sw_df_run_step {
    struct sw_strings argv;
    struct sw_strings env; /* "K=V" */
    struct sw_strings proxies;
    const char *cwd;
    const char *user;
    const struct sw_df_run_mount *mounts;
    size_t mount_count;
    const struct sw_df_device *devices;
    size_t device_count;
    const char *network; /* "default", "none", "host" */
    const char *security;
};

/* A folder or file brought by COPY and ADD. */
struct sw_df_copy_source {
    const struct sw_df_step *from;
    const char *path;
    const char *dest;
    const char *include;  /* --parents: pattern relative to `path`; NULL: all of it */
    const char *required; /* path that must exist, NULL: none */
    bool local;           /* follows links, takes wildcards, copies what is in a folder */
    bool unpack;
};

struct sw_df_copy_step {
    const struct sw_df_copy_source *sources;
    size_t source_count;
    struct sw_strings excludes;
    const char *owner; /* "" for none */
    const char *mode;
    bool link;
    bool parents;
};

struct sw_df_step {
    enum sw_df_step_kind kind;
    uint32_t number;                /* in order of making */
    const struct sw_df_step *input; /* file system that it changes, NULL for none */
    const char *title;              /* "RUN make", with the stage's name before it */
    const char *instruction;        /* as it stands in the file, "" for none */
    const char *platform;
    uint32_t first; /* lines, 0 for none */
    uint32_t last;
    bool no_cache;
    const char *reference; /* IMAGE */
    const void *image;     /* IMAGE: what the one who resolved it gave; may be NULL */
    const char *digest;    /* IMAGE: NULL when not known */
    const char *layout;    /* IMAGE: the OCI layout that it is in, NULL for a registry */
    const char *name;      /* CONTEXT: "" is the main one; URL: file name; INLINE: file name */
    const char *url;       /* URL; CONTEXT: where a named one comes from */
    const char *checksum;  /* URL */
    struct sw_df_git git;
    const char *content; /* INLINE */
    uint32_t mode;       /* INLINE */
    struct sw_df_run_step run;
    struct sw_df_copy_step copy;
    const char *path; /* MKDIR */
    const char *user; /* MKDIR: owner, "" for root */
    int64_t created;  /* MKDIR: time in seconds, 0: now */
};

#endif
