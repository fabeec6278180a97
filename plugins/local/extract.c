#include "plugins/local/extract.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/fswalk.h"
#include "core/base/map.h"
#include "core/base/path.h"
#include "plugins/local/copyfile.h"
#include "plugins/local/entry.h"
#include "plugins/local/lowers.h"
#include "plugins/local/whiteout.h"

struct folder_time {
    char *path;
    struct timespec mtime;
};

struct sw_extract {
    struct sw_fsroot *root;
    struct sw_extract_options options;
    struct sw_lowers *lowers;
    struct sw_vec times;   /* of struct folder_time */
    struct sw_map made;    /* SW_EXTRACT_TREE: what this layer has put, which its own whiteouts spare */
    struct sw_map emptied; /* SW_EXTRACT_TREE: folders an opaque whiteout was applied to */
    bool hides_lowers;
};

struct sw_extract *sw_extract_new(struct sw_fsroot *root, const struct sw_extract_options *options, struct sw_error **error) {
    struct sw_lowers *lowers = sw_lowers_new(options->lowers, options->lower_count, error);
    if (!lowers)
        return NULL;
    struct sw_extract *extract = sw_new(sizeof *extract);
    extract->root = root;
    extract->options = *options;
    extract->lowers = lowers;
    extract->times.width = sizeof(struct folder_time);
    return extract;
}

void sw_extract_free(struct sw_extract *extract) {
    if (!extract)
        return;
    for (size_t i = 0; i < extract->times.len; i++)
        free(((struct folder_time *)sw_vec_at(&extract->times, i))->path);
    sw_vec_fini(&extract->times);
    sw_map_fini(&extract->made, NULL);
    sw_map_fini(&extract->emptied, NULL);
    sw_lowers_free(extract->lowers);
    free(extract);
}

void sw_extract_free_p(struct sw_extract **extract) {
    sw_extract_free(*extract);
    *extract = NULL;
}

bool sw_extract_hides_lowers(const struct sw_extract *extract) {
    return extract->hides_lowers;
}

static bool is_diff(const struct sw_extract *extract) {
    return extract->options.form == SW_EXTRACT_DIFF || extract->options.form == SW_EXTRACT_DIFF_USER;
}

static int set_opaque(struct sw_extract *extract, const char *path) {
    const char *name = extract->options.form == SW_EXTRACT_DIFF_USER ? SW_OVERLAY_OPAQUE_USER : SW_OVERLAY_OPAQUE;
    return sw_fsroot_set_xattr(extract->root, path, name, "y", 1);
}

/* Name of an entry below the root, "" for the root itself; to be freed. NULL: too deep. */
static char *place_of(const struct sw_extract *extract, const char *name, struct sw_error **error) {
    uint32_t depth = 1;
    for (const char *c = name; *c; c++)
        depth += *c == '/';
    if (depth > extract->options.depth) {
        sw_fail(error, SW_ERROR_CORRUPT, "the name of an entry has more than %u components", extract->options.depth);
        return NULL;
    }
    sw_cleanup_free char *rooted = sw_format("/%s", name);
    sw_cleanup_free char *clean = sw_path_clean(rooted);
    if (!extract->options.prefix || !*extract->options.prefix)
        return sw_strdup(clean + 1);
    return sw_format("%s%s", extract->options.prefix, clean[1] ? clean : "");
}

/* Remembers that the layer has put `path`, and so everything above it. */
static void note_made(struct sw_extract *extract, const char *path) {
    if (extract->options.form != SW_EXTRACT_TREE)
        return;
    sw_cleanup_free char *at = sw_strdup(path);
    while (*at && !sw_map_has(&extract->made, at)) {
        sw_map_set(&extract->made, at, extract);
        char *slash = strrchr(at, '/');
        *(slash ? slash : at) = '\0';
    }
}

static struct sw_fsattr attr_of(const struct sw_extract *extract, const struct stat *status) {
    struct sw_fsattr attr = {.set = SW_FSATTR_MODE | SW_FSATTR_MTIME, .mode = status->st_mode & 07777, .mtime = status->st_mtim};
    attr.uid = status->st_uid;
    attr.gid = status->st_gid;
    attr.set |= extract->options.keep_owner ? SW_FSATTR_OWNER : 0;
    return attr;
}

