/* instruction.h - instructions with their meaning, and the stages they form. Nothing is expanded yet, nothing is looked up. */
#ifndef PLUGINS_DOCKERFILE_INSTRUCTION_H
#define PLUGINS_DOCKERFILE_INSTRUCTION_H

#include "plugins/dockerfile/lexer.h"
#include "plugins/dockerfile/lint.h"
#include "plugins/dockerfile/mount.h"

enum sw_df_kind {
    SW_DF_ADD,
    SW_DF_ARG,
    SW_DF_CMD,
    SW_DF_COPY,
    SW_DF_ENTRYPOINT,
    SW_DF_ENV,
    SW_DF_EXPOSE,
    SW_DF_FROM,
    SW_DF_HEALTHCHECK,
    SW_DF_LABEL,
    SW_DF_MAINTAINER,
    SW_DF_ONBUILD,
    SW_DF_RUN,
    SW_DF_SHELL,
    SW_DF_STOPSIGNAL,
    SW_DF_USER,
    SW_DF_VOLUME,
    SW_DF_WORKDIR,
};

/* Of ENV, LABEL and ARG. */
struct sw_df_pair {
    const char *key;
    const char *value; /* NULL: an ARG without a default */
    bool legacy;       /* ENV NAME VALUE */
};

/* A file inside the Dockerfile: a heredoc of COPY or ADD. */
struct sw_df_inline {
    const char *name;
    const char *content;
    bool expand;
};

enum sw_df_tristate { SW_DF_UNSET = 0, SW_DF_NO = 1, SW_DF_YES = 2 };

/* COPY and ADD. */
struct sw_df_copy {
    struct sw_strings sources;
    const struct sw_df_inline *inlines;
    size_t inline_count;
    const char *dest;
    const char *from;
    const char *chown;
    const char *chmod;
    const char *checksum;
    struct sw_strings excludes;
    bool link;
    bool parents;
    enum sw_df_tristate keep_git_dir;
    enum sw_df_tristate unpack;
};

struct sw_df_run {
    struct sw_strings mounts; /* values of --mount, unread */
    const char **froms;       /* of each mount, "" for none */
    const struct sw_df_device *devices;
    size_t device_count;
    const char *network;  /* "default", "none", "host" */
    const char *security; /* "sandbox", "insecure" */
};

struct sw_df_health {
    struct sw_strings test;
    int64_t interval; /* nanoseconds */
    int64_t timeout;
    int64_t start_period;
    int64_t start_interval;
    int64_t retries;
};

struct sw_df_instruction {
    enum sw_df_kind kind;
    const char *name; /* as it was typed */
    const char *code; /* the joined lines, trimmed */
    uint32_t first;
    uint32_t last;
    struct sw_strings comments;
    struct sw_strings args;   /* CMD, ENTRYPOINT, RUN, SHELL: the command; EXPOSE, VOLUME: items */
    bool shell_form;          /* the command is one string for the shell */
    const char *text;         /* MAINTAINER, ONBUILD, STOPSIGNAL, USER, WORKDIR */
    struct sw_df_pair *pairs; /* ENV, LABEL, ARG */
    size_t pair_count;
    const struct sw_df_heredoc *heredocs;
    size_t heredoc_count;
    struct sw_df_copy copy;
    struct sw_df_run run;
    struct sw_df_health health;
    const struct sw_df_node *node;
};

struct sw_df_stage {
    const char *name; /* lower case, "" for none */
    const char *base;
    const char *platform;
    const char *word; /* FROM as it was typed */
    const char *doc;
    const char *code;
    struct sw_strings comments;
    uint32_t first;
    uint32_t last;
    const struct sw_df_instruction *instructions;
    size_t instruction_count;
};

struct sw_df_program {
    const struct sw_df_stage *stages;
    size_t stage_count;
    const struct sw_df_instruction *globals; /* ARGs before the first stage */
    size_t global_count;
};

/* Reads one instruction that is no FROM; `lint` may be NULL. For ONBUILD triggers. */
bool sw_df_instruction_parse(const struct sw_df_node *node, struct sw_df_lint *lint, struct sw_df_instruction *out,
                             struct sw_df_failure *failure);

/* Reads all of a file. */
bool sw_df_program_parse(const struct sw_df_file *file, struct sw_df_lint *lint, struct sw_df_program *out,
                         struct sw_df_failure *failure);

/* Where warnings about an instruction or a stage belong. */
struct sw_df_spot sw_df_instruction_spot(const struct sw_df_instruction *instruction);
struct sw_df_spot sw_df_stage_spot(const struct sw_df_stage *stage);

#endif
