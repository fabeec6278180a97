#include "plugins/local/program.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/path.h"

static const char DEFAULT_PATH[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static enum sw_program look(struct sw_fsroot *root, const char *path) {
    struct stat status;
    if (sw_fsroot_stat_follow(root, path, &status) < 0)
        return SW_PROGRAM_MISSING;
    return S_ISREG(status.st_mode) && (status.st_mode & 0111) ? SW_PROGRAM_FOUND : SW_PROGRAM_NOT_EXECUTABLE;
}

enum sw_program sw_program_find(struct sw_fsroot *root, const char *name, const char *cwd, const char *path) {
    if (!name[0])
        return SW_PROGRAM_MISSING;
    if (strchr(name, '/')) {
        sw_cleanup_free char *full = name[0] == '/' ? sw_strdup(name) : sw_path_join(cwd, name);
        return look(root, full);
    }
    enum sw_program best = SW_PROGRAM_MISSING;
    for (const char *part = path ? path : DEFAULT_PATH;; part++) {
        size_t len = strcspn(part, ":");
        sw_cleanup_free char *folder = len ? sw_strndup(part, len) : sw_strdup(cwd);
        sw_cleanup_free char *base = folder[0] == '/' ? sw_strdup(folder) : sw_path_join(cwd, folder);
        sw_cleanup_free char *full = sw_path_join(base, name);
        enum sw_program found = look(root, full);
        if (found == SW_PROGRAM_FOUND)
            return found;
        if (found == SW_PROGRAM_NOT_EXECUTABLE)
            best = found;
        part += len;
        if (!*part)
            return best;
    }
}
