#include "plugins/local/lowers.h"

#include <errno.h>
#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "plugins/local/whiteout.h"

struct sw_lowers {
    size_t count;
    struct sw_fsroot **roots;
};

void sw_lowers_free(struct sw_lowers *lowers) {
    if (!lowers)
        return;
    for (size_t i = 0; i < lowers->count; i++)
        sw_fsroot_free(lowers->roots[i]);
    free(lowers->roots);
    free(lowers);
}

struct sw_lowers *sw_lowers_new(const int *folders, size_t count, struct sw_error **error) {
    struct sw_lowers *lowers = sw_new(sizeof *lowers);
    lowers->roots = sw_new_array(count + 1, sizeof *lowers->roots);
    for (; lowers->count < count; lowers->count++) {
        struct sw_fsroot *root = sw_fsroot_new(folders[lowers->count], SW_FSROOT_IN_ROOT, error);
        if (!root) {
            sw_lowers_free(lowers);
            return NULL;
        }
        lowers->roots[lowers->count] = root;
    }
    return lowers;
}

static bool is_opaque(struct sw_fsroot *root, const char *path) {
    static const char *const names[] = {SW_OVERLAY_OPAQUE, SW_OVERLAY_OPAQUE_USER};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t len = 0;
        sw_cleanup_free char *value = sw_fsroot_get_xattr(root, path, names[i], &len);
        if (value && len == 1 && *value == 'y')
            return true;
    }
    return false;
}

/* Whether layer `root` hides what is at `path` in the layers below it, by a whiteout or an opaque folder on the way. */
static bool hides(struct sw_fsroot *root, const char *path) {
    sw_cleanup_free char *prefix = sw_strdup(path);
    for (char *slash = prefix; *slash; slash++) {
        if (*slash != '/' || slash == prefix)
            continue;
        *slash = '\0';
        struct stat status;
        if (sw_fsroot_stat(root, prefix, &status) < 0)
            return false;
        if (!S_ISDIR(status.st_mode) || is_opaque(root, prefix))
            return true;
        *slash = '/';
    }
    return false;
}

struct sw_fsroot *sw_lowers_find(struct sw_lowers *lowers, const char *path, struct stat *status) {
    for (size_t i = 0; i < lowers->count; i++) {
        if (sw_fsroot_stat(lowers->roots[i], path, status) == 0)
            return sw_whiteout_is_device(status) ? NULL : lowers->roots[i];
        if (hides(lowers->roots[i], path))
            return NULL;
    }
    return NULL;
}
