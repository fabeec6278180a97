#include "plugins/local/step.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/arena.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "plugins/local/accounts.h"
#include "plugins/local/agentproxy.h"
#include "plugins/local/bundle.h"
#include "plugins/local/launch.h"
#include "plugins/local/names.h"
#include "plugins/local/output.h"
#include "plugins/local/program.h"
#include "plugins/local/room.h"
#include "plugins/local/stubs.h"

static const char DEFAULT_HOSTNAME[] = "buildkitsandbox"; /* what steps of other builders see */

/* Where the room is, in the step's own mount namespace. crun makes files of its own in /tmp, so they end up in the room too. */
static const char ROOM_PATH[] = "/tmp";

/* All that a run needs and that must be given back after it. */
struct run {
    struct sw_step *step;
    struct sw_arena arena;
    struct sw_fsroot *root;
    struct sw_stubs *stubs;
    int room;
    struct sw_account account;
    char *cwd; /* without symlinks */
    struct sw_strlist env;
    struct sw_vec mounts;      /* of struct sw_bundle_mount, for the runtime */
    struct sw_vec attachments; /* of struct sw_attachment */
    struct sw_vec clones;      /* of int: detached mounts made here */
    struct sw_vec secrets;     /* of struct sw_bytes */
    struct sw_vec agents;      /* of struct sw_agentproxy * */
    int input;
};

static void run_fini(struct run *run) {
    for (size_t i = 0; i < run->clones.len; i++)
        sw_close(sw_vec_at(&run->clones, i));
    for (size_t i = 0; i < run->agents.len; i++)
        sw_agentproxy_stop(*(struct sw_agentproxy **)sw_vec_at(&run->agents, i));
    for (size_t i = 0; i < run->secrets.len; i++)
        run->step->secrets->free_value(sw_vec_at(&run->secrets, i));
    /* Values of secrets may be in here. */
    for (size_t i = 0; i < run->env.len; i++)
        explicit_bzero(run->env.items[i], strlen(run->env.items[i]));
    sw_vec_fini(&run->mounts);
    sw_vec_fini(&run->attachments);
    sw_vec_fini(&run->clones);
    sw_vec_fini(&run->secrets);
    sw_vec_fini(&run->agents);
    sw_strlist_fini(&run->env);
    sw_account_fini(&run->account);
    sw_stubs_free(run->stubs);
    sw_fsroot_free(run->root);
    sw_close(&run->room);
    sw_close(&run->input);
    sw_close(&run->step->root);
    free(run->cwd);
    sw_arena_fini(&run->arena);
}

/* Path in the room as the runtime sees it. */
static const char *room_path(struct run *run, const char *name) {
    return sw_arena_format(&run->arena, "%s/%s", ROOM_PATH, name);
}

/* ---- environment ---- */

static const char *env_value(const struct run *run, const char *name) {
    size_t len = strlen(name);
    for (size_t i = run->env.len; i-- > 0;)
        if (!strncmp(run->env.items[i], name, len) && run->env.items[i][len] == '=')
            return run->env.items[i] + len + 1;
    return NULL;
}

static void set_default(struct run *run, const char *name, const char *value) {
    if (!env_value(run, name))
        sw_strlist_take(&run->env, sw_format("%s=%s", name, value));
}

/* ---- mounts ---- */

/* Whether another mount lies over `target`: its own mount point is then made by the runtime, inside that mount. */
static bool is_covered(const struct run *run, const char *target) {
    sw_cleanup_free char *path = sw_path_clean(target);
    for (size_t i = 0; i < run->mounts.len; i++) {
        const struct sw_bundle_mount *mount = sw_vec_at(&run->mounts, i);
        if (strcmp(path, mount->destination) && sw_path_within(path, mount->destination))
            return true;
    }
    return false;
}

static bool add_mount(struct run *run, const char *target, enum sw_stub_kind kind, struct sw_bundle_mount mount,
                      struct sw_error **error) {
    if (is_covered(run, target)) {
        sw_cleanup_free char *clean = sw_path_clean(target);
        mount.destination = sw_arena_str(&run->arena, clean);
    } else {
        struct sw_error *cause = NULL;
        sw_cleanup_free char *path = sw_stubs_make(run->stubs, target, kind, &cause);
        if (!path && cause)
            return sw_pass(error, cause);
        if (!path)
            return true;
        mount.destination = sw_arena_str(&run->arena, path);
    }
    sw_vec_push(&run->mounts, &mount);
    return true;
}

