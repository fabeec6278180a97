/* reference.h - image references, the Docker way: "alpine" is "docker.io/library/alpine:latest". */
#ifndef PLUGINS_DOCKERFILE_REFERENCE_H
#define PLUGINS_DOCKERFILE_REFERENCE_H

#include <stdbool.h>

#include "plugins/dockerfile/failure.h"

struct sw_df_reference {
    const char *domain;
    const char *path;
    const char *tag;    /* "" for none */
    const char *digest; /* "" for none */
};

bool sw_df_reference_parse(const char *text, struct sw_df_reference *reference, struct sw_df_failure *failure);

/* With ":latest" when it has neither tag nor digest. */
const char *sw_df_reference_text(struct sw_arena *arena, const struct sw_df_reference *reference);

/* As a user writes it, without ":latest": what named contexts are looked up by. */
const char *sw_df_reference_familiar(struct sw_arena *arena, const struct sw_df_reference *reference);

/* Whether `text` is ALGORITHM:HEX of an algorithm that is known. */
bool sw_df_checksum_valid(const char *text, struct sw_df_failure *failure);

#endif
