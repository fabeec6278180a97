#include "plugins/local/platforms.h"

#include <dirent.h>
#include <string.h>
#include <sys/utsname.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"

/* What machines are called by the kernel, by qemu, and by image configs. */
static const struct {
    const char *machine;
    const char *emulator;
    const char *platform;
    const char *also; /* runs natively on it too */
} machines[] = {
    {"x86_64", "qemu-x86_64", "linux/amd64", "linux/386"},
    {"aarch64", "qemu-aarch64", "linux/arm64", NULL},
    {"armv7l", "qemu-arm", "linux/arm/v7", "linux/arm/v6"},
    {"i686", "qemu-i386", "linux/386", NULL},
    {"riscv64", "qemu-riscv64", "linux/riscv64", NULL},
    {"ppc64le", "qemu-ppc64le", "linux/ppc64le", NULL},
    {"s390x", "qemu-s390x", "linux/s390x", NULL},
    {"mips64", "qemu-mips64el", "linux/mips64le", NULL},
    {"loongarch64", "qemu-loongarch64", "linux/loong64", NULL},
};

static void add(struct sw_strlist *platforms, const char *platform) {
    if (platform && !sw_strlist_has(platforms, platform))
        sw_strlist_add(platforms, platform);
}

/* An emulator works inside a step only when the kernel opened it beforehand (flag F): the image does not have it. */
static bool is_usable(const char *emulators, const char *name) {
    sw_cleanup_free char *path = sw_format("%s/%s", emulators, name);
    sw_cleanup_file FILE *file = fopen(path, "re");
    char line[256];
    bool enabled = false, fixed = false;
    while (file && fgets(line, sizeof line, file)) {
        enabled = enabled || !strncmp(line, "enabled", 7);
        fixed = fixed || (!strncmp(line, "flags:", 6) && strchr(line + 6, 'F'));
    }
    return enabled && fixed;
}

void sw_platforms_find(const char *emulators, struct sw_strlist *platforms) {
    struct utsname name;
    size_t count = sizeof machines / sizeof *machines;
    uname(&name);
    for (size_t i = 0; i < count; i++)
        if (!strcmp(name.machine, machines[i].machine)) {
            add(platforms, machines[i].platform);
            add(platforms, machines[i].also);
        }
    for (size_t i = 0; i < count; i++)
        if (is_usable(emulators, machines[i].emulator)) {
            add(platforms, machines[i].platform);
            add(platforms, machines[i].also);
        }
}

static size_t base_len(const char *platform) {
    const char *slash = strchr(platform, '/');
    const char *second = slash ? strchr(slash + 1, '/') : NULL;
    return second ? (size_t)(second - platform) : strlen(platform);
}

bool sw_platforms_has(const struct sw_strlist *platforms, const char *platform) {
    size_t len = base_len(platform);
    for (size_t i = 0; i < platforms->len; i++) {
        const char *known = platforms->items[i];
        if (!strcmp(known, platform))
            return true;
        /* 64-bit variants (v2, v8…) are told by the processor, which decides by itself whether it can run them. */
        if (base_len(known) == len && !strncmp(known, platform, len) && (known[len] == '\0' || platform[len] == '\0'))
            return true;
    }
    return false;
}
