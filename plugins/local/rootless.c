#include "plugins/local/rootless.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"

static bool single_user; /* sw_rootless_enter found no other ids to give */

bool sw_rootless_has_users(void) {
    return !single_user;
}

/* ---- ids ---- */

bool sw_rootless_range(const char *text, const char *user, unsigned uid, unsigned *first, unsigned *count) {
    sw_cleanup_free char *number = sw_format("%u", uid);
    const char *const names[] = {user, number};
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        for (size_t i = 0; i < 2; i++) {
            size_t len = names[i] ? strlen(names[i]) : 0;
            if (len && !strncmp(line, names[i], len) && line[len] == ':' && sscanf(line + len + 1, "%u:%u", first, count) == 2 &&
                *count > 0)
                return true;
        }
    }
    return false;
}

static char *read_text(const char *path) {
    sw_cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    sw_cleanup_free char *text = sw_new(64 * 1024 + 1);
    ssize_t len = fd < 0 ? 0 : read(fd, text, 64 * 1024);
    text[len > 0 ? len : 0] = '\0';
    return sw_steal(&text);
}

static bool write_text(const char *path, const char *text) {
    sw_cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static size_t count_threads(void) {
    sw_cleanup_dir DIR *dir = opendir("/proc/self/task");
    size_t count = 0;
    const struct dirent *entry;
    while (dir && (entry = readdir(dir)))
        count += entry->d_name[0] != '.';
    return count;
}

/* ---- maps ---- */

/* What a set-user-id helper is asked for: our own id becomes root, the subordinate ones follow. */
struct map {
    const char *program;
    const char *file;
    unsigned own, first, count;
};

static bool run_helper(const struct map *map, pid_t target) {
    char pid[16], own[16], first[16], count[16];
    snprintf(pid, sizeof pid, "%d", (int)target);
    snprintf(own, sizeof own, "%u", map->own);
    snprintf(first, sizeof first, "%u", map->first);
    snprintf(count, sizeof count, "%u", map->count);
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 1);
        dup2(null, 2);
        execlp(map->program, map->program, pid, "0", own, "1", "1", first, count, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return child > 0 && status == 0;
}

/* The helpers must run outside of the new namespace, so a child is made before it, and told when it is there. */
static pid_t start_mapper(const struct map maps[2], int *tell) {
    int pipes[2];
    pid_t parent = getpid();
    if (pipe2(pipes, O_CLOEXEC))
        return -1;
    pid_t child = fork();
    if (child == 0) {
        char byte;
        close(pipes[1]);
        bool wanted = read(pipes[0], &byte, 1) == 1;
        _exit(wanted && run_helper(&maps[0], parent) && run_helper(&maps[1], parent) ? 0 : 1);
    }
    close(pipes[0]);
    *tell = pipes[1];
    return child;
}

static bool finish_mapper(pid_t child, int tell, bool go) {
    ssize_t written = go ? write(tell, "", 1) : 0;
    (void)written;
    close(tell);
    int status = 1;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return child > 0 && status == 0;
}

static bool map_alone(unsigned uid, unsigned gid) {
    sw_cleanup_free char *users = sw_format("0 %u 1\n", uid);
    sw_cleanup_free char *groups = sw_format("0 %u 1\n", gid);
    return write_text("/proc/self/setgroups", "deny") && write_text("/proc/self/gid_map", groups) &&
           write_text("/proc/self/uid_map", users);
}

static bool find_ranges(struct map maps[2]) {
    const struct passwd *account = getpwuid(getuid());
    const char *name = account ? account->pw_name : NULL;
    sw_cleanup_free char *users = read_text("/etc/subuid");
    sw_cleanup_free char *groups = read_text("/etc/subgid");
    return sw_rootless_range(users, name, getuid(), &maps[0].first, &maps[0].count) &&
           sw_rootless_range(groups, name, getuid(), &maps[1].first, &maps[1].count);
}

bool sw_rootless_enter(struct sw_error **error) {
    struct map maps[2] = {{.program = "newuidmap", .own = getuid()}, {.program = "newgidmap", .own = getgid()}};
    unsigned uid = getuid(), gid = getgid();
    int tell = -1;
    if (count_threads() > 1)
        return sw_fail(error, SW_ERROR_INTERNAL, "a user namespace cannot be entered any more: other threads are running");
    pid_t mapper = find_ranges(maps) ? start_mapper(maps, &tell) : -1;
    bool entered = unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0;
    int number = errno;
    bool mapped = mapper > 0 && finish_mapper(mapper, tell, entered);
    if (!entered)
        return sw_fail_errno(error, number, "user namespaces are not allowed here");
    single_user = !mapped;
    if (!mapped && !map_alone(uid, gid))
        return sw_fail_errno(error, errno, "cannot map users into a namespace");
    if (setresuid(0, 0, 0) || setresgid(0, 0, 0))
        return sw_fail_errno(error, errno, "cannot become root of a user namespace");
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
        return sw_fail_errno(error, errno, "cannot make a mount namespace private");
    return true;
}