/* Makes `fd` (a file or folder) appear in the room, and gives its path there. */
static const char *attach(struct run *run, enum sw_attach how, int fd, bool folder, struct sw_error **error) {
    const char *name = sw_arena_format(&run->arena, "m%zu", run->attachments.len);
    struct sw_room_file file = {.name = name, .mode = 0600};
    if (folder ? !sw_room_mkdir(run->room, name, error) : !sw_room_write(run->room, &file, error))
        return NULL;
    const char *path = room_path(run, name);
    sw_vec_push(&run->attachments, &(struct sw_attachment){how, fd, path});
    return path;
}

static bool is_folder(int fd) {
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
}

/* A part of a snapshot: the snapshot's mount goes into the room, then the part alone to a place of its own. */
static bool add_bind(struct run *run, const struct sw_step_mount *mount, struct sw_error **error) {
    if (!attach(run, SW_ATTACH_MOUNT, mount->tree, true, error))
        return false;
    bool folder = is_folder(mount->source);
    const char *path = attach(run, SW_ATTACH_CLONE, mount->source, folder, error);
    struct sw_bundle_mount bind = {
        .type = "bind", .source = path, .options = mount->mount->read_only ? "bind,nodev,ro" : "bind,nodev"};
    return path && add_mount(run, mount->mount->target, folder ? SW_STUB_FOLDER : SW_STUB_FILE, bind, error);
}

/* A file or folder of the host: a cache, or what the user allowed. */
static bool add_host(struct run *run, const struct sw_step_mount *mount, struct sw_error **error) {
    int clone = sw_room_clone(mount->source, mount->mount->kind == SW_MOUNT_HOST, error);
    if (clone < 0)
        return false;
    sw_vec_push(&run->clones, &clone);
    bool folder = is_folder(mount->source);
    const char *path = attach(run, SW_ATTACH_MOUNT, clone, folder, error);
    struct sw_bundle_mount bind = {
        .type = "bind", .source = path, .options = mount->mount->read_only ? "rbind,nodev,nosuid,ro" : "rbind,nodev,nosuid"};
    return path && add_mount(run, mount->mount->target, folder ? SW_STUB_FOLDER : SW_STUB_FILE, bind, error);
}

/* It looks like the folder that it covers. */
static bool add_tmpfs(struct run *run, const struct sw_mount *mount, struct sw_error **error) {
    struct stat status;
    bool there = sw_fsroot_stat_follow(run->root, mount->target, &status) == 0 && S_ISDIR(status.st_mode);
    const char *options = sw_arena_format(&run->arena, "nosuid,nodev,mode=%04o", there ? status.st_mode & 07777 : 01777);
    struct sw_bundle_mount tmpfs = {.type = "tmpfs", .source = "tmpfs", .options = options};
    if (mount->bytes)
        tmpfs.options = sw_arena_format(&run->arena, "%s,size=%llu", options, (unsigned long long)mount->bytes);
    return add_mount(run, mount->target, SW_STUB_FOLDER, tmpfs, error);
}

static bool add_secret_file(struct run *run, const struct sw_mount *mount, struct sw_bytes value, struct sw_error **error) {
    const char *name = sw_arena_format(&run->arena, "s%zu", run->secrets.len);
    struct sw_room_file file = {.name = name, .bytes = value, .uid = mount->uid, .gid = mount->gid, .mode = mount->mode & 07777};
    struct sw_bundle_mount bind = {.type = "bind", .source = room_path(run, name), .options = "bind,ro,nosuid,nodev,noexec"};
    return sw_room_write(run->room, &file, error) && add_mount(run, mount->target, SW_STUB_FILE, bind, error);
}

static bool add_secret(struct run *run, const struct sw_mount *mount, struct sw_error **error) {
    struct sw_error *cause = NULL;
    struct sw_bytes value = {0};
    if (!run->step->secrets->value(run->step->plan_id, mount->id, &value, &cause)) {
        if (cause->code != SW_ERROR_NOT_FOUND)
            return sw_pass(error, cause);
        sw_error_free(cause);
        if (mount->required)
            return sw_fail(error, SW_ERROR_NOT_FOUND, "secret %s: not found", mount->id);
        return true;
    }
    sw_vec_push(&run->secrets, &value);
    if (mount->env)
        sw_strlist_take(&run->env, sw_format("%s=%.*s", mount->env, (int)value.len, (const char *)value.data));
    return !mount->target || !mount->target[0] || add_secret_file(run, mount, value, error);
}

