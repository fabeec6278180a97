#include "core/source/repository.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "core/source/git.h"
#include "core/source/handle.h"
#include "core/source/index_file.h"
#include "core/source/remote.h"

enum { OBJECT_CACHE_BYTES = 16 * 1024 * 1024 };

/* Debian's libgit2 reads the host's bundle of 140 certificates by this function of mbedTLS when it starts, which takes 4 ms of CPU, an
 * eighth of a build with nothing to do, and has no option against it. We never let libgit2 talk to a server: git itself fetches
 * (remote.h). So the dynamic linker finds this one first, and libgit2 trusts nobody. A libgit2 with another TLS does not know it. */
__attribute__((visibility("default"))) int mbedtls_x509_crt_parse_file(void *chain, const char *path);

int mbedtls_x509_crt_parse_file(void *chain, const char *path) {
    (void)chain, (void)path;
    return 0;
}

static void start_libgit2(void) {
    static const char *extensions[] = {"partialclone", "worktreeconfig", "preciousobjects"};
    git_libgit2_init();
    /* Hashing each blob again is half the cost of reading it; packs have checksums of their own. */
    git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0); /* check_owner asks git itself */
    git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, (ssize_t)OBJECT_CACHE_BYTES);
    git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions, sizeof extensions / sizeof *extensions);
}

bool sw_handle_fail(struct sw_error **error, enum sw_error_code code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    sw_cleanup_free char *text = sw_vformat(format, args);
    va_end(args);
    const git_error *cause = git_error_last();
    return sw_fail(error, code, "%s: %s", text, cause && cause->message ? cause->message : "unknown reason");
}

/* --- opening ------------------------------------------------------------------------------------------------------------------- */

static char *without_slash(const char *path) {
    size_t len = path ? strlen(path) : 0;
    while (len > 1 && path[len - 1] == '/')
        len--;
    return path ? sw_strndup(path, len) : NULL;
}

static bool owned_by_us(const char *path) {
    struct stat status;
    if (!path || lstat(path, &status) != 0)
        return true;
    if (status.st_uid == geteuid())
        return true;
    const char *sudo = getenv("SUDO_UID");
    return geteuid() == 0 && sudo && *sudo && strtoul(sudo, NULL, 10) == status.st_uid;
}

/* A repository of somebody else can run code as us through its configuration. git decides whether the user trusts it, by
 * safe.directory. */
static bool check_owner(const struct sw_repository *repository, struct sw_error **error) {
    const char *place = repository->work_tree ? repository->work_tree : repository->git_folder;
    sw_cleanup_free char *entry = repository->work_tree ? sw_format("%s/.git", repository->work_tree) : NULL;
    if (owned_by_us(repository->work_tree) && owned_by_us(entry) && owned_by_us(repository->git_folder))
        return true;
    const char *args[] = {"rev-parse", "--git-dir"};
    struct sw_git_call call = {.folder = place, .args = {args, 2}};
    int status = 0;
    if (!sw_git_ask(&call, &status, NULL, NULL, error))
        return false;
    if (status == 0)
        return true;
    sw_fail(error, SW_ERROR_DENIED, "detected dubious ownership in repository at '%s': it belongs to another user", place);
    if (error)
        sw_error_hint(*error, "if you trust it, run: git config --global --add safe.directory '%s'", place);
    return false;
}

static bool fail_open(const char *folder, struct sw_error **error) {
    const git_error *cause = git_error_last();
    const char *text = cause && cause->message ? cause->message : "";
    if (strstr(text, "objectformat")) {
        sw_fail(error, SW_ERROR_UNSUPPORTED, "the git repository at '%s' uses SHA-256 object ids, which cannot be read yet",
                folder);
        if (error)
            sw_error_hint(*error, "werf's stage names are made of SHA-1 ids: use a repository with git's default object format");
        return false;
    }
    return sw_fail(error, SW_ERROR_CONFIG, "'%s' is not a valid git repository: %s", folder, text);
}

static char *find_promisor(git_repository *handle) {
    git_config *config = NULL;
    git_buf name = {0};
    char *promisor = NULL;
    if (git_repository_config_snapshot(&config, handle) == 0 &&
        git_config_get_string_buf(&name, config, "extensions.partialclone") == 0)
        promisor = sw_strdup(name.ptr);
    int flag = 0;
    if (!promisor && config && git_config_get_bool(&flag, config, "remote.origin.promisor") == 0 && flag)
        promisor = sw_strdup("origin");
    git_buf_dispose(&name);
    git_config_free(config);
    return promisor;
}

