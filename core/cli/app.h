/* app.h - what commands that do more than print have in common: the loop, messages, progress, plugins, and the project. */
#ifndef CORE_CLI_APP_H
#define CORE_CLI_APP_H

#include "core/cli/host_config.h"
#include "core/cli/options.h"
#include "core/config/build_files.h"
#include "core/config/load.h"
#include "core/plugin/plugins.h"

struct sw_app {
    const struct sw_arguments *arguments;
    const struct sw_host *host;
    struct sw_plugins *plugins;
    struct sw_host_config host_config;
    struct sw_host_graph graph_table;
    struct sw_host_files files_table;
    char *store;
    struct sw_config_builder *builders; /* of the plugins that are loaded */
    size_t builder_count;
    struct sw_config *config;
    struct sw_build_files *build_files; /* that do not come from the commit */
    char *default_platform;
    bool finished; /* sw_app_wait has what it waits for */
};

/* Starts everything up to the loaded plugins. On failure what was started is ended. */
bool sw_app_start(struct sw_app *app, const struct sw_arguments *arguments, struct sw_error **error);

/* What the options say of the project. Borrows from the arguments. */
struct sw_load_options sw_app_load_options(const struct sw_app *app);

/* Loads the project that the options name; its warnings are shown. All errors of the configuration are one error. */
bool sw_app_load_project(struct sw_app *app, struct sw_error **error);

/* Turns the loop until `sw_app_finish`. Fails when nothing is left that could call it. */
bool sw_app_wait(struct sw_app *app, struct sw_error **error);
void sw_app_finish(struct sw_app *app);

/* Ends everything. */
void sw_app_end(struct sw_app *app);

/* The plugin of `kind` called `name`, or an error that lists those there are. */
const struct sw_plugin *sw_app_plugin(const struct sw_app *app, uint32_t kind, const char *name, struct sw_error **error);

/* Name of the backend that the options or the host's configuration choose for a platform. */
const char *sw_app_backend_name(const struct sw_app *app, const char *platform);

#endif
