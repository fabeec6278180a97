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

/* The streams may be any numbers, these three among them: first out of the way, then to their places. */
static bool connect_streams(const int streams[3]) {
    int high[3];
    for (int i = 0; i < 3; i++)
        if ((high[i] = fcntl(streams[i], F_DUPFD, 64)) < 0)
            return false;
    for (int i = 0; i < 3; i++)
        if (dup2(high[i], i) < 0)
            return false;
    return true;
}

static void child(const struct sw_launch *launch, int report, int alive) {
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
    int kept = fcntl(report, F_DUPFD_CLOEXEC, 128);
    if (!connect_streams(launch->streams) || (launch->cwd && chdir(launch->cwd)))
        say(kept, STAGE_STREAMS, errno);
    if (files_before.rlim_max)
        setrlimit(RLIMIT_NOFILE, &files_before);
    syscall(SYS_close_range, 3, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */);
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

bool sw_launch(const struct sw_launch *launch, struct sw_launched *launched, struct sw_error **error) {
    int report[2] = {-1, -1}, alive[2] = {-1, -1};
    if (pipe2(report, O_CLOEXEC) || pipe2(alive, O_CLOEXEC)) {
        sw_close(&report[0]);
        sw_close(&report[1]);
        return sw_fail_errno(error, errno, "cannot make a pipe");
    }
    int pidfd = -1;
    long pid = syscall(SYS_clone, CLONE_NEWNS | CLONE_NEWPID | CLONE_PIDFD | SIGCHLD, NULL, &pidfd, NULL, NULL);
    if (pid == 0) {
        close(alive[1]);
        child(launch, report[1], alive[0]);
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