static struct sw_repository *open_folder(const char *folder, unsigned flags, struct sw_error **error) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start_libgit2);
    git_repository *handle = NULL;
    if (git_repository_open_ext(&handle, folder, GIT_REPOSITORY_OPEN_NO_SEARCH | flags, NULL) != 0) {
        fail_open(folder, error);
        return NULL;
    }
    struct sw_repository *repository = sw_new(sizeof *repository);
    pthread_mutex_init(&repository->lock, NULL);
    pthread_mutex_init(&repository->submodule_lock, NULL);
    repository->idle.width = repository->lent.width = sizeof(struct sw_handle);
    repository->indexes.width = sizeof(struct sw_index_file *);
    repository->work_tree = without_slash(git_repository_workdir(handle));
    repository->git_folder = without_slash(git_repository_path(handle));
    repository->common_folder = without_slash(git_repository_commondir(handle));
    repository->shallow = git_repository_is_shallow(handle) == 1;
    repository->promisor = find_promisor(handle);
    sw_vec_push(&repository->idle, &(struct sw_handle){handle, 0});
    if (check_owner(repository, error))
        return repository;
    sw_repository_free(repository);
    return NULL;
}

struct sw_repository *sw_repository_open(const char *folder, struct sw_error **error) {
    return open_folder(folder, 0, error);
}

struct sw_repository *sw_repository_open_bare(const char *folder, struct sw_error **error) {
    return open_folder(folder, GIT_REPOSITORY_OPEN_BARE, error);
}

static bool has_entry(const char *folder, const char *name) {
    sw_cleanup_free char *path = sw_path_join(folder, name);
    struct stat status;
    return lstat(path, &status) == 0;
}

static bool is_bare(const char *folder) {
    return has_entry(folder, "HEAD") && has_entry(folder, "objects") && has_entry(folder, "refs");
}

struct sw_repository *sw_repository_find(const char *folder, struct sw_error **error) {
    sw_cleanup_free char *real = realpath(folder, NULL);
    if (!real) {
        sw_fail_errno(error, errno, "cannot find the folder '%s'", folder);
        return NULL;
    }
    for (char *here = real;;) {
        if (has_entry(here, ".git"))
            return sw_repository_open(here, error);
        if (is_bare(here)) {
            sw_fail(error, SW_ERROR_CONFIG, "the git repository at '%s' is bare: it has no work tree", here);
            if (error)
                sw_error_hint(*error, "clone it, or add a work tree: git worktree add FOLDER");
            return NULL;
        }
        char *slash = strrchr(here, '/');
        if (!slash || !here[1])
            break;
        slash[slash == here] = '\0';
    }
    sw_fail(error, SW_ERROR_CONFIG, "there is no git repository at '%s' or above it", folder);
    if (error)
        sw_error_hint(*error, "images are built from commits: run 'git init' and commit the project, or give its folder by --dir");
    return NULL;
}

static void drop_handles(struct sw_repository *repository) {
    for (size_t i = 0; i < repository->idle.len; i++)
        git_repository_free(((struct sw_handle *)sw_vec_at(&repository->idle, i))->git);
    repository->idle.len = 0;
}

static void free_commit(void *value) {
    struct sw_commit *commit = value;
    sw_map_fini(&commit->files, NULL);
    sw_strlist_fini(&commit->parents);
    sw_arena_fini(&commit->arena);
    free(commit->human_time);
    pthread_mutex_destroy(&commit->lock);
    free(commit);
}

static void free_repository(void *value) {
    sw_repository_free(value);
}

void sw_repository_free(struct sw_repository *repository) {
    if (!repository)
        return;
    drop_handles(repository);
    sw_vec_fini(&repository->idle);
    sw_vec_fini(&repository->lent);
    for (size_t i = 0; i < repository->indexes.len; i++)
        sw_index_file_close(*(struct sw_index_file **)sw_vec_at(&repository->indexes, i));
    sw_vec_fini(&repository->indexes);
    sw_map_fini(&repository->commits, free_commit);
    sw_map_fini(&repository->submodules, free_repository);
    sw_remotes_free(repository->remotes);
    sw_strlist_fini(&repository->object_folders);
    pthread_mutex_destroy(&repository->lock);
    pthread_mutex_destroy(&repository->submodule_lock);
    free(repository->work_tree);
    free(repository->git_folder);
    free(repository->common_folder);
    free(repository->promisor);
    free(repository->cache);
    free(repository);
}

