/* listing.h - a tree as text, for comparisons: "PATH TYPE MODE UID:GID TIME [=first link|>target|content]" a line. Times of this century's
 * builds are "-". */
#ifndef TESTS_UNIT_PLUGINS_LOCAL_LISTING_H
#define TESTS_UNIT_PLUGINS_LOCAL_LISTING_H

#include "core/base/fswalk.h"
#include "core/base/fsxattr.h"
#include "core/base/map.h"
#include "core/base/vec.h"
#include "tests/unit/scratch.h"

enum { LISTING_NEWEST = 1600000000 };

static inline char listing_type(mode_t mode) {
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return 'd';
    case S_IFLNK:
        return 'l';
    case S_IFREG:
        return 'f';
    case S_IFIFO:
        return 'p';
    case S_IFCHR:
        return 'c';
    case S_IFSOCK:
        return 's';
    default:
        return 'b';
    }
}

static inline void listing_entry(struct sw_buf *text, const struct sw_fsentry *entry, struct sw_map *links) {
    const struct stat *status = &entry->status;
    sw_buf_printf(text, "%s %c %04o %u:%u ", entry->path, listing_type(status->st_mode), status->st_mode & 07777, status->st_uid,
                  status->st_gid);
    if (status->st_mtim.tv_sec < LISTING_NEWEST)
        sw_buf_printf(text, "%lld", (long long)status->st_mtim.tv_sec);
    else
        sw_buf_putc(text, '-');
    char key[64];
    snprintf(key, sizeof key, "%llx:%llx", (unsigned long long)status->st_dev, (unsigned long long)status->st_ino);
    const char *first = sw_map_get(links, key);
    if (!S_ISDIR(status->st_mode) && status->st_nlink > 1 && !first)
        sw_map_set(links, key, sw_strdup(entry->path));
    if (first && !S_ISDIR(status->st_mode)) {
        sw_buf_printf(text, " =%s", first);
    } else if (S_ISLNK(status->st_mode)) {
        sw_cleanup_free char *target = sw_fsentry_readlink(entry);
        sw_buf_printf(text, " >%s", target);
    } else if (S_ISREG(status->st_mode)) {
        char content[33] = "";
        sw_cleanup_close int fd = sw_fsentry_open(entry, O_RDONLY);
        ssize_t n = read(fd, content, sizeof content - 1);
        for (ssize_t i = 0; i < n; i++)
            content[i] = content[i] >= ' ' && content[i] <= '~' ? content[i] : '.';
        sw_buf_printf(text, " %s", content);
    }
    size_t len;
    sw_cleanup_free char *names = sw_fsxattr_list(entry->folder, entry->name, &len);
    sw_cleanup_strlist struct sw_strlist sorted = {0};
    for (const char *name = names; name && name < names + len; name += strlen(name) + 1)
        if (strncmp(name, "user.", 5) == 0 || strcmp(name, "security.capability") == 0)
            sw_strlist_add(&sorted, name);
    sw_strlist_sort(&sorted);
    for (size_t i = 0; i < sorted.len; i++)
        sw_buf_printf(text, " +%s", sorted.items[i]);
    sw_buf_putc(text, '\n');
}

/* To be freed. */
static inline char *listing_of(int folder) {
    sw_cleanup_fsroot struct sw_fsroot *root = sw_fsroot_new(folder, SW_FSROOT_IN_ROOT, NULL);
    sw_cleanup_fswalk struct sw_fswalk *walk = sw_fswalk_new(root, "", NULL);
    struct sw_buf text = {0};
    struct sw_map links = {0};
    struct sw_fsentry entry;
    while (sw_fswalk_next(walk, &entry, NULL) > 0)
        listing_entry(&text, &entry, &links);
    sw_map_fini(&links, free);
    return sw_buf_take(&text);
}

#endif
