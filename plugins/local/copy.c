#include "plugins/local/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "plugins/local/archive.h"
#include "plugins/local/copytree.h"
#include "plugins/local/wildcard.h"

/* One source of the operation at work. */
struct copy {
    struct sw_fsroot *root;
    struct sw_source *source;
    const struct sw_copy_source *record;
    struct sw_copytree_rules rules;
};

/* --- where things go --- */

static bool ends_as_folder(const char *path) {
    size_t len = strlen(path);
    return len == 0 || path[len - 1] == '/' || (len > 1 && strcmp(path + len - 2, "/.") == 0);
}

static char *rooted(const char *path) {
    sw_cleanup_free char *absolute = sw_format("/%s", path);
    return sw_path_clean(absolute);
}

static char *resolve(struct copy *copy, const char *path, struct sw_error **error) {
    char *real = sw_fsroot_resolve(copy->root, path);
    if (!real)
        sw_fsroot_fail(error, "resolve", path);
    return real;
}

/* Makes the folder that the destination is in, or is. */
static bool make_way(struct copy *copy, struct sw_copytree *tree, const char *dest, struct sw_error **error) {
    bool is_folder = ends_as_folder(copy->record->dest) || (copy->record->flags & (SW_COPY_DEST_DIR | SW_COPY_PARENTS));
    sw_cleanup_free char *folder = is_folder ? sw_strdup(dest) : sw_path_dir(dest);
    sw_cleanup_free char *real = resolve(copy, folder, error);
    return real && sw_copytree_mkdirs(tree, real, error);
}

/* The place for `item`, which the user knows as `name`: `dest` or something in it. To be freed. */
static char *place_for(struct copy *copy, const struct sw_source_item *item, const char *name, const char *dest,
                       struct sw_error **error) {
    struct stat status;
    sw_cleanup_free char *real = resolve(copy, dest, error);
    if (!real)
        return NULL;
    bool exists = sw_fsroot_stat(copy->root, real, &status) == 0;
    bool contents = item->type == S_IFDIR && (copy->record->flags & (SW_COPY_CONTENTS | SW_COPY_PARENTS));
    bool goes_in = exists && !contents && (item->type == S_IFDIR || S_ISDIR(status.st_mode));
    if (!goes_in)
        return sw_steal(&real);
    sw_cleanup_free char *base = sw_path_base(name);
    return sw_path_join(real, base);
}

/* --- archives --- */

/* Unpacks regular file `from` if it is an archive: 1; 0: it is none; -1: error. */
static int try_unpack(struct copy *copy, struct sw_copytree *tree, const char *dest, struct sw_error **error) {
    sw_cleanup_close int fd = copy->source->open(copy->source, error);
    int is_one = fd < 0 ? -1 : sw_archive_is_one(fd, error);
    if (is_one <= 0)
        return is_one;
    sw_cleanup_free char *real = resolve(copy, dest, error);
    const struct sw_chmod *mode = copy->rules.mode;
    copy->rules.mode = NULL; /* it concerns neither what is unpacked nor the folder for that */
    bool ready = real && sw_copytree_mkdirs(tree, real, error);
    copy->rules.mode = mode;
    if (!ready)
        return -1;
    struct sw_archive_job job = {.fd = fd, .folder = real, .owner = copy->rules.owner, .work = copy->rules.work};
    return sw_archive_unpack(copy->root, &job, error) ? 1 : -1;
}

/* --- one path --- */

/* Copies what the user knows as `name`, an absolute path of the source. */
static bool copy_path(struct copy *copy, const char *name, struct sw_error **error) {
    bool follow = copy->record->flags & SW_COPY_FOLLOW_SOURCE;
    sw_cleanup_copytree struct sw_copytree *tree = sw_copytree_new(copy->root, copy->source, &copy->rules, error);
    sw_cleanup_free char *from = tree ? sw_source_resolve(copy->source, name, follow, error) : NULL;
    if (!from)
        return false;
    struct sw_source_item item;
    int found = copy->source->look(copy->source, from, &item, error);
    if (found <= 0)
        return found == 0 && sw_fail(error, SW_ERROR_BUILD, "\"%s\": not found", name);
    sw_cleanup_free char *dest = rooted(copy->record->dest);
    if ((copy->record->flags & SW_COPY_UNPACK) && item.type == S_IFREG) {
        int unpacked = try_unpack(copy, tree, dest, error);
        if (unpacked != 0)
            return unpacked > 0 && sw_copytree_finish(tree, error);
    }
    if (!make_way(copy, tree, dest, error))
        return false;
    sw_cleanup_free char *to = place_for(copy, &item, name, dest, error);
    if (!to)
        return false;
    if (item.type == S_IFDIR && copy->rules.style == 0 && (copy->record->flags & (SW_COPY_CONTENTS | SW_COPY_PARENTS)) &&
        !sw_copytree_mkdirs(tree, to, error))
        return false;
    bool must_match = (copy->record->flags & SW_COPY_PARENTS) && !(copy->record->flags & SW_COPY_ALLOW_EMPTY);
    if (!sw_copytree_put(tree, from, to, error))
        return false;
    if (must_match && sw_copytree_count(tree) == 0)
        return sw_fail(error, SW_ERROR_BUILD, "\"%s\": not found", copy->record->path);
    return sw_copytree_finish(tree, error);
}

