/* why.h - for stages that are missing: the nearest earlier stage in the store, and what has changed since. */
#ifndef CORE_BUILD_WHY_H
#define CORE_BUILD_WHY_H

#include "core/base/buf.h"
#include "core/build/build.h"

/* Explains the images of a build that ran in SW_BUILD_WHY: appends text for people to `out`. [loop] */
void sw_why_explain(struct sw_build *build, struct sw_buf *out, sw_done done, void *context);

#endif