/* Gives folder `path`, which the layer has made without describing it, the metadata that the layers below show. */
static int adopt_lower(struct sw_extract *extract, const char *path) {
    struct stat status;
    struct sw_fsroot *lower = sw_lowers_find(extract->lowers, path, &status);
    if (!lower || !S_ISDIR(status.st_mode)) {
        struct sw_fsattr plain = {.set = SW_FSATTR_MODE, .mode = 0755};
        return sw_fsroot_set_attr(extract->root, path, &plain);
    }
    struct sw_fsattr attr = attr_of(extract, &status);
    struct folder_time time = {.path = sw_strdup(path), .mtime = status.st_mtim};
    sw_vec_push(&extract->times, &time);
    return sw_fsroot_set_attr(extract->root, path, &attr);
}

/* Makes one folder on the way to an entry, unless it is there. */
static int make_step(struct sw_extract *extract, const char *path) {
    struct stat status;
    if (sw_fsroot_stat(extract->root, path, &status) == 0) {
        if (S_ISDIR(status.st_mode))
            return 0;
        if (!is_diff(extract) || !sw_whiteout_is_device(&status)) {
            errno = ENOTDIR;
            return -1;
        }
        if (sw_fsroot_unlink(extract->root, path) < 0 || sw_fsroot_mkdir(extract->root, path, 0755) < 0)
            return -1;
        return set_opaque(extract, path);
    }
    if (errno != ENOENT || sw_fsroot_mkdir(extract->root, path, 0755) < 0)
        return -1;
    note_made(extract, path);
    return adopt_lower(extract, path);
}

/* Makes the missing folders above `path`. */
static int make_parents(struct sw_extract *extract, const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash)
        return 0;
    sw_cleanup_free char *parent = sw_strndup(path, (size_t)(slash - path));
    sw_cleanup_free char *real = sw_fsroot_resolve(extract->root, parent);
    if (!real)
        return -1;
    for (size_t end = 1; real[end];) {
        end += strcspn(real + end, "/");
        sw_cleanup_free char *step = sw_strndup(real + 1, end - 1);
        if (make_step(extract, step) < 0)
            return -1;
        end += real[end] == '/';
    }
    return 0;
}

static bool failed(struct sw_error **error, const char *what, const char *path) {
    return sw_fsroot_fail(error, what, path);
}

static struct sw_entry entry_of(const struct sw_extract *extract, const struct sw_tar_entry *from) {
    static const mode_t types[] = {[SW_TAR_FILE] = S_IFREG,  [SW_TAR_SYMLINK] = S_IFLNK, [SW_TAR_CHAR] = S_IFCHR,
                                   [SW_TAR_BLOCK] = S_IFBLK, [SW_TAR_FOLDER] = S_IFDIR,  [SW_TAR_FIFO] = S_IFIFO};
    const struct sw_owner *owner = extract->options.owner;
    struct sw_entry entry = {.type = types[from->kind], .target = from->link, .device = from->device};
    entry.xattrs = from->xattrs;
    entry.xattr_count = from->xattr_count;
    entry.attr = (struct sw_fsattr){.set = SW_FSATTR_MODE | SW_FSATTR_MTIME | SW_FSATTR_ATIME, .mode = from->mode};
    entry.attr.mtime = entry.attr.atime = from->mtime;
    entry.attr.uid = owner ? owner->uid : from->uid;
    entry.attr.gid = owner ? owner->gid : from->gid;
    entry.attr.set |= extract->options.keep_owner ? SW_FSATTR_OWNER : 0;
    return entry;
}

