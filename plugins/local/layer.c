#include "plugins/local/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/fswalk.h"
#include "core/base/fsxattr.h"
#include "core/base/hash.h"
#include "core/base/map.h"
#include "core/base/vec.h"
#include "plugins/local/entry.h"
#include "plugins/local/members.h"
#include "plugins/local/tarwrite.h"
#include "plugins/local/whiteout.h"

/* Members end where the hash of an entry's name says so, on average after MEMBER_TARGET bytes: what is inserted or removed
 * somewhere leaves the borders elsewhere as they are. */
enum { MEMBER_TARGET = 128 * 1024, MEMBER_LIMIT = 4 * MEMBER_TARGET, MEMBER_SPLIT = 1024 * 1024, NAME_BYTES = 64 };

struct layer {
    const struct sw_layer_job *job;
    struct sw_members *members;
    struct sw_map links; /* "DEVICE:INODE" to the first name, for files that have several */
    struct sw_buf header;
    uint64_t entries;
};

/* --- xattrs --- */

struct xattrs {
    char *names;
    struct sw_vec list; /* of struct sw_tar_xattr */
    bool opaque;
};

static void xattrs_fini(struct xattrs *xattrs) {
    for (size_t i = 0; i < xattrs->list.len; i++)
        free((void *)((struct sw_tar_xattr *)sw_vec_at(&xattrs->list, i))->value);
    sw_vec_fini(&xattrs->list);
    free(xattrs->names);
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct sw_tar_xattr *)a)->name, ((const struct sw_tar_xattr *)b)->name);
}

/* Reads what of an entry's xattrs matters. Any program may set the mark of the other kind of overlay, where it means nothing. */
static bool xattrs_read(struct xattrs *xattrs, const struct sw_layer_job *job, const struct sw_fsentry *entry,
                        struct sw_error **error) {
    const char *opaque = job->user_xattrs ? SW_OVERLAY_OPAQUE_USER : SW_OVERLAY_OPAQUE;
    size_t len = 0;
    xattrs->list.width = sizeof(struct sw_tar_xattr);
    xattrs->names = sw_fsxattr_list(entry->folder, entry->name, &len);
    if (!xattrs->names)
        return sw_fsroot_fail(error, "read the attributes of", entry->path);
    for (const char *name = xattrs->names; name < xattrs->names + len; name += strlen(name) + 1) {
        bool is_mark = strcmp(name, opaque) == 0;
        if (!sw_entry_xattr_in_layer(name) && !is_mark)
            continue;
        struct sw_tar_xattr xattr = {.name = name};
        sw_cleanup_free void *value = sw_fsxattr_get(entry->folder, entry->name, name, &xattr.len);
        if (!value && errno != ENODATA)
            return sw_fsroot_fail(error, "read the attributes of", entry->path);
        if (!value)
            continue;
        if (is_mark) {
            xattrs->opaque |= xattr.len == 1 && *(const char *)value == 'y';
            continue;
        }
        xattr.value = sw_steal(&value);
        sw_vec_push(&xattrs->list, &xattr);
    }
    if (xattrs->list.len > 1)
        qsort(xattrs->list.data, xattrs->list.len, sizeof(struct sw_tar_xattr), by_name);
    return true;
}

/* --- members --- */

/* Makes room for an entry of `bytes` bytes, header and padding included. */
static bool begin_entry(struct layer *layer, const char *name, uint64_t bytes, struct sw_error **error) {
    size_t have = sw_members_current(layer->members)->len;
    uint64_t hash = sw_murmur3(name, strlen(name));
    bool border = bytes > MEMBER_SPLIT || have + bytes > MEMBER_LIMIT || hash * MEMBER_TARGET < bytes << 32;
    return !border || sw_members_cut(layer->members, error);
}

static bool add_header(struct layer *layer, const struct sw_tar_entry *entry, struct sw_error **error) {
    sw_buf_truncate(&layer->header, 0);
    sw_tar_write_header(&layer->header, entry);
    layer->entries++;
    if (!begin_entry(layer, entry->name, layer->header.len + sw_tar_padded(entry->bytes), error))
        return false;
    sw_buf_add(sw_members_current(layer->members), layer->header.data, layer->header.len);
    return true;
}