static bool add_ssh(struct run *run, const struct sw_step_mount *mount, struct sw_error **error) {
    const struct sw_mount *wish = mount->mount;
    const char *name = sw_arena_format(&run->arena, "agent%zu", run->agents.len);
    struct sw_agentproxy_options options = {.agent = mount->agent,
                                            .folder = run->room,
                                            .name = name,
                                            .uid = wish->uid,
                                            .gid = wish->gid,
                                            .mode = wish->mode ? wish->mode & 0777 : 0600};
    struct sw_agentproxy *agent = sw_agentproxy_start(&options, error);
    if (!agent)
        return false;
    sw_vec_push(&run->agents, &agent);
    set_default(run, "SSH_AUTH_SOCK", wish->target);
    struct sw_bundle_mount bind = {.type = "bind", .source = room_path(run, name), .options = "bind,nosuid,nodev,noexec"};
    return add_mount(run, wish->target, SW_STUB_FILE, bind, error);
}

static bool add_one(struct run *run, const struct sw_step_mount *mount, struct sw_error **error) {
    switch (mount->mount->kind) {
    case SW_MOUNT_BIND:
        return add_bind(run, mount, error);
    case SW_MOUNT_CACHE:
    case SW_MOUNT_HOST:
        return add_host(run, mount, error);
    case SW_MOUNT_TMPFS:
        return add_tmpfs(run, mount->mount, error);
    case SW_MOUNT_SECRET:
        return add_secret(run, mount->mount, error);
    case SW_MOUNT_SSH:
        return add_ssh(run, mount, error);
    default:
        return sw_fail(error, SW_ERROR_UNSUPPORTED, "the local backend knows no mount of kind %u", mount->mount->kind);
    }
}

/* ---- files that every step gets ---- */

static char *read_host_file(const char *path) {
    sw_cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    sw_cleanup_free char *text = sw_new(64 * 1024 + 1);
    ssize_t len = fd < 0 ? 0 : read(fd, text, 64 * 1024);
    text[len > 0 ? len : 0] = '\0';
    return sw_steal(&text);
}

static bool add_etc_file(struct run *run, const char *name, const char *target, const char *text, struct sw_error **error) {
    struct sw_room_file file = {.name = name, .bytes = {text, strlen(text)}, .mode = 0644};
    struct sw_bundle_mount bind = {.type = "bind", .source = room_path(run, name), .options = "bind,ro,nosuid,nodev,noexec"};
    return sw_room_write(run->room, &file, error) && add_mount(run, target, SW_STUB_FILE, bind, error);
}

static bool shares_network(const struct run *run) {
    return run->step->op->network != SW_NETWORK_NONE;
}

static const char *hostname_of(const struct run *run) {
    const char *name = run->step->op->hostname;
    return name && name[0] ? name : DEFAULT_HOSTNAME;
}

static bool add_names(struct run *run, struct sw_error **error) {
    sw_cleanup_free char *hosts = sw_names_hosts(hostname_of(run), run->step->op->extra_hosts);
    sw_cleanup_free char *host_text = read_host_file("/etc/resolv.conf");
    sw_cleanup_free char *resolv = sw_names_resolv(host_text, shares_network(run));
    return add_etc_file(run, "hosts", "/etc/hosts", hosts, error) &&
           add_etc_file(run, "resolv.conf", "/etc/resolv.conf", resolv, error);
}

/* ---- preparing ---- */

/* The folders that every system has: an image without them has them after its first step. */
static bool prepare_folders(struct run *run, struct sw_error **error) {
    if (!sw_stubs_check_folders(run->stubs, sw_bundle_folders, error))
        return false;
    for (const char *const *folder = sw_bundle_folders; *folder; folder++) {
        struct sw_error *cause = NULL;
        sw_cleanup_free char *path = sw_stubs_make(run->stubs, *folder, SW_STUB_FOLDER, &cause);
        if (!path && cause)
            return sw_pass(error, cause);
    }
    sw_stubs_keep(run->stubs);
    return true;
}

/* Unlike a mount point, the working folder stays, and belongs to the process. What /proc shows of other processes is no place to work in. */
static bool prepare_cwd(struct run *run, struct sw_error **error) {
    const char *wanted = run->step->op->cwd && run->step->op->cwd[0] ? run->step->op->cwd : "/";
    run->cwd = sw_fsroot_resolve(run->root, wanted);
    if (!run->cwd)
        return sw_fsroot_fail(error, "resolve the working folder", wanted);
    if (sw_path_within(run->cwd, "/proc") || sw_path_within(run->cwd, "/sys") || sw_path_within(run->cwd, "/dev/fd"))
        return sw_fail(error, SW_ERROR_DENIED, "the working folder of a step cannot be in %s", run->cwd);
    if (is_covered(run, run->cwd) || run->step->upper < 0)
        return true;
    struct sw_fsattr attr = {.set = SW_FSATTR_MODE, .mode = 0755, .uid = run->account.uid, .gid = run->account.gid};
    if (attr.uid || attr.gid)
        attr.set |= SW_FSATTR_OWNER;
    if (strcmp(run->cwd, "/") && sw_fsroot_mkdirs(run->root, run->cwd, &attr, NULL, NULL))
        return sw_fsroot_fail(error, "make the working folder", run->cwd);
    return true;
}