static bool copy_matches(struct copy *copy, const char *pattern, struct sw_error **error) {
    sw_cleanup_strlist struct sw_strlist matches = {0};
    bool follow = copy->record->flags & SW_COPY_FOLLOW_SOURCE;
    if (!sw_wildcard_find(copy->source, pattern, follow, &matches, error))
        return false;
    if (matches.len == 0 && !(copy->record->flags & SW_COPY_ALLOW_EMPTY))
        return sw_fail(error, SW_ERROR_BUILD, "no matches found: %s", copy->record->path);
    for (size_t i = 0; i < matches.len; i++)
        if (!copy_path(copy, matches.items[i], error))
            return false;
    return true;
}

/* --parents: what is behind the pivot "/./", or the whole path, is a pattern of the ignore-file kind; the folder before it is
 * walked. */
static bool copy_with_parents(struct copy *copy, struct sw_error **error) {
    const char *path = copy->record->path, *pivot = strstr(path, "/./");
    if (copy->record->include.count > 0) {
        sw_cleanup_free char *folder = rooted(path);
        return copy_path(copy, folder, error);
    }
    sw_cleanup_free char *head = sw_strndup(path, pivot ? (size_t)(pivot - path) : 0);
    sw_cleanup_free char *folder = rooted(head), *tail = rooted(pivot ? pivot + 3 : path);
    const char *patterns[] = {tail[1] ? tail + 1 : "**"};
    copy->rules.include = (struct sw_strings){.items = patterns, .count = 1};
    if (sw_wildcard_is_one(tail))
        copy->rules.flags |= SW_COPY_ALLOW_EMPTY;
    return copy_path(copy, folder, error);
}

static bool run_source(struct copy *copy, struct sw_error **error) {
    if (copy->record->flags & SW_COPY_PARENTS)
        return copy_with_parents(copy, error);
    sw_cleanup_free char *path = rooted(copy->record->path);
    if ((copy->record->flags & SW_COPY_WILDCARD) && sw_wildcard_is_one(path))
        return copy_matches(copy, path, error);
    return copy_path(copy, path, error);
}

/* --- the operation --- */

static bool same_files(const struct sw_copy_from *a, const struct sw_copy_from *b) {
    return a->root == b->root && (a->root >= 0 || a->node == b->node);
}

/* An import's owner or group alone leaves the other one as it is; COPY always sets both. */
static void split_owner(struct sw_copytree_rules *rules, const char *owner) {
    const char *colon = strchr(owner, ':');
    rules->keep_uid = rules->style == 1 && colon == owner;
    rules->keep_gid = rules->style == 1 && (!colon || !colon[1]);
}

/* Prepares and runs source number `index`. */
static bool copy_source(const struct sw_copy_job *job, size_t index, struct sw_fsroot *root, struct sw_source *source,
                        struct sw_error **error) {
    const struct sw_copy_source *record = &job->op->sources[index];
    struct sw_owner owner;
    sw_cleanup_chmod struct sw_chmod *mode = NULL;
    struct copy copy = {.root = root, .source = source, .record = record};
    copy.rules = (struct sw_copytree_rules){.flags = record->flags,
                                            .style = record->include_style,
                                            .include = record->include,
                                            .exclude = record->exclude,
                                            .mtime = record->mtime,
                                            .epoch = job->epoch,
                                            .work = job->work};
    if (record->owner && *record->owner) {
        if (!sw_accounts_owner(job->accounts ? job->accounts : root, record->owner, &owner, error))
            return false;
        copy.rules.owner = &owner;
        split_owner(&copy.rules, record->owner);
    }
    if (record->mode && *record->mode) {
        mode = sw_chmod_new(record->mode, error);
        if (!mode)
            return false;
        copy.rules.mode = mode;
    }
    return run_source(&copy, error);
}

bool sw_copy_run(const struct sw_copy_job *job, struct sw_error **error) {
    sw_cleanup_fsroot struct sw_fsroot *root = sw_fsroot_new(job->root, SW_FSROOT_IN_ROOT, error);
    sw_cleanup_source struct sw_source *source = NULL;
    if (!root)
        return false;
    for (size_t i = 0; i < job->op->source_count; i++) {
        if (i == 0 || !same_files(&job->from[i], &job->from[i - 1])) {
            sw_source_free(source);
            source = sw_source_new(&job->from[i], error);
            if (!source)
                return false;
        }
        if (!copy_source(job, i, root, source, error))
            return false;
    }
    return true;
}
