#include "plugins/registry/platform.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/alloc.h"
#include "core/base/error.h"

enum { EXACT = 1000 };

static void set(char out[SW_PLATFORM_PART], const char *text) {
    if (!text)
        text = "";
    if (strlen(text) >= SW_PLATFORM_PART)
        text = "?";
    size_t i = 0;
    for (; text[i]; i++)
        out[i] = (char)tolower((unsigned char)text[i]);
    out[i] = 0;
}

static bool one_of(const char *text, const char *const *list) {
    for (; *list; list++)
        if (!strcmp(text, *list))
            return true;
    return false;
}

static void normalise_arm(struct sw_platform *p) {
    if (!strcmp(p->arch, "armhf"))
        set(p->variant, "v7");
    else if (!strcmp(p->arch, "armel"))
        set(p->variant, "v6");
    set(p->arch, "arm");
    if (!*p->variant)
        set(p->variant, "v7");
}

struct sw_platform sw_platform_of(const char *os, const char *arch, const char *variant) {
    static const char *const amd64[] = {"amd64", "x86_64", "x86-64", NULL};
    static const char *const i386[] = {"386", "i386", "i486", "i586", "i686", NULL};
    static const char *const arm64[] = {"arm64", "aarch64", NULL};
    static const char *const arm[] = {"arm", "armhf", "armel", NULL};
    struct sw_platform p;
    set(p.os, os);
    set(p.arch, arch);
    set(p.variant, variant);
    if (!strcmp(p.os, "macos"))
        set(p.os, "darwin");
    if (isdigit((unsigned char)*p.variant) && strlen(p.variant) + 1 < SW_PLATFORM_PART) { /* "8" is written for "v8" at times */
        memmove(p.variant + 1, p.variant, strlen(p.variant) + 1);
        *p.variant = 'v';
    }
    if (one_of(p.arch, amd64)) {
        set(p.arch, "amd64");
        if (!strcmp(p.variant, "v1"))
            set(p.variant, "");
    } else if (one_of(p.arch, i386)) {
        set(p.arch, "386");
        set(p.variant, "");
    } else if (one_of(p.arch, arm64)) {
        set(p.arch, "arm64");
        if (!*p.variant || !strcmp(p.variant, "v8.0"))
            set(p.variant, "v8");
    } else if (one_of(p.arch, arm)) {
        normalise_arm(&p);
    }
    return p;
}

bool sw_platform_parse(const char *text, struct sw_platform *platform, struct sw_error **error) {
    char parts[3][SW_PLATFORM_PART] = {""};
    size_t count = 0;
    bool good = true;
    for (const char *at = text; at && good; count++) {
        size_t len = strcspn(at, "/");
        good = count < 3 && len && len < SW_PLATFORM_PART;
        if (good)
            memcpy(parts[count], at, len);
        at = at[len] ? at + len + 1 : NULL;
    }
    if (!good || count < 2)
        return sw_fail(error, SW_ERROR_USAGE, "\"%s\" is not a platform: it has the form os/arch[/variant], as in linux/amd64",
                       text);
    *platform = sw_platform_of(parts[0], parts[1], parts[2]);
    return true;
}

/* "v8.2" is 8 and 2. False for what is no version. */
static bool read_version(const char *variant, int *major, int *minor) {
    *minor = 0;
    if (!*variant) {
        *major = 1; /* amd64 without a variant is v1 */
        return true;
    }
    char rest;
    int n = sscanf(variant, "v%3d.%3d%c", major, minor, &rest);
    return n == 1 || n == 2;
}

/* ARMv9.x runs code for v8.(x+5) and below. */
static int arm64_rank(int major, int minor, int offered_major, int offered_minor) {
    if (offered_major == major)
        return offered_minor <= minor ? EXACT - (minor - offered_minor) : 0;
    if (major == 9 && offered_major == 8 && offered_minor <= minor + 5)
        return EXACT / 2 - (minor + 5 - offered_minor);
    return 0;
}

int sw_platform_rank(const struct sw_platform *wanted, const struct sw_platform *offered) {
    if (strcmp(wanted->os, offered->os) || strcmp(wanted->arch, offered->arch))
        return 0;
    if (!strcmp(wanted->variant, offered->variant))
        return EXACT;
    int major, minor, offered_major, offered_minor;
    if (!read_version(wanted->variant, &major, &minor) || !read_version(offered->variant, &offered_major, &offered_minor))
        return 0;
    if (!strcmp(wanted->arch, "arm64"))
        return arm64_rank(major, minor, offered_major, offered_minor);
    bool arm = !strcmp(wanted->arch, "arm");
    if (!arm && strcmp(wanted->arch, "amd64"))
        return 0;
    if (offered_major > major || (arm && offered_major < 5))
        return 0;
    return EXACT - (major - offered_major);
}

char *sw_platform_format(const struct sw_platform *p) {
    return sw_format("%s/%s%s%s", p->os, p->arch, *p->variant ? "/" : "", p->variant);
}
