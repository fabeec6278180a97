/* RUN: the command, its environment, its mounts. */
#include <string.h>

#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/path.h"
#include "plugins/dockerfile/heredoc.h"
#include "plugins/dockerfile/state.h"
#include "plugins/dockerfile/systempath.h"
#include "plugins/dockerfile/text.h"

struct run {
    struct sw_df_evaluator *e;
    struct sw_df_state *state;
    const struct sw_df_command *command;
    const struct sw_df_instruction *instruction;
    struct sw_arena *arena;
    struct sw_df_mount *parsed; /* values of --mount */
    struct sw_vec mounts;       /* struct sw_df_run_mount */
};

static bool expand_value(void *context, const char *word, const char **out, struct sw_df_failure *failure) {
    struct run *run = context;
    (void)failure;
    return sw_df_state_expand(run->e, run->state, run->instruction, &run->e->shell, word, out);
}

static const char *join(struct sw_arena *arena, const char *a, const char *b) {
    sw_cleanup_free char *path = sw_path_join(a, b);
    return sw_arena_str(arena, path);
}

static const char *clean(struct sw_arena *arena, const char *path) {
    sw_cleanup_free char *text = sw_path_clean(path);
    return sw_arena_str(arena, text);
}

/* A heredoc with "#!" becomes a program that is mounted. */
static struct sw_strings mount_script(struct run *run, const char *name, const char *content) {
    struct sw_df_step *step = sw_df_step_new(run->e, SW_DF_STEP_INLINE, NULL);
    step->name = name;
    step->content = content;
    step->mode = 0755;
    step->title = "preparing inline document";
    struct sw_df_run_mount mount = {
        .mount =
            {.kind = SW_MOUNT_BIND, .from = "", .source = "", .target = "/dev/pipes/", .id = "", .sharing = "", .read_only = true},
        .from = step,
        .source = "/"};
    sw_vec_push(&run->mounts, &mount);
    const char **items = sw_arena_new(run->arena, sizeof(char *));
    items[0] = join(run->arena, "/dev/pipes/", name);
    return (struct sw_strings){items, 1};
}

static struct sw_strings one(struct sw_arena *arena, const char *text) {
    const char **items = sw_arena_new(arena, sizeof(char *));
    items[0] = text;
    return (struct sw_strings){items, 1};
}

/* The words of the command, with heredocs in place. */
static bool command_words(struct run *run, struct sw_strings *words) {
    const struct sw_df_instruction *instruction = run->instruction;
    struct sw_df_failure ignored = {.arena = run->arena};
    struct sw_df_heredoc heredoc;
    *words = instruction->args;
    if (instruction->heredoc_count == 0)
        return true;
    if (words->count != 1 || !instruction->shell_form)
        return sw_df_fail(run->e->failure, "parsing produced an invalid run command: [%s]", sw_df_join(run->arena, *words, " "));
    if (sw_df_heredoc_parse(words->items[0], &heredoc, &ignored)) {
        const struct sw_df_heredoc *first = &instruction->heredocs[0];
        const char *content = first->chomp ? sw_df_chomp(run->arena, first->content) : first->content;
        bool script = sw_df_has_prefix(content, "#!") && strcmp(run->state->image.platform.os, "windows") != 0;
        *words = script ? mount_script(run, first->name, content) : one(run->arena, content);
        return true;
    }
    sw_cleanup_buf struct sw_buf text = {0};
    sw_buf_puts(&text, words->items[0]);
    for (size_t i = 0; i < instruction->heredoc_count; i++)
        sw_buf_printf(&text, "\n%s%s", instruction->heredocs[i].content, instruction->heredocs[i].name);
    *words = one(run->arena, sw_arena_str(run->arena, sw_buf_text(&text)));
    return true;
}

