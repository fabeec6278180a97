#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/cli/command.h"
#include "core/cli/conveyor.h"
#include "core/runtime/cancel.h"
#include "core/runtime/progress.h"

struct running {
    struct sw_conveyor conveyor;
    int status;
    struct sw_error *error;
};

static void on_ended(void *context, int32_t status, struct sw_error *error) {
    struct running *running = context;
    running->status = status;
    running->error = error;
    sw_app_finish(&running->conveyor.app);
}

static bool parse_network(const char *text, uint32_t *network, struct sw_error **error) {
    static const char *const names[] = {"default", "none", "host"};
    for (uint32_t i = 0; text && i < 3; i++)
        if (strcmp(text, names[i]) == 0) {
            *network = i;
            return true;
        }
    return !text || sw_fail(error, SW_ERROR_USAGE, "--network: \"%s\" is none of default, none, host", text);
}

/* The one image that was chosen. */
static const struct sw_image_report *find_image(const struct sw_conveyor *conveyor, struct sw_error **error) {
    size_t count;
    const struct sw_image_report *reports = sw_build_reports(conveyor->build, &count), *found = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct sw_project *project = conveyor->options.project;
        if (!*reports[i].platform || reports[i].part || !conveyor->options.chosen[reports[i].image - project->images] ||
            !reports[i].stage_count)
            continue;
        if (found && found->image != reports[i].image) {
            sw_fail(error, SW_ERROR_USAGE, "which image is to run? There are \"%s\", \"%s\" …", found->image->name,
                    reports[i].image->name);
            return NULL;
        }
        if (!found || strcmp(reports[i].platform, conveyor->options.build_platform) == 0)
            found = &reports[i];
    }
    return found;
}

static const struct sw_backend_run *run_table(const struct sw_backend *backend) {
    return backend->get_extension ? backend->get_extension(SW_EXT_RUN) : NULL;
}

/* The backend that built the image, or else another one that runs images on this host: it reads layers from wherever they are. */
static const struct sw_backend_run *find_runner(const struct sw_conveyor *conveyor, struct sw_error **error) {
    const struct sw_plugins *plugins = conveyor->app.plugins;
    const struct sw_backend_run *table = run_table(conveyor->options.backend);
    for (size_t i = 0; !table && i < sw_plugins_count(plugins); i++) {
        const struct sw_plugin *plugin = sw_plugins_at(plugins, i);
        struct sw_capabilities can = {.size = sizeof can};
        if (plugin->kind != SW_PLUGIN_BACKEND || !run_table(plugin->backend))
            continue;
        if (!plugin->backend->capabilities(&can, error))
            return NULL;
        table = run_table(plugin->backend);
    }
    if (!table)
        sw_fail(error, SW_ERROR_UNSUPPORTED, "no backend that is installed can run images");
    return table;
}

static bool start(struct running *running, const struct sw_arguments *arguments, struct sw_error **error) {
    const struct sw_image_report *report = find_image(&running->conveyor, error);
    uint32_t network = SW_NETWORK_DEFAULT;
    if (!report || !parse_network(sw_argument(arguments, "network"), &network, error))
        return false;
    const struct sw_backend_run *table = find_runner(&running->conveyor, error);
    if (!table)
        return false;
    sw_progress_end(); /* the terminal is the command's now */
    struct sw_run run = {
        .size = sizeof run,
        .tty = sw_argument_flag(arguments, "tty"),
        .image = report->stages[report->stage_count - 1].image,
        .argv = sw_strlist_view(&arguments->rest),
        .env = sw_argument_list(arguments, "set-env"),
        .user = sw_argument(arguments, "user"),
        .cwd = sw_argument(arguments, "workdir"),
        .use_entrypoint = sw_argument_flag(arguments, "entrypoint"),
        .network = network,
        .cancel = sw_cancel_root(),
        .done = on_ended,
        .context = running,
    };
    table->run(&run);
    return true;
}

static int run_run(const struct sw_arguments *arguments, struct sw_error **error) {
    struct running running = {0};
    if (!sw_conveyor_start(&running.conveyor, arguments, SW_BUILD_PUBLISH, sw_strlist_view(&arguments->positionals), error))
        return 0;
    if (sw_conveyor_run(&running.conveyor, error) && start(&running, arguments, error) &&
        sw_app_wait(&running.conveyor.app, error) && running.error)
        sw_pass(error, running.error);
    sw_conveyor_end(&running.conveyor);
    return running.status;
}

const struct sw_command sw_command_run = {
    .name = "run",
    .operands = "[IMAGE] [-- COMMAND…]",
    .summary = "build an image and run a command in it",
    .text = "Runs COMMAND in a container of the image (without one, the image's own command) and ends with its exit code. Nothing "
            "that it "
            "changes is kept.",
    .groups = SW_OPTIONS_PROJECT | SW_OPTIONS_STORE | SW_OPTIONS_REPO | SW_OPTIONS_BACKEND | SW_OPTIONS_BUILD | SW_OPTIONS_SELECT |
              SW_OPTIONS_RUN,
    .max_operands = 1,
    .takes_rest = true,
    .run = run_run,
};