void sw_repository_free_p(struct sw_repository **repository) {
    sw_repository_free(*repository);
}

/* --- properties ---------------------------------------------------------------------------------------------------------------- */

const char *sw_repository_work_tree(const struct sw_repository *repository) {
    return repository->work_tree;
}

const char *sw_repository_git_folder(const struct sw_repository *repository) {
    return repository->git_folder;
}

const char *sw_repository_common_folder(const struct sw_repository *repository) {
    return repository->common_folder;
}

bool sw_repository_is_shallow(const struct sw_repository *repository) {
    return repository->shallow;
}

void sw_repository_set_strictness(struct sw_repository *repository, enum sw_strictness strictness) {
    repository->strictness = strictness;
}

enum sw_strictness sw_repository_strictness(const struct sw_repository *repository) {
    return repository->strictness;
}

void sw_repository_set_cache(struct sw_repository *repository, const char *folder) {
    free(repository->cache);
    repository->cache = sw_strdup(folder);
}

void sw_repository_add_objects(struct sw_repository *repository, const char *folder) {
    pthread_mutex_lock(&repository->lock);
    if (!sw_strlist_has(&repository->object_folders, folder)) {
        sw_strlist_add(&repository->object_folders, folder);
        drop_handles(repository);
    }
    pthread_mutex_unlock(&repository->lock);
}

/* --- handles ------------------------------------------------------------------------------------------------------------------- */

static bool add_object_folders(struct sw_handle *handle, struct sw_strings folders) {
    git_odb *odb = NULL;
    bool ok = folders.count == 0 || git_repository_odb(&odb, handle->git) == 0;
    for (size_t i = 0; ok && i < folders.count; i++)
        ok = git_odb_add_disk_alternate(odb, folders.items[i]) == 0;
    git_odb_free(odb);
    handle->folders = folders.count;
    return ok;
}

static struct sw_strlist copy_object_folders(struct sw_repository *repository) {
    struct sw_strlist copy = {0};
    pthread_mutex_lock(&repository->lock);
    sw_strlist_copy(&copy, sw_strlist_view(&repository->object_folders));
    pthread_mutex_unlock(&repository->lock);
    return copy;
}

char *sw_handle_alternates(struct sw_repository *repository) {
    sw_cleanup_strlist struct sw_strlist folders = copy_object_folders(repository);
    return folders.len ? sw_strings_join(sw_strlist_view(&folders), ":") : NULL;
}

static bool take_idle(struct sw_repository *repository, struct sw_handle *handle) {
    pthread_mutex_lock(&repository->lock);
    bool any = repository->idle.len > 0;
    if (any) {
        *handle = *(struct sw_handle *)sw_vec_at(&repository->idle, repository->idle.len - 1);
        repository->idle.len--;
        sw_vec_push(&repository->lent, handle);
    }
    pthread_mutex_unlock(&repository->lock);
    return any;
}

git_repository *sw_handle_borrow(struct sw_repository *repository, struct sw_error **error) {
    struct sw_handle handle = {0};
    if (take_idle(repository, &handle))
        return handle.git;
    sw_cleanup_strlist struct sw_strlist folders = copy_object_folders(repository);
    unsigned flags = GIT_REPOSITORY_OPEN_NO_SEARCH | (repository->work_tree ? 0 : GIT_REPOSITORY_OPEN_BARE);
    if (git_repository_open_ext(&handle.git, repository->git_folder, flags, NULL) != 0 ||
        !add_object_folders(&handle, sw_strlist_view(&folders))) {
        sw_handle_fail(error, SW_ERROR_IO, "cannot open the git repository at '%s'", repository->git_folder);
        git_repository_free(handle.git);
        return NULL;
    }
    pthread_mutex_lock(&repository->lock);
    sw_vec_push(&repository->lent, &handle);
    pthread_mutex_unlock(&repository->lock);
    return handle.git;
}

