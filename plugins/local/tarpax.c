#include "plugins/local/tarpax.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "plugins/local/tarread.h"

void sw_tar_pax_init(struct sw_tar_pax *pax) {
    *pax = (struct sw_tar_pax){.xattrs = {.width = sizeof(struct sw_tar_xattr)}};
    sw_tar_sparse_init(&pax->sparse);
}

void sw_tar_pax_fini(struct sw_tar_pax *pax) {
    sw_vec_fini(&pax->xattrs);
    sw_tar_sparse_fini(&pax->sparse);
}

static bool number(const char *text, int64_t *value) {
    char *end;
    errno = 0;
    long long read = strtoll(text, &end, 10);
    *value = read;
    return errno == 0 && end != text && *end == '\0' && (*text == '-' || (*text >= '0' && *text <= '9'));
}

/* Seconds with a decimal fraction; digits behind the ninth are dropped. */
static bool moment(const char *text, struct timespec *value) {
    const char *dot = strchr(text, '.');
    char whole[24] = {0};
    size_t len = dot ? (size_t)(dot - text) : strlen(text);
    if (len == 0 || len >= sizeof whole)
        return false;
    memcpy(whole, text, len);
    int64_t seconds;
    if (!number(whole, &seconds))
        return false;
    long nanos = 0, unit = 100000000;
    for (const char *c = dot ? dot + 1 : ""; *c; c++, unit /= 10) {
        if (*c < '0' || *c > '9')
            return false;
        nanos += (*c - '0') * unit;
    }
    if (*text == '-' && nanos > 0) { /* -1.25 is two seconds back and 0.75 forward */
        seconds--;
        nanos = 1000000000 - nanos;
    }
    *value = (struct timespec){.tv_sec = seconds, .tv_nsec = nanos};
    return true;
}

static void add_xattr(struct sw_tar_pax *pax, const char *name, const char *value, size_t len) {
    struct sw_tar_xattr xattr = {.name = name, .value = value, .len = len};
    for (size_t i = 0; i < pax->xattrs.len; i++) {
        struct sw_tar_xattr *old = sw_vec_at(&pax->xattrs, i);
        if (strcmp(old->name, name) == 0) {
            *old = xattr;
            return;
        }
    }
    sw_vec_push(&pax->xattrs, &xattr);
}

static bool take_record(struct sw_tar_pax *pax, const char *key, const char *value, size_t len, struct sw_error **error) {
    static const char xattr_prefix[] = "SCHILY.xattr.", sparse_prefix[] = "GNU.sparse.";
    if (strncmp(key, xattr_prefix, sizeof xattr_prefix - 1) == 0) {
        if (key[sizeof xattr_prefix - 1])
            add_xattr(pax, key + sizeof xattr_prefix - 1, value, len);
        return true;
    }
    if (strlen(value) != len)
        return sw_fail(error, SW_ERROR_CORRUPT, "extended header %s holds a NUL", key);
    if (strncmp(key, sparse_prefix, sizeof sparse_prefix - 1) == 0) {
        if (strcmp(key, "GNU.sparse.name") == 0)
            pax->path = value;
        return sw_tar_sparse_record(&pax->sparse, key, value, error);
    }
    bool said = len > 0, good = true; /* an empty value takes an earlier one back */
    if (strcmp(key, "path") == 0)
        pax->path = said ? value : NULL;
    else if (strcmp(key, "linkpath") == 0)
        pax->link = said ? value : NULL;
    else if (strcmp(key, "size") == 0)
        good = !(pax->has_size = said) || number(value, &pax->size);
    else if (strcmp(key, "uid") == 0)
        good = !(pax->has_uid = said) || number(value, &pax->uid);
    else if (strcmp(key, "gid") == 0)
        good = !(pax->has_gid = said) || number(value, &pax->gid);
    else if (strcmp(key, "mtime") == 0)
        good = !(pax->has_mtime = said) || moment(value, &pax->mtime);
    return good || sw_fail(error, SW_ERROR_CORRUPT, "extended header %s is no number: %s", key, value);
}

bool sw_tar_pax_add(struct sw_tar_pax *pax, char *text, size_t len, struct sw_error **error) {
    char *end = text + len;
    while (text < end && *text) {
        char *at = text;
        size_t size = 0;
        while (at < end && *at >= '0' && *at <= '9' && size <= len)
            size = size * 10 + (size_t)(*at++ - '0');
        if (at == text || at == end || *at != ' ' || size > (size_t)(end - text) || size < (size_t)(at - text) + 3 ||
            text[size - 1] != '\n')
            return sw_fail(error, SW_ERROR_CORRUPT, "an extended header is damaged");
        char *key = at + 1, *newline = text + size - 1;
        *newline = '\0';
        char *equals = memchr(key, '=', (size_t)(newline - key));
        if (!equals || equals == key || memchr(key, '\0', (size_t)(equals - key)))
            return sw_fail(error, SW_ERROR_CORRUPT, "an extended header is damaged");
        *equals = '\0';
        if (!take_record(pax, key, equals + 1, (size_t)(newline - equals - 1), error))
            return false;
        text += size;
    }
    return true;
}
