/* explain.h - runs the explanation of a build, for `why` and `build --explain`. */
#ifndef CORE_CLI_EXPLAIN_H
#define CORE_CLI_EXPLAIN_H

#include "core/base/buf.h"
#include "core/cli/options.h"

/* Appends why the images that `arguments` choose have to be built. Starts and ends the program around it. */
bool sw_explain_build(const struct sw_arguments *arguments, struct sw_buf *out, struct sw_error **error);

#endif
