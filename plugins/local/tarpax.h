/* tarpax.h - what PAX extended headers say about one entry. */
#ifndef PLUGINS_LOCAL_TARPAX_H
#define PLUGINS_LOCAL_TARPAX_H

#include <time.h>

#include "core/base/vec.h"
#include "plugins/local/tarsparse.h"

struct sw_tar_pax {
    const char *path; /* NULL: not said; so for the others */
    const char *link;
    bool has_size, has_uid, has_gid, has_mtime;
    int64_t size, uid, gid;
    struct timespec mtime;
    struct sw_vec xattrs; /* of struct sw_tar_xattr */
    struct sw_tar_sparse sparse;
};

void sw_tar_pax_init(struct sw_tar_pax *pax);
void sw_tar_pax_fini(struct sw_tar_pax *pax);

/* Adds the records in `text`, which has a NUL behind its `len` bytes, is changed, and must outlive `pax`. */
bool sw_tar_pax_add(struct sw_tar_pax *pax, char *text, size_t len, struct sw_error **error);

#endif
