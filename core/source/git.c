#include "core/source/git.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/runtime/cancel.h"

extern char **environ;

enum { MESSAGE_LIMIT = 64 * 1024, POLL_MS = 100 };

/* Variables with which the user tells git how to reach others; all other GIT_ ones would change what it does here. */
static const char *const kept[] = {
    "GIT_SSH=",          "GIT_SSH_COMMAND=",   "GIT_SSH_VARIANT=",   "GIT_ASKPASS=",        "GIT_PROXY_COMMAND=", "GIT_SSL_",
    "GIT_HTTP_",         "GIT_CONFIG_GLOBAL=", "GIT_CONFIG_SYSTEM=", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_COUNT=",  "GIT_CONFIG_KEY_",
    "GIT_CONFIG_VALUE_", "GIT_EXEC_PATH=",     "GIT_TRACE",          "GIT_CURL_VERBOSE=",
};

static bool is_kept(const char *variable, enum sw_git_config config) {
    if (strncmp(variable, "GIT_", 4) != 0)
        return strncmp(variable, "LC_", 3) != 0 && strncmp(variable, "LANG", 4) != 0;
    if (config == SW_GIT_NEUTRAL)
        return !strncmp(variable, "GIT_EXEC_PATH=", 14);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (!strncmp(variable, kept[i], strlen(kept[i])))
            return true;
    return false;
}

/* The first of equal names counts, so that the call's own come first. */
static void make_environment(const struct sw_git_call *call, struct sw_strlist *env) {
    for (size_t i = 0; i < call->env.count; i++)
        sw_strlist_take(env, sw_format("%s=%s", call->env.items[i].key, call->env.items[i].value));
    for (char **variable = environ; variable && *variable; variable++)
        if (is_kept(*variable, call->config))
            sw_strlist_add(env, *variable);
    static const char *const always[] = {"LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "GIT_PAGER=cat"};
    static const char *const neutral[] = {"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_ATTR_NOSYSTEM=1"};
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        sw_strlist_add(env, always[i]);
    for (size_t i = 0; call->config == SW_GIT_NEUTRAL && i < sizeof neutral / sizeof *neutral; i++)
        sw_strlist_add(env, neutral[i]);
}

/* In the child: only async-signal-safe calls. */
static void become_git(const char *folder, char **argv, char **env, const int ends[3], pid_t parent) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || (folder && chdir(folder) != 0))
        _exit(126);
    for (int i = 0; i < 3; i++)
        if (dup2(ends[i], i) < 0)
            _exit(126);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    execvpe("git", argv, env);
    _exit(127);
}

struct child {
    pid_t pid;
    int in, out, err;
};

