#include "plugins/local/whiteout.h"

#include <sys/sysmacros.h>

bool sw_whiteout_is_device(const struct stat *status) {
    return S_ISCHR(status->st_mode) && status->st_rdev == makedev(0, 0);
}
