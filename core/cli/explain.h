/* explain.h - runs the explanation of a build, for `why` and `build --explain`. */
#ifndef CORE_CLI_EXPLAIN_H
#define CORE_CLI_EXPLAIN_H

#include <jansson.h>

#include "core/cli/options.h"

/* Why the images that `arguments` choose have to be, or were, built: the answer of core/build/why.h, to be json_decref'ed. NULL after a
 * failure. Starts and ends the program around it. */
json_t *sw_explain_build(const struct sw_arguments *arguments, struct sw_error **error);

#endif