/* Windows has no place where secrets are by default, and paths begin with a drive there. */
static bool check_windows_target(struct run *run, const struct sw_df_mount *mount) {
    const char *target = mount->target;
    if (*target && !sw_df_path_is_absolute(&run->state->platform, target, run->arena))
        return sw_df_fail(run->e->failure,
                          "secret target %s must be an absolute path with forward slashes on Windows, e.g. "
                          "--mount=type=secret,id=%s,target=C:/path/to/secret",
                          sw_df_quote(run->arena, target), mount->id);
    if (!mount->env && !*target)
        return sw_df_fail(run->e->failure,
                          "secret target is required on Windows, e.g. --mount=type=secret,id=%s,target=C:/path/to/secret",
                          mount->id);
    return true;
}

static bool fill_secret(struct run *run, struct sw_df_mount *mount) {
    bool windows = run->state->has_platform && strcmp(run->state->platform.os, "windows") == 0;
    if (windows)
        mount->target = sw_df_translate(run->arena, mount->target, '\\', '/');
    if (*mount->source)
        mount->id = mount->source;
    if (!*mount->id) {
        sw_cleanup_free char *base = sw_path_base(mount->target);
        mount->id = sw_arena_str(run->arena, base);
    }
    if (windows && !check_windows_target(run, mount))
        return false;
    if (!mount->env && !*mount->target) {
        sw_cleanup_free char *base = sw_path_base(mount->id);
        mount->target = sw_arena_format(run->arena, "/run/secrets/%s", base);
    }
    if (!mount->has_mode)
        mount->mode = 0400;
    return true;
}

static bool fill_ssh(struct run *run, struct sw_df_mount *mount, unsigned number) {
    if (*mount->source)
        return sw_df_fail(run->e->failure, "ssh does not support source");
    if (!*mount->id)
        mount->id = "default";
    if (!*mount->target)
        mount->target = sw_arena_format(run->arena, "/run/buildkit/ssh_agent.%u", number);
    if (!mount->has_mode)
        mount->mode = 0600;
    return true;
}

static bool fill_target(struct run *run, struct sw_df_mount *mount) {
    if (clean(run->arena, mount->target)[0] != '/') {
        const char *folder = join(run->arena, "/", run->state->cwd);
        mount->target = join(run->arena, folder, mount->target);
    }
    if (strcmp(mount->target, "/") == 0)
        return sw_df_fail(run->e->failure, "invalid mount target \"/\"");
    return true;
}

/* A mount of files: bind, cache, tmpfs. */
static bool add_file_mount(struct run *run, struct sw_df_mount *mount, const struct sw_df_step *from) {
    struct sw_df_run_mount out = {.from = from};
    if (mount->kind == SW_MOUNT_TMPFS)
        out.from = NULL;
    if (mount->kind == SW_MOUNT_CACHE) {
        if (!*mount->id)
            mount->id = clean(run->arena, mount->target);
        mount->id = sw_arena_format(run->arena, "%s/%s", run->e->options->cache_namespace, mount->id);
    }
    if (!fill_target(run, mount))
        return false;
    out.source = join(run->arena, "/", mount->source);
    out.initial_folder = strcmp(out.source, "/") == 0 && (mount->has_mode || mount->has_uid || mount->has_gid);
    if (out.initial_folder && !mount->has_mode)
        mount->mode = 0755;
    out.mount = *mount;
    sw_vec_push(&run->mounts, &out);
    return true;
}

static bool add_mount(struct run *run, size_t index, unsigned *ssh_count) {
    struct sw_df_mount mount = run->parsed[index];
    bool empty = !*mount.from && mount.kind == SW_MOUNT_CACHE;
    const struct sw_df_step *from = run->e->context;
    if (*mount.from || empty) {
        const struct sw_df_state *source = run->command->sources[index];
        from = source->tip;
        if (!source->dispatched)
            return sw_df_fail(run->e->failure, "cannot mount from stage %s to %s, stage needs to be defined before current command",
                              sw_df_quote(run->arena, empty ? "scratch" : mount.from), sw_df_quote(run->arena, mount.target));
    }
    if (mount.kind != SW_MOUNT_SECRET && mount.kind != SW_MOUNT_SSH)
        return add_file_mount(run, &mount, from);
    bool ok = mount.kind == SW_MOUNT_SECRET ? fill_secret(run, &mount) : fill_ssh(run, &mount, (*ssh_count)++);
    struct sw_df_run_mount out = {.mount = mount, .source = ""};
    sw_vec_push(&run->mounts, &out);
    return ok;
}

