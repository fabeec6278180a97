#include "core/runtime/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"

extern char **environ;

/* All that the child needs, made ready before the fork: behind it only system calls are allowed. */
struct plan {
    const char *program;
    char *const *argv;
    char *const *env;
    const char *cwd;
    int stdio[3]; /* -1: the host's */
    const int *fds;
    int *high; /* room for copies of `fds` */
    size_t fd_count;
    bool terminal;
    pid_t parent;
    /* Written by the child, which shares our memory until it runs its program. */
    volatile int failure;
    volatile bool cwd_failed;
};

static bool is_program(const char *path) {
    struct stat status;
    return !stat(path, &status) && S_ISREG(status.st_mode) && !access(path, X_OK);
}

/* The file that `name` means, looked up in PATH. To be freed; NULL: not there. */
static char *find_program(const char *name) {
    if (strchr(name, '/'))
        return is_program(name) ? sw_strdup(name) : NULL;
    const char *path = getenv("PATH");
    for (const char *part = path ? path : "/usr/local/bin:/usr/bin:/bin"; *part;) {
        size_t len = strcspn(part, ":");
        if (len) { /* an empty part would be the current folder, which may be a stranger's */
            char *candidate = sw_format("%.*s/%s", (int)len, part, name);
            if (is_program(candidate))
                return candidate;
            free(candidate);
        }
        part += len + (part[len] == ':');
    }
    return NULL;
}

/* Standard input with `bytes` in it: a memory file needs no writer that could block. */
static int open_stdin(struct sw_bytes bytes, struct sw_error **error) {
    if (!bytes.len) {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            sw_fail_errno(error, errno, "/dev/null");
        return fd;
    }
    sw_cleanup_close int fd = memfd_create("stdin", MFD_CLOEXEC);
    if (fd < 0) {
        sw_fail_errno(error, errno, "cannot make the child's input");
        return -1;
    }
    for (size_t done = 0; done < bytes.len;) {
        ssize_t written = write(fd, (const char *)bytes.data + done, bytes.len - done);
        if (written < 0 && errno != EINTR) {
            sw_fail_errno(error, errno, "cannot make the child's input");
            return -1;
        }
        done += written > 0 ? (size_t)written : 0;
    }
    lseek(fd, 0, SEEK_SET);
    return sw_steal_fd(&fd);
}

static void reset_signals(void) {
    struct sigaction plain = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &plain, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool place_descriptors(struct plan *plan) {
    int first_free = 3 + (int)plan->fd_count;
    for (size_t i = 0; i < plan->fd_count; i++) /* out of the way of each other first */
        if ((plan->high[i] = fcntl(plan->fds[i], F_DUPFD_CLOEXEC, first_free)) < 0)
            return false;
    for (int i = 0; i < 3; i++)
        if (plan->stdio[i] >= 0 && dup2(plan->stdio[i], i) < 0)
            return false;
    for (size_t i = 0; i < plan->fd_count; i++)
        if (dup2(plan->high[i], 3 + (int)i) < 0)
            return false;
    syscall(SYS_close_range, first_free, ~0u, 1u << 2 /* CLOSE_RANGE_CLOEXEC */);
    return true;
}

static void join_group(const struct plan *plan) {
    if (!plan->terminal) {
        setsid();
        return;
    }
    setpgid(0, 0);
    tcsetpgrp(STDIN_FILENO, getpid()); /* SIGTTOU is blocked; fails, and need not work, when input is no terminal */
}

static _Noreturn void fail(struct plan *plan) {
    plan->failure = errno;
    _exit(127);
}

static _Noreturn __attribute__((noinline)) void run_child(struct plan *plan) {
    join_group(plan);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != plan->parent) /* the host ended before the line above */
        _exit(127);
    if (plan->cwd && chdir(plan->cwd)) {
        plan->cwd_failed = true;
        fail(plan);
    }
    if (!place_descriptors(plan))
        fail(plan);
    reset_signals();
    execve(plan->program, plan->argv, plan->env);
    fail(plan);
}

static __attribute__((noinline)) pid_t fork_child(struct plan *plan) {
    pid_t pid = vfork();
    if (!pid)
        run_child(plan);
    return pid;
}

/* Forks with all signals blocked, so that no handler of ours runs in the child, whose memory is ours. */
static pid_t start(struct plan *plan, struct sw_error **error) {
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pid_t pid = fork_child(plan);
    int number = errno;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (pid < 0) {
        sw_fail_errno(error, number, "cannot start %s", plan->argv[0]);
        return -1;
    }
    if (plan->failure) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
        if (plan->cwd_failed)
            sw_fail_errno(error, plan->failure, "cannot start %s in %s", plan->argv[0], plan->cwd);
        else
            sw_fail_errno(error, plan->failure, "cannot start %s", plan->argv[0]);
        return -1;
    }
    return pid;
}

/* A pipe whose write end is the child's and blocks, and whose read end is ours and does not. */
static bool make_pipe(int *ours, int *theirs, struct sw_error **error) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return sw_fail_errno(error, errno, "cannot make a pipe");
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *ours = ends[0];
    *theirs = ends[1];
    return true;
}

static bool make_pipes(int ours[2], int theirs[2], struct sw_error **error) {
    return make_pipe(&ours[0], &theirs[0], error) && make_pipe(&ours[1], &theirs[1], error);
}

static void close_pair(int pair[2]) {
    sw_close(&pair[0]);
    sw_close(&pair[1]);
}

bool sw_spawn(const struct sw_process_options *options, struct sw_spawned *child, struct sw_error **error) {
    const char *name = options->argv[0];
    bool terminal = options->flags & SW_PROCESS_TERMINAL;
    sw_cleanup_free char *program = find_program(name);
    sw_cleanup_free int *high = sw_new_array(options->fd_count + 1, sizeof *high);
    sw_cleanup_close int input = -1;
    int ours[2] = {-1, -1}, theirs[2] = {-1, -1};
    child->pid = -1;
    if (!program) {
        sw_fail(error, SW_ERROR_NOT_FOUND, strchr(name, '/') ? "%s is no program that can be run" : "%s is not in PATH", name);
        goto end;
    }
    if (!terminal && ((input = open_stdin(options->stdin_bytes, error)) < 0 || !make_pipes(ours, theirs, error)))
        goto end;
    struct plan plan = {
        .program = program,
        .argv = (char *const *)options->argv,
        .env = options->env ? (char *const *)options->env : environ,
        .cwd = options->cwd,
        .stdio = {input, theirs[0], theirs[1]},
        .fds = options->fds,
        .high = high,
        .fd_count = options->fd_count,
        .terminal = terminal,
        .parent = getpid(),
    };
    child->pid = start(&plan, error);
end:
    close_pair(theirs);
    if (child->pid < 0)
        close_pair(ours);
    memcpy(child->output, ours, sizeof ours);
    return child->pid >= 0;
}

void sw_spawn_reclaim_terminal(void) {
    sigset_t block, old;
    sigemptyset(&block);
    sigaddset(&block, SIGTTOU); /* we are in the background here */
    pthread_sigmask(SIG_BLOCK, &block, &old);
    tcsetpgrp(STDIN_FILENO, getpgrp());
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}
