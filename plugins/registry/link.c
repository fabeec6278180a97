#include "plugins/registry/link.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"

enum { MAX_HEADER = 16 * 1024 };

static const char *skip_blanks(const char *at) {
    return at + strspn(at, " \t");
}

/* Whether a blank-separated list of relation types holds "next". */
static bool is_next(const char *value, size_t len) {
    for (size_t i = 0; i < len;) {
        size_t part = 0;
        while (i + part < len && value[i + part] != ' ')
            part++;
        if (part == 4 && !strncasecmp(value + i, "next", 4))
            return true;
        i += part + 1;
    }
    return false;
}

/* Reads the parameters behind a target, up to the comma before the next link. */
static const char *read_parameters(const char *at, bool *next) {
    bool seen_rel = false;
    for (at = skip_blanks(at); *at == ';'; at = skip_blanks(at)) {
        at = skip_blanks(at + 1);
        const char *name = at;
        at += strcspn(at, "=;, \t");
        size_t name_len = (size_t)(at - name);
        at = skip_blanks(at);
        if (*at != '=')
            continue;
        at = skip_blanks(at + 1);
        const char *value = at;
        size_t value_len;
        if (*at == '"') {
            value = ++at;
            while (*at && *at != '"')
                at += at[0] == '\\' && at[1] ? 2 : 1;
            value_len = (size_t)(at - value);
            at += *at == '"';
        } else {
            at += strcspn(at, ";, \t");
            value_len = (size_t)(at - value);
        }
        if (name_len == 3 && !strncasecmp(name, "rel", 3) && !seen_rel) {
            seen_rel = true; /* only the first one counts */
            *next = is_next(value, value_len);
        }
    }
    return at;
}

static char *next_of_header(const char *at) {
    at = skip_blanks(at);
    if (*at && *at != '<' && (strchr(at, '/') == at || strstr(at, "://")) && !strchr(at, '<'))
        return sw_strndup(at, strcspn(at, " \t;,"));
    while (*at) {
        at += strspn(at, " \t,");
        if (*at != '<')
            return NULL;
        const char *target = at + 1;
        const char *close = strchr(target, '>');
        if (!close)
            return NULL;
        bool next = false;
        at = read_parameters(close + 1, &next);
        if (next)
            return sw_strndup(target, (size_t)(close - target));
        at += strcspn(at, ",");
    }
    return NULL;
}

char *sw_link_next(struct sw_strings headers) {
    for (size_t i = 0; i < headers.count; i++) {
        if (strnlen(headers.items[i], MAX_HEADER) == MAX_HEADER)
            continue;
        char *next = next_of_header(headers.items[i]);
        if (next)
            return next;
    }
    return NULL;
}