static const struct {
    const char *upper;
    const char *lower;
} proxy_names[] = {{"HTTP_PROXY", "http_proxy"},
                   {"HTTPS_PROXY", "https_proxy"},
                   {"FTP_PROXY", "ftp_proxy"},
                   {"NO_PROXY", "no_proxy"},
                   {"ALL_PROXY", "all_proxy"}};

enum { PROXY_COUNT = sizeof(proxy_names) / sizeof(proxy_names[0]) };

/* The proxies among the build arguments; of several spellings the last in order of bytes wins. */
static struct sw_strings proxies(struct run *run) {
    struct sw_strings names = sw_df_env_names(&run->e->build_args);
    const char **items = sw_arena_new(run->arena, 2 * PROXY_COUNT * sizeof(char *));
    size_t count = 0;
    for (size_t i = 0; i < PROXY_COUNT; i++) {
        const char *chosen = NULL;
        for (size_t j = 0; j < names.count; j++)
            if (sw_df_equal_fold(names.items[j], proxy_names[i].upper) && (!chosen || strcmp(names.items[j], chosen) > 0))
                chosen = names.items[j];
        const char *value = chosen ? sw_df_env_get(&run->e->build_args, chosen) : "";
        if (!*value)
            continue;
        items[count++] = sw_arena_format(run->arena, "%s=%s", proxy_names[i].upper, value);
        items[count++] = sw_arena_format(run->arena, "%s=%s", proxy_names[i].lower, value);
    }
    return (struct sw_strings){items, count};
}

/* Socket of the first ssh mount, or NULL. */
static const char *ssh_socket(const struct run *run) {
    for (size_t i = 0; i < run->mounts.len; i++) {
        const struct sw_df_run_mount *mount = sw_vec_at(&run->mounts, i);
        if (mount->mount.kind == SW_MOUNT_SSH)
            return mount->mount.target;
    }
    return NULL;
}

static struct sw_strings environment(struct run *run) {
    struct sw_strings env = sw_df_env_entries(&run->state->env);
    const char *socket = ssh_socket(run);
    if (!socket || sw_df_env_get(&run->state->env, "SSH_AUTH_SOCK"))
        return env;
    const char **items = sw_df_clone(run->arena, env);
    items[env.count] = sw_arena_format(run->arena, "SSH_AUTH_SOCK=%s", socket);
    return (struct sw_strings){items, env.count + 1};
}

/* History's text: "|N" and the declared ARGs with the values they have now, then the command. */
static const char *history_text(struct run *run, struct sw_strings argv) {
    const struct sw_vec *declared = &run->state->declared;
    sw_cleanup_buf struct sw_buf args = {0}, text = {0};
    unsigned count = 0;
    for (size_t i = 0; i < declared->len; i++) {
        const struct sw_df_declared *arg = sw_vec_at(declared, i);
        const char *now = sw_df_env_get(&run->state->env, arg->name);
        sw_buf_printf(&args, "%s=%s ", arg->name, now ? now : arg->value ? arg->value : "");
        count++;
    }
    sw_buf_puts(&text, "RUN ");
    if (count > 0)
        sw_buf_printf(&text, "|%u %s", count, sw_buf_text(&args));
    sw_buf_printf(&text, "%s # buildkit", sw_df_join(run->arena, argv, " "));
    return sw_arena_str(run->arena, sw_buf_text(&text));
}

/* First line of a heredoc that is the whole command. */
static const char *script_summary(struct run *run) {
    struct sw_df_failure ignored = {.arena = run->arena};
    struct sw_df_heredoc heredoc;
    const struct sw_df_instruction *instruction = run->instruction;
    if (instruction->heredoc_count == 0 || !sw_df_heredoc_parse(instruction->args.items[0], &heredoc, &ignored))
        return "";
    const char *text = sw_df_trim(run->arena, instruction->heredocs[0].content);
    size_t len = strcspn(text, "\n");
    const char *more = text[len] ? "..." : "";
    len -= len > 0 && text[len] && text[len - 1] == '\r';
    return sw_arena_format(run->arena, " (%.*s%s)", (int)len, text, more);
}

