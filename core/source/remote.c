#include "core/source/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/map.h"
#include "core/runtime/cancel.h"
#include "core/source/folders.h"
#include "core/source/git.h"

enum { LOCK_POLL_US = 50 * 1000 };

struct mirror {
    char *folder;
    pthread_mutex_t lock; /* guards what follows */
    struct sw_repository *repository;
    bool fetched; /* in this process */
};

struct sw_remotes {
    char *cache;
    pthread_mutex_t lock; /* guards `mirrors` */
    struct sw_map mirrors;
};

struct sw_remotes *sw_remotes_new(const char *cache_folder) {
    struct sw_remotes *remotes = sw_new(sizeof *remotes);
    remotes->cache = sw_strdup(cache_folder);
    pthread_mutex_init(&remotes->lock, NULL);
    return remotes;
}

static void mirror_free(void *value) {
    struct mirror *mirror = value;
    sw_repository_free(mirror->repository);
    pthread_mutex_destroy(&mirror->lock);
    free(mirror->folder);
    free(mirror);
}

void sw_remotes_free(struct sw_remotes *remotes) {
    if (!remotes)
        return;
    sw_map_fini(&remotes->mirrors, mirror_free);
    pthread_mutex_destroy(&remotes->lock);
    free(remotes->cache);
    free(remotes);
}

static struct mirror *find_mirror(struct sw_remotes *remotes, const char *url) {
    char key[SW_SHA256_HEX];
    sw_sha256_hex(url, strlen(url), key);
    key[40] = '\0';
    pthread_mutex_lock(&remotes->lock);
    struct mirror *mirror = sw_map_get(&remotes->mirrors, key);
    if (!mirror) {
        mirror = sw_new(sizeof *mirror);
        mirror->folder = sw_format("%s/%s.git", remotes->cache, key);
        pthread_mutex_init(&mirror->lock, NULL);
        sw_map_set(&remotes->mirrors, key, mirror);
    }
    pthread_mutex_unlock(&remotes->lock);
    return mirror;
}

/* One process at a time fills a mirror. The lock goes with the descriptor. */
static int lock_mirror(const struct mirror *mirror, const struct sw_remote_request *request, struct sw_error **error) {
    sw_cleanup_free char *path = sw_format("%s.lock", mirror->folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) {
        sw_fail_errno(error, errno, "cannot open '%s'", path);
        return -1;
    }
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        bool stop = sw_cancelled(request->cancel);
        if (errno == EWOULDBLOCK && !stop) {
            usleep(LOCK_POLL_US);
            continue;
        }
        if (stop)
            sw_fail(error, SW_ERROR_CANCELLED, "waiting for another process's fetch was stopped");
        else
            sw_fail_errno(error, errno, "cannot lock '%s'", path);
        sw_close(&fd);
        return -1;
    }
    return fd;
}

static bool run(const struct mirror *mirror, const struct sw_remote_request *request, struct sw_strings args, struct sw_pairs env,
                struct sw_error **error) {
    struct sw_git_call call = {.folder = mirror->folder, .args = args, .env = env, .cancel = request->cancel};
    return sw_git_run(&call, NULL, error);
}

static bool init_mirror(const struct mirror *mirror, const struct sw_remote_request *request, struct sw_error **error) {
    sw_cleanup_free char *head = sw_format("%s/HEAD", mirror->folder);
    if (access(head, F_OK) == 0)
        return true;
    if (!sw_make_folders(mirror->folder, error))
        return false;
    sw_cleanup_free char *url = sw_git_without_passwords(request->url);
    const char *init[] = {"init", "--bare", "--quiet", "--template="};
    const char *origin[] = {"config", "remote.origin.url", url};
    return run(mirror, request, (struct sw_strings){init, 4}, (struct sw_pairs){0}, error) &&
           run(mirror, request, (struct sw_strings){origin, 3}, (struct sw_pairs){0}, error);
}

/* Environment of a fetch: the url and credentials come in here, where `ps` does not see them. */
struct fetch_env {
    struct sw_pair pairs[12];
    size_t count;
    char *owned[6];
    size_t owned_count;
    unsigned configs;
};

static const char *own(struct fetch_env *env, char *text) {
    env->owned[env->owned_count++] = text;
    return text;
}

static void add_env(struct fetch_env *env, const char *key, const char *value) {
    env->pairs[env->count++] = (struct sw_pair){key, value};
}

static void add_config(struct fetch_env *env, const char *key, const char *value) {
    add_env(env, own(env, sw_format("GIT_CONFIG_KEY_%u", env->configs)), key);
    add_env(env, own(env, sw_format("GIT_CONFIG_VALUE_%u", env->configs)), value);
    env->configs++;
}

static void fill_env(struct fetch_env *env, const struct sw_remote_request *request) {
    const char *users = getenv("GIT_CONFIG_COUNT");
    env->configs = users ? (unsigned)strtoul(users, NULL, 10) : 0;
    add_config(env, "remote.slipway.url", request->url);
    if (request->username) {
        add_config(env, "credential.helper",
                   "!f() { echo \"username=$SLIPWAY_GIT_USER\"; echo \"password=$SLIPWAY_GIT_PASSWORD\"; }; f");
        add_env(env, "SLIPWAY_GIT_USER", request->username);
        add_env(env, "SLIPWAY_GIT_PASSWORD", request->password ? request->password : "");
    }
    add_env(env, "GIT_CONFIG_COUNT", own(env, sw_format("%u", env->configs)));
    if (request->untrusted)
        add_env(env, "GIT_PROTOCOL_FROM_USER", "0");
}