/* Writes the entry's content; holes stay holes. */
static bool write_content(struct sw_extract *extract, struct sw_tar_reader *reader, int fd, const struct sw_tar_entry *entry,
                          const char *path, struct sw_error **error) {
    uint64_t at = 0, asked = 0;
    for (;;) {
        const uint8_t *data;
        uint64_t offset;
        ssize_t n = sw_tar_data(reader, &data, &offset, error);
        if (n < 0)
            return false;
        if (n == 0)
            break;
        if (offset != at && lseek(fd, (off_t)offset, SEEK_SET) < 0)
            return failed(error, "write", path);
        if (sw_copyfile_write(fd, data, (size_t)n) < 0)
            return failed(error, "write", path);
        at = offset + (uint64_t)n;
        if (at - asked > 8u << 20) {
            asked = at;
            if (!sw_work_wanted(extract->options.work, error))
                return false;
        }
    }
    return at == entry->bytes || ftruncate(fd, (off_t)entry->bytes) == 0 || failed(error, "write", path);
}

/* Metadata for the root folder itself: the only thing that an entry named "." or "/" may bring. */
static bool put_root(struct sw_extract *extract, const struct sw_tar_entry *from, const char *path, struct sw_error **error) {
    if (from->kind != SW_TAR_FOLDER)
        return sw_fail(error, SW_ERROR_CORRUPT, "entry \"%s\" would replace the root folder", from->name);
    if (extract->options.form == SW_EXTRACT_ARCHIVE)
        return true; /* where a user's archive is unpacked keeps its metadata */
    struct sw_entry entry = entry_of(extract, from);
    int none = -1;
    if (sw_entry_finish(extract->root, path, &entry, &none) < 0)
        return failed(error, "change", path);
    struct folder_time time = {.path = sw_strdup(path), .mtime = from->mtime};
    sw_vec_push(&extract->times, &time);
    return true;
}

static bool put_file(struct sw_extract *extract, struct sw_tar_reader *reader, const struct sw_tar_entry *from, const char *path,
                     struct sw_error **error) {
    struct sw_entry entry = entry_of(extract, from);
    sw_cleanup_close int fd = -1;
    mode_t replaced = 0;
    int made = sw_entry_create(extract->root, path, &entry, &fd, &replaced);
    if (made < 0 && (errno == ENOENT || errno == ENOTDIR) && make_parents(extract, path) == 0)
        made = sw_entry_create(extract->root, path, &entry, &fd, &replaced);
    bool is_device = entry.type == S_IFCHR || entry.type == S_IFBLK;
    if (made < 0 && errno == EPERM && is_device) /* in a user namespace: steps could not open it anyway */
        return true;
    if (made < 0)
        return failed(error, "create", path);
    note_made(extract, path);
    if (fd >= 0 && !write_content(extract, reader, fd, from, path, error))
        return false;
    if (sw_entry_finish(extract->root, path, &entry, &fd) < 0)
        return failed(error, "set the metadata of", path);
    if (entry.type != S_IFDIR)
        return true;
    struct folder_time time = {.path = sw_strdup(path), .mtime = from->mtime};
    sw_vec_push(&extract->times, &time);
    if (replaced && is_diff(extract) && set_opaque(extract, path) < 0) /* it had hidden what is below */
        return failed(error, "mark as opaque", path);
    return true;
}

/* Copies the target of a hard link that only a layer below has. */
static bool copy_from_lower(struct sw_extract *extract, const char *target, const char *path, struct sw_error **error) {
    struct stat status;
    struct sw_fsroot *lower = sw_lowers_find(extract->lowers, target, &status);
    if (!lower || !S_ISREG(status.st_mode))
        return sw_fail(error, SW_ERROR_CORRUPT, "%s is a hard link to %s, which is not there", path, target);
    sw_cleanup_close int source = sw_fsroot_open(lower, target, O_RDONLY | O_NOFOLLOW, 0), fd = -1;
    if (source < 0)
        return failed(error, "open", target);
    struct sw_entry entry = {.type = S_IFREG, .attr = attr_of(extract, &status)};
    if (sw_entry_create(extract->root, path, &entry, &fd, NULL) < 0 || sw_copyfile_content(source, fd) < 0 ||
        sw_entry_finish(extract->root, path, &entry, &fd) < 0)
        return failed(error, "create", path);
    return true;
}

