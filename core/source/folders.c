#include "core/source/folders.h"

#include <errno.h>
#include <sys/stat.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"

bool sw_make_folders(const char *path, struct sw_error **error) {
    sw_cleanup_free char *copy = sw_strdup(path);
    for (char *p = copy + 1;; p++) {
        if (*p && *p != '/')
            continue;
        char was = *p;
        *p = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST)
            return sw_fail_errno(error, errno, "cannot make folder '%s'", copy);
        *p = was;
        if (!was)
            return true;
    }
}