/* Where a file's content comes from. */
struct content {
    const struct sw_fsentry *entry;
    struct sw_hollow *hollow; /* NULL: from `fd` */
    int fd;
};

static bool open_content(const struct layer *layer, const struct sw_fsentry *entry, struct content *content,
                         struct sw_error **error) {
    *content = (struct content){entry, layer->job->hollow, -1};
    if (content->hollow)
        return sw_hollow_open(content->hollow, (uint64_t)entry->status.st_size, error);
    content->fd = sw_fsentry_open(entry, O_RDONLY);
    return content->fd >= 0 || sw_fsroot_fail(error, "open", entry->path);
}

/* Reads some of the rest: the number of bytes, or -1. */
static int64_t read_content(struct content *content, void *buffer, size_t len, struct sw_error **error) {
    int64_t got;
    if (content->hollow)
        return sw_hollow_read(content->hollow, buffer, len, error);
    while ((got = read(content->fd, buffer, len)) < 0 && errno == EINTR)
        ;
    if (got < 0)
        sw_fsroot_fail(error, "read", content->entry->path);
    return got;
}

/* Reads `size` bytes straight into the members. */
static bool copy_content(struct layer *layer, struct content *content, uint64_t size, struct sw_error **error) {
    uint64_t left = size;
    bool is_split = layer->header.len + sw_tar_padded(size) > MEMBER_SPLIT;
    while (left > 0) {
        struct sw_buf *member = sw_members_current(layer->members);
        size_t room = is_split ? MEMBER_SPLIT - (member->len < MEMBER_SPLIT ? member->len : MEMBER_SPLIT - 1) : (size_t)left;
        size_t want = left < room ? (size_t)left : room;
        sw_buf_reserve(member, want);
        int64_t n = read_content(content, member->data + member->len, want, error);
        if (n < 0)
            return false;
        if (n == 0)
            return sw_fail(error, SW_ERROR_IO, "%s became shorter while it was read", content->entry->path);
        member->len += (size_t)n;
        left -= (uint64_t)n;
        if (is_split && member->len >= MEMBER_SPLIT &&
            (!sw_work_wanted(layer->job->work, error) || !sw_members_cut(layer->members, error)))
            return false;
    }
    sw_tar_write_padding(sw_members_current(layer->members), size);
    return !is_split || sw_members_cut(layer->members, error);
}

static bool add_content(struct layer *layer, const struct sw_fsentry *entry, uint64_t size, struct sw_error **error) {
    struct content content;
    if (!size)
        return true;
    bool done = open_content(layer, entry, &content, error) && copy_content(layer, &content, size, error);
    sw_close(&content.fd);
    return done;
}

/* --- entries --- */

/* A whiteout: an empty file with a special name. */
static bool add_mark(struct layer *layer, const char *path, struct sw_error **error) {
    struct sw_tar_entry mark = {.kind = SW_TAR_FILE, .name = path, .mtime = {.tv_sec = layer->job->epoch}};
    return add_header(layer, &mark, error);
}

static bool add_whiteout(struct layer *layer, const struct sw_fsentry *entry, struct sw_error **error) {
    int folder_len = (int)(strlen(entry->path) - strlen(entry->name));
    sw_cleanup_free char *path = sw_format("%.*s" SW_WHITEOUT_PREFIX "%s", folder_len, entry->path, entry->name);
    return add_mark(layer, path, error);
}

static enum sw_tar_kind kind_of(mode_t mode) {
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return SW_TAR_FOLDER;
    case S_IFLNK:
        return SW_TAR_SYMLINK;
    case S_IFCHR:
        return SW_TAR_CHAR;
    case S_IFBLK:
        return SW_TAR_BLOCK;
    case S_IFIFO:
        return SW_TAR_FIFO;
    default:
        return SW_TAR_FILE;
    }
}

/* The first name of a file that has several, if this is not it. */
static const char *earlier_name(struct layer *layer, const struct sw_fsentry *entry) {
    if (S_ISDIR(entry->status.st_mode) || entry->status.st_nlink < 2)
        return NULL;
    char key[NAME_BYTES];
    snprintf(key, sizeof key, "%llx:%llx", (unsigned long long)entry->status.st_dev, (unsigned long long)entry->status.st_ino);
    const char *earlier = sw_map_get(&layer->links, key);
    if (!earlier)
        sw_map_set(&layer->links, key, sw_strdup(entry->path));
    return earlier;
}