static void fetch_env_fini(struct fetch_env *env) {
    for (size_t i = 0; i < env->owned_count; i++)
        free(env->owned[i]);
}

static bool fetch(const struct mirror *mirror, const struct sw_remote_request *request, const char *const *specs, size_t count,
                  struct sw_error **error) {
    const char *args[16] = {"-c",
                            "gc.auto=0",
                            "fetch",
                            "--quiet",
                            "--force",
                            "--prune",
                            "--no-tags",
                            "--no-write-fetch-head",
                            "--no-recurse-submodules",
                            "slipway"};
    size_t n = 10;
    for (size_t i = 0; i < count; i++)
        args[n++] = specs[i];
    struct fetch_env env = {0};
    fill_env(&env, request);
    bool ok = run(mirror, request, (struct sw_strings){args, n}, (struct sw_pairs){env.pairs, env.count}, error);
    fetch_env_fini(&env);
    return ok;
}

static bool fetch_all(struct mirror *mirror, const struct sw_remote_request *request, struct sw_error **error) {
    static const char *const specs[] = {"+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", "+HEAD:refs/slipway/HEAD"};
    if (mirror->fetched)
        return true;
    sw_cleanup_error struct sw_error *cause = NULL;
    mirror->fetched = fetch(mirror, request, specs, 3, &cause);
    /* A remote whose HEAD names no branch still has its branches. */
    if (!mirror->fetched && cause && strstr(cause->message, "remote ref HEAD"))
        mirror->fetched = fetch(mirror, request, specs, 2, NULL);
    if (mirror->fetched)
        return true;
    sw_cleanup_free char *url = sw_git_without_passwords(request->url);
    if (cause)
        sw_error_wrap(cause, "cannot fetch git repository '%s'", url);
    return sw_pass(error, sw_steal(&cause));
}

static bool open_mirror(struct mirror *mirror, const char *cache, struct sw_error **error) {
    if (mirror->repository)
        return true;
    mirror->repository = sw_repository_open(mirror->folder, error);
    if (!mirror->repository)
        return false;
    sw_repository_set_strictness(mirror->repository, SW_LOOSE);
    sw_repository_set_cache(mirror->repository, cache);
    return true;
}

static const struct sw_commit *find_commit(struct mirror *mirror, const struct sw_remote_request *request,
                                           struct sw_error **error) {
    if (request->commit)
        return sw_repository_commit(mirror->repository, request->commit, error);
    sw_cleanup_free char *reference = request->branch ? sw_format("refs/heads/%s", request->branch)
                                      : request->tag  ? sw_format("refs/tags/%s", request->tag)
                                                      : sw_strdup("refs/slipway/HEAD");
    return sw_repository_commit(mirror->repository, reference, error);
}

static const struct sw_commit *fail_lookup(const struct sw_remote_request *request, struct sw_error **error) {
    sw_cleanup_free char *url = sw_git_without_passwords(request->url);
    const char *kind = request->commit ? "commit" : request->branch ? "branch" : request->tag ? "tag" : "HEAD";
    const char *name = request->commit ? request->commit : request->branch ? request->branch : request->tag ? request->tag : "";
    sw_fail(error, SW_ERROR_NOT_FOUND, "git repository '%s' has no %s%s%s%s", url, kind, *name ? " '" : "", name, *name ? "'" : "");
    return NULL;
}

static const struct sw_commit *fetch_commit(struct mirror *mirror, const char *cache, const struct sw_remote_request *request,
                                            struct sw_error **error) {
    if (!init_mirror(mirror, request, error) || !open_mirror(mirror, cache, error))
        return NULL;
    const struct sw_commit *commit = request->commit ? find_commit(mirror, request, NULL) : NULL;
    if (commit)
        return commit;
    if (!fetch_all(mirror, request, error))
        return NULL;
    commit = find_commit(mirror, request, NULL);
    /* A commit that no branch leads to can still be asked for by its id. */
    if (!commit && request->commit && fetch(mirror, request, &request->commit, 1, NULL))
        commit = find_commit(mirror, request, NULL);
    return commit ? commit : fail_lookup(request, error);
}

const struct sw_commit *sw_remotes_commit(struct sw_remotes *remotes, const struct sw_remote_request *request,
                                          struct sw_error **error) {
    if (request->url[0] == '-' || (request->commit && request->commit[0] == '-')) {
        sw_fail(error, SW_ERROR_CONFIG, "'%s' is no git url", request->url);
        return NULL;
    }
    if (!sw_make_folders(remotes->cache, error))
        return NULL;
    struct mirror *mirror = find_mirror(remotes, request->url);
    const struct sw_commit *commit = NULL;
    pthread_mutex_lock(&mirror->lock);
    sw_cleanup_close int lock = lock_mirror(mirror, request, error);
    if (lock >= 0)
        commit = fetch_commit(mirror, remotes->cache, request, error);
    pthread_mutex_unlock(&mirror->lock);
    return commit;
}
