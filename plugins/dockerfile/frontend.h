/* frontend.h - whether this program may read a Dockerfile that asks for a certain front end. */
#ifndef PLUGINS_DOCKERFILE_FRONTEND_H
#define PLUGINS_DOCKERFILE_FRONTEND_H

#include "plugins/dockerfile/failure.h"

/* Fails when `# syntax=` of `file`, or the build argument that overrides it (NULL: not given), names a front end that is not
 * Docker's own. */
bool sw_df_frontend_check(const char *file, const char *build_arg, struct sw_df_failure *failure);

#endif
