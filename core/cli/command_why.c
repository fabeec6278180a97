#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/cli/command.h"
#include "core/cli/explain.h"
#include "core/cli/why_text.h"
#include "core/runtime/color.h"

static int run_why(const struct sw_arguments *arguments, struct sw_error **error) {
    sw_cleanup_buf struct sw_buf out = {0};
    const char *format = sw_argument(arguments, "format");
    bool json = format && strcmp(format, "json") == 0;
    if (format && !json && strcmp(format, "text") != 0) {
        sw_fail(error, SW_ERROR_USAGE, "--format must be text or json, not \"%s\"", format);
        return 0;
    }
    json_t *answer = sw_explain_build(arguments, error);
    if (!answer)
        return 0;
    if (json) {
        json_dumpf(answer, stdout, JSON_INDENT(2));
        putchar('\n');
    } else {
        sw_why_text(answer, sw_color_for(STDOUT_FILENO), &out);
        fputs(sw_buf_text(&out), stdout);
    }
    json_decref(answer);
    return 0;
}

const struct sw_command sw_command_why = {
    .name = "why",
    .operands = "[IMAGE…]",
    .summary = "say why images have to be built, or were",
    .text =
        "For each image, finds the nearest earlier build in the store, and names every input that differs: each file with its old "
        "and "
        "new blob id, an instruction with its line, a build argument, a base image, a command, an import, a platform. For an image "
        "that is there already it tells so of its last build. What is compared are the records beside the stages and the "
        "trees of the clone, so it works on any machine. Nothing is built, and values of secrets and arguments are never "
        "shown, only digests.",
    .groups = SW_OPTIONS_PROJECT | SW_OPTIONS_STORE | SW_OPTIONS_REPO | SW_OPTIONS_SELECT | SW_OPTIONS_WHY,
    .max_operands = SIZE_MAX,
    .run = run_why,
};
