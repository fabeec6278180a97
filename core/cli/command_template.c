#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/cli/command.h"
#include "core/cli/read_file.h"
#include "core/template/template.h"

/* The name that werf gives to its main template, and that messages show. */
static const char MAIN_NAME[] = "werfConfig";

/* ---- the folder of named templates ---- */

static struct sw_strlist *found; /* where the walk below puts what it finds: nftw hands nothing on */

static int visit(const char *path, const struct stat *status, int type, struct FTW *walk) {
    (void)status;
    (void)walk;
    if (type == FTW_F)
        sw_strlist_add(found, path);
    return 0;
}

static bool list_files(const char *folder, struct sw_strlist *files, struct sw_error **error) {
    struct stat status;
    if (stat(folder, &status) < 0)
        return sw_fail_errno(error, errno, "--templates: %s", folder);
    if (!S_ISDIR(status.st_mode))
        return sw_fail(error, SW_ERROR_USAGE, "--templates: %s is no folder", folder);
    found = files;
    if (nftw(folder, visit, 32, FTW_PHYS) != 0)
        return sw_fail_errno(error, errno, "--templates: %s", folder);
    sw_strlist_sort(files);
    return true;
}

/* Each file is a template under its path in the folder. */
static bool read_templates(const char *folder, struct sw_arena *arena, struct sw_template_input *input, struct sw_error **error) {
    sw_cleanup_strlist struct sw_strlist files = {0};
    if (!list_files(folder, &files, error))
        return false;
    struct sw_template_text *texts = sw_arena_new(arena, files.len * sizeof *texts);
    for (size_t i = 0; i < files.len; i++) {
        sw_cleanup_buf struct sw_buf text = {0};
        if (!sw_read_file(files.items[i], &text, error))
            return false;
        const char *name = files.items[i] + strlen(folder);
        texts[i].name = sw_arena_str(arena, name + strspn(name, "/"));
        texts[i].text = sw_arena_bytes(arena, (struct sw_bytes){text.data, text.len});
    }
    input->named = texts;
    input->named_count = files.len;
    return true;
}

/* ---- what a template may reach ---- */

static const char *get_variable(void *context, const char *name) {
    (void)context;
    return getenv(name);
}

static void print_log(void *context, struct sw_bytes text) {
    (void)context;
    fwrite(text.data, 1, text.len, stderr);
}

static bool render(struct sw_template_input *input, struct sw_error **error) {
    struct sw_template_output output = {0};
    bool rendered = sw_template_render(input, &output, error);
    if (rendered)
        fwrite(output.text, 1, output.len, stdout);
    sw_template_output_fini(&output);
    return rendered;
}

static int run_template(const struct sw_arguments *arguments, struct sw_error **error) {
    sw_cleanup_buf struct sw_buf text = {0}, values = {0};
    sw_cleanup_arena struct sw_arena arena = {0};
    const char *values_file = sw_argument(arguments, "values"), *folder = sw_argument(arguments, "templates");
    static const char *const any[] = {"/.*/"};
    struct sw_template_environ environ_table = {.get = get_variable, .allowed = {any, 1}};
    if (!arguments->positionals.len)
        return sw_fail(error, SW_ERROR_USAGE, "which file is to be rendered?");
    if (!sw_read_file(arguments->positionals.items[0], &text, error) || (values_file && !sw_read_file(values_file, &values, error)))
        return 0;
    struct sw_template_input input = {
        .main = {MAIN_NAME, {text.data, text.len}},
        .values = values_file ? sw_buf_text(&values) : NULL,
        .values_len = values.len,
        .environ = &environ_table,
        .debug = sw_argument_flag(arguments, "debug-templates"),
        .log = print_log,
    };
    if (!folder || read_templates(folder, &arena, &input, error))
        render(&input, error);
    return 0;
}

const struct sw_command sw_command_template = {
    .name = "template",
    .operands = "FILE",
    .summary = "render any file with the template engine of werf.yaml",
    .text = "Prints the result byte for byte. The values are the dot; files in the folder of templates can be included by their "
            "paths in it. "
            "Go's language, Sprig's functions and werf's are there; env reads any variable. FILE may be -.",
    .groups = SW_OPTIONS_TEMPLATE,
    .max_operands = 1,
    .run = run_template,
};
