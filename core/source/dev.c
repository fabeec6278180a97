#include "core/source/dev.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/source/folders.h"
#include "core/source/git.h"
#include "core/source/handle.h"

/* Where the commits of one work tree and branch are kept, and what git is told about that. */
struct workshop {
    struct sw_repository *repository;
    char *folder;
    char *objects;
    char *index; /* a copy of the user's, so that unchanged files are not read */
    char *alternates;
    char *date;
};

static void workshop_fini(struct workshop *workshop) {
    if (workshop->index)
        unlink(workshop->index);
    free(workshop->folder);
    free(workshop->objects);
    free(workshop->index);
    free(workshop->alternates);
    free(workshop->date);
}
#define cleanup_workshop __attribute__((cleanup(workshop_fini)))

static bool copy_file(const char *from, const char *to, struct sw_error **error) {
    sw_cleanup_close int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return errno == ENOENT || sw_fail_errno(error, errno, "cannot read '%s'", from);
    sw_cleanup_close int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    char buffer[65536];
    ssize_t got = 0;
    while (out >= 0 && (got = read(in, buffer, sizeof buffer)) > 0)
        if (write(out, buffer, (size_t)got) != got)
            return sw_fail_errno(error, errno, "cannot write '%s'", to);
    return (out >= 0 && got == 0) || sw_fail_errno(error, errno, "cannot copy '%s'", from);
}

static bool open_workshop(struct workshop *workshop, struct sw_repository *repository, const struct sw_dev_options *options,
                          const struct sw_commit *head, struct sw_error **error) {
    char key[SW_SHA256_HEX];
    sw_cleanup_free char *name = sw_format("%s\n%s", repository->git_folder, options->branch);
    sw_sha256_hex(name, strlen(name), key);
    workshop->repository = repository;
    workshop->folder = sw_format("%s/%.32s", options->cache_folder, key);
    workshop->objects = sw_format("%s/objects", workshop->folder);
    workshop->index = sw_format("%s/index.%ld", workshop->folder, (long)getpid());
    workshop->alternates = sw_format("%s/objects", repository->common_folder);
    workshop->date = sw_format("%" PRId64 " +0000", head->time);
    sw_cleanup_free char *users = sw_format("%s/index", repository->git_folder);
    return sw_make_folders(workshop->objects, error) && copy_file(users, workshop->index, error);
}

static bool git(const struct workshop *workshop, struct sw_strings args, struct sw_buf *out, struct sw_error **error) {
    const struct sw_pair env[] = {
        {"GIT_INDEX_FILE", workshop->index},
        {"GIT_OBJECT_DIRECTORY", workshop->objects},
        {"GIT_ALTERNATE_OBJECT_DIRECTORIES", workshop->alternates},
        {"GIT_AUTHOR_NAME", "slipway"},
        {"GIT_AUTHOR_EMAIL", "slipway@localhost"},
        {"GIT_AUTHOR_DATE", workshop->date},
        {"GIT_COMMITTER_NAME", "slipway"},
        {"GIT_COMMITTER_EMAIL", "slipway@localhost"},
        {"GIT_COMMITTER_DATE", workshop->date},
    };
    struct sw_git_call call = {.folder = workshop->repository->work_tree, .args = args, .env = {env, sizeof env / sizeof *env}};
    if (!sw_git_run(&call, out, error))
        return false;
    while (out && out->len && out->data[out->len - 1] == '\n')
        sw_buf_truncate(out, out->len - 1);
    return true;
}

/* Brings the copied index to the state of the work tree. */
static bool add_all(const struct workshop *workshop, struct sw_strings ignore, struct sw_error **error) {
    sw_cleanup_strlist struct sw_strlist reset = {0};
    sw_cleanup_strlist struct sw_strlist add = {0};
    static const char *const reset_words[] = {"reset", "--quiet", "HEAD", "--"};
    static const char *const add_words[] = {
        "-c", "advice.addEmbeddedRepo=false", "-c", "core.safecrlf=false", "-c", "gc.auto=0", "add", "--all", "--", ":/"};
    sw_strlist_copy(&reset, (struct sw_strings){reset_words, 4});
    sw_strlist_copy(&add, (struct sw_strings){add_words, 10});
    for (size_t i = 0; i < ignore.count; i++) {
        sw_strlist_add(&reset, ignore.items[i]);
        sw_strlist_take(&add, sw_format(":(top,exclude)%s", ignore.items[i]));
    }
    return git(workshop, sw_strlist_view(&add), NULL, error) &&
           (!ignore.count || git(workshop, sw_strlist_view(&reset), NULL, error));
}

