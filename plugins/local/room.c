#include "plugins/local/room.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"

#ifndef AT_RECURSIVE
enum { AT_RECURSIVE = 0x8000 };
#endif
enum { READ_LIMIT = 64 * 1024 };

int sw_room_new(struct sw_error **error) {
    sw_cleanup_close int context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
    int fd = -1;
    if (context >= 0 && syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "mode", "0700", 0) == 0 &&
        syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        fd = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID);
    if (fd < 0)
        sw_fail_errno(error, errno, "cannot make a file system in memory for the step");
    return fd;
}

bool sw_room_mkdir(int room, const char *name, struct sw_error **error) {
    if (mkdirat(room, name, 0755))
        return sw_fail_errno(error, errno, "cannot prepare the step (%s)", name);
    return true;
}

bool sw_room_write(int room, const struct sw_room_file *file, struct sw_error **error) {
    sw_cleanup_close int fd = openat(room, file->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    const char *data = file->bytes.data;
    size_t left = file->bytes.len;
    while (fd >= 0 && left) {
        ssize_t len = write(fd, data, left);
        if (len < 0 && errno != EINTR)
            break;
        data += len < 0 ? 0 : len;
        left -= len < 0 ? 0 : (size_t)len;
    }
    if (fd < 0 || left || fchown(fd, file->uid, file->gid) || fchmod(fd, file->mode))
        return sw_fail_errno(error, errno, "cannot prepare the step (%s)", file->name);
    return true;
}

char *sw_room_read(int room, const char *name) {
    char *text = sw_new(READ_LIMIT + 1);
    sw_cleanup_close int fd = openat(room, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t len = fd < 0 ? 0 : read(fd, text, READ_LIMIT);
    text[len > 0 ? len : 0] = '\0';
    return text;
}

int sw_room_clone(int fd, bool recursive, struct sw_error **error) {
    unsigned flags = AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
    int clone = (int)syscall(SYS_open_tree, fd, "", flags);
    if (clone < 0)
        sw_fail_errno(error, errno, "cannot make a mount for the step");
    return clone;
}