static bool add_described(struct layer *layer, const struct sw_fsentry *from, const struct xattrs *xattrs,
                          struct sw_error **error) {
    const struct stat *status = &from->status;
    struct sw_tar_entry entry = {.kind = kind_of(status->st_mode), .name = from->path, .mode = status->st_mode & 07777};
    sw_cleanup_free char *target = NULL;
    entry.uid = status->st_uid;
    entry.gid = status->st_gid;
    entry.mtime.tv_sec = status->st_mtim.tv_sec < layer->job->epoch ? status->st_mtim.tv_sec : layer->job->epoch;
    entry.xattrs = xattrs->list.data;
    entry.xattr_count = xattrs->list.len;
    const char *earlier = earlier_name(layer, from);
    if (earlier) {
        entry.kind = SW_TAR_HARDLINK;
        entry.link = earlier;
        entry.xattr_count = 0; /* the first name has them */
        return add_header(layer, &entry, error);
    }
    if (entry.kind == SW_TAR_SYMLINK) {
        target = sw_fsentry_readlink(from);
        if (!target)
            return sw_fsroot_fail(error, "read the link", from->path);
        entry.link = target;
    }
    if (entry.kind == SW_TAR_CHAR || entry.kind == SW_TAR_BLOCK)
        entry.device = status->st_rdev;
    if (entry.kind != SW_TAR_FILE)
        return add_header(layer, &entry, error);
    entry.bytes = (uint64_t)status->st_size;
    if (layer->job->hollow)
        entry.bytes = sw_hollow_file(layer->job->hollow, entry.bytes)->bytes;
    return add_header(layer, &entry, error) && add_content(layer, from, entry.bytes, error);
}

static bool add_entry(struct layer *layer, const struct sw_fsentry *entry, struct sw_error **error) {
    if (S_ISSOCK(entry->status.st_mode))
        return true;
    if (sw_whiteout_is_device(&entry->status))
        return add_whiteout(layer, entry, error);
    struct xattrs xattrs = {0};
    bool has_none = layer->job->hollow != NULL;
    bool ok = (has_none || xattrs_read(&xattrs, layer->job, entry, error)) && add_described(layer, entry, &xattrs, error);
    if (ok && xattrs.opaque && S_ISDIR(entry->status.st_mode)) {
        sw_cleanup_free char *path = sw_format("%s/" SW_WHITEOUT_OPAQUE, entry->path);
        ok = add_mark(layer, path, error);
    }
    xattrs_fini(&xattrs);
    return ok;
}

static bool add_all(struct layer *layer, struct sw_error **error) {
    sw_cleanup_fsroot struct sw_fsroot *root = sw_fsroot_new(layer->job->folder, SW_FSROOT_IN_ROOT, error);
    sw_cleanup_fswalk struct sw_fswalk *walk = root ? sw_fswalk_new(root, "", error) : NULL;
    if (!walk)
        return false;
    struct sw_fsentry entry;
    int got;
    while ((got = sw_fswalk_next(walk, &entry, error)) > 0)
        if (!sw_work_wanted(layer->job->work, error) || !add_entry(layer, &entry, error))
            return false;
    if (got == 0)
        sw_tar_write_end(sw_members_current(layer->members));
    return got == 0;
}

bool sw_layer_write(const struct sw_layer_job *job, struct sw_layer_sum *sum, struct sw_error **error) {
    sw_cleanup_members struct sw_members *members = sw_members_new(job->blob, SW_LAYER_GZIP_LEVEL, job->threads, error);
    if (!members)
        return false;
    struct layer layer = {.job = job, .members = members};
    struct sw_members_sum parts;
    bool ok = add_all(&layer, error) && sw_members_finish(members, &parts, error);
    sw_map_fini(&layer.links, free);
    sw_buf_fini(&layer.header);
    if (!ok)
        return false;
    *sum = (struct sw_layer_sum){.bytes = parts.bytes, .tar_bytes = parts.plain_bytes, .entries = layer.entries};
    memcpy(sum->digest, parts.digest, sizeof sum->digest);
    memcpy(sum->diff_id, parts.diff_id, sizeof sum->diff_id);
    return true;
}
