#include "core/config/platform.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/platform.h"

enum { PART = 32 };

struct parts {
    char os[PART];
    char arch[PART];
    char variant[PART];
};

static void set(char out[PART], const char *text) {
    snprintf(out, PART, "%s", text);
}

static void normalize_arch(struct parts *p) {
    if (strcmp(p->arch, "i386") == 0) {
        set(p->arch, "386");
        set(p->variant, "");
    } else if (strcmp(p->arch, "x86_64") == 0 || strcmp(p->arch, "x86-64") == 0 || strcmp(p->arch, "amd64") == 0) {
        set(p->arch, "amd64");
        if (strcmp(p->variant, "v1") == 0)
            set(p->variant, "");
    } else if (strcmp(p->arch, "aarch64") == 0 || strcmp(p->arch, "arm64") == 0) {
        set(p->arch, "arm64");
        if (strcmp(p->variant, "8") == 0 || strcmp(p->variant, "v8") == 0)
            set(p->variant, "");
    } else if (strcmp(p->arch, "armhf") == 0 || strcmp(p->arch, "armel") == 0) {
        set(p->variant, strcmp(p->arch, "armhf") == 0 ? "v7" : "v6");
        set(p->arch, "arm");
    } else if (strcmp(p->arch, "arm") == 0) {
        if (!*p->variant || strcmp(p->variant, "7") == 0)
            set(p->variant, "v7");
        else if (strlen(p->variant) == 1 && strchr("568", p->variant[0]))
            set(p->variant, p->variant[0] == '5' ? "v5" : p->variant[0] == '6' ? "v6" : "v8");
    }
}

/* Splits lower-case text at slashes; false when a part is empty, too long, or has other characters. */
static bool split(const char *text, char parts[3][PART], size_t *count) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
    *count = 0;
    for (;;) {
        size_t len = strspn(text, allowed);
        if (!len || len >= PART || *count == 3 || (text[len] && text[len] != '/'))
            return false;
        memcpy(parts[*count], text, len);
        parts[(*count)++][len] = 0;
        if (!text[len])
            return true;
        text += len + 1;
    }
}

char *sw_platform_normalize(const char *platform, const char *host, struct sw_error **error) {
    char parts[3][PART] = {0};
    struct parts p = {0}, own = {0};
    size_t count;
    if (strchr(platform, ',')) {
        sw_fail(error, SW_ERROR_CONFIG, "platform \"%s\" holds a comma: write several platforms as a list", platform);
        return NULL;
    }
    sw_cleanup_free char *lower = sw_strdup(platform);
    for (char *c = lower; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    sscanf(host ? host : "linux/amd64", "%31[^/]/%31[^/]/%31s", own.os, own.arch, own.variant);
    bool good = split(lower, parts, &count);
    if (good && count == 1) {
        set(p.arch, parts[0]);
        normalize_arch(&p);
        set(p.os, strcmp(parts[0], "macos") == 0 ? "darwin" : parts[0]);
        if (sw_platform_is_os(p.os)) {
            set(p.arch, own.arch);
            set(p.variant, own.variant);
        } else {
            good = sw_platform_is_arch(p.arch);
            set(p.os, own.os);
        }
    } else if (good) {
        set(p.os, strcmp(parts[0], "macos") == 0 ? "darwin" : parts[0]);
        set(p.arch, parts[1]);
        set(p.variant, parts[2]);
    }
    if (!good) {
        sw_fail(error, SW_ERROR_CONFIG, "platform \"%s\" is none: write os/arch or os/arch/variant, such as linux/arm64", platform);
        return NULL;
    }
    normalize_arch(&p);
    return sw_format("%s/%s%s%s", p.os, p.arch, *p.variant ? "/" : "", p.variant);
}
