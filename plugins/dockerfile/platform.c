#include "plugins/dockerfile/platform.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/platform.h"
#include "plugins/dockerfile/text.h"

#if defined(__aarch64__)
static const char host_arch[] = "arm64";
#elif defined(__x86_64__)
static const char host_arch[] = "amd64";
#elif defined(__riscv) && __riscv_xlen == 64
static const char host_arch[] = "riscv64";
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
static const char host_arch[] = "ppc64le";
#elif defined(__s390x__)
static const char host_arch[] = "s390x";
#elif defined(__arm__)
static const char host_arch[] = "arm";
#else
static const char host_arch[] = "386";
#endif

static const char os_pattern[] = "^([A-Za-z0-9_-]+)(?:\\\\(([A-Za-z0-9_.%-]*)((?:\\\\+[A-Za-z0-9_.%-]+)*)\\\\))?$";
static const char part_pattern[] = "^[A-Za-z0-9_.-]+$";

struct sw_df_platform sw_df_platform_host(void) {
    return (struct sw_df_platform){.os = "linux", .os_version = "", .arch = host_arch, .variant = ""};
}

static bool in_list(const char *text, const char *const *list) {
    for (; *list; list++)
        if (strcmp(*list, text) == 0)
            return true;
    return false;
}

static void normalize_arch(struct sw_arena *arena, struct sw_df_platform *p, const char *arch, const char *variant) {
    p->arch = sw_df_lower(arena, arch);
    p->variant = sw_df_lower(arena, variant);
    if (strcmp(p->arch, "i386") == 0) {
        p->arch = "386";
        p->variant = "";
    } else if (strcmp(p->arch, "x86_64") == 0 || strcmp(p->arch, "x86-64") == 0 || strcmp(p->arch, "amd64") == 0) {
        p->arch = "amd64";
        if (strcmp(p->variant, "v1") == 0)
            p->variant = "";
    } else if (strcmp(p->arch, "aarch64") == 0 || strcmp(p->arch, "arm64") == 0) {
        static const char *const eight[] = {"8", "v8", "v8.0", NULL}, *const nine[] = {"9", "9.0", "v9.0", NULL};
        p->arch = "arm64";
        p->variant = in_list(p->variant, eight) ? "" : in_list(p->variant, nine) ? "v9" : p->variant;
    } else if (strcmp(p->arch, "armhf") == 0 || strcmp(p->arch, "armel") == 0) {
        p->variant = p->arch[3] == 'h' ? "v7" : "v6";
        p->arch = "arm";
    } else if (strcmp(p->arch, "arm") == 0) {
        if (!*p->variant || strcmp(p->variant, "7") == 0)
            p->variant = "v7";
        else if (strlen(p->variant) == 1 && strchr("568", *p->variant))
            p->variant = sw_arena_format(arena, "v%s", p->variant);
    }
}

static const char *normalize_os(struct sw_arena *arena, const char *os) {
    if (!*os)
        return "linux";
    os = sw_df_lower(arena, os);
    return strcmp(os, "macos") == 0 ? "darwin" : os;
}

void sw_df_platform_normalize(struct sw_arena *arena, struct sw_df_platform *platform) {
    platform->os = normalize_os(arena, platform->os);
    normalize_arch(arena, platform, platform->arch, platform->variant);
}

static size_t span(const char *text, const char *more) {
    size_t len = 0;
    for (; text[len]; len++) {
        char c = text[len], lower = (char)(c | 0x20);
        if (!(c >= '0' && c <= '9') && !(lower >= 'a' && lower <= 'z') && !strchr(more, c))
            break;
    }
    return len;
}

