/* flag.h - the `--flags` of an instruction: which exist, what they take, what was given. */
#ifndef PLUGINS_DOCKERFILE_FLAG_H
#define PLUGINS_DOCKERFILE_FLAG_H

#include <stdbool.h>

#include "plugins/dockerfile/failure.h"

enum sw_df_flag_kind { SW_DF_FLAG_BOOL, SW_DF_FLAG_TEXT, SW_DF_FLAG_LIST };

struct sw_df_flag {
    const char *name;
    enum sw_df_flag_kind kind;
    bool used;
    bool on;                /* BOOL */
    const char *text;       /* TEXT: "" when not given, unless set before */
    struct sw_strings list; /* LIST */
};

/* Fills `flags` from what was given. */
bool sw_df_flags_parse(struct sw_strings given, struct sw_df_flag *flags, size_t count, struct sw_df_failure *failure);

/* Fields of one CSV record; `what` ("mounts") names them in a failure. */
bool sw_df_csv(const char *text, const char *what, struct sw_strings *fields, struct sw_df_failure *failure);

#endif
