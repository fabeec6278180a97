#include "plugins/local/wildcard.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/path.h"

bool sw_wildcard_is_one(const char *path) {
    for (; *path; path++) {
        if (*path == '\\' && path[1])
            path++;
        else if (strchr("*?[", *path))
            return true;
    }
    return false;
}

/* Length of the components before the first one with a wildcard. */
static size_t fixed_part(const char *pattern) {
    size_t end = 0;
    for (size_t at = 0; pattern[at];) {
        size_t next = at + strspn(pattern + at, "/");
        next += strcspn(pattern + next, "/");
        sw_cleanup_free char *component = sw_strndup(pattern + at, next - at);
        if (sw_wildcard_is_one(component))
            return end;
        at = end = next;
    }
    return end;
}

/* The component number `index` of a relative path, to be freed; NULL when it has fewer. */
static char *component_of(const char *path, size_t index) {
    for (; index > 0; index--) {
        path += strcspn(path, "/");
        if (!*path)
            return NULL;
        path++;
    }
    return sw_strndup(path, strcspn(path, "/"));
}

static size_t depth_of(const char *path) {
    size_t depth = 0;
    for (; *path; path++)
        depth += *path == '/';
    return depth;
}

bool sw_wildcard_find(struct sw_source *source, const char *pattern, bool follow, struct sw_strlist *matches,
                      struct sw_error **error) {
    size_t fixed = fixed_part(pattern);
    sw_cleanup_free char *head = sw_strndup(pattern, fixed);
    sw_cleanup_free char *folder = sw_source_resolve(source, fixed ? head : "/", follow, error);
    struct sw_source_item item;
    int found = folder ? source->look(source, folder, &item, error) : -1;
    if (found <= 0 || item.type != S_IFDIR)
        return found >= 0;
    const char *rest = pattern + fixed + strspn(pattern + fixed, "/");
    size_t last = depth_of(rest);
    if (!source->walk(source, folder, error))
        return false;
    int got;
    while ((got = source->next(source, &item, error)) > 0) {
        size_t depth = depth_of(item.path);
        sw_cleanup_free char *wanted = component_of(rest, depth), *name = component_of(item.path, depth);
        bool fits = wanted && name && sw_path_match(wanted, name) == 1;
        if (fits && depth == last)
            sw_strlist_take(matches, sw_path_join(folder, item.path));
        if (item.type == S_IFDIR && (!fits || depth == last))
            source->skip(source);
    }
    return got == 0;
}
