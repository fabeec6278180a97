#include "core/base/memory_file.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"

int sw_memory_file(const void *data, size_t len, struct sw_error **error) {
    sw_cleanup_close int fd = memfd_create("slipway", MFD_CLOEXEC);
    size_t written = 0;
    while (fd >= 0 && written < len) {
        ssize_t n = write(fd, (const char *)data + written, len - written);
        if (n < 0)
            break;
        written += (size_t)n;
    }
    if (fd < 0 || written < len || lseek(fd, 0, SEEK_SET) < 0) {
        sw_fail_errno(error, errno, "a file in memory");
        return -1;
    }
    return sw_steal_fd(&fd);
}