/* Takes the handle out of those that are lent. */
static struct sw_handle take_lent(struct sw_repository *repository, git_repository *git) {
    struct sw_vec *lent = &repository->lent;
    for (size_t i = 0; i < lent->len; i++) {
        struct sw_handle *handle = sw_vec_at(lent, i), found = *handle;
        if (found.git != git)
            continue;
        *handle = *(struct sw_handle *)sw_vec_at(lent, lent->len - 1);
        lent->len--;
        return found;
    }
    return (struct sw_handle){git, 0};
}

/* One that does not know all object folders is of no more use. */
void sw_handle_return(struct sw_repository *repository, git_repository *git) {
    if (!git)
        return;
    pthread_mutex_lock(&repository->lock);
    struct sw_handle handle = take_lent(repository, git);
    bool knows_all = handle.folders == repository->object_folders.len;
    if (knows_all)
        sw_vec_push(&repository->idle, &handle);
    pthread_mutex_unlock(&repository->lock);
    if (!knows_all)
        git_repository_free(git);
}

static bool fetch_objects(struct sw_repository *repository, const git_oid *ids, size_t count, struct sw_error **error) {
    sw_cleanup_buf struct sw_buf input = {0};
    for (size_t i = 0; i < count; i++) {
        char id[GIT_OID_HEXSZ + 1];
        git_oid_tostr(id, sizeof id, &ids[i]);
        sw_buf_printf(&input, "%s\n", id);
    }
    const char *args[] = {"-c",
                          "fetch.negotiationAlgorithm=noop",
                          "-c",
                          "gc.auto=0",
                          "fetch",
                          repository->promisor,
                          "--no-tags",
                          "--no-write-fetch-head",
                          "--recurse-submodules=no",
                          "--filter=blob:none",
                          "--quiet",
                          "--stdin"};
    struct sw_git_call call = {
        .folder = repository->git_folder, .args = {args, sizeof args / sizeof *args}, .input = {input.data, input.len}};
    if (sw_git_run(&call, NULL, error))
        return true;
    if (error && *error)
        sw_error_wrap(*error, "cannot fetch objects that this partial clone lacks");
    return false;
}

bool sw_handle_fetch_missing(struct sw_repository *repository, const git_oid *ids, size_t count, struct sw_error **error) {
    if (!count)
        return true;
    if (repository->promisor)
        return fetch_objects(repository, ids, count, error);
    char id[GIT_OID_HEXSZ + 1];
    git_oid_tostr(id, sizeof id, &ids[0]);
    return sw_fail(error, SW_ERROR_NOT_FOUND, "the git repository at '%s' lacks object %s", repository->git_folder, id);
}

git_object *sw_handle_object(struct sw_repository *repository, git_repository *handle, const git_oid *id, git_object_t type,
                             struct sw_error **error) {
    git_object *object = NULL;
    int code = git_object_lookup(&object, handle, id, type);
    if (code == GIT_ENOTFOUND && repository->promisor) {
        git_odb *odb = NULL;
        if (!sw_handle_fetch_missing(repository, id, 1, error))
            return NULL;
        if (git_repository_odb(&odb, handle) == 0)
            git_odb_refresh(odb);
        git_odb_free(odb);
        code = git_object_lookup(&object, handle, id, type);
    }
    if (code == 0)
        return object;
    char text[GIT_OID_HEXSZ + 1];
    git_oid_tostr(text, sizeof text, id);
    sw_handle_fail(error, code == GIT_ENOTFOUND ? SW_ERROR_NOT_FOUND : SW_ERROR_CORRUPT, "cannot read git object %s of '%s'", text,
                   repository->git_folder);
    return NULL;
}

/* --- commits ------------------------------------------------------------------------------------------------------------------- */

/* As Go prints a time in the zone it was written down in. */
static char *human_time(const git_time *when) {
    time_t local = (time_t)(when->time + (int64_t)when->offset * 60);
    struct tm tm;
    char date[64], zone[16];
    gmtime_r(&local, &tm);
    strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &tm);
    int minutes = abs(when->offset);
    /* Go's git library reads hours and minutes apart and loses the sign of an offset below one hour. */
    char sign = when->offset < 0 && minutes >= 60 ? '-' : '+';
    snprintf(zone, sizeof zone, "%c%02d%02d", sign, minutes / 60 % 100, minutes % 60);
    return sw_format("%s %s %s", date, zone, zone);
}

