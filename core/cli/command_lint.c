#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/cli/app.h"
#include "core/cli/command.h"
#include "core/config/selection.h"
#include "core/runtime/cancel.h"

/* What was found in one image, as JSON, and in all, as lines. */
struct report {
    json_t *images;
    json_t *warnings; /* of the image at hand */
    struct sw_strlist lines;
    size_t warning_count;
    size_t error_count;
    struct sw_error *error; /* the first */
};

/* ---- one image ---- */

/* Images may share a file: what is found there again says nothing new. */
static void add_line(struct report *report, size_t *count, char *line) {
    if (sw_strlist_has(&report->lines, line)) {
        free(line);
        return;
    }
    sw_strlist_take(&report->lines, line);
    ++*count;
}

static json_t *lines_json(uint32_t first, uint32_t last) {
    json_t *lines = json_array();
    for (uint32_t line = first; line <= last; line++)
        json_array_append_new(lines, json_integer(line));
    return lines;
}

static void on_found(void *context, const struct sw_finding *finding) {
    struct report *report = context;
    const struct sw_place *place = &finding->place;
    json_t *warning =
        json_pack("{s:s, s:s, s:s*, s:s*}", "rule", finding->rule, "text", finding->text, "file", place->file, "url", finding->url);
    if (place->line > 0)
        json_object_set_new(warning, "lines", lines_json(place->line, place->end_line));
    json_array_append_new(report->warnings, warning);
    sw_cleanup_free char *where = place->line > 0 ? sw_format(":%u", place->line) : sw_strdup("");
    add_line(report, &report->warning_count, sw_format("%s%s: %s: %s", place->file, where, finding->rule, finding->text));
}

static void add_error(struct report *report, json_t *image, struct sw_error *error) {
    json_t *json = json_pack("{s:s, s:s*}", "text", error->message, "file", error->file);
    if (error->line > 0)
        json_object_set_new(json, "lines", lines_json(error->line, error->end_line > error->line ? error->end_line : error->line));
    json_object_set_new(image, "error", json);
    add_line(report, &report->error_count, sw_error_text(error));
    if (report->error)
        sw_error_free(error);
    else
        report->error = error;
}

static const struct sw_lint *linter_of(const struct sw_app *app, const struct sw_project_image *image) {
    const struct sw_plugin *plugin = sw_plugins_find(app->plugins, SW_PLUGIN_BUILDER, image->builder->name);
    return plugin && plugin->builder->get_extension ? plugin->builder->get_extension(SW_EXT_LINT) : NULL;
}

static void lint_image(const struct sw_app *app, const struct sw_project_image *image, const struct sw_lint *linter,
                       struct report *report) {
    const struct sw_config *config = app->config;
    struct sw_plan_request request = {
        .size = sizeof request,
        .offline = 1,
        .project = config->project->name,
        .image = image->name,
        .platform = image->platforms.items[0],
        .build_platform = app->default_platform,
        .document = image->document,
        .meta = config->project->meta,
        .commit = config->commit,
        .project_folder = config->project_folder,
        .host_project_folder = config->host_folder,
        .cache_version = image->cache_version,
        .network = image->network,
        .cancel = sw_cancel_root(),
    };
    struct sw_error *error = NULL;
    report->warnings = json_array();
    json_t *json = json_pack("{s:s, s:o}", "image", image->name, "warnings", report->warnings);
    if (!linter->lint(&request, on_found, report, &error))
        add_error(report, json, error);
    json_array_append_new(report->images, json);
}

/* ---- all of them ---- */

static void print_text(const struct report *report) {
    for (size_t i = 0; i < report->lines.len; i++)
        puts(report->lines.items[i]);
    size_t warnings = report->warning_count, errors = report->error_count;
    if (warnings + errors == 0)
        puts("no warnings");
    else
        fprintf(stderr, "%zu warning%s, %zu error%s\n", warnings, warnings == 1 ? "" : "s", errors, errors == 1 ? "" : "s");
}

static void print_json(const struct report *report) {
    sw_cleanup_json json_t *root = json_pack("{s:O}", "images", report->images);
    sw_cleanup_free char *text = json_dumps(root, JSON_INDENT(2));
    puts(text);
}

static int run_project(const struct sw_app *app, bool json, struct sw_error **error) {
    struct sw_selection_result selection = {0};
    const struct sw_project *project = app->config->project;
    bool final_only = sw_argument_flag(app->arguments, "final-images-only");
    if (!sw_select_images(project, sw_strlist_view(&app->arguments->positionals), final_only, &selection, error))
        return 0;
    struct report report = {.images = json_array()};
    for (size_t i = 0; i < project->image_count; i++) {
        const struct sw_lint *linter = selection.chosen[i] ? linter_of(app, &project->images[i]) : NULL;
        if (linter)
            lint_image(app, &project->images[i], linter, &report);
    }
    json ? print_json(&report) : print_text(&report);
    int code = report.error ? sw_error_exit_code(report.error->code) : report.warning_count > 0;
    json_decref(report.images);
    sw_strlist_fini(&report.lines);
    sw_error_free(report.error);
    sw_selection_result_fini(&selection);
    return code;
}

static int run_lint(const struct sw_arguments *arguments, struct sw_error **error) {
    const char *format = sw_argument(arguments, "format");
    bool json = format && strcmp(format, "json") == 0;
    struct sw_app app;
    int code = 0;
    if (format && !json && strcmp(format, "text") != 0)
        return sw_fail(error, SW_ERROR_USAGE, "--format: \"%s\" is neither text nor json", format);
    if (!sw_app_start(&app, arguments, error))
        return 0;
    if (sw_app_load_project(&app, error))
        code = run_project(&app, json, error);
    sw_app_end(&app);
    return code;
}

const struct sw_command sw_command_lint = {
    .name = "lint",
    .operands = "[IMAGE…]",
    .summary = "print what is doubtful in the build files of images",
    .text = "Looks through the build files of the chosen images, all by default, and prints a line a finding, with the name of the "
            "rule. "
            "Nothing is built, and no network is used. Images whose builder has no rules are passed over.\n\n"
            "The exit code is 0 when nothing was found, 1 when there are warnings, and 3 when a build would fail: the file is "
            "wrong, or "
            "says itself that warnings are errors.",
    .groups = SW_OPTIONS_PROJECT | SW_OPTIONS_STORE | SW_OPTIONS_SELECT | SW_OPTIONS_LINT,
    .max_operands = SIZE_MAX,
    .run = run_lint,
};
