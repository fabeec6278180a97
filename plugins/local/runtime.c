#include "plugins/local/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/local/room.h"

static const char CACHE_NAME[] = "runtime.json";

void sw_runtime_free(struct sw_runtime *runtime) {
    if (!runtime)
        return;
    free(runtime->path);
    free(runtime);
}

/* ---- finding programs ---- */

static char *find_program(const char *name) {
    if (strchr(name, '/'))
        return access(name, X_OK) == 0 ? realpath(name, NULL) : NULL;
    const char *path = getenv("PATH");
    sw_cleanup_free char *folders = sw_format("%s:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", path ? path : "");
    char *rest = folders, *folder;
    while ((folder = strsep(&rest, ":"))) {
        sw_cleanup_free char *full = sw_format("%s/%s", folder, name);
        if (folder[0] == '/' && access(full, X_OK) == 0)
            return sw_steal(&full);
    }
    return NULL;
}

/* Says which program it is: another build of the same path is another answer. */
static char *identity_of(const char *path) {
    struct stat status;
    if (stat(path, &status))
        return sw_strdup("");
    return sw_format("%s %lld %lld.%09ld " SLIPWAY_VERSION, path, (long long)status.st_size, (long long)status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec);
}

/* ---- trying ---- */

static void collect(void *context, int stream, struct sw_bytes bytes) {
    struct sw_buf *text = context;
    if (stream == 1)
        sw_buf_add(text, bytes.data, bytes.len);
}

/* The host's own files, read-only: a root file system that is always there. What is mounted on it need not be seen; only in a user
 * namespace it cannot be left out. */
static int host_root(struct sw_error **error) {
    sw_cleanup_close int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int clone = fd < 0 ? -1 : sw_room_clone(fd, false, NULL);
    if (fd >= 0 && clone < 0)
        clone = sw_room_clone(fd, true, error);
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
    if (clone >= 0 && syscall(SYS_mount_setattr, clone, "", AT_EMPTY_PATH, &attr, sizeof attr)) {
        sw_fail_errno(error, errno, "cannot make a read-only root");
        sw_close(&clone);
    }
    return clone;
}

/* What a step's /proc/self/status says of its filter: "2" is what is wanted. To be freed. */
static char *filter_of(const char *status) {
    static const char name[] = "\nSeccomp:\t";
    const char *found = strstr(status, name);
    if (!found)
        return sw_format("nothing, in %zu bytes", strlen(status));
    found += strlen(name);
    return sw_strndup(found, strcspn(found, "\n"));
}

/* Runs a program that tells under which rules it runs. */
static bool try_runtime(const struct sw_runtime_wish *wish, const struct sw_runtime *runtime, struct sw_error **error) {
    static const char *const argv[] = {"/bin/cat", "/proc/self/status"};
    struct sw_op_exec op = {.size = sizeof op, .argv = {argv, 2}, .cwd = "/", .user = "", .network = SW_NETWORK_NONE};
    sw_cleanup_buf struct sw_buf text = {0};
    struct sw_step step = {.runtime = runtime,
                           .seccomp = wish->seccomp,
                           .op = &op,
                           .root = host_root(error),
                           .upper = -1,
                           .output = collect,
                           .context = &text,
                           .cancelled = -1};
    struct sw_step_end end;
    if (step.root < 0 || !sw_step_run(&step, &end, error))
        return false;
    sw_cleanup_free char *filter = filter_of(sw_buf_text(&text));
    bool ran = end.status == 0, filtered = ran && strcmp(filter, "2") == 0;
    if (!ran)
        sw_fail(error, SW_ERROR_UNAVAILABLE, "%s: %s", runtime->path, end.cause ? end.cause : end.tail);
    else if (!filtered)
        sw_fail(error, SW_ERROR_UNAVAILABLE, "%s runs steps without a filter of system calls (\"Seccomp\" is %s)", runtime->path,
                filter);
    sw_step_end_fini(&end);
    return filtered;
}

/* Limits are not asked for, so no cgroups are needed: crun can leave them alone, which also works where it cannot make any. */
static struct sw_runtime *try_program(const struct sw_runtime_wish *wish, const char *path, struct sw_error **error) {
    struct sw_runtime *runtime = sw_new(sizeof *runtime);
    runtime->path = sw_strdup(path);
    runtime->cgroups_off = true;
    if (try_runtime(wish, runtime, NULL))
        return runtime;
    runtime->cgroups_off = false;
    if (try_runtime(wish, runtime, error))
        return runtime;
    sw_runtime_free(runtime);
    return NULL;
}

/* ---- remembering ---- */

static struct sw_runtime *recall(const struct sw_runtime_wish *wish, const char *path) {
    sw_cleanup_free char *text = sw_localstore_get(wish->folder, CACHE_NAME);
    sw_cleanup_json json_t *json = text ? json_loads(text, 0, NULL) : NULL;
    sw_cleanup_free char *identity = identity_of(path);
    const char *known = "";
    int cgroups_off = 0;
    if (json_unpack(json, "{s:s, s:b}", "runtime", &known, "cgroupsOff", &cgroups_off) || strcmp(known, identity))
        return NULL;
    struct sw_runtime *runtime = sw_new(sizeof *runtime);
    runtime->path = sw_strdup(path);
    runtime->cgroups_off = cgroups_off;
    return runtime;
}

static void remember(const struct sw_runtime_wish *wish, const struct sw_runtime *runtime) {
    sw_cleanup_free char *identity = identity_of(runtime->path);
    sw_cleanup_json json_t *json = json_pack("{s:s, s:b}", "runtime", identity, "cgroupsOff", (int)runtime->cgroups_off);
    sw_cleanup_free char *text = json_dumps(json, JSON_COMPACT);
    if (text)
        sw_localstore_put(wish->store, wish->folder, CACHE_NAME, text, NULL);
}

struct sw_runtime *sw_runtime_choose(const struct sw_runtime_wish *wish, struct sw_error **error) {
    static const char *const standard[] = {"crun", "runc"};
    size_t count = wish->setting ? 1 : sizeof standard / sizeof *standard;
    struct sw_error *cause = NULL;
    for (size_t i = 0; i < count; i++) {
        sw_cleanup_free char *path = find_program(wish->setting ? wish->setting : standard[i]);
        if (!path)
            continue;
        struct sw_runtime *runtime = recall(wish, path);
        if (!runtime && (runtime = try_program(wish, path, cause ? NULL : &cause)))
            remember(wish, runtime);
        if (runtime) {
            sw_error_free(cause);
            return runtime;
        }
    }
    if (!cause && wish->setting)
        cause = sw_error_new(SW_ERROR_UNAVAILABLE, "there is no OCI runtime %s on this host", wish->setting);
    if (!cause)
        cause = sw_error_new(SW_ERROR_UNAVAILABLE, "no OCI runtime was found on this host");
    cause = sw_error_wrap(cause, "the local backend cannot run steps");
    sw_pass(error, sw_error_hint(cause, "install crun (apt install crun) or runc"));
    return NULL;
}
