/* giturl.h - git references of ADD and of contexts: "https://host/x.git#ref:folder", "git@host:x?branch=main". */
#ifndef PLUGINS_DOCKERFILE_GITURL_H
#define PLUGINS_DOCKERFILE_GITURL_H

#include "plugins/dockerfile/instruction.h"

struct sw_df_git {
    const char *remote;
    const char *ref;
    const char *subdir;
    const char *checksum;
    enum sw_df_tristate keep_git_dir;
    enum sw_df_tristate submodules;
    bool fetch_by_commit;
};

enum sw_df_git_kind {
    SW_DF_GIT_NONE,    /* the text is no git reference */
    SW_DF_GIT_FOUND,   /* … is one */
    SW_DF_GIT_INVALID, /* … is one, and wrong: see the failure */
};
enum sw_df_git_kind sw_df_git_parse(const char *text, struct sw_df_git *git, struct sw_df_failure *failure);

/* Whether ADD downloads `text` as a file. */
bool sw_df_is_url(struct sw_arena *arena, const char *text);

/* Name of the file that a URL stands for. */
const char *sw_df_url_filename(struct sw_arena *arena, const char *url);

#endif
