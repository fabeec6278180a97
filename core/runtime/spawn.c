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

/* All that the child needs, made ready before the fork: behind it only system calls are allowed, since the memory is still ours. */
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
    int report; /* the child's end of a pipe, closed by a successful exec; a struct failure is written to it otherwise */
};

struct failure {
    int number;
    enum { AT_FOLDER = 1, AT_PROGRAM } at; /* 0: nothing failed */
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

static bool place_descriptors(const struct plan *plan) {
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

static _Noreturn void fail(const struct plan *plan, int at) {
    struct failure failure = {errno, at};
    ssize_t written = write(plan->report, &failure, sizeof failure);
    (void)written;
    _exit(127);
}

static _Noreturn __attribute__((noinline)) void run_child(const struct plan *plan) {
    join_group(plan);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != plan->parent) /* the host ended before the line above */
        _exit(127);
    if (plan->cwd && chdir(plan->cwd))
        fail(plan, AT_FOLDER);
    if (!place_descriptors(plan))
        fail(plan, AT_PROGRAM);
    reset_signals();
    execve(plan->program, plan->argv, plan->env);
    fail(plan, AT_PROGRAM);
}

static __attribute__((noinline)) pid_t fork_child(const struct plan *plan) {
    pid_t pid = vfork();
    if (!pid)
        run_child(plan);
    return pid;
}

/* What went wrong in the child before its program ran; waits until that is known. */
static struct failure read_failure(int report) {
    struct failure failure = {0};
    while (read(report, &failure, sizeof failure) < 0 && errno == EINTR)
        ;
    return failure;
}

static void fail_start(const struct plan *plan, struct failure failure, struct sw_error **error) {
    if (failure.at == AT_FOLDER)
        sw_fail_errno(error, failure.number, "cannot start %s in %s", plan->argv[0], plan->cwd);
    else
        sw_fail_errno(error, failure.number, "cannot start %s", plan->argv[0]);
}

/* Forks with all signals blocked, so that no handler of ours runs in the child while its memory is ours. -1: failed. */
static pid_t start(struct plan *plan, struct sw_error **error) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) {
        sw_fail_errno(error, errno, "cannot make a pipe");
        return -1;
    }
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    /* The lowest numbers are those that the child fills: its end of the pipe must stay out of their way. */
    plan->report = fcntl(ends[1], F_DUPFD_CLOEXEC, 3 + (int)plan->fd_count);
    pid_t pid = plan->report < 0 ? -1 : fork_child(plan);
    struct failure failure = {errno, pid < 0 ? AT_PROGRAM : 0};
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    sw_close(&ends[1]);
    sw_close(&plan->report);
    if (pid >= 0)
        failure = read_failure(ends[0]);
    sw_close(&ends[0]);
    if (!failure.at)
        return pid;
    while (pid >= 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    fail_start(plan, failure, error);
    return -1;
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