/* In an archive of the user's, the entry of a link describes the file anew. Links to links leave their target alone. */
static bool describe_anew(struct sw_extract *extract, const struct sw_tar_entry *from, const char *path, struct sw_error **error) {
    struct stat status;
    if (extract->options.form != SW_EXTRACT_ARCHIVE)
        return true;
    if (sw_fsroot_stat(extract->root, path, &status) < 0)
        return failed(error, "look at", path);
    if (S_ISLNK(status.st_mode))
        return true;
    const struct sw_owner *owner = extract->options.owner;
    struct sw_fsattr attr = {.set = SW_FSATTR_OWNER | SW_FSATTR_MODE, .mode = from->mode};
    attr.uid = owner ? owner->uid : from->uid;
    attr.gid = owner ? owner->gid : from->gid;
    return sw_fsroot_set_attr(extract->root, path, &attr) == 0 || failed(error, "set the metadata of", path);
}

static bool put_hardlink(struct sw_extract *extract, const struct sw_tar_entry *from, const char *path, struct sw_error **error) {
    sw_cleanup_free char *target = place_of(extract, from->link, error);
    if (!target)
        return false;
    if (strcmp(target, path) == 0)
        return true;
    if (!*target)
        return sw_fail(error, SW_ERROR_CORRUPT, "%s is a hard link to the root folder", path);
    note_made(extract, path);
    int linked = sw_entry_clear(extract->root, path, S_IFREG, NULL) < 0 ? -1 : sw_fsroot_link(extract->root, target, path);
    if (linked < 0 && (errno == ENOENT || errno == ENOTDIR) && make_parents(extract, path) == 0)
        linked = sw_fsroot_link(extract->root, target, path);
    if (linked == 0)
        return describe_anew(extract, from, path, error);
    if (errno == ENOENT && is_diff(extract))
        return copy_from_lower(extract, target, path, error);
    if (errno == ENOENT)
        return sw_fail(error, SW_ERROR_CORRUPT, "%s is a hard link to %s, which is not there", path, from->link);
    return failed(error, "link", path);
}

/* --- whiteouts --- */

/* Removes what is in `path` but was not put there by this layer. */
static int empty_of_lowers(struct sw_extract *extract, const char *path) {
    sw_cleanup_strlist struct sw_strlist names = {0};
    {
        sw_cleanup_close int fd = sw_fsroot_open(extract->root, path, O_RDONLY | O_DIRECTORY, 0);
        sw_cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        if (!dir)
            return errno == ENOENT ? 0 : -1;
        fd = -1; /* closedir's now */
        for (struct dirent *entry; (entry = readdir(dir));)
            if (sw_path_is_name(entry->d_name))
                sw_strlist_take(&names, sw_path_join(path, entry->d_name));
    }
    for (size_t i = 0; i < names.len; i++)
        if (!sw_map_has(&extract->made, names.items[i]) && sw_fsroot_remove(extract->root, names.items[i]) < 0)
            return -1;
    return 0;
}

static bool is_emptied(const struct sw_extract *extract, const char *path) {
    sw_cleanup_free char *above = sw_strdup(path);
    for (;;) {
        if (sw_map_has(&extract->emptied, above))
            return true;
        char *slash = strrchr(above, '/');
        if (!slash && !*above)
            return false;
        *(slash ? slash : above) = '\0';
    }
}

/* As empty_of_lowers, all the way down. Each folder is read once however many opaque whiteouts a layer has. */
static int empty_deep(struct sw_extract *extract, const char *path) {
    if (is_emptied(extract, path))
        return 0;
    if (empty_of_lowers(extract, path) < 0)
        return -1;
    sw_cleanup_fswalk struct sw_fswalk *walk = sw_fswalk_new(extract->root, path, NULL);
    struct sw_fsentry entry;
    int got = walk ? 1 : 0;
    while (walk && (got = sw_fswalk_next(walk, &entry, NULL)) > 0) {
        if (!S_ISDIR(entry.status.st_mode))
            continue;
        sw_cleanup_free char *below = sw_path_join(path, entry.path);
        if (sw_map_has(&extract->emptied, below))
            sw_fswalk_skip(walk);
        else if (empty_of_lowers(extract, below) < 0)
            return -1;
    }
    sw_map_set(&extract->emptied, path, extract);
    return got;
}

