#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/fswalk.h"
#include "core/base/hash.h"
#include "plugins/local/snapshot.h"

enum { PIECE = 256 * 1024 };

struct summing {
    struct sw_fsroot *root;
    struct sw_sha256 *hash;
    char *piece;
};

static void add_text(struct summing *summing, const char *text) {
    sw_sha256_add(summing->hash, text, strlen(text) + 1);
}

static bool add_content(struct summing *summing, const struct sw_fsentry *entry, struct sw_error **error) {
    sw_cleanup_close int fd = openat(entry->folder, entry->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOATIME);
    if (fd < 0)
        return sw_fail_errno(error, errno, "cannot read %s", entry->path);
    for (;;) {
        ssize_t len = read(fd, summing->piece, PIECE);
        if (len < 0)
            return sw_fail_errno(error, errno, "cannot read %s", entry->path);
        if (len == 0)
            return true;
        sw_sha256_add(summing->hash, summing->piece, (size_t)len);
    }
}

static bool add_target(struct summing *summing, const struct sw_fsentry *entry, struct sw_error **error) {
    ssize_t len = readlinkat(entry->folder, entry->name, summing->piece, PIECE - 1);
    if (len < 0)
        return sw_fail_errno(error, errno, "cannot read the link %s", entry->path);
    sw_sha256_add(summing->hash, summing->piece, (size_t)len);
    return true;
}

/* Attributes that overlayfs sets by itself say where a file came from on this host, nothing about the layer. */
static bool is_ours(const char *name) {
    return !strcmp(name, "trusted.overlay.opaque") || !strcmp(name, "user.overlay.opaque") ||
           (strncmp(name, "trusted.overlay.", 16) && strncmp(name, "user.overlay.", 13));
}

static void add_xattrs(struct summing *summing, const char *path) {
    size_t len = 0;
    sw_cleanup_free char *names = sw_fsroot_list_xattr(summing->root, path, &len);
    sw_cleanup_strlist struct sw_strlist sorted = {0};
    for (const char *name = names; name && name < names + len; name += strlen(name) + 1)
        if (is_ours(name))
            sw_strlist_add(&sorted, name);
    sw_strlist_sort(&sorted);
    for (size_t i = 0; i < sorted.len; i++) {
        size_t size = 0;
        sw_cleanup_free char *value = sw_fsroot_get_xattr(summing->root, path, sorted.items[i], &size);
        add_text(summing, sorted.items[i]);
        sw_sha256_add(summing->hash, value, value ? size : 0);
    }
}

static bool add_entry(struct summing *summing, const struct sw_fsentry *entry, struct sw_error **error) {
    const struct stat *status = &entry->status;
    bool folder = S_ISDIR(status->st_mode);
    add_text(summing, entry->path);
    sw_cleanup_free char *line = sw_format("%o %u %u %llu %llu %lld.%09ld", status->st_mode, status->st_uid, status->st_gid,
                                           (unsigned long long)status->st_rdev, folder ? 0ULL : (unsigned long long)status->st_size,
                                           (long long)status->st_mtim.tv_sec, status->st_mtim.tv_nsec);
    add_text(summing, line);
    /* Most files have none, and asking costs a path look-up: symlinks and devices cannot have any that matter. */
    if (folder || S_ISREG(status->st_mode))
        add_xattrs(summing, entry->path);
    if (S_ISREG(status->st_mode))
        return add_content(summing, entry, error);
    return !S_ISLNK(status->st_mode) || add_target(summing, entry, error);
}

static bool add_all(struct summing *summing, struct sw_error **error) {
    sw_cleanup_fswalk struct sw_fswalk *walk = sw_fswalk_new(summing->root, "", error);
    struct sw_fsentry entry;
    int found = walk ? sw_fswalk_next(walk, &entry, error) : -1;
    while (found == 1 && add_entry(summing, &entry, error))
        found = sw_fswalk_next(walk, &entry, error);
    return found == 0;
}

bool sw_snapshot_sum(int files, char out[65], struct sw_error **error) {
    struct summing summing = {.root = sw_fsroot_new(files, SW_FSROOT_BENEATH, error)};
    if (!summing.root)
        return false;
    summing.hash = sw_sha256_new();
    summing.piece = sw_new(PIECE);
    bool done = add_all(&summing, error);
    sw_sha256_final_hex(summing.hash, out);
    free(summing.piece);
    sw_sha256_free(summing.hash);
    sw_fsroot_free(summing.root);
    return done;
}
