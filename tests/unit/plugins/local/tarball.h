/* tarball.h - archives made by hand for tests. */
#ifndef TESTS_UNIT_PLUGINS_LOCAL_TARBALL_H
#define TESTS_UNIT_PLUGINS_LOCAL_TARBALL_H

#include "plugins/local/tarwrite.h"
#include "tests/unit/scratch.h"

/* Appends an entry; `content` may be NULL. */
static inline void tarball_put(struct sw_buf *tar, struct sw_tar_entry entry, const char *content) {
    entry.bytes = content ? strlen(content) : 0;
    entry.mode = entry.mode ? entry.mode : entry.kind == SW_TAR_FOLDER ? 0755 : 0644;
    sw_tar_write_header(tar, &entry);
    if (content)
        sw_buf_puts(tar, content);
    sw_tar_write_padding(tar, entry.bytes);
}

static inline void tarball_file(struct sw_buf *tar, const char *name, const char *content) {
    tarball_put(tar, (struct sw_tar_entry){.kind = SW_TAR_FILE, .name = name}, content);
}

static inline void tarball_folder(struct sw_buf *tar, const char *name) {
    tarball_put(tar, (struct sw_tar_entry){.kind = SW_TAR_FOLDER, .name = name}, NULL);
}

static inline void tarball_symlink(struct sw_buf *tar, const char *name, const char *target) {
    tarball_put(tar, (struct sw_tar_entry){.kind = SW_TAR_SYMLINK, .name = name, .link = target, .mode = 0777}, NULL);
}

static inline void tarball_hardlink(struct sw_buf *tar, const char *name, const char *target) {
    tarball_put(tar, (struct sw_tar_entry){.kind = SW_TAR_HARDLINK, .name = name, .link = target}, NULL);
}

/* A descriptor of a nameless file with these bytes, at its start. */
static inline int tarball_fd(const void *data, size_t len) {
    int fd = open("/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), len);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

#endif
