#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/cli/app.h"
#include "core/cli/command.h"
#include "core/cli/read_file.h"

/* The builder that explains files under a command's first word. */
static const struct sw_explain *find_explainer(const struct sw_app *app, const char *word) {
    for (size_t i = 0; i < sw_plugins_count(app->plugins); i++) {
        const struct sw_plugin *plugin = sw_plugins_at(app->plugins, i);
        if (plugin->kind != SW_PLUGIN_BUILDER || !plugin->builder->get_extension)
            continue;
        const struct sw_explain *explain = plugin->builder->get_extension(SW_EXT_EXPLAIN);
        if (explain && strcmp(explain->command, word) == 0)
            return explain;
    }
    return NULL;
}

static int run_explain(const struct sw_arguments *arguments, struct sw_error **error) {
    sw_cleanup_buf struct sw_buf file = {0}, options = {0};
    const char *options_path = sw_argument(arguments, "options");
    struct sw_app app;
    if (!arguments->positionals.len)
        return sw_fail(error, SW_ERROR_USAGE, "which file is to be explained?");
    const char *path = arguments->positionals.items[0];
    if (!sw_read_file(path, &file, error) || (options_path && !sw_read_file(options_path, &options, error)) ||
        !sw_app_start(&app, arguments, error))
        return 0;
    const struct sw_explain *explain = find_explainer(&app, "dockerfile");
    char *json = NULL;
    if (!explain)
        sw_fail(error, SW_ERROR_UNSUPPORTED, "no builder plugin that explains Dockerfiles is installed");
    else if (explain->explain(path, (struct sw_bytes){sw_buf_text(&file), file.len}, options_path ? sw_buf_text(&options) : NULL,
                              &json, error)) {
        puts(json);
        explain->free_text(json);
    }
    sw_app_end(&app);
    return 0;
}

const struct sw_command sw_command_dockerfile_explain = {
    .name = "dockerfile explain",
    .operands = "FILE",
    .summary = "print as JSON what a Dockerfile means",
    .text = "Prints instructions, warnings, the error if there is one, the config of the image and the build graph. Nothing is "
            "built, and no "
            "network is used: configs of base images come from the options file.",
    .groups = SW_OPTIONS_EXPLAIN,
    .max_operands = 1,
    .run = run_explain,
};
