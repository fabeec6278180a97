#include "core/base/path.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"

char *sw_path_clean(const char *path) {
    if (!*path)
        return sw_strdup(".");
    bool rooted = path[0] == '/';
    char *out = sw_new(strlen(path) + 2);
    size_t len = 0, floor = 0; /* `floor`: where a leading "../" part ends, which ".." cannot take back */
    if (rooted)
        out[len++] = '/', floor = 1;
    while (*path) {
        size_t n = strcspn(path, "/");
        if (n == 2 && path[0] == '.' && path[1] == '.') {
            if (len > floor) {
                while (len > floor && out[len - 1] != '/')
                    len--;
                if (len > floor)
                    len--; /* the slash */
            } else if (!rooted) {
                if (len)
                    out[len++] = '/';
                out[len++] = '.', out[len++] = '.';
                floor = len;
            }
        } else if (n > 0 && !(n == 1 && path[0] == '.')) {
            if (len > (rooted ? 1u : 0u))
                out[len++] = '/';
            memcpy(out + len, path, n);
            len += n;
        }
        path += n;
        path += *path == '/';
    }
    if (len == 0)
        out[len++] = '.';
    out[len] = '\0';
    return out;
}

char *sw_path_join(const char *a, const char *b) {
    if (!*a && !*b)
        return sw_strdup("");
    sw_cleanup_free char *joined = !*a ? sw_strdup(b) : !*b ? sw_strdup(a) : sw_format("%s/%s", a, b);
    return sw_path_clean(joined);
}

char *sw_path_base(const char *path) {
    if (!*path)
        return sw_strdup(".");
    size_t end = strlen(path);
    while (end > 0 && path[end - 1] == '/')
        end--;
    if (end == 0)
        return sw_strdup("/");
    size_t start = end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    return sw_strndup(path + start, end - start);
}

char *sw_path_dir(const char *path) {
    const char *slash = strrchr(path, '/');
    sw_cleanup_free char *head = sw_strndup(path, slash ? (size_t)(slash - path + 1) : 0);
    return sw_path_clean(head);
}

bool sw_path_within(const char *path, const char *folder) {
    size_t n = strlen(folder);
    if (n == 0 || (n == 1 && (folder[0] == '.' || folder[0] == '/')))
        return true;
    return strncmp(path, folder, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

char *sw_path_relative(const char *path, const char *folder) {
    size_t common = 0; /* length of the leading components that both have, with their slash */
    for (size_t i = 0;; i++) {
        bool ends_path = path[i] == '/' || !path[i];
        bool ends_folder = folder[i] == '/' || !folder[i];
        if (ends_path && ends_folder)
            common = i + 1;
        if (path[i] != folder[i] || !path[i])
            break;
    }
    struct sw_buf out = {0};
    size_t folder_len = strlen(folder), path_len = strlen(path);
    if (common < folder_len) {
        sw_buf_puts(&out, "..");
        for (const char *p = folder + common; *p; p++)
            if (*p == '/')
                sw_buf_puts(&out, "/..");
    }
    if (common < path_len)
        sw_buf_printf(&out, "%s%s", out.len ? "/" : "", path + common);
    return sw_buf_take(&out);
}

/* Matches one character against the class that starts behind '['. Returns its end, or NULL when it is malformed. */
static const char *match_class(const char *p, char c, bool *matched) {
    bool negated = *p == '^', any = false, hit = false;
    p += negated;
    while (*p && (*p != ']' || !any)) {
        char range[2];
        for (int i = 0; i < 2; i++) {
            bool escaped = *p == '\\';
            p += escaped;
            if (!*p || (!escaped && (*p == '-' || *p == ']')))
                return NULL;
            range[i] = *p++;
            if (i == 0) {
                range[1] = range[0];
                if (*p != '-')
                    break;
                p++;
            }
        }
        any = true;
        hit |= (unsigned char)range[0] <= (unsigned char)c && (unsigned char)c <= (unsigned char)range[1];
    }
    if (*p != ']')
        return NULL;
    *matched = hit != negated;
    return p + 1;
}

int sw_path_match(const char *pattern, const char *path) {
    const char *p = pattern, *s = path, *star = NULL, *retry = NULL;
    for (;;) {
        if (*p == '*') {
            star = ++p;
            retry = s;
            continue;
        }
        bool step = false;
        const char *next = p;
        if (*p == '\0') {
            if (*s == '\0')
                return 1;
        } else if (*p == '?') {
            step = *s && *s != '/';
            next = p + 1;
        } else if (*p == '[') {
            bool hit = false;
            next = match_class(p + 1, *s, &hit);
            if (!next)
                return -1;
            step = hit && *s && *s != '/';
        } else {
            if (*p == '\\' && !*++p)
                return -1;
            step = *s == *p;
            next = p + 1;
        }
        if (step) {
            p = next;
            s++;
        } else if (star && *retry && *retry != '/') {
            p = star;
            s = ++retry;
        } else {
            return 0;
        }
    }
}

bool sw_path_is_name(const char *name) {
    return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !strchr(name, '/');
}
