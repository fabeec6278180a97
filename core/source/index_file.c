#include "core/source/index_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"

/* Where an entry's fields are, and what its flags mean. */
enum {
    AT_CTIME = 0,
    AT_MTIME = 8,
    AT_INODE = 20,
    AT_MODE = 24,
    AT_BYTES = 36,
    AT_ID = 40,
    AT_FLAGS = 60,
    AT_NAME = 62,
    HEADER = 12,
    CHECKSUM = 20,
    ASSUME_VALID = 0x8000,
    EXTENDED = 0x4000,
    STAGE = 0x3000,
    NAME_LEN = 0x0fff,
    SKIP_WORKTREE = 0x4000,
    INTENT_TO_ADD = 0x2000,
};

static uint32_t number(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t flags_of(const uint8_t *entry) {
    return (uint32_t)entry[AT_FLAGS] << 8 | entry[AT_FLAGS + 1];
}

static size_t name_at(const uint8_t *entry) {
    return AT_NAME + (flags_of(entry) & EXTENDED ? 2 : 0);
}

/* --- reading ----------------------------------------------------------------------------------------------------------------------- */

/* The offset behind the entry at `at`; 0: it does not fit. */
static size_t entry_end(const struct sw_index_file *index, size_t at, size_t end) {
    if (end - at < AT_NAME + 2)
        return 0;
    const uint8_t *entry = index->map + at;
    size_t name = name_at(entry), len = flags_of(entry) & NAME_LEN;
    if (len == NAME_LEN || at + name + len >= end)
        len = strnlen((const char *)entry + name, end - at - name);
    size_t next = at + ((name + len + 8) & ~(size_t)7);
    return next <= end && !entry[name + len] && len ? next : 0;
}

static bool read_entries(struct sw_index_file *index, size_t *at, size_t end) {
    *at = HEADER;
    for (size_t i = 0; i < index->count; i++) {
        index->offsets[i] = (uint32_t)*at;
        if (!(*at = entry_end(index, *at, end)))
            return false;
    }
    return true;
}

/* An extension whose name begins with a small letter changes what the entries mean. */
static bool read_extensions(struct sw_index_file *index, size_t at, size_t end) {
    while (end - at >= 8) {
        const uint8_t *name = index->map + at;
        size_t len = number(name + 4);
        at += 8;
        if (len > end - at || (name[0] >= 'a' && name[0] <= 'z'))
            return false;
        if (!memcmp(name, "TREE", 4)) {
            index->tree_at = at;
            index->tree_end = at + len;
        }
        at += len;
    }
    return at == end;
}

static bool read_all(struct sw_index_file *index) {
    if (index->len < HEADER + CHECKSUM || index->len > UINT32_MAX || memcmp(index->map, "DIRC", 4))
        return false;
    uint32_t version = number(index->map + 4);
    size_t end = index->len - CHECKSUM, at;
    index->count = number(index->map + 8);
    if ((version != 2 && version != 3) || index->count > index->len / AT_NAME)
        return false;
    index->offsets = sw_new_array(index->count + 1, sizeof *index->offsets);
    return read_entries(index, &at, end) && read_extensions(index, at, end);
}

struct sw_index_file *sw_index_file_open(const char *path) {
    sw_cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0 || !status.st_size)
        return NULL;
    struct sw_index_file *index = sw_new(sizeof *index);
    index->status = status;
    index->len = (size_t)status.st_size;
    /* git replaces the file as a whole, so what was opened stays as it is. */
    void *map = mmap(NULL, index->len, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    index->map = map == MAP_FAILED ? NULL : map;
    if (index->map && read_all(index))
        return index;
    sw_index_file_close(index);
    return NULL;
}

void sw_index_file_close(struct sw_index_file *index) {
    if (!index)
        return;
    if (index->map)
        munmap((void *)index->map, index->len);
    free(index->offsets);
    free(index);
}

bool sw_index_file_is_fresh(const struct sw_index_file *index, const char *path) {
    struct stat now;
    const struct stat *then = &index->status;
    return stat(path, &now) == 0 && now.st_ino == then->st_ino && now.st_dev == then->st_dev && now.st_size == then->st_size &&
           now.st_mtim.tv_sec == then->st_mtim.tv_sec && now.st_mtim.tv_nsec == then->st_mtim.tv_nsec;
}

/* --- entries ----------------------------------------------------------------------------------------------------------------------- */

const char *sw_index_file_path(const struct sw_index_file *index, size_t at) {
    const uint8_t *entry = index->map + index->offsets[at];
    return (const char *)entry + name_at(entry);
}

uint32_t sw_index_file_mode(const struct sw_index_file *index, size_t at) {
    return number(index->map + index->offsets[at] + AT_MODE);
}

struct sw_index_entry sw_index_file_at(const struct sw_index_file *index, size_t at) {
    const uint8_t *raw = index->map + index->offsets[at];
    uint32_t flags = flags_of(raw), more = flags & EXTENDED ? (uint32_t)raw[AT_NAME] << 8 | raw[AT_NAME + 1] : 0;
    struct sw_index_entry entry = {.path = sw_index_file_path(index, at),
                                   .ctime = number(raw + AT_CTIME),
                                   .ctime_ns = number(raw + AT_CTIME + 4),
                                   .mtime = number(raw + AT_MTIME),
                                   .mtime_ns = number(raw + AT_MTIME + 4),
                                   .inode = number(raw + AT_INODE),
                                   .bytes = number(raw + AT_BYTES),
                                   .mode = number(raw + AT_MODE),
                                   .assumed = flags & ASSUME_VALID || more & SKIP_WORKTREE,
                                   .to_add = more & INTENT_TO_ADD,
                                   .unmerged = flags & STAGE};
    memcpy(entry.id.id, raw + AT_ID, sizeof entry.id.id);
    return entry;
}

/* The first entry of [low, high) whose path does not stand before `path`, of which `len` bytes count; `behind`: nor begins with it. */
static size_t bound(const struct sw_index_file *index, size_t low, size_t high, const char *path, size_t len, bool behind) {
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strncmp(sw_index_file_path(index, middle), path, len);
        if (order < 0 || (behind && order == 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t sw_index_file_behind(const struct sw_index_file *index, size_t at, size_t end, const char *path, size_t len) {
    return bound(index, at, end, path, len, true);
}

void sw_index_file_range(const struct sw_index_file *index, const char *scope, size_t *from, size_t *to) {
    size_t len = strlen(scope);
    *from = *scope ? bound(index, 0, index->count, scope, len, false) : 0;
    *to = index->count;
    if (!*scope)
        return;
    if (*from < index->count && !strcmp(sw_index_file_path(index, *from), scope)) {
        *to = *from + 1;
        return;
    }
    sw_cleanup_free char *folder = sw_format("%s/", scope);
    *from = bound(index, *from, index->count, folder, len + 1, false);
    *to = bound(index, *from, index->count, folder, len + 1, true);
}

/* --- trees ------------------------------------------------------------------------------------------------------------------------- */

/* One folder in the extension: its name, how many entries it has (-1: its tree is not known), how many folders of it follow. */
struct folder {
    const char *name;
    long entries;
    long folders;
    const uint8_t *id;
};

static bool read_number(const struct sw_index_file *index, size_t *at, char end, long *value) {
    const char *text = (const char *)index->map + *at;
    const char *stop = memchr(text, end, index->tree_end - *at);
    char *behind;
    if (!stop || stop == text)
        return false;
    *value = strtol(text, &behind, 10);
    *at += (size_t)(stop - text) + 1;
    return behind == stop;
}

static bool read_folder(const struct sw_index_file *index, size_t *at, struct folder *folder) {
    folder->name = (const char *)index->map + *at;
    const char *end = memchr(folder->name, '\0', index->tree_end - *at);
    if (!end)
        return false;
    *at += (size_t)(end - folder->name) + 1;
    if (!read_number(index, at, ' ', &folder->entries) || !read_number(index, at, '\n', &folder->folders) || folder->folders < 0)
        return false;
    folder->id = folder->entries >= 0 ? index->map + *at : NULL;
    if (folder->id && index->tree_end - *at < GIT_OID_RAWSZ)
        return false;
    *at += folder->id ? GIT_OID_RAWSZ : 0;
    return true;
}

/* Goes behind all that is below `folder`, which was read. */
static bool skip_below(const struct sw_index_file *index, size_t *at, const struct folder *folder) {
    for (long left = folder->folders; left > 0; left--) {
        struct folder below;
        if (!read_folder(index, at, &below))
            return false;
        left += below.folders;
    }
    return true;
}

bool sw_index_file_tree(const struct sw_index_file *index, const char *path, git_oid *id) {
    size_t at = index->tree_at;
    struct folder folder;
    if (at == index->tree_end || !read_folder(index, &at, &folder))
        return false;
    while (*path) {
        size_t len = strcspn(path, "/");
        long left = folder.folders;
        bool found = false;
        while (left-- > 0 && !found) {
            if (!read_folder(index, &at, &folder))
                return false;
            found = !strncmp(folder.name, path, len) && !folder.name[len];
            if (!found && !skip_below(index, &at, &folder))
                return false;
        }
        if (!found)
            return false;
        path += len + (path[len] == '/');
    }
    if (folder.id)
        memcpy(id->id, folder.id, sizeof id->id);
    return folder.id != NULL;
}
