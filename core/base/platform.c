#include "core/base/platform.h"

#include <string.h>

static bool in_list(const char *text, const char *const *list) {
    for (; *list; list++)
        if (strcmp(text, *list) == 0)
            return true;
    return false;
}

bool sw_platform_is_os(const char *word) {
    static const char *const known[] = {"aix",   "android", "darwin", "dragonfly", "freebsd", "hurd",    "illumos", "ios", "js",
                                        "linux", "nacl",    "netbsd", "openbsd",   "plan9",   "solaris", "windows", "zos", NULL};
    return in_list(word, known);
}

bool sw_platform_is_arch(const char *word) {
    static const char *const known[] = {"386",       "amd64",       "amd64p32", "arm",   "armbe",   "arm64",  "arm64be",
                                        "ppc64",     "ppc64le",     "loong64",  "mips",  "mipsle",  "mips64", "mips64le",
                                        "mips64p32", "mips64p32le", "ppc",      "riscv", "riscv64", "s390",   "s390x",
                                        "sparc",     "sparc64",     "wasm",     NULL};
    return in_list(word, known);
}

static void set_missing(json_t *config, const char *name, const char *value, size_t len) {
    if (len && !json_object_get(config, name))
        json_object_set_new(config, name, json_stringn(value, len));
}

void sw_platform_set(json_t *config, const char *platform) {
    if (!platform || json_object_get(config, "architecture"))
        return;
    size_t os = strcspn(platform, "/");
    const char *arch = platform + os + (platform[os] == '/');
    size_t arch_len = strcspn(arch, "/");
    const char *variant = arch + arch_len + (arch[arch_len] == '/');
    set_missing(config, "os", platform, os);
    set_missing(config, "architecture", arch, arch_len);
    set_missing(config, "variant", variant, strlen(variant));
}
