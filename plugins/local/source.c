#include "plugins/local/source.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"

enum { LINK_LIMIT = 255 };

struct sw_source *sw_source_new(const struct sw_copy_from *from, struct sw_error **error) {
    return from->root >= 0 ? sw_rootsource_new(from->root, error) : sw_treesource_new(from, error);
}

void sw_source_free(struct sw_source *source) {
    if (source)
        source->destroy(source);
}

void sw_source_free_p(struct sw_source **source) {
    sw_source_free(*source);
    *source = NULL;
}

/* Cuts the last component off. */
static void step_up(struct sw_buf *out) {
    const char *slash = out->len ? strrchr(out->data, '/') : NULL;
    sw_buf_truncate(out, slash ? (size_t)(slash - out->data) : 0);
}

/* Takes one component from the front of `*rest` onto `out`; a symlink's target goes to the front of `*rest` instead. */
static bool take_component(struct sw_source *source, struct sw_buf *out, char **rest, bool last, int *links,
                           struct sw_error **error) {
    const char *at = *rest + strspn(*rest, "/");
    size_t len = strcspn(at, "/");
    const char *behind = at + len;
    sw_cleanup_free char *next = NULL;
    if (len == 2 && at[0] == '.' && at[1] == '.') {
        step_up(out);
    } else if (len > 0 && (len != 1 || at[0] != '.')) {
        size_t before = out->len;
        sw_buf_putc(out, '/');
        sw_buf_add(out, at, len);
        struct sw_source_item item;
        bool is_last = behind[strspn(behind, "/")] == '\0';
        int found = is_last && !last ? 0 : source->look(source, out->data, &item, error);
        if (found < 0)
            return false;
        if (found && item.type == S_IFLNK) {
            if (++*links > LINK_LIMIT)
                return sw_fail(error, SW_ERROR_BUILD, "%s: too many symbolic links", out->data);
            sw_buf_truncate(out, item.target[0] == '/' ? 0 : before);
            next = sw_format("%s/%s", item.target, behind);
        }
    }
    if (!next)
        next = sw_strdup(behind);
    char *old = *rest;
    *rest = sw_steal(&next);
    next = old; /* freed */
    return true;
}

char *sw_source_resolve(struct sw_source *source, const char *path, bool last, struct sw_error **error) {
    sw_cleanup_buf struct sw_buf out = {0};
    sw_cleanup_free char *rest = sw_strdup(path);
    int links = 0;
    while (rest[strspn(rest, "/")])
        if (!take_component(source, &out, &rest, last, &links, error))
            return NULL;
    if (out.len == 0)
        sw_buf_putc(&out, '/');
    return sw_buf_take(&out);
}