/* "os" or "os(version+feature+feature)". */
static bool parse_os(struct sw_arena *arena, const char *text, struct sw_df_platform *p) {
    size_t len = span(text, "_-");
    if (len == 0)
        return false;
    p->os = normalize_os(arena, sw_arena_strn(arena, text, len));
    text += len;
    if (!*text)
        return true;
    if (*text++ != '(')
        return false;
    len = span(text, "_.%-");
    p->os_version = sw_arena_strn(arena, text, len);
    text += len;
    struct sw_strings features = {0};
    const char **items = sw_arena_new(arena, (strlen(text) + 1) * sizeof(char *));
    while (*text == '+') {
        len = span(text + 1, "_.%-");
        if (len == 0)
            return false;
        items[features.count++] = sw_arena_strn(arena, text + 1, len);
        text += len + 1;
    }
    features.items = items;
    p->os_features = features;
    return strcmp(text, ")") == 0;
}

/* A single word: an os, or an architecture. */
static bool parse_single(const char *text, struct sw_df_platform *p, struct sw_df_failure *failure) {
    if (sw_platform_is_os(p->os)) {
        p->arch = host_arch;
        p->variant = "";
        return true;
    }
    normalize_arch(failure->arena, p, text, "");
    if (strcmp(p->arch, "arm") == 0 && strcmp(p->variant, "v7") == 0)
        p->variant = "";
    p->os = "linux";
    return sw_platform_is_arch(p->arch) ||
           sw_df_fail(failure, "%s: unknown operating system or architecture: invalid argument", sw_df_quote(failure->arena, text));
}

bool sw_df_platform_parse(const char *text, struct sw_df_platform *platform, struct sw_df_failure *failure) {
    struct sw_arena *arena = failure->arena;
    const char *quoted = sw_df_quote(arena, text);
    *platform = (struct sw_df_platform){.os = "", .os_version = "", .arch = "", .variant = ""};
    if (strchr(text, '*'))
        return sw_df_fail(failure, "%s: wildcards not yet supported: invalid argument", quoted);
    struct sw_strings parts = sw_df_split(arena, text, '/');
    if (!parse_os(arena, parts.items[0], platform))
        return sw_df_fail(
            failure, "%s is an invalid OS component of %s: OSAndVersion specifier component must match \"%s\": invalid argument",
            sw_df_quote(arena, parts.items[0]), quoted, os_pattern);
    for (size_t i = 1; i < parts.count; i++) {
        const char *part = i < 3 ? parts.items[i] : sw_df_join(arena, (struct sw_strings){parts.items + 3, parts.count - 3}, "/");
        if (!*part || part[span(part, "_.-")])
            return sw_df_fail(failure,
                              "%s is an invalid component of %s: platform specifier component must match \"%s\": invalid argument",
                              sw_df_quote(arena, part), quoted, part_pattern);
    }
    if (parts.count == 1)
        return parse_single(text, platform, failure);
    if (parts.count > 3)
        return sw_df_fail(failure, "%s: cannot parse platform specifier: invalid argument", quoted);
    normalize_arch(arena, platform, parts.items[1], parts.count == 3 ? parts.items[2] : "");
    if (parts.count == 2 && strcmp(platform->arch, "arm") == 0 && strcmp(platform->variant, "v7") == 0)
        platform->variant = "";
    if (parts.count == 3 && strcmp(platform->arch, "arm64") == 0 && !*platform->variant)
        platform->variant = "v8";
    return true;
}

const char *sw_df_platform_text(struct sw_arena *arena, const struct sw_df_platform *platform, enum sw_df_platform_parts parts) {
    if (!*platform->os)
        return "unknown";
    sw_cleanup_buf struct sw_buf out = {0};
    sw_buf_puts(&out, platform->os);
    if (parts == SW_DF_PLATFORM_ALL && (*platform->os_version || platform->os_features.count > 0)) {
        sw_buf_printf(&out, "(%s", platform->os_version);
        for (size_t i = 0; i < platform->os_features.count; i++)
            sw_buf_printf(&out, "+%s", platform->os_features.items[i]);
        sw_buf_putc(&out, ')');
    }
    if (*platform->arch)
        sw_buf_printf(&out, "/%s", platform->arch);
    if (*platform->variant)
        sw_buf_printf(&out, "/%s", platform->variant);
    return sw_arena_str(arena, sw_buf_text(&out));
}