static bool put_opaque(struct sw_extract *extract, const char *folder, struct sw_error **error) {
    if (!*folder)
        extract->hides_lowers = true;
    int result = extract->options.form == SW_EXTRACT_TREE ? empty_deep(extract, folder) : 0;
    if (is_diff(extract) && *folder) {
        sw_cleanup_free char *child = sw_format("%s/x", folder);
        result = make_parents(extract, child) < 0 ? -1 : set_opaque(extract, folder);
    }
    return result == 0 || failed(error, "apply an opaque whiteout to", folder);
}

static bool put_whiteout(struct sw_extract *extract, const char *path, struct sw_error **error) {
    if (extract->options.form == SW_EXTRACT_TREE) {
        int removed = sw_map_has(&extract->made, path) ? empty_deep(extract, path) : sw_fsroot_remove(extract->root, path);
        return removed == 0 || errno == ENOTDIR || failed(error, "remove", path);
    }
    int made = sw_fsroot_mknod(extract->root, path, S_IFCHR, 0);
    if (made < 0 && (errno == ENOENT || errno == ENOTDIR) && make_parents(extract, path) == 0)
        made = sw_fsroot_mknod(extract->root, path, S_IFCHR, 0);
    if (made == 0)
        return true;
    struct stat status;
    if (errno != EEXIST || sw_fsroot_stat(extract->root, path, &status) < 0)
        return failed(error, "make a whiteout at", path);
    if (S_ISDIR(status.st_mode) && set_opaque(extract, path) < 0) /* the layer's own content stays, what is below goes */
        return failed(error, "mark as opaque", path);
    return true;
}

/* Applies an entry whose last component `name` begins as whiteouts do. */
static bool put_mark(struct sw_extract *extract, const char *path, const char *name, struct sw_error **error) {
    sw_cleanup_free char *folder = sw_strndup(path, name > path ? (size_t)(name - path - 1) : 0);
    if (strcmp(name, SW_WHITEOUT_OPAQUE) == 0)
        return put_opaque(extract, folder, error);
    if (strncmp(name, SW_WHITEOUT_META, strlen(SW_WHITEOUT_META)) == 0)
        return true; /* left over from AUFS */
    const char *hidden = name + strlen(SW_WHITEOUT_PREFIX);
    if (!sw_path_is_name(hidden))
        return sw_fail(error, SW_ERROR_CORRUPT, "whiteout %s names nothing", path);
    sw_cleanup_free char *target = *folder ? sw_format("%s/%s", folder, hidden) : sw_strdup(hidden);
    return put_whiteout(extract, target, error);
}

bool sw_extract_entry(struct sw_extract *extract, struct sw_tar_reader *reader, const struct sw_tar_entry *entry,
                      struct sw_error **error) {
    if (!sw_work_wanted(extract->options.work, error))
        return false;
    sw_cleanup_free char *path = place_of(extract, entry->name, error);
    if (!path)
        return false;
    const char *prefix = extract->options.prefix ? extract->options.prefix : "";
    if (strcmp(path, prefix) == 0)
        return put_root(extract, entry, path, error);
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    bool is_mark = strncmp(name, SW_WHITEOUT_PREFIX, strlen(SW_WHITEOUT_PREFIX)) == 0;
    if (is_mark && extract->options.form != SW_EXTRACT_ARCHIVE)
        return put_mark(extract, path, name, error);
    if (entry->kind == SW_TAR_HARDLINK)
        return put_hardlink(extract, entry, path, error);
    if (entry->kind == SW_TAR_SYMLINK && !*entry->link)
        return sw_fail(error, SW_ERROR_CORRUPT, "symlink %s leads to nothing", path);
    return put_file(extract, reader, entry, path, error);
}

bool sw_extract_finish(struct sw_extract *extract, struct sw_error **error) {
    for (size_t i = 0; i < extract->times.len; i++) { /* of several for one folder the last one counts */
        const struct folder_time *time = sw_vec_at(&extract->times, i);
        struct sw_fsattr attr = {.set = SW_FSATTR_MTIME, .mtime = time->mtime};
        if (sw_fsroot_set_attr(extract->root, time->path, &attr) < 0 && errno != ENOENT && errno != ENOTDIR)
            return failed(error, "set the time of", time->path);
    }
    return true;
}
