/* lint_image.h - the lint rules applied to an image of a project (struct sw_lint). */
#ifndef PLUGINS_DOCKERFILE_LINT_IMAGE_H
#define PLUGINS_DOCKERFILE_LINT_IMAGE_H

#include "slipway/builder.h"

/* As the function of struct sw_lint. All stages are looked at, unless the image has a target. Of base images only the names are known:
 * they count as images that set PATH and nothing else. [loop] */
bool sw_df_lint_image(const struct sw_host *host, const struct sw_plan_request *request,
                      void (*found)(void *context, const struct sw_finding *finding), void *context, struct sw_error **error);

#endif
