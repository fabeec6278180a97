#include <stdio.h>

#include "core/cli/command.h"

static int run_version(const struct sw_arguments *arguments, struct sw_error **error) {
    (void)arguments;
    (void)error;
    puts("slipway " SLIPWAY_VERSION);
    return 0;
}

const struct sw_command sw_command_version = {
    .name = "version",
    .operands = "",
    .summary = "print the version",
    .run = run_version,
};