static bool start(const struct sw_git_call *call, struct child *child, struct sw_error **error) {
    sw_cleanup_strlist struct sw_strlist argv = {0};
    sw_cleanup_strlist struct sw_strlist env = {0};
    sw_strlist_add(&argv, "git");
    sw_strlist_copy(&argv, call->args);
    sw_strlist_take(&argv, NULL);
    make_environment(call, &env);
    sw_strlist_take(&env, NULL);
    int pipes[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
    for (int i = 0; i < 3; i++) {
        if (pipe2(pipes[i], O_CLOEXEC) == 0)
            continue;
        sw_fail_errno(error, errno, "cannot make a pipe for git");
        for (int j = 0; j < i; j++)
            sw_close(&pipes[j][0]), sw_close(&pipes[j][1]);
        return false;
    }
    pid_t parent = getpid();
    child->pid = fork();
    int number = errno;
    if (child->pid == 0)
        become_git(call->folder, argv.items, env.items, (int[3]){pipes[0][0], pipes[1][1], pipes[2][1]}, parent);
    sw_close(&pipes[0][0]);
    sw_close(&pipes[1][1]);
    sw_close(&pipes[2][1]);
    *child = (struct child){.pid = child->pid, .in = pipes[0][1], .out = pipes[1][0], .err = pipes[2][0]};
    if (child->pid > 0)
        return true;
    sw_close(&child->in);
    sw_close(&child->out);
    sw_close(&child->err);
    return sw_fail_errno(error, number, "cannot start git");
}

/* Reads what is there; closes the descriptor at the end. */
static void drain(int *fd, struct sw_buf *buf, size_t limit) {
    char chunk[65536];
    ssize_t got = read(*fd, chunk, sizeof chunk);
    if (got > 0 && buf && buf->len < limit)
        sw_buf_add(buf, chunk, (size_t)got);
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
        sw_close(fd);
}

static void feed(int *fd, struct sw_bytes input, size_t *sent) {
    ssize_t put = *sent < input.len ? write(*fd, (const char *)input.data + *sent, input.len - *sent) : 0;
    if (put > 0)
        *sent += (size_t)put;
    if (*sent == input.len || (put < 0 && errno != EINTR && errno != EAGAIN))
        sw_close(fd);
}

/* Moves bytes until both outputs end. False: cancelled. */
static bool talk(const struct sw_git_call *call, struct child *child, struct sw_buf *out, struct sw_buf *message) {
    size_t sent = 0;
    fcntl(child->in, F_SETFL, O_NONBLOCK);
    while (child->out >= 0 || child->err >= 0) {
        struct pollfd fds[3] = {{child->in, POLLOUT, 0}, {child->out, POLLIN, 0}, {child->err, POLLIN, 0}};
        poll(fds, 3, POLL_MS);
        if (sw_cancelled(call->cancel))
            return false;
        if (child->in >= 0 && fds[0].revents)
            feed(&child->in, call->input, &sent);
        if (child->out >= 0 && fds[1].revents)
            drain(&child->out, out, SIZE_MAX);
        if (child->err >= 0 && fds[2].revents)
            drain(&child->err, message, MESSAGE_LIMIT);
    }
    return true;
}

/* A child that closes its input early must not end us: SIGPIPE is blocked around the writes, and a pending one is taken back. */
static bool talk_safely(const struct sw_git_call *call, struct child *child, struct sw_buf *out, struct sw_buf *message) {
    sigset_t pipe_set, before;
    sigemptyset(&pipe_set);
    sigaddset(&pipe_set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_set, &before);
    bool done = talk(call, child, out, message);
    while (sigtimedwait(&pipe_set, NULL, &(struct timespec){0}) > 0)
        ;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return done;
}

static bool fail_missing(struct sw_error **error) {
    sw_fail(error, SW_ERROR_UNAVAILABLE, "cannot run git: it is not installed or not in PATH");
    if (error)
        sw_error_hint(*error, "install git (version 2.18 or newer)");
    return false;
}

bool sw_git_ask(const struct sw_git_call *call, int *status, struct sw_buf *out, struct sw_buf *message, struct sw_error **error) {
    struct child child = {.pid = -1, .in = -1, .out = -1, .err = -1};
    if (!start(call, &child, error))
        return false;
    bool done = talk_safely(call, &child, out, message);
    if (!done)
        kill(-child.pid, SIGKILL);
    sw_close(&child.in);
    sw_close(&child.out);
    sw_close(&child.err);
    int how = 0;
    while (waitpid(child.pid, &how, 0) < 0 && errno == EINTR)
        ;
    if (!done)
        return sw_fail(error, SW_ERROR_CANCELLED, "git was stopped");
    if (WIFSIGNALED(how))
        return sw_fail(error, SW_ERROR_INTERNAL, "git was ended by signal %d", WTERMSIG(how));
    *status = WEXITSTATUS(how);
    return *status == 127 ? fail_missing(error) : true;
}

/* The line of git's message that says most: the first fatal one, else the last. */
static char *main_line(const char *message) {
    const char *best = strstr(message, "fatal: ");
    if (best && (best == message || best[-1] == '\n'))
        return sw_strndup(best + 7, strcspn(best + 7, "\n"));
    size_t len = strlen(message);
    while (len && message[len - 1] == '\n')
        len--;
    size_t start_of_line = len;
    while (start_of_line && message[start_of_line - 1] != '\n')
        start_of_line--;
    return sw_strndup(message + start_of_line, len - start_of_line);
}

bool sw_git_run(const struct sw_git_call *call, struct sw_buf *out, struct sw_error **error) {
    sw_cleanup_buf struct sw_buf message = {0};
    int status = 0;
    if (!sw_git_ask(call, &status, out, &message, error))
        return false;
    if (status == 0)
        return true;
    sw_cleanup_free char *clean = sw_git_without_passwords(sw_buf_text(&message));
    sw_cleanup_free char *line = main_line(clean);
    /* The command's name is the first argument that is no option of git itself. */
    const char *command = "";
    for (size_t i = 0; i < call->args.count && !*command; i++) {
        if (!strcmp(call->args.items[i], "-c") || !strcmp(call->args.items[i], "-C"))
            i++;
        else if (call->args.items[i][0] != '-')
            command = call->args.items[i];
    }
    return sw_fail(error, SW_ERROR_UNAVAILABLE, "git %s failed: %s", command, *line ? line : "no message");
}

/* --- streams ------------------------------------------------------------------------------------------------------------------- */

struct sw_git_stream {
    struct child child;
};

struct sw_git_stream *sw_git_open(const struct sw_git_call *call, struct sw_error **error) {
    struct child child = {.pid = -1, .in = -1, .out = -1, .err = -1};
    if (!start(call, &child, error))
        return NULL;
    sw_close(&child.in);
    struct sw_git_stream *stream = sw_new(sizeof *stream);
    stream->child = child;
    return stream;
}

/* What git said when it failed; it says little, so that the pipe never fills. */
static bool end_stream(struct sw_git_stream *stream, struct sw_error **error) {
    sw_cleanup_buf struct sw_buf message = {0};
    while (stream->child.err >= 0)
        drain(&stream->child.err, &message, MESSAGE_LIMIT);
    int how = 0;
    while (waitpid(stream->child.pid, &how, 0) < 0 && errno == EINTR)
        ;
    stream->child.pid = -1;
    if (WIFEXITED(how) && WEXITSTATUS(how) == 0)
        return true;
    if (WIFEXITED(how) && WEXITSTATUS(how) == 127)
        return fail_missing(error);
    sw_cleanup_free char *line = main_line(sw_buf_text(&message));
    return sw_fail(error, SW_ERROR_UNAVAILABLE, "git failed: %s", *line ? line : "no message");
}

int64_t sw_git_read(struct sw_git_stream *stream, void *buffer, size_t len, struct sw_error **error) {
    ssize_t got;
    if (stream->child.pid < 0)
        return 0;
    do
        got = read(stream->child.out, buffer, len);
    while (got < 0 && errno == EINTR);
    if (got > 0)
        return got;
    if (got < 0) {
        sw_fail_errno(error, errno, "cannot read from git");
        return -1;
    }
    return end_stream(stream, error) ? 0 : -1;
}

void sw_git_close(struct sw_git_stream *stream) {
    if (!stream)
        return;
    sw_close(&stream->child.out);
    sw_close(&stream->child.err);
    if (stream->child.pid > 0) {
        /* It may not have come to its own group yet. */
        if (kill(-stream->child.pid, SIGKILL) < 0)
            kill(stream->child.pid, SIGKILL);
        while (waitpid(stream->child.pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    free(stream);
}

char *sw_git_without_passwords(const char *text) {
    struct sw_buf out = {0};
    for (const char *p = text; *p;) {
        const char *scheme = strstr(p, "://");
        if (!scheme) {
            sw_buf_puts(&out, p);
            break;
        }
        const char *host = scheme + 3;
        size_t span = strcspn(host, "/ \t\n'\"");
        const char *at = memrchr(host, '@', span);
        sw_buf_add(&out, p, (size_t)(host - p));
        p = at ? at + 1 : host;
    }
    return sw_buf_take(&out);
}
