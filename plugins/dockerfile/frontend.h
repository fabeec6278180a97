/* frontend.h - which program may read a Dockerfile: this one, or one that `# syntax=` names. */
#ifndef PLUGINS_DOCKERFILE_FRONTEND_H
#define PLUGINS_DOCKERFILE_FRONTEND_H

#include "plugins/dockerfile/failure.h"

struct sw_df_frontend {
    const char *image; /* reference of the image that holds the program; NULL: this program reads the file itself */
    const char *line;  /* the whole value: the image, and what follows it */
};

/* Looks at `# syntax=` of `file`, or at the build argument that overrides it (NULL: not given). Images of Docker's own dialect are
 * read here. Fails when the value cannot be the name of an image. Strings live in the failure's arena. */
bool sw_df_frontend_find(const char *file, const char *build_arg, struct sw_df_frontend *frontend, struct sw_df_failure *failure);

#endif