static bool prepare_input(struct run *run, struct sw_error **error) {
    struct sw_bytes script = run->step->op->stdin_bytes;
    if (run->step->inherit) {
        run->input = fcntl(0, F_DUPFD_CLOEXEC, 3);
    } else if (!script.len) {
        run->input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    } else {
        run->input = memfd_create("script", MFD_CLOEXEC);
        if (run->input >= 0 && pwrite(run->input, script.data, script.len, 0) != (ssize_t)script.len)
            sw_close(&run->input);
    }
    return run->input >= 0 || sw_fail_errno(error, errno, "cannot prepare the step's standard input");
}

static bool prepare(struct run *run, struct sw_error **error) {
    struct sw_step *step = run->step;
    run->root = sw_fsroot_new(step->root, SW_FSROOT_IN_ROOT, error);
    run->stubs = run->root ? sw_stubs_new(step->root, step->upper, error) : NULL;
    if (!run->stubs || !sw_accounts_process(run->root, step->op->user ? step->op->user : "", &run->account, error))
        return false;
    sw_strlist_copy(&run->env, step->op->env);
    run->room = sw_room_new(error);
    if (run->room < 0 || !sw_room_mkdir(run->room, "root", error) || !sw_room_mkdir(run->room, "state", error))
        return false;
    sw_vec_push(&run->attachments, &(struct sw_attachment){SW_ATTACH_MOUNT, run->room, ROOM_PATH});
    sw_vec_push(&run->attachments, &(struct sw_attachment){SW_ATTACH_MOUNT, step->root, room_path(run, "root")});
    if (!prepare_folders(run, error) || !add_names(run, error))
        return false;
    for (size_t i = 0; i < step->mount_count; i++)
        if (!add_one(run, &step->mounts[i], error))
            return false;
    set_default(run, "HOME", run->account.home ? run->account.home : "/");
    return prepare_cwd(run, error) && prepare_input(run, error);
}

static bool write_config(struct run *run, struct sw_error **error) {
    const struct sw_step *step = run->step;
    struct sw_bundle bundle = {
        .root = "root",
        .argv = step->op->argv,
        .env = sw_strlist_view(&run->env),
        .cwd = run->cwd,
        .uid = run->account.uid,
        .gid = run->account.gid,
        .groups = run->account.groups,
        .group_count = run->account.group_count,
        .hostname = hostname_of(run),
        .mounts = run->mounts.data,
        .mount_count = run->mounts.len,
        .own_network = !shares_network(run),
        .insecure = step->insecure,
        .terminal = step->terminal,
        .seccomp = step->seccomp,
    };
    char *text = sw_bundle_text(&bundle);
    if (!text)
        return sw_fail(error, SW_ERROR_INTERNAL, "cannot describe the step to the runtime");
    struct sw_room_file file = {.name = "config.json", .bytes = {text, strlen(text)}, .mode = 0600};
    bool done = sw_room_write(run->room, &file, error);
    explicit_bzero(text, strlen(text));
    free(text);
    return done;
}

/* ---- running ---- */

/* crun cannot tell which hierarchy to use when both are there. */
static const char *const hidden[] = {"/sys/fs/cgroup/unified", NULL};

static bool launch(struct run *run, const int pipes[2], struct sw_launched *launched, struct sw_error **error) {
    const struct sw_step *step = run->step;
    static const char *const env[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL};
    const char *argv[16];
    size_t count = 0;
    argv[count++] = step->runtime->path;
    argv[count++] = "--root";
    argv[count++] = room_path(run, "state");
    argv[count++] = "--log";
    argv[count++] = room_path(run, "log");
    argv[count++] = "--log-format";
    argv[count++] = "text";
    if (step->runtime->cgroups_off)
        argv[count++] = "--cgroup-manager=disabled";
    argv[count++] = "run";
    argv[count++] = "--bundle";
    argv[count++] = ROOM_PATH;
    argv[count++] = "step";
    argv[count] = NULL;
    struct sw_launch plan = {.program = step->runtime->path,
                             .argv = argv,
                             .env = env,
                             .cwd = ROOM_PATH,
                             .streams = {run->input, pipes[0], pipes[1]},
                             .attachments = run->attachments.data,
                             .attachment_count = run->attachments.len,
                             .hidden = hidden,
                             .keep_terminal = step->terminal};
    return sw_launch(&plan, launched, error);
}