static struct sw_commit *make_commit(struct sw_repository *repository, git_commit *raw) {
    struct sw_commit *commit = sw_new(sizeof *commit);
    pthread_mutex_init(&commit->lock, NULL);
    commit->repository = repository;
    commit->oid = *git_commit_id(raw);
    commit->tree = *git_commit_tree_id(raw);
    git_oid_tostr(commit->id, sizeof commit->id, &commit->oid);
    git_oid_tostr(commit->tree_id, sizeof commit->tree_id, &commit->tree);
    commit->time = git_commit_time(raw);
    const git_signature *author = git_commit_author(raw);
    commit->author_time = author->when.time;
    commit->human_time = human_time(&author->when);
    for (unsigned i = 0; i < git_commit_parentcount(raw); i++) {
        char id[GIT_OID_HEXSZ + 1];
        sw_strlist_add(&commit->parents, git_oid_tostr(id, sizeof id, git_commit_parent_id(raw, i)));
    }
    return commit;
}

/* The one handle of a commit that was read; `raw` is released. */
static const struct sw_commit *keep_commit(struct sw_repository *repository, git_commit *raw) {
    char id[GIT_OID_HEXSZ + 1];
    git_oid_tostr(id, sizeof id, git_commit_id(raw));
    pthread_mutex_lock(&repository->lock);
    struct sw_commit *commit = sw_map_get(&repository->commits, id);
    if (!commit) {
        commit = make_commit(repository, raw);
        sw_map_set(&repository->commits, id, commit);
    }
    pthread_mutex_unlock(&repository->lock);
    git_commit_free(raw);
    return commit;
}

/* An id, whole or abbreviated, or a reference by any name that git lets one use for it. */
static git_object *find_object(git_repository *handle, const char *revision) {
    git_object *object = NULL;
    git_reference *reference = NULL;
    git_oid id;
    size_t len = strlen(revision);
    bool is_id = len >= 4 && len <= GIT_OID_HEXSZ && strspn(revision, "0123456789abcdef") == len;
    if (is_id && git_oid_fromstrn(&id, revision, len) == 0 &&
        git_object_lookup_prefix(&object, handle, &id, len, GIT_OBJECT_ANY) == 0)
        return object;
    if (git_reference_dwim(&reference, handle, revision) == 0 && git_reference_peel(&object, reference, GIT_OBJECT_COMMIT) != 0)
        object = NULL;
    git_reference_free(reference);
    return object;
}

const struct sw_commit *sw_repository_commit(struct sw_repository *repository, const char *revision, struct sw_error **error) {
    pthread_mutex_lock(&repository->lock);
    const struct sw_commit *known = sw_map_get(&repository->commits, revision);
    pthread_mutex_unlock(&repository->lock);
    if (known)
        return known;
    git_repository *handle = sw_handle_borrow(repository, error);
    if (!handle)
        return NULL;
    git_object *object = find_object(handle, revision), *peeled = NULL;
    const struct sw_commit *commit = NULL;
    if (object && git_object_peel(&peeled, object, GIT_OBJECT_COMMIT) == 0)
        commit = keep_commit(repository, (git_commit *)peeled);
    else
        sw_fail(error, SW_ERROR_NOT_FOUND, "there is no commit '%s' in the git repository at '%s'", revision,
                repository->git_folder);
    git_object_free(object);
    sw_handle_return(repository, handle);
    return commit;
}

const struct sw_commit *sw_repository_head(struct sw_repository *repository, struct sw_error **error) {
    git_repository *handle = sw_handle_borrow(repository, error);
    if (!handle)
        return NULL;
    bool unborn = git_repository_head_unborn(handle) == 1;
    sw_handle_return(repository, handle);
    if (!unborn)
        return sw_repository_commit(repository, "HEAD", error);
    sw_fail(error, SW_ERROR_CONFIG, "the git repository at '%s' has no commits yet", repository->git_folder);
    if (error)
        sw_error_hint(*error, "images are built from commits: run 'git add' and 'git commit' first");
    return NULL;
}

bool sw_repository_unshallow(struct sw_repository *repository, struct sw_error **error) {
    if (!repository->shallow)
        return true;
    const char *args[] = {"-c", "gc.auto=0", "fetch", "--quiet", "--unshallow", "--no-write-fetch-head", "origin"};
    struct sw_git_call call = {.folder = repository->git_folder, .args = {args, sizeof args / sizeof *args}};
    if (!sw_git_run(&call, NULL, error))
        return false;
    drop_handles(repository);
    repository->shallow = false;
    return true;
}
