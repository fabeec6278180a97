#include <stdio.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/build/why.h"
#include "core/cli/command.h"
#include "core/cli/explain.h"

static int run_why(const struct sw_arguments *arguments, struct sw_error **error) {
    sw_cleanup_buf struct sw_buf out = {0};
    if (sw_explain_build(arguments, &out, error))
        fputs(sw_buf_text(&out), stdout);
    return 0;
}

const struct sw_command sw_command_why = {
    .name = "why",
    .operands = "[IMAGE…]",
    .summary = "say why images have to be built",
    .text = "For each stage that is missing, names the nearest earlier stage in the store and every input that differs from it: a "
            "file, an "
            "instruction, an argument, a base image, a command. It compares the records that are kept beside the stages, so it "
            "works on any "
            "machine. Nothing is built, and no values of secrets or arguments are shown, only digests.",
    .groups = SW_OPTIONS_PROJECT | SW_OPTIONS_STORE | SW_OPTIONS_REPO | SW_OPTIONS_SELECT,
    .max_operands = SIZE_MAX,
    .run = run_why,
};