static bool open_pipes(bool inherit, int readers[2], int writers[2], struct sw_error **error) {
    for (int i = 0; i < 2; i++) {
        int ends[2] = {-1, -1};
        if (inherit)
            ends[1] = fcntl(i + 1, F_DUPFD_CLOEXEC, 3);
        else if (pipe2(ends, O_CLOEXEC))
            return sw_fail_errno(error, errno, "cannot make a pipe");
        readers[i] = ends[0];
        writers[i] = ends[1];
    }
    return true;
}

/* What the runtime says when it could not start the program; NULL when it has nothing to say. */
static char *runtime_cause(struct run *run) {
    sw_cleanup_free char *log = sw_room_read(run->room, "log");
    size_t len = strlen(log);
    while (len && log[len - 1] == '\n')
        log[--len] = '\0';
    return len ? sw_steal(&log) : NULL;
}

static int status_of_cause(const char *cause, int status) {
    if (strstr(cause, "executable file") && strstr(cause, "not found"))
        return 127;
    if (strstr(cause, "no such file or directory") || strstr(cause, "No such file or directory"))
        return strstr(cause, "exec") ? 127 : status;
    return strstr(cause, "exec") && strstr(cause, "ermission denied") ? 126 : status;
}

static bool run_program(struct run *run, struct sw_step_end *end, struct sw_error **error) {
    struct sw_step *step = run->step;
    struct sw_output output = {.pipes = {-1, -1}, .output = step->output, .context = step->context, .cancelled = step->cancelled};
    int writers[2] = {-1, -1};
    struct sw_launched launched;
    bool started = open_pipes(step->inherit, output.pipes, writers, error) && launch(run, writers, &launched, error);
    sw_close(&writers[0]);
    sw_close(&writers[1]);
    if (started) {
        end->status = sw_output_follow(&output, &launched);
        end->tail = sw_output_tail(&output, &run->secrets);
        end->cause = end->status ? runtime_cause(run) : NULL;
        if (end->cause)
            end->status = status_of_cause(end->cause, end->status);
    }
    sw_buf_fini(&output.tail);
    sw_close(&output.pipes[0]);
    sw_close(&output.pipes[1]);
    return started;
}

/* Whether the program is there: only when no mount could bring it. */
static bool program_missing(struct run *run, struct sw_step_end *end) {
    const struct sw_step *step = run->step;
    if (!step->op->argv.count || step->mount_count)
        return false;
    const char *name = step->op->argv.items[0];
    enum sw_program found = sw_program_find(run->root, name, run->cwd, env_value(run, "PATH"));
    if (found == SW_PROGRAM_FOUND)
        return false;
    end->status = found == SW_PROGRAM_MISSING ? 127 : 126;
    end->tail = sw_strdup("");
    end->cause = sw_format(found == SW_PROGRAM_MISSING ? "%s: not found in the image" : "%s: cannot be executed", name);
    return true;
}

bool sw_step_run(struct sw_step *step, struct sw_step_end *end, struct sw_error **error) {
    struct run run = {.step = step, .room = -1, .input = -1};
    run.mounts.width = sizeof(struct sw_bundle_mount);
    run.attachments.width = sizeof(struct sw_attachment);
    run.clones.width = sizeof(int);
    run.secrets.width = sizeof(struct sw_bytes);
    run.agents.width = sizeof(struct sw_agentproxy *);
    *end = (struct sw_step_end){0};
    bool done = prepare(&run, error) && sw_work_wanted(step->work, error);
    if (done && !program_missing(&run, end))
        done = write_config(&run, error) && run_program(&run, end, error);
    /* The mount goes before the stubs do: they are removed from the layer itself. */
    sw_fsroot_free(run.root);
    run.root = NULL;
    sw_close(&step->root);
    if (run.stubs)
        sw_stubs_remove(run.stubs);
    run_fini(&run);
    return done && sw_work_wanted(step->work, error);
}

void sw_step_end_fini(struct sw_step_end *end) {
    free(end->tail);
    free(end->cause);
    *end = (struct sw_step_end){0};
}