/* The last commit that was made here, if its objects are still there; "" otherwise. */
static void read_last(const struct workshop *workshop, char out[GIT_OID_HEXSZ + 1]) {
    sw_cleanup_free char *path = sw_format("%s/last", workshop->folder);
    sw_cleanup_file FILE *file = fopen(path, "re");
    if (!file || fread(out, 1, GIT_OID_HEXSZ, file) != GIT_OID_HEXSZ || strspn(out, "0123456789abcdef") < GIT_OID_HEXSZ)
        out[0] = '\0';
    out[GIT_OID_HEXSZ] = '\0';
}

static bool write_last(const struct workshop *workshop, const char *id, struct sw_error **error) {
    sw_cleanup_free char *path = sw_format("%s/last", workshop->folder);
    sw_cleanup_free char *fresh = sw_format("%s/last.%ld", workshop->folder, (long)getpid());
    FILE *file = fopen(fresh, "we");
    bool ok = file && fputs(id, file) >= 0;
    ok = (!file || fclose(file) == 0) && ok && rename(fresh, path) == 0;
    return ok || sw_fail_errno(error, errno, "cannot write '%s'", path);
}

static const struct sw_commit *commit_tree(const struct workshop *workshop, const struct sw_commit *head, const char *tree,
                                           struct sw_error **error) {
    char last_id[GIT_OID_HEXSZ + 1] = "";
    read_last(workshop, last_id);
    const struct sw_commit *last = *last_id ? sw_repository_commit(workshop->repository, last_id, NULL) : NULL;
    if (last && !strcmp(last->tree_id, tree) && last->parents.len && !strcmp(last->parents.items[0], head->id))
        return last;
    const char *args[] = {"commit-tree", "-m", "work tree", "-p", head->id, tree, "-p", last_id};
    sw_cleanup_buf struct sw_buf id = {0};
    if (!git(workshop, (struct sw_strings){args, last ? 8 : 6}, &id, error) || !write_last(workshop, sw_buf_text(&id), error))
        return NULL;
    return sw_repository_commit(workshop->repository, sw_buf_text(&id), error);
}

static int lock_workshop(const struct workshop *workshop, struct sw_error **error) {
    sw_cleanup_free char *path = sw_format("%s/lock", workshop->folder);
    sw_cleanup_close int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX) == 0)
        return sw_steal_fd(&fd);
    sw_fail_errno(error, errno, "cannot lock '%s'", path);
    return -1;
}

const struct sw_commit *sw_dev_commit(struct sw_repository *repository, const struct sw_dev_options *options,
                                      struct sw_error **error) {
    cleanup_workshop struct workshop workshop = {0};
    if (!repository->work_tree) {
        sw_fail(error, SW_ERROR_CONFIG, "'%s' has no work tree, which --dev builds", repository->git_folder);
        return NULL;
    }
    const struct sw_commit *head = sw_repository_head(repository, error);
    if (!head || !open_workshop(&workshop, repository, options, head, error))
        return NULL;
    sw_cleanup_close int lock = lock_workshop(&workshop, error);
    sw_cleanup_buf struct sw_buf tree = {0};
    const char *args[] = {"write-tree"};
    if (lock < 0 || !add_all(&workshop, options->ignore, error) || !git(&workshop, (struct sw_strings){args, 1}, &tree, error))
        return NULL;
    sw_repository_add_objects(repository, workshop.objects);
    sw_repository_set_strictness(repository, SW_LOOSE);
    if (!strcmp(sw_buf_text(&tree), head->tree_id))
        return head;
    return commit_tree(&workshop, head, sw_buf_text(&tree), error);
}
