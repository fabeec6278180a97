/* scratch.h - a folder for one test, and short ways to fill and read it. Paths are relative to the folder, which is trusted. */
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/fsremove.h"
#include "tests/unit/check.h"

struct scratch {
    char path[96];
    int fd;
};

static inline void scratch_make(struct scratch *scratch) {
    struct statfs fs;
    bool fits = statfs("/var/tmp", &fs) == 0 && fs.f_type != OVERLAYFS_SUPER_MAGIC; /* overlayfs cannot stand on itself */
    snprintf(scratch->path, sizeof scratch->path, "%s/slipway-test-XXXXXX", fits ? "/var/tmp" : "/tmp");
    assert_non_null(mkdtemp(scratch->path));
    assert_int_equal(chmod(scratch->path, 0755), 0);
    scratch->fd = open(scratch->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(scratch->fd >= 0);
}

/* Inside a chroot the kernel gives nobody a user namespace. */
static inline bool scratch_in_chroot(void) {
    struct stat ours, first;
    return stat("/", &ours) == 0 && stat("/proc/1/root/.", &first) == 0 &&
           (ours.st_ino != first.st_ino || ours.st_dev != first.st_dev);
}

static inline void scratch_end(struct scratch *scratch) {
    assert_int_equal(sw_fsremove_content(scratch->fd), 0);
    close(scratch->fd);
    assert_int_equal(rmdir(scratch->path), 0);
}

static inline void scratch_mkdir(const struct scratch *scratch, const char *path) {
    assert_int_equal(mkdirat(scratch->fd, path, 0755), 0);
}

static inline void scratch_file(const struct scratch *scratch, const char *path, const char *text) {
    int fd = openat(scratch->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static inline void scratch_link(const struct scratch *scratch, const char *target, const char *path) {
    assert_int_equal(symlinkat(target, scratch->fd, path), 0);
}

/* Content of a file, or NULL when it cannot be read; to be freed. */
static inline char *scratch_read(const struct scratch *scratch, const char *path) {
    sw_cleanup_close int fd = openat(scratch->fd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    struct sw_buf text = {0};
    char part[4096];
    ssize_t n;
    while ((n = read(fd, part, sizeof part)) > 0)
        sw_buf_add(&text, part, (size_t)n);
    return sw_buf_take(&text);
}

/* Mode with type, or 0 when nothing is there. Follows nothing. */
static inline mode_t scratch_mode(const struct scratch *scratch, const char *path) {
    struct stat status;
    return fstatat(scratch->fd, path, &status, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : status.st_mode;
}

static inline void scratch_expect(const struct scratch *scratch, const char *path, const char *text) {
    sw_cleanup_free char *found = scratch_read(scratch, path);
    if (!found)
        fail_msg("%s is not there", path);
    assert_string_equal(found, text);
}

/* Runs a shell command with the folder as its working directory; it must succeed. */
static inline void scratch_run(const struct scratch *scratch, const char *command) {
    sw_cleanup_free char *line = sw_format("cd %s && { %s\n} >/dev/null", scratch->path, command);
    if (system(line) != 0)
        fail_msg("failed: %s", command);
}

/* What a shell command prints there, to be freed. */
static inline char *scratch_ask(const struct scratch *scratch, const char *command) {
    sw_cleanup_free char *line = sw_format("cd %s && { %s\n}", scratch->path, command);
    FILE *pipe = popen(line, "re");
    assert_non_null(pipe);
    struct sw_buf text = {0};
    char part[4096];
    size_t n;
    while ((n = fread(part, 1, sizeof part, pipe)) > 0)
        sw_buf_add(&text, part, n);
    if (pclose(pipe) != 0)
        fail_msg("failed: %s", command);
    return sw_buf_take(&text);
}

#endif
