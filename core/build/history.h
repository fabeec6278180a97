/* history.h - the git history that stages need.
 *
 * Stapel stages are chosen by ancestry and brought up to date from older commits, which a shallow clone does not have. It is deepened
 * unless `gitWorktree` of werf.yaml says otherwise. */
#ifndef CORE_BUILD_HISTORY_H
#define CORE_BUILD_HISTORY_H

#include "core/build/build.h"

/* Makes sure that wanted images with files of the project's own repository find its history. Blocks while git fetches; before the
 * build runs. */
bool sw_history_require(const struct sw_build_options *options, struct sw_error **error);

#endif
