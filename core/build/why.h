/* why.h - why the stages of a build are, or were, built: the nearest earlier build of each image in the store, and what has changed since.
 *
 * It compares records and trees of the clone, so it needs neither a backend nor what the host built before. */
#ifndef CORE_BUILD_WHY_H
#define CORE_BUILD_WHY_H

#include <jansson.h>

#include "core/build/build.h"

/* Explains the chosen images of a build that ran in SW_BUILD_WHY. The answer goes to `done`, which is to json_decref it; NULL with an error:
 *
 *     {"commit": ID, "images": [{"image", "platform", "platforms": how many it is built for, "state": "found" | "missing",
 *       "earlier": {"commit", "subject", "id"},     what it is compared with; left out when there is nothing
 *       "stages": [{"stage", "digest", "id", "state": "found" | "missing",
 *         "verdict": "same"     it is the earlier build's
 *                  | "first"    there is no earlier build
 *                  | "new"      the earlier build had no such stage
 *                  | "inputs"   `differences` tells
 *                  | "below"    only because a stage below it is another one
 *                  | "commits"  only because the stage below it stands at another commit
 *                  | "history"  stages of its digest are there, but of commits that are no ancestors
 *         "differences": [{"change": "changed" | "added" | "removed", "input", "was": its earlier name when that is another one,
 *           "before", "after",
 *           "pending": true                        when it is not known before another image is built
 *           "files": [{"path", "from": of a renamed file, "before", "after": ids, "mode_before", "mode_after"}], "file_count",
 *           "filters_changed": true, "missing_commit": ID}]}]}]}
 *
 * [loop] */
void sw_why_explain(struct sw_build *build, void (*done)(void *context, json_t *answer, struct sw_error *error), void *context);

#endif