/* Values that come from secrets are shown as stars. */
static const char *masked_text(struct run *run, const struct sw_df_shell *shell, const char *code) {
    struct sw_df_env env;
    sw_df_env_copy(&env, &run->state->env);
    for (size_t i = 0; i < run->mounts.len; i++) {
        const struct sw_df_mount *mount = &((const struct sw_df_run_mount *)sw_vec_at(&run->mounts, i))->mount;
        if (mount->kind == SW_MOUNT_SECRET && mount->env)
            sw_df_env_set(&env, mount->env, "****");
    }
    const char *text = sw_df_title_text(run->e, shell, code, &env);
    sw_df_env_fini(&env);
    return text;
}

static bool has_secret_variable(const struct run *run) {
    for (size_t i = 0; i < run->mounts.len; i++) {
        const struct sw_df_run_mount *mount = sw_vec_at(&run->mounts, i);
        if (mount->mount.kind == SW_MOUNT_SECRET && mount->mount.env)
            return true;
    }
    return false;
}

static const char *title(struct run *run) {
    struct sw_df_shell raw = {.escape = run->e->shell.escape, .raw_quotes = true, .raw_escapes = true, .keep_unset = true};
    const char *code = sw_arena_format(run->arena, "%s%s", run->instruction->code, script_summary(run));
    const char *text =
        has_secret_variable(run) ? masked_text(run, &raw, code) : sw_df_title_text(run->e, &raw, code, &run->state->env);
    return sw_df_step_title(run->e, run->state, text);
}

static bool dispatch(struct run *run) {
    struct sw_strings argv;
    unsigned ssh_count = 0;
    if (!command_words(run, &argv))
        return false;
    if (run->instruction->shell_form)
        argv = sw_df_shell_command(run->arena, &run->state->image, argv);
    for (size_t i = 0; i < run->instruction->run.mounts.count; i++)
        if (!add_mount(run, i, &ssh_count))
            return false;
    struct sw_df_step *step = sw_df_step_new(run->e, SW_DF_STEP_RUN, run->state->tip);
    step->run = (struct sw_df_run_step){.argv = argv,
                                        .env = environment(run),
                                        .proxies = proxies(run),
                                        .cwd = run->state->cwd,
                                        .user = run->state->user,
                                        .mounts = sw_arena_copy(run->arena, run->mounts.data, run->mounts.len * run->mounts.width),
                                        .mount_count = run->mounts.len,
                                        .devices = run->instruction->run.devices,
                                        .device_count = run->instruction->run.device_count,
                                        .network = run->instruction->run.network,
                                        .security = run->instruction->run.security};
    step->instruction = run->instruction->code;
    step->title = title(run);
    step->first = run->instruction->first;
    step->last = run->instruction->last;
    step->no_cache = run->state->no_cache;
    step->platform = sw_df_step_platform(run->e, &run->state->platform);
    run->state->tip = step;
    sw_df_image_commit(&run->state->image, history_text(run, argv), true, run->e->epoch);
    return true;
}

/* Values of mounts are expanded, and what they lack reported, before anything else of the instruction is looked at. */
static bool expand_mounts(struct run *run) {
    struct sw_df_expander expander = {expand_value, run};
    struct sw_strings values = run->instruction->run.mounts;
    run->parsed = sw_arena_new(run->arena, (values.count + 1) * sizeof(*run->parsed));
    for (size_t i = 0; i < values.count; i++)
        if (!sw_df_mount_parse(values.items[i], &expander, &run->parsed[i], run->e->failure))
            return false;
    return true;
}

bool sw_df_dispatch_run(struct sw_df_evaluator *e, struct sw_df_state *state, const struct sw_df_command *command) {
    struct run run = {.e = e,
                      .state = state,
                      .command = command,
                      .instruction = command->instruction,
                      .arena = e->arena,
                      .mounts = {.width = sizeof(struct sw_df_run_mount)}};
    bool ok = expand_mounts(&run) && dispatch(&run);
    sw_vec_fini(&run.mounts);
    return ok;
}
