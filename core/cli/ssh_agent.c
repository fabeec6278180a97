#include "core/cli/ssh_agent.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/cli/read_file.h"
#include "core/runtime/cancel.h"
#include "core/runtime/process.h"
#include "core/runtime/undo.h"

enum { OUTPUT_LIMIT = 64 * 1024 };

static void add_next(struct sw_ssh_agent *agent);

/* The agent was waited for: for its start, or for its end. */
static void stop_waiting(struct sw_ssh_agent *agent) {
    if (agent->waits)
        sw_app_finish(agent->app);
    agent->waits = false;
}

/* ---- keys ---- */

static char *key_path(const char *name) {
    const char *home = getenv("HOME");
    return name[0] == '~' && name[1] == '/' && home ? sw_format("%s%s", home, name + 1) : sw_strdup(name);
}

static void on_added(void *context, const struct sw_process_result *result) {
    struct sw_ssh_agent *agent = context;
    const char *key = agent->keys.items[agent->next++];
    if (result->exit.status == 0) {
        add_next(agent);
        return;
    }
    sw_fail(&agent->error, SW_ERROR_USAGE, "--ssh-key %s: %.*s", key, (int)strcspn(result->errors.data, "\n"),
            (const char *)result->errors.data);
    agent->error =
        sw_error_hint(agent->error, "a key with a passphrase belongs into an agent: ssh-add %s, and leave --ssh-key out", key);
    stop_waiting(agent);
}

/* The key goes in by standard input: a file from a CI's variable often has a mode that ssh-add refuses, and no line break at its end. */
static void add_next(struct sw_ssh_agent *agent) {
    if (agent->next == agent->keys.count) {
        stop_waiting(agent);
        return;
    }
    static const char *const argv[] = {"ssh-add", "-q", "-", NULL};
    const char *name = agent->keys.items[agent->next];
    sw_cleanup_free char *path = key_path(name);
    sw_cleanup_buf struct sw_buf key = {0};
    struct sw_error *cause = NULL;
    if (!sw_read_file(path, &key, &cause)) {
        agent->error = sw_error_new(SW_ERROR_USAGE, "--ssh-key: %s", cause->message);
        sw_error_free(cause);
        stop_waiting(agent);
        return;
    }
    if (key.len && key.data[key.len - 1] != '\n')
        sw_buf_putc(&key, '\n');
    const struct sw_process_options options = {
        .size = sizeof options, .argv = argv, .stdin_bytes = {key.data, key.len}, .cancel = sw_cancel_root()};
    if (!sw_process_run(&options, 0, OUTPUT_LIMIT, on_added, agent, &agent->error))
        stop_waiting(agent);
    explicit_bzero(key.data, key.len);
}

/* ---- the agent ---- */

/* It says where it listens as soon as it does, maybe in several pieces. */
static void on_output(void *context, int stream, struct sw_bytes bytes) {
    struct sw_ssh_agent *agent = context;
    (void)bytes;
    if (stream != STDOUT_FILENO || agent->listens)
        return;
    agent->listens = true;
    if (agent->waits)
        add_next(agent);
}

static void on_exited(void *context, const struct sw_process_exit *how) {
    struct sw_ssh_agent *agent = context;
    agent->process = NULL;
    if (agent->waits && !agent->error)
        sw_fail(&agent->error, SW_ERROR_INTERNAL, "ssh-agent has ended (exit code %d, signal %d)", how->status, how->signal);
    stop_waiting(agent);
}

static bool make_folder(struct sw_ssh_agent *agent, struct sw_error **error) {
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    agent->folder = sw_format("%s/slipway-ssh-XXXXXX", runtime && *runtime == '/' ? runtime : "/tmp");
    if (!mkdtemp(agent->folder)) {
        sw_fail_errno(error, errno, "%s", agent->folder);
        free(agent->folder);
        agent->folder = NULL;
        return false;
    }
    agent->socket = sw_format("%s/agent", agent->folder);
    agent->folder_undo = sw_undo_remove_path(agent->folder);
    agent->socket_undo = sw_undo_remove_path(agent->socket);
    return true;
}

static bool wait(struct sw_ssh_agent *agent, struct sw_error **error) {
    agent->waits = true;
    return sw_app_wait(agent->app, error);
}

bool sw_ssh_agent_start(struct sw_ssh_agent *agent, struct sw_app *app, struct sw_strings keys, struct sw_error **error) {
    *agent = (struct sw_ssh_agent){.app = app, .keys = keys};
    if (!keys.count)
        return true;
    if (!make_folder(agent, error))
        return false;
    setenv("SSH_AUTH_SOCK", agent->socket, true);
    const char *const argv[] = {"ssh-agent", "-D", "-a", agent->socket, NULL};
    const struct sw_process_options options = {.size = sizeof options,
                                               .argv = argv,
                                               .output = on_output,
                                               .exited = on_exited,
                                               .context = agent,
                                               .cancel = sw_cancel_root()};
    struct sw_error *cause = NULL;
    agent->process = sw_process_spawn(&options, &cause);
    if (!agent->process)
        return sw_pass(error, sw_error_hint(cause, "--ssh-key needs ssh-agent and ssh-add (openssh-client)"));
    if (!wait(agent, error))
        return false;
    cause = agent->error;
    agent->error = NULL;
    return !cause || sw_pass(error, cause);
}

void sw_ssh_agent_end(struct sw_ssh_agent *agent) {
    if (agent->process) {
        sw_process_kill(agent->process, SIGTERM);
        wait(agent, NULL);
    }
    if (agent->folder) {
        unlink(agent->socket);
        rmdir(agent->folder);
    }
    sw_undo_forget(agent->socket_undo);
    sw_undo_forget(agent->folder_undo);
    sw_error_free(agent->error);
    free(agent->socket);
    free(agent->folder);
    *agent = (struct sw_ssh_agent){0};
}
