/* The dockerfile builder as the host sees it. */
#include "slipway/plugin.h"

#include <stdlib.h>
#include <string.h>

#include "plugins/dockerfile/document.h"
#include "plugins/dockerfile/explain.h"
#include "plugins/dockerfile/lint_image.h"
#include "plugins/dockerfile/planner.h"

static const struct sw_host *the_host;

static void *plan(const struct sw_plan_request *request, struct sw_error **error) {
    return sw_df_planner_open(the_host, request, error);
}

static void free_text(char *text) {
    free(text);
}

static const struct sw_explain explain = {
    .size = sizeof(explain),
    .command = "dockerfile",
    .explain = sw_df_explain,
    .free_text = free_text,
};

static bool lint_image(const struct sw_plan_request *request, void (*found)(void *context, const struct sw_finding *finding),
                       void *context, struct sw_error **error) {
    return sw_df_lint_image(the_host, request, found, context, error);
}

static const struct sw_lint lint = {.size = sizeof(lint), .lint = lint_image};

static const void *get_extension(const char *id) {
    if (strcmp(id, SW_EXT_EXPLAIN) == 0)
        return &explain;
    return strcmp(id, SW_EXT_LINT) == 0 ? &lint : NULL;
}

static const char *const claims[] = {"dockerfile", NULL};

static const struct sw_builder builder = {
    .size = sizeof(builder),
    .claims = claims,
    .schema = sw_df_document_schema,
    .plan = plan,
    .next = sw_df_planner_next,
    .realize = sw_df_planner_realize,
    .close = sw_df_planner_close,
    .get_extension = get_extension,
};

static const struct sw_plugin descriptor = {
    .size = sizeof(descriptor),
    .abi_major = SW_ABI_MAJOR,
    .abi_minor = 0,
    .kind = SW_PLUGIN_BUILDER,
    .name = "dockerfile",
    .version = SLIPWAY_VERSION,
    .license = "Apache-2.0",
    .homepage = "",
    .summary = "images described by a Dockerfile",
    .builder = &builder,
};

SW_EXPORT const struct sw_plugin *slipway_plugin_v1(const struct sw_host *host, const char **refusal) {
    (void)refusal;
    the_host = host;
    return &descriptor;
}
