#include "plugins/local/copyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"

enum { PART_BYTES = 256 * 1024 };

int sw_copyfile_write(int to, const void *data, size_t len) {
    const char *at = data;
    while (len > 0) {
        ssize_t n = write(to, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Copies [at, end) by reading and writing; both descriptors stand at `at`. */
static int copy_by_hand(int from, int to, off_t at, off_t end) {
    sw_cleanup_free char *part = sw_new(PART_BYTES);
    while (at < end) {
        size_t want = end - at < PART_BYTES ? (size_t)(end - at) : PART_BYTES;
        ssize_t n = read(from, part, want);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        if (sw_copyfile_write(to, part, (size_t)n) < 0)
            return -1;
        at += n;
    }
    return 0;
}

static int copy_range(int from, int to, off_t at, off_t end) {
    if (lseek(from, at, SEEK_SET) < 0 || lseek(to, at, SEEK_SET) < 0)
        return -1;
    while (at < end) {
        ssize_t n = copy_file_range(from, NULL, to, NULL, (size_t)(end - at), 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 &&
            (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS || errno == EPERM || errno == EIO))
            return copy_by_hand(from, to, at, end);
        if (n < 0)
            return -1;
        if (n == 0) /* shorter than it was, or a file system that only says so */
            return copy_by_hand(from, to, at, end);
        at += n;
    }
    return 0;
}

int sw_copyfile_content(int from, int to) {
    struct stat status;
    if (fstat(from, &status) < 0)
        return -1;
    if (status.st_size == 0 || ioctl(to, FICLONE, from) == 0)
        return 0;
    bool has_holes = (status.st_blocks + 8) * 512 < status.st_size;
    if (!has_holes)
        return copy_range(from, to, 0, status.st_size);
    for (off_t at = 0; at < status.st_size;) {
        off_t data = lseek(from, at, SEEK_DATA);
        if (data < 0)
            break; /* ENXIO: only a hole is left */
        off_t end = lseek(from, data, SEEK_HOLE);
        if (end < 0)
            end = status.st_size;
        if (copy_range(from, to, data, end) < 0)
            return -1;
        at = end;
    }
    return ftruncate(to, status.st_size);
}
