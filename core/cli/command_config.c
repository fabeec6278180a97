#include <stdio.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/cli/app.h"
#include "core/cli/command.h"
#include "core/config/listing.h"
#include "core/config/selection.h"

/* Loads the project and lets `print` write to standard output. */
static int with_project(const struct sw_arguments *arguments, bool (*print)(const struct sw_app *app, struct sw_error **error),
                        struct sw_error **error) {
    struct sw_app app;
    if (!sw_app_start(&app, arguments, error))
        return 0;
    if (sw_app_load_project(&app, error))
        print(&app, error);
    sw_app_end(&app);
    return 0;
}

static bool print_rendered(const struct sw_app *app, struct sw_error **error) {
    (void)error;
    fwrite(app->config->rendered, 1, app->config->rendered_len, stdout);
    return true;
}

static int run_render(const struct sw_arguments *arguments, struct sw_error **error) {
    return with_project(arguments, print_rendered, error);
}

static bool print_chosen(const struct sw_app *app,
                         void (*print)(struct sw_buf *out, const struct sw_project *project, const bool *chosen),
                         struct sw_error **error) {
    struct sw_selection_result selection = {0};
    sw_cleanup_buf struct sw_buf out = {0};
    bool final_only = sw_argument_flag(app->arguments, "final-images-only");
    if (!sw_select_images(app->config->project, sw_strlist_view(&app->arguments->positionals), final_only, &selection, error))
        return false;
    print(&out, app->config->project, selection.chosen);
    fputs(sw_buf_text(&out), stdout);
    sw_selection_result_fini(&selection);
    return true;
}

static bool print_list(const struct sw_app *app, struct sw_error **error) {
    return print_chosen(app, sw_listing_names, error);
}

static int run_list(const struct sw_arguments *arguments, struct sw_error **error) {
    return with_project(arguments, print_list, error);
}

static bool print_dependencies(const struct sw_app *app, struct sw_error **error) {
    return print_chosen(app, sw_listing_graph, error);
}

static int run_graph(const struct sw_arguments *arguments, struct sw_error **error) {
    return with_project(arguments, print_dependencies, error);
}

static int run_schema(const struct sw_arguments *arguments, struct sw_error **error) {
    struct sw_app app;
    sw_cleanup_buf struct sw_buf out = {0};
    if (!sw_app_start(&app, arguments, error))
        return 0;
    sw_listing_schema(&out, app.builders, app.builder_count);
    fputs(sw_buf_text(&out), stdout);
    sw_app_end(&app);
    return 0;
}

const struct sw_command sw_command_config_render = {
    .name = "config render",
    .operands = "",
    .summary = "print werf.yaml after its templates ran",
    .groups = SW_OPTIONS_PROJECT,
    .run = run_render,
};

const struct sw_command sw_command_config_list = {
    .name = "config list",
    .operands = "",
    .summary = "print the names of images, one a line",
    .text = "The image without a name is shown as ~.",
    .groups = SW_OPTIONS_PROJECT | SW_OPTIONS_SELECT,
    .run = run_list,
};

const struct sw_command sw_command_config_graph = {
    .name = "config graph",
    .operands = "[IMAGE…]",
    .summary = "print which image needs which",
    .groups = SW_OPTIONS_PROJECT | SW_OPTIONS_SELECT,
    .max_operands = SIZE_MAX,
    .run = run_graph,
};

const struct sw_command sw_command_config_schema = {
    .name = "config schema",
    .operands = "",
    .summary = "print the JSON Schema of werf.yaml, for editors",
    .groups = 0,
    .run = run_schema,
};
