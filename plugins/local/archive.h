/* archive.h - ADD's archives: a tar, plain or compressed by gzip, bzip2, xz or zstd, known by its content. */
#ifndef PLUGINS_LOCAL_ARCHIVE_H
#define PLUGINS_LOCAL_ARCHIVE_H

#include "core/base/fsroot.h"
#include "plugins/local/accounts.h"
#include "plugins/local/work.h"

/* 1: the file behind `fd` is one; 0: it is not; -1: it cannot be read. Leaves `fd` at its start. */
int sw_archive_is_one(int fd, struct sw_error **error);

struct sw_archive_job {
    int fd;
    const char *folder;           /* of the root, absolute and resolved; it exists */
    const struct sw_owner *owner; /* instead of the archive's; may be NULL */
    const struct sw_work *work;
};

bool sw_archive_unpack(struct sw_fsroot *root, const struct sw_archive_job *job, struct sw_error **error);

#endif
