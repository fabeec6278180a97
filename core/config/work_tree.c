#include "core/config/work_tree.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"

enum { MOST_LINKS = 1000, MOST_DEPTH = 64, MOST_ENTRIES = 1000000, LONGEST_TARGET = 4096 };

static char *host_path(const struct sw_project_files *files, const char *path) {
    return *path ? sw_format("%s/%s", sw_repository_work_tree(files->repository), path)
                 : sw_strdup(sw_repository_work_tree(files->repository));
}

/* Target of the symlink `link` (in folder `at`) as a path in the repository; NULL when it leads out of it. */
static char *link_target(const struct sw_project_files *files, const char *at, const char *link) {
    char text[LONGEST_TARGET];
    sw_cleanup_free char *host = host_path(files, link);
    ssize_t len = readlink(host, text, sizeof text - 1);
    if (len < 0)
        return NULL;
    text[len] = 0;
    if (*text != '/') {
        sw_cleanup_free char *joined = sw_path_join(at, text);
        bool outside = strcmp(joined, "..") == 0 || strncmp(joined, "../", 3) == 0;
        return outside ? NULL : sw_strdup(strcmp(joined, ".") == 0 ? "" : joined);
    }
    const char *root = sw_repository_work_tree(files->repository);
    sw_cleanup_free char *clean = sw_path_clean(text);
    if (!sw_path_within(clean, root))
        return NULL;
    size_t skip = strlen(root);
    return sw_strdup(clean[skip] == '/' ? clean + skip + 1 : "");
}

static bool target_permitted(const struct sw_project_files *files, const char *path, const char *target, enum sw_gate gate,
                             struct sw_error **error) {
    if (files->loose)
        return true;
    size_t len = strlen(files->folder);
    const char *inner = len && sw_path_within(target, files->folder) ? target + len + (target[len] == '/') : target;
    if (gate != SW_GATE_COUNT && sw_giterminism_allows(files->policy, gate, inner))
        return true;
    return sw_fail(error, SW_ERROR_DENIED,
                   "accepted file \"%s\" check failed: the link target \"%s\" should be also accepted by giterminism config", path,
                   inner);
}

/* The path on the host behind all symlinks. */
static char *resolve(const struct sw_project_files *files, const char *path, enum sw_gate gate, struct sw_error **error) {
    sw_cleanup_free char *done = sw_strdup(""), *rest = sw_strdup(path);
    for (unsigned budget = MOST_LINKS; *rest;) {
        size_t len = strcspn(rest, "/");
        sw_cleanup_free char *name = sw_strndup(rest, len);
        sw_cleanup_free char *left = sw_strdup(rest + len + (rest[len] == '/'));
        sw_cleanup_free char *next = *done ? sw_format("%s/%s", done, name) : sw_strdup(name);
        sw_cleanup_free char *host = host_path(files, next);
        struct stat info;
        if (lstat(host, &info) < 0) {
            sw_fail_errno(error, errno, "%s", path);
            return NULL;
        }
        free(rest);
        rest = NULL;
        if (!S_ISLNK(info.st_mode)) {
            free(done);
            done = sw_steal(&next);
            rest = sw_steal(&left);
            continue;
        }
        sw_cleanup_free char *target = link_target(files, done, next);
        if (!target || !budget--) {
            sw_fail(error, SW_ERROR_NOT_FOUND, "%s: the symlink \"%s\" leads out of the work tree", path, next);
            return NULL;
        }
        if (!target_permitted(files, path, target, gate, error))
            return NULL;
        rest = *target && *left ? sw_format("%s/%s", target, left) : sw_strdup(*target ? target : left);
        free(done);
        done = sw_strdup("");
    }
    return host_path(files, done);
}

bool sw_work_tree_read(const struct sw_project_files *files, const char *path, enum sw_gate gate, struct sw_buf *bytes,
                       struct sw_error **error) {
    if (!sw_repository_work_tree(files->repository))
        return sw_fail(error, SW_ERROR_NOT_FOUND, "%s: the repository has no work tree", path);
    sw_cleanup_free char *host = resolve(files, path, gate, error);
    if (!host)
        return false;
    struct stat info;
    if (stat(host, &info) == 0 && S_ISDIR(info.st_mode))
        return sw_fail(error, SW_ERROR_CONFIG, "\"%s\" is a folder, not a file", path);
    if (stat(host, &info) == 0 && !S_ISREG(info.st_mode))
        return sw_fail(error, SW_ERROR_CONFIG, "\"%s\" is no regular file", path);
    sw_cleanup_file FILE *file = fopen(host, "re");
    if (!file)
        return sw_fail_errno(error, errno, "%s", path);
    char piece[16384];
    size_t got;
    while ((got = fread(piece, 1, sizeof piece, file)) > 0)
        sw_buf_add(bytes, piece, got);
    return ferror(file) ? sw_fail_errno(error, errno, "%s", path) : true;
}

enum sw_file_type sw_work_tree_type(const struct sw_project_files *files, const char *path, enum sw_gate gate) {
    if (!sw_repository_work_tree(files->repository))
        return SW_FILE_NONE;
    sw_cleanup_free char *host = resolve(files, path, gate, NULL);
    struct stat info;
    if (!host || stat(host, &info) < 0)
        return SW_FILE_NONE;
    return S_ISDIR(info.st_mode) ? SW_FILE_DIRECTORY : S_ISREG(info.st_mode) ? SW_FILE_REGULAR : SW_FILE_NONE;
}

/* ---- walking ---- */

struct walk {
    const struct sw_project_files *files;
    void (*visit)(void *context, const char *path);
    void *context;
    char *root;              /* real path of the work tree */
    struct sw_strlist chain; /* real paths of the folders on the way: a symlink to one of them is a circle */
    size_t entries;
};

static void walk_folder(struct walk *walk, const char *folder, const char *real);

static void walk_entry(struct walk *walk, const char *path) {
    sw_cleanup_free char *host = host_path(walk->files, path);
    sw_cleanup_free char *real = realpath(host, NULL);
    struct stat info;
    if (!real || walk->entries++ > MOST_ENTRIES || !sw_path_within(real, walk->root) || stat(real, &info) < 0)
        return;
    if (S_ISDIR(info.st_mode))
        walk_folder(walk, path, real);
    else if (S_ISREG(info.st_mode))
        walk->visit(walk->context, path);
}

static void walk_folder(struct walk *walk, const char *folder, const char *real) {
    if (sw_strlist_has(&walk->chain, real) || walk->chain.len == MOST_DEPTH)
        return;
    sw_cleanup_dir DIR *dir = opendir(real);
    sw_cleanup_strlist struct sw_strlist names = {0};
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && strcmp(entry->d_name, ".git") != 0)
            sw_strlist_add(&names, entry->d_name);
    sw_strlist_sort(&names);
    sw_strlist_add(&walk->chain, real);
    for (size_t i = 0; i < names.len; i++) {
        sw_cleanup_free char *path = *folder ? sw_format("%s/%s", folder, names.items[i]) : sw_strdup(names.items[i]);
        walk_entry(walk, path);
    }
    free(walk->chain.items[--walk->chain.len]);
}

void sw_work_tree_walk(const struct sw_project_files *files, const char *folder, void (*visit)(void *context, const char *path),
                       void *context) {
    const char *root = sw_repository_work_tree(files->repository);
    struct walk walk = {.files = files, .visit = visit, .context = context, .root = root ? realpath(root, NULL) : NULL};
    if (walk.root)
        walk_entry(&walk, folder);
    sw_strlist_fini(&walk.chain);
    free(walk.root);
}
