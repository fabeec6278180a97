/* export.h - final images given out under references of the user's choice, without the labels that are the builder's business. */
#ifndef CORE_BUILD_EXPORT_H
#define CORE_BUILD_EXPORT_H

#include "core/base/vec.h"
#include "core/build/build.h"

struct sw_export_options {
    struct sw_strings tags; /* full references, HOST/NAME[:TAG], with the shortcuts of custom tags */
    struct sw_pairs labels; /* to be set */
};

/* An image as it was exported. Lives as long as the build. */
struct sw_exported {
    const struct sw_project_image *image;
    const char *reference;
    const char *digest;
};

/* Before a build: SW_ERROR_USAGE when a tag is malformed or would name two images, or when none of the chosen images is final. */
bool sw_export_check(const struct sw_build_options *build, const struct sw_export_options *options, struct sw_error **error);

/* After a build that has ended well: pushes a copy of each final image that the user chose under each tag, with all labels that begin with
 * "werf" removed. `exported` is a vector of struct sw_exported, filled in the project's order; the first failure ends it. [loop] */
void sw_export(struct sw_build *build, const struct sw_export_options *options, struct sw_vec *exported, sw_done done,
               void *context);

#endif
