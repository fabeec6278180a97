#include "plugins/local/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"

/* <sys/mount.h> of glibc and <linux/mount.h> do not go together. */
int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int umount2(const char *target, int flags);

enum { MS_FLAG_REC = 0x4000, MS_FLAG_PRIVATE = 0x40000, MS_FLAG_SAFE = 2 | 4 | 8 /* nosuid, nodev, noexec */, MNT_FLAG_DETACH = 2 };

/* How far the child came, for the message. */
enum stage { STAGE_START, STAGE_PRIVATE, STAGE_ATTACH, STAGE_PROC, STAGE_STREAMS, STAGE_EXEC };

static const char *stage_text(uint32_t stage) {
    static const char *const texts[] = {"prepare the step's process", "make a mount namespace private",
                                        "attach the step's mounts",   "mount /proc",
                                        "connect the step's streams", "execute the runtime"};
    return stage < sizeof texts / sizeof *texts ? texts[stage] : texts[0];
}

struct report {
    uint32_t stage;
    int32_t number; /* errno */
};

static struct rlimit files_before; /* zero: never raised */

void sw_launch_raise_files(void) {
    struct rlimit limit;
    if (files_before.rlim_max || getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == limit.rlim_max)
        return;
    files_before = limit;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* ---- in the child: a copy of a process with threads, so system calls only ---- */

static void say(int fd, enum stage stage, int number) {
    struct report report = {.stage = stage, .number = number};
    ssize_t written = write(fd, &report, sizeof report);
    (void)written;
    _exit(127);
}

static void reset_signals(void) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &standard, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool attach(const struct sw_attachment *attachment) {
    int fd = attachment->fd;
    if (attachment->how == SW_ATTACH_CLONE)
        fd = (int)syscall(SYS_open_tree, fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    return fd >= 0 && syscall(SYS_move_mount, fd, "", AT_FDCWD, attachment->path, MOVE_MOUNT_F_EMPTY_PATH) == 0;
}

/* What the program gets may have any numbers, the wanted ones among them: so first all goes above the highest one. */
static bool connect_fds(const struct sw_launch *launch, int above) {
    int count = 3 + (int)launch->fd_count;
    for (int i = 0; i < count; i++)
        if (dup3(i < 3 ? launch->streams[i] : launch->fds[i - 3], above + i, O_CLOEXEC) < 0)
            return false;
    for (int i = 0; i < count; i++)
        if (dup2(above + i, i) < 0)
            return false;
    return true;
}

static void child(const struct sw_launch *launch, int report, int alive, int above) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    char byte;
    /* The parent writes one byte; when it died before we asked for the signal, there is the end of the file instead. */
    if (read(alive, &byte, 1) != 1)
        _exit(127);
    reset_signals();
    umask(022);
    if (!launch->keep_terminal)
        setsid();
    if (mount(NULL, "/", NULL, MS_FLAG_REC | MS_FLAG_PRIVATE, NULL))
        say(report, STAGE_PRIVATE, errno);
    for (size_t i = 0; i < launch->attachment_count; i++)
        if (!attach(&launch->attachments[i]))
            say(report, STAGE_ATTACH, errno);
    if (mount("proc", "/proc", "proc", MS_FLAG_SAFE, NULL))
        say(report, STAGE_PROC, errno);
    for (const char *const *hidden = launch->hidden; hidden && *hidden; hidden++)
        if (umount2(*hidden, MNT_FLAG_DETACH)) /* in a user namespace it can only be covered */
            mount("tmpfs", *hidden, "tmpfs", MS_FLAG_SAFE, "size=4k");
    int kept = dup3(report, above + 3 + (int)launch->fd_count, O_CLOEXEC);
    if (kept < 0 || !connect_fds(launch, above) || (launch->cwd && chdir(launch->cwd)))
        say(kept < 0 ? report : kept, STAGE_STREAMS, errno);
    if (files_before.rlim_max)
        setrlimit(RLIMIT_NOFILE, &files_before);
    syscall(SYS_close_range, 3 + launch->fd_count, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */);
    execve(launch->program, (char *const *)launch->argv, (char *const *)launch->env);
    say(kept, STAGE_EXEC, errno);
}

/* ---- in the parent ---- */

static bool hear(int fd, const struct sw_launch *launch, struct sw_error **error) {
    struct report report;
    ssize_t len;
    do
        len = read(fd, &report, sizeof report);
    while (len < 0 && errno == EINTR);
    if (len != sizeof report)
        return true;
    const char *what = report.stage == STAGE_EXEC ? launch->program : "";
    return sw_fail_errno(error, report.number, "cannot %s%s%s", stage_text(report.stage), *what ? " " : "", what);
}

static int highest(const struct sw_launch *launch, int report) {
    int fd = report;
    for (size_t i = 0; i < 3 + launch->fd_count; i++) {
        int other = i < 3 ? launch->streams[i] : launch->fds[i - 3];
        fd = other > fd ? other : fd;
    }
    return fd;
}

bool sw_launch(const struct sw_launch *launch, struct sw_launched *launched, struct sw_error **error) {
    int report[2] = {-1, -1}, alive[2] = {-1, -1};
    if (pipe2(report, O_CLOEXEC) || pipe2(alive, O_CLOEXEC)) {
        sw_close(&report[0]);
        sw_close(&report[1]);
        return sw_fail_errno(error, errno, "cannot make a pipe");
    }
    int pidfd = -1, above = highest(launch, report[1]) + 1;
    unsigned long flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_PIDFD | SIGCHLD | (launch->no_network ? CLONE_NEWNET : 0);
    long pid = syscall(SYS_clone, flags, NULL, &pidfd, NULL, NULL);
    if (pid == 0) {
        close(alive[1]);
        child(launch, report[1], alive[0], above);
    }
    int number = errno;
    sw_close(&report[1]);
    sw_close(&alive[0]);
    *launched = (struct sw_launched){.pid = (pid_t)pid, .pidfd = pidfd};
    bool done = pid > 0 && write(alive[1], "", 1) == 1 ? hear(report[0], launch, error)
                                                       : sw_fail_errno(error, number, "cannot start a process for the step");
    sw_close(&report[0]);
    sw_close(&alive[1]);
    if (pid > 0 && !done)
        sw_launched_wait(launched);
    return done;
}

void sw_launched_kill(const struct sw_launched *launched) {
    syscall(SYS_pidfd_send_signal, launched->pidfd, SIGKILL, NULL, 0);
}

int sw_launched_wait(struct sw_launched *launched) {
    siginfo_t info = {0};
    while (waitid(P_PIDFD, (id_t)launched->pidfd, &info, WEXITED) && errno == EINTR)
        continue;
    sw_close(&launched->pidfd);
    return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}
