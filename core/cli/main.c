#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/cli/command.h"
#include "core/cli/program.h"

static int print_version(void) {
    int code = sw_command_version.run(NULL, NULL);
    return fflush(stdout) == 0 ? code : 1;
}

/* The core is found from where the program stands, so that an installed tree can be moved. */
static void *load_core(void) {
    char path[PATH_MAX + sizeof SLIPWAY_CORE_FROM_BIN];
    ssize_t len = readlink("/proc/self/exe", path, PATH_MAX);
    while (len > 0 && path[len - 1] != '/')
        len--;
    memcpy(path + (len > 0 ? len : 0), SLIPWAY_CORE_FROM_BIN, sizeof SLIPWAY_CORE_FROM_BIN);
    return dlopen(path, RTLD_LAZY | RTLD_LOCAL);
}

/* The ends of sixty libraries cost 0.8 ms, and the kernel takes everything back in any case. Sanitizers look for leaks in theirs. */
static int leave(int code) {
    fflush(NULL);
    if (!SLIPWAY_SANITIZED)
        _exit(code);
    return code;
}

int main(int argc, char **argv) {
    if (argc == 2 && (strcmp(argv[1], "version") == 0 || strcmp(argv[1], "--version") == 0))
        return print_version();
    sw_program_main *program = NULL;
    void *core = load_core();
    if (core)
        *(void **)&program = dlsym(core, SW_PROGRAM_SYMBOL);
    if (program)
        return leave(program(argc, argv));
    fprintf(stderr, "slipway: its own core cannot be loaded: %s\n", dlerror());
    return 1;
}
