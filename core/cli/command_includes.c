#include <stdio.h>

#include "core/base/cleanup.h"
#include "core/cli/app.h"
#include "core/cli/command.h"

static int run_update(const struct sw_arguments *arguments, struct sw_error **error) {
    struct sw_app app;
    sw_cleanup_free char *path = NULL;
    if (!sw_app_start(&app, arguments, error))
        return 0;
    struct sw_load_options options = sw_app_load_options(&app);
    if (sw_config_update_includes(&options, &path, error))
        printf("%s\n", path);
    sw_app_end(&app);
    return 0;
}

const struct sw_command sw_command_includes_update = {
    .name = "includes update",
    .operands = "",
    .summary = "write werf-includes.lock: the commits that branches and tags of werf-includes.yaml stand for now",
    .text = "Prints the path of the file. It is used once it is committed.",
    .groups = SW_OPTIONS_PROJECT,
    .run = run_update,
};
