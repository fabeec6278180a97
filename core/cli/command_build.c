#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/build/report.h"
#include "core/cli/command.h"
#include "core/cli/conveyor.h"
#include "core/cli/explain.h"
#include "core/cli/why_text.h"
#include "core/runtime/color.h"
#include "core/runtime/log.h"

/* A report that is half written would be taken for a whole one, so it gets its name when it is complete. */
static bool write_file(const char *path, const struct sw_buf *text, struct sw_error **error) {
    sw_cleanup_free char *temporary = sw_format("%s.%ld.tmp", path, (long)getpid());
    FILE *file = fopen(temporary, "we");
    if (!file)
        return sw_fail_errno(error, errno, "build report %s", path);
    bool whole = fwrite(sw_buf_text(text), 1, text->len, file) == text->len;
    if (fclose(file) != 0 || !whole || rename(temporary, path) != 0) {
        int number = errno;
        unlink(temporary);
        return sw_fail_errno(error, number, "build report %s", path);
    }
    return true;
}

static bool save_report(const struct sw_conveyor *conveyor, const struct sw_arguments *arguments, struct sw_error **error) {
    const char *path = sw_argument(arguments, "build-report-path");
    enum sw_report_form form;
    if (!sw_argument_flag(arguments, "save-build-report"))
        return true;
    if (!path)
        path = ".werf-build-report.json";
    if (!sw_report_form_of(path, &form, error))
        return false;
    sw_cleanup_buf struct sw_buf text = {0};
    struct sw_report report = {
        .backend = conveyor->options.backend_name,
        .repo = conveyor->options.repo_name,
        .commit = conveyor->options.host->files->id(conveyor->options.commit),
        .remote = conveyor->options.remote,
    };
    report.images = sw_build_reports(conveyor->build, &report.count);
    sw_report_write(&text, form, &report);
    return write_file(path, &text, error);
}

/* How an image ended: its published name, or why it has none. */
static const char *outcome(const struct sw_image_report *image) {
    if (image->not_begun)
        return "not begun";
    if (image->error)
        return image->error->code == SW_ERROR_CANCELLED ? "cancelled" : "failed";
    return image->name ? image->name : "not begun";
}

/* One line an image on standard output: its name in werf.yaml, the image's, and whether it was built, for scripts. */
static void print_summary(const struct sw_conveyor *conveyor) {
    size_t count;
    const struct sw_image_report *images = sw_build_reports(conveyor->build, &count);
    for (size_t i = 0; i < count; i++) {
        const struct sw_image_report *image = &images[i];
        if (image->part)
            continue;
        bool several = *image->platform && image->image->platforms.count > 1, done = !image->error && image->name;
        printf("%s%s%s\t%s\t%s\n", *image->image->name ? image->image->name : "~", several ? " " : "",
               several ? image->platform : "", outcome(image),
               !done            ? "-"
               : image->rebuilt ? "built"
                                : "unchanged");
    }
}

static void show_other_failures(const struct sw_conveyor *conveyor, const struct sw_error *shown) {
    size_t count;
    const struct sw_image_report *images = sw_build_reports(conveyor->build, &count);
    for (size_t i = 0; i < count; i++) {
        if (!images[i].error || images[i].error->code == SW_ERROR_CANCELLED)
            continue;
        sw_cleanup_free char *text = sw_error_text(images[i].error), *first = sw_error_text(shown);
        if (strcmp(text, first) != 0)
            sw_log(SW_LOG_ERROR, NULL, "%s", text);
    }
}

static int run_build(const struct sw_arguments *arguments, struct sw_error **error) {
    struct sw_conveyor conveyor;
    enum sw_report_form form;
    const char *path = sw_argument(arguments, "build-report-path");
    if (path && !sw_report_form_of(path, &form, error))
        return 0;
    if (sw_argument_flag(arguments, "explain")) {
        sw_cleanup_buf struct sw_buf why = {0};
        json_t *answer = sw_explain_build(arguments, error);
        if (!answer)
            return 0;
        sw_why_text(answer, sw_color_for(STDERR_FILENO), &why);
        json_decref(answer);
        fputs(sw_buf_text(&why), stderr);
    }
    bool check = sw_argument_flag(arguments, "require-built-images") || sw_argument_flag(arguments, "check-built-images");
    if (!sw_conveyor_start(&conveyor, arguments, check ? SW_BUILD_CHECK : SW_BUILD_PUBLISH,
                           sw_strlist_view(&arguments->positionals), error))
        return 0;
    bool built = sw_conveyor_run(&conveyor, error);
    if (!built)
        show_other_failures(&conveyor, *error);
    print_summary(&conveyor);
    if (built)
        save_report(&conveyor, arguments, error);
    sw_conveyor_end(&conveyor);
    return 0;
}

const struct sw_command sw_command_build = {
    .name = "build",
    .operands = "[IMAGE…]",
    .summary = "build images and publish them under content-based tags",
    .text = "Builds the named images of werf.yaml and what they need; all images without a name. Names may hold wildcards, and one "
            "that "
            "begins with ! leaves images out. Stages that exist already are neither built nor downloaded. Standard output gets a "
            "line an "
            "image: its name, the published name, and whether it was built; everything else goes to standard error.",
    .groups = SW_OPTIONS_PROJECT | SW_OPTIONS_STORE | SW_OPTIONS_REPO | SW_OPTIONS_BACKEND | SW_OPTIONS_BUILD | SW_OPTIONS_SELECT,
    .max_operands = SIZE_MAX,
    .run = run_build,
};
