/* Instructions of a stage, one after another, changing its environment, its config and its file system. */
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/path.h"
#include "plugins/dockerfile/number.h"
#include "plugins/dockerfile/state.h"
#include "plugins/dockerfile/systempath.h"
#include "plugins/dockerfile/text.h"

static bool is_quiet_arg(const char *name) {
    return strcmp(name, "BUILDKIT_SBOM_SCAN_CONTEXT") == 0 || strcmp(name, "BUILDKIT_SBOM_SCAN_STAGE") == 0;
}

static bool is_declared(const struct sw_df_state *state, const char *name) {
    for (size_t i = 0; i < state->declared.len; i++)
        if (strcmp(((const struct sw_df_declared *)sw_vec_at(&state->declared, i))->name, name) == 0)
            return true;
    return false;
}

static void report_undefined(struct sw_df_evaluator *e, struct sw_df_state *state, const struct sw_df_instruction *instruction,
                             struct sw_strings unmatched) {
    if (unmatched.count == 0)
        return;
    struct sw_strings names = sw_df_env_names(&state->env);
    for (size_t i = 0; i < unmatched.count; i++) {
        const char *name = unmatched.items[i];
        if (is_declared(state, name) || is_quiet_arg(name))
            continue;
        const char *near = sw_df_nearest(e->arena, name, names, SW_DF_CASE_MATTERS);
        const char *hint = near ? sw_arena_format(e->arena, " (did you mean $%s?)", near) : "";
        sw_df_warn(e->lint, sw_df_instruction_spot(instruction), "UndefinedVar", "Usage of undefined variable '$%s'%s", name, hint);
    }
}

bool sw_df_state_expand(struct sw_df_evaluator *e, struct sw_df_state *state, const struct sw_df_instruction *instruction,
                        const struct sw_df_shell *shell, const char *word, const char **out) {
    struct sw_df_expansion expansion;
    bool ok = sw_df_expand(shell, word, &state->env, &expansion, e->failure);
    report_undefined(e, state, instruction, expansion.unmatched);
    *out = expansion.text;
    return ok;
}

const char *sw_df_step_title(struct sw_df_evaluator *e, struct sw_df_state *state, const char *text) {
    if (state->step_count == 0)
        return text;
    const char *platform = e->options->many_platforms && state->has_platform
                               ? sw_df_platform_text(e->arena, &state->platform, SW_DF_PLATFORM_ALL)
                               : "";
    int width = 1;
    for (unsigned rest = state->step_count; rest >= 10; rest /= 10)
        width++;
    return sw_arena_format(e->arena, "[%s%s%s%s%*u/%u] %s%s", platform, *platform ? " " : "", state->name, *state->name ? " " : "",
                           width, ++state->step_index, state->step_count, state->on_build ? "ONBUILD " : "", text);
}

const char *sw_df_step_platform(struct sw_df_evaluator *e, const struct sw_df_platform *platform) {
    struct sw_df_platform normal = *platform;
    sw_df_platform_normalize(e->arena, &normal);
    return sw_df_platform_text(e->arena, &normal, SW_DF_PLATFORM_ALL);
}

const char *sw_df_title_text(struct sw_df_evaluator *e, const struct sw_df_shell *shell, const char *code,
                             const struct sw_df_env *env) {
    struct sw_df_failure ignored = {.arena = e->arena};
    struct sw_df_expansion expansion;
    if (sw_df_expand(shell, code, env, &expansion, &ignored))
        code = expansion.text;
    size_t len = strcspn(code, " ");
    return sw_arena_format(e->arena, "%s%s", sw_df_upper(e->arena, sw_arena_strn(e->arena, code, len)), code + len);
}

struct sw_strings sw_df_shell_command(struct sw_arena *arena, const struct sw_df_image *image, struct sw_strings args) {
    static const char *const unix_shell[] = {"/bin/sh", "-c"}, *const windows_shell[] = {"cmd", "/S", "/C"};
    struct sw_strings shell = image->shell;
    if (shell.count == 0)
        shell =
            strcmp(image->platform.os, "windows") == 0 ? (struct sw_strings){windows_shell, 3} : (struct sw_strings){unix_shell, 2};
    const char **items = sw_df_clone(arena, shell);
    items[shell.count] = sw_df_join(arena, args, " ");
    return (struct sw_strings){items, shell.count + 1};
}

/* What a dispatch function works on. */
struct dispatch {
    struct sw_df_evaluator *e;
    struct sw_df_state *state;
    const struct sw_df_instruction *instruction;
    struct sw_arena *arena;
};

static bool expand(struct dispatch *d, const char *word, const char **out) {
    return sw_df_state_expand(d->e, d->state, d->instruction, &d->e->shell, word, out);
}

static bool commit(struct dispatch *d, const char *text) {
    sw_df_image_commit(&d->state->image, text, false, d->e->epoch);
    return true;
}

static bool is_name_char(char c) {
    return c && c != '_';
}

/* Whether one of `words` stands in `name` between underscores, case ignored. */
static bool has_word(const char *name, const char *const *words) {
    while (*name) {
        size_t len = 0;
        while (is_name_char(name[len]))
            len++;
        for (size_t i = 0; words[i]; i++)
            if (strlen(words[i]) == len && strncasecmp(words[i], name, len) == 0)
                return true;
        name += len + (name[len] == '_');
    }
    return false;
}

static void check_secret_name(struct dispatch *d, const char *what, const char *name) {
    static const char *const secret[] = {"apikey", "auth",   "credential", "credentials", "key", "password",
                                         "pword",  "passwd", "secret",     "token",       NULL};
    static const char *const harmless[] = {"public", "file", "version", NULL};
    if (has_word(name, secret) && !has_word(name, harmless))
        sw_df_warn(d->e->lint, sw_df_instruction_spot(d->instruction), "SecretsUsedInArgOrEnv",
                   "Do not use ARG or ENV instructions for sensitive data (%s %s)", what, sw_df_quote(d->arena, name));
}

static void check_legacy(struct dispatch *d, const struct sw_df_pair *pair) {
    const char *name = d->instruction->name;
    if (pair->legacy)
        sw_df_warn(d->e->lint, sw_df_instruction_spot(d->instruction), "LegacyKeyValueFormat",
                   "\"%s key=value\" should be used instead of legacy \"%s key value\" format", name, name);
}

/* The pairs of ENV or LABEL, expanded by what is set before the instruction. */
static struct sw_df_pair *expand_pairs(struct dispatch *d) {
    size_t count = d->instruction->pair_count;
    struct sw_df_pair *pairs = sw_arena_copy(d->arena, d->instruction->pairs, count * sizeof(*pairs));
    for (size_t i = 0; i < count; i++)
        if (!expand(d, pairs[i].key, &pairs[i].key) || !expand(d, pairs[i].value, &pairs[i].value))
            return NULL;
    return pairs;
}

static bool dispatch_env(struct dispatch *d) {
    struct sw_df_pair *pairs = expand_pairs(d);
    sw_cleanup_buf struct sw_buf text = {0};
    if (!pairs)
        return false;
    sw_buf_puts(&text, "ENV");
    for (size_t i = 0; i < d->instruction->pair_count; i++) {
        check_legacy(d, &pairs[i]);
        check_secret_name(d, "ENV", pairs[i].key);
        sw_buf_printf(&text, " %s=%s", pairs[i].key, pairs[i].value);
        sw_df_env_set(&d->state->env, pairs[i].key, pairs[i].value);
        sw_df_image_set_env(&d->state->image, pairs[i].key, pairs[i].value);
    }
    return commit(d, sw_arena_str(d->arena, sw_buf_text(&text)));
}

static bool dispatch_label(struct dispatch *d) {
    struct sw_df_pair *pairs = expand_pairs(d);
    sw_cleanup_buf struct sw_buf text = {0};
    if (!pairs)
        return false;
    sw_buf_puts(&text, "LABEL");
    for (size_t i = 0; i < d->instruction->pair_count; i++) {
        check_legacy(d, &pairs[i]);
        sw_buf_printf(&text, " %s=%s", pairs[i].key, pairs[i].value);
        sw_map_set(&d->state->image.labels, pairs[i].key, (char *)pairs[i].value);
    }
    return commit(d, sw_arena_str(d->arena, sw_buf_text(&text)));
}

/* Value of one ARG, or NULL in *value: from the user, from its default, or from the ARG of that name before the first stage. */
static bool arg_value(struct dispatch *d, const struct sw_df_pair *pair, const char **value) {
    *value = sw_df_env_get(&d->e->build_args, pair->key);
    if (*value)
        return true;
    if (pair->value)
        return expand(d, pair->value, value);
    *value = sw_df_env_get(&d->e->globals, pair->key);
    return true;
}

/* An ARG that is declared again keeps its place and takes the new value. */
static void declare(struct sw_df_state *state, struct sw_df_declared arg) {
    for (size_t i = 0; i < state->declared.len; i++) {
        struct sw_df_declared *known = sw_vec_at(&state->declared, i);
        if (strcmp(known->name, arg.name) != 0)
            continue;
        known->value = arg.value;
        return;
    }
    sw_vec_push(&state->declared, &arg);
}

static bool dispatch_arg(struct dispatch *d) {
    sw_cleanup_buf struct sw_buf text = {0};
    sw_buf_puts(&text, "ARG");
    for (size_t i = 0; i < d->instruction->pair_count; i++) {
        const struct sw_df_pair *pair = &d->instruction->pairs[i];
        struct sw_df_declared declared = {.name = pair->key};
        check_secret_name(d, "ARG", pair->key);
        if (!arg_value(d, pair, &declared.value))
            return false;
        if (declared.value && !is_quiet_arg(pair->key))
            sw_df_env_set(&d->state->env, pair->key, declared.value);
        declare(d->state, declared);
        sw_buf_printf(&text, declared.value ? " %s=%s" : " %s", pair->key, declared.value);
    }
    return commit(d, sw_arena_str(d->arena, sw_buf_text(&text)));
}

/* A later CMD, ENTRYPOINT or HEALTHCHECK makes an earlier one useless. */
static void check_only_one(struct dispatch *d, struct sw_df_last *last) {
    struct sw_df_spot spot = {d->instruction->comments, last->first, last->last};
    if (last->set)
        sw_df_warn(d->e->lint, spot, "MultipleInstructionsDisallowed",
                   "Multiple %s instructions should not be used in the same stage because only the last one will be used",
                   d->instruction->name);
    *last = (struct sw_df_last){true, d->instruction->first, d->instruction->last};
}

static struct sw_strings runtime_command(struct dispatch *d) {
    if (!d->instruction->shell_form)
        return d->instruction->args;
    if (d->state->image.shell.count == 0)
        sw_df_warn(d->e->lint, sw_df_instruction_spot(d->instruction), "JSONArgsRecommended",
                   "JSON arguments recommended for %s to prevent unintended behavior related to OS signals", d->instruction->name);
    return sw_df_shell_command(d->arena, &d->state->image, d->instruction->args);
}

/* Go's %q of a list. */
static const char *quoted_list(struct sw_arena *arena, struct sw_strings list) {
    const char **items = sw_df_clone(arena, list);
    for (size_t i = 0; i < list.count; i++)
        items[i] = sw_df_quote(arena, items[i]);
    return sw_arena_format(arena, "[%s]", sw_df_join(arena, (struct sw_strings){items, list.count}, " "));
}

static bool dispatch_cmd(struct dispatch *d) {
    check_only_one(d, &d->state->cmd);
    d->state->image.command = runtime_command(d);
    d->state->image.args_escaped = true;
    return commit(d, sw_arena_format(d->arena, "CMD %s", quoted_list(d->arena, d->state->image.command)));
}

static bool dispatch_entrypoint(struct dispatch *d) {
    check_only_one(d, &d->state->entrypoint);
    d->state->image.entrypoint = runtime_command(d);
    if (!d->state->cmd.set)
        d->state->image.command = (struct sw_strings){0};
    return commit(d, sw_arena_format(d->arena, "ENTRYPOINT %s", quoted_list(d->arena, d->state->image.entrypoint)));
}

static bool dispatch_healthcheck(struct dispatch *d) {
    const struct sw_df_health *health = &d->instruction->health;
    check_only_one(d, &d->state->healthcheck);
    d->state->image.has_health = true;
    d->state->image.health = *health;
    return commit(
        d, sw_arena_format(d->arena, "HEALTHCHECK {Test:[%s] Interval:%s Timeout:%s StartPeriod:%s StartInterval:%s Retries:%lld}",
                           sw_df_join(d->arena, health->test, " "), sw_df_duration_text(d->arena, health->interval),
                           sw_df_duration_text(d->arena, health->timeout), sw_df_duration_text(d->arena, health->start_period),
                           sw_df_duration_text(d->arena, health->start_interval), (long long)health->retries));
}

static bool dispatch_maintainer(struct dispatch *d) {
    d->state->image.author = d->instruction->text;
    return commit(d, sw_arena_format(d->arena, "MAINTAINER %s", d->instruction->text));
}

static bool dispatch_onbuild(struct dispatch *d) {
    struct sw_df_image *image = &d->state->image;
    const char **items = sw_df_clone(d->arena, image->onbuild);
    items[image->onbuild.count] = d->instruction->text;
    image->onbuild = (struct sw_strings){items, image->onbuild.count + 1};
    return true;
}

static bool dispatch_shell(struct dispatch *d) {
    d->state->image.shell = d->instruction->args;
    return commit(d, sw_arena_format(d->arena, "SHELL [%s]", sw_df_join(d->arena, d->instruction->args, " ")));
}

/* "RTMIN+3", "TERM", … without SIG. */
static bool known_signal(const char *name) {
    static const char *const names[] = {"ABRT", "ALRM",   "BUS",  "CHLD",   "CLD",   "CONT", "FPE",  "HUP",   "ILL",
                                        "INT",  "IO",     "IOT",  "KILL",   "PIPE",  "POLL", "PROF", "PWR",   "QUIT",
                                        "SEGV", "STKFLT", "STOP", "SYS",    "TERM",  "TRAP", "TSTP", "TTIN",  "TTOU",
                                        "URG",  "USR1",   "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    bool minimum = sw_df_has_prefix(name, "RTMIN+"), maximum = sw_df_has_prefix(name, "RTMAX-");
    uint64_t offset;
    return (minimum || maximum) && name[6] != '0' && sw_df_unsigned(name + 6, 10, minimum ? 15 : 14, &offset) == SW_DF_NUMBER_OK;
}

static bool dispatch_stopsignal(struct dispatch *d) {
    const char *text;
    int64_t number;
    if (!expand(d, d->instruction->text, &text))
        return false;
    bool valid = sw_df_signed(text, INT64_MAX - 1, &number) == SW_DF_NUMBER_OK && number != 0;
    const char *name = sw_df_upper(d->arena, text);
    if (!valid && !known_signal(sw_df_has_prefix(name, "SIG") ? name + 3 : name))
        return sw_df_fail(d->e->failure, "invalid signal: %s", text);
    d->state->image.stop_signal = text;
    return commit(d, sw_arena_format(d->arena, "STOPSIGNAL %s", text));
}

static bool dispatch_user(struct dispatch *d) {
    const char *text;
    if (!expand(d, d->instruction->text, &text))
        return false;
    d->state->user = d->state->image.user = text;
    return commit(d, sw_arena_format(d->arena, "USER %s", text));
}

static bool dispatch_volume(struct dispatch *d) {
    static char present[] = "";
    struct sw_strings args = d->instruction->args;
    const char **volumes = sw_df_clone(d->arena, args);
    for (size_t i = 0; i < args.count; i++)
        if (!expand(d, volumes[i], &volumes[i]))
            return false;
    for (size_t i = 0; i < args.count; i++) {
        if (!*volumes[i])
            return sw_df_fail(d->e->failure, "VOLUME specified can not be an empty string");
        sw_map_set(&d->state->image.volumes, volumes[i], present);
    }
    return commit(d, sw_arena_format(d->arena, "VOLUME [%s]", sw_df_join(d->arena, (struct sw_strings){volumes, args.count}, " ")));
}

/* Moves to `path`. The config of a Windows image has backslashes. */
static bool set_workdir(struct sw_df_evaluator *e, struct sw_df_state *state, const char *path) {
    bool windows = strcmp(state->platform.os, "windows") == 0;
    if (!sw_df_path_normalize(&state->platform, state->image.workdir, path, SW_DF_DROP_SLASH, &state->cwd, e->failure))
        return sw_df_fail_prefix(e->failure, "normalizing workdir: normalizing working directory: ");
    state->image.workdir = windows ? sw_df_translate(e->arena, state->cwd, '/', '\\') : state->cwd;
    return true;
}

static void make_folder(struct dispatch *d, const char *path) {
    struct sw_df_step *step = sw_df_step_new(d->e, SW_DF_STEP_MKDIR, d->state->tip);
    step->path = path;
    step->user = d->state->image.user;
    step->created = d->e->epoch_seconds;
    const char *text = sw_df_title_text(d->e, &d->e->shell, d->instruction->code, &d->state->env);
    step->title = sw_df_step_title(d->e, d->state, text);
    step->instruction = d->instruction->code;
    step->first = d->instruction->first;
    step->last = d->instruction->last;
    step->platform = sw_df_step_platform(d->e, &d->state->platform);
    d->state->tip = step;
}

static bool dispatch_workdir(struct dispatch *d) {
    const char *path;
    if (!expand(d, d->instruction->text, &path))
        return false;
    if (!d->state->workdir_set && !sw_df_path_is_absolute(&d->state->platform, path, d->arena))
        sw_df_warn(d->e->lint, sw_df_instruction_spot(d->instruction), "WorkdirRelativePath",
                   "Relative workdir %s can have unexpected results if the base image changes", sw_df_quote(d->arena, path));
    d->state->workdir_set = true;
    if (!set_workdir(d->e, d->state, path))
        return false;
    path = d->state->cwd;
    bool layer = strcmp(path, "/") != 0;
    if (layer)
        make_folder(d, path);
    sw_df_image_commit(&d->state->image, sw_arena_format(d->arena, "WORKDIR %s", path), layer, d->e->epoch);
    return true;
}

static bool dispatch_command(struct sw_df_evaluator *e, struct sw_df_state *state, const struct sw_df_command *command) {
    struct dispatch d = {e, state, command->instruction, e->arena};
    state->on_build = command->on_build;
    switch (command->instruction->kind) {
    case SW_DF_ADD:
    case SW_DF_COPY:
        return sw_df_dispatch_copy(e, state, command);
    case SW_DF_RUN:
        return sw_df_dispatch_run(e, state, command);
    case SW_DF_EXPOSE:
        return sw_df_dispatch_expose(e, state, command->instruction);
    case SW_DF_ARG:
        return dispatch_arg(&d);
    case SW_DF_CMD:
        return dispatch_cmd(&d);
    case SW_DF_ENTRYPOINT:
        return dispatch_entrypoint(&d);
    case SW_DF_ENV:
        return dispatch_env(&d);
    case SW_DF_HEALTHCHECK:
        return dispatch_healthcheck(&d);
    case SW_DF_LABEL:
        return dispatch_label(&d);
    case SW_DF_MAINTAINER:
        return dispatch_maintainer(&d);
    case SW_DF_ONBUILD:
        return dispatch_onbuild(&d);
    case SW_DF_SHELL:
        return dispatch_shell(&d);
    case SW_DF_STOPSIGNAL:
        return dispatch_stopsignal(&d);
    case SW_DF_USER:
        return dispatch_user(&d);
    case SW_DF_VOLUME:
        return dispatch_volume(&d);
    case SW_DF_WORKDIR:
        return dispatch_workdir(&d);
    case SW_DF_FROM:
        break;
    }
    return true;
}

/* Takes over environment, folder and user of the config that the stage begins with. */
static void begin_stage(struct sw_df_evaluator *e, struct sw_df_state *state) {
    sw_df_state_inherit(e, state);
    state->dispatched = true;
    if (!state->has_platform) {
        state->platform = e->target;
        state->has_platform = true;
    }
    if (!sw_df_image_env(&state->image, "PATH") && strcmp(state->platform.os, "windows") != 0)
        sw_df_image_set_env(&state->image, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    for (size_t i = 0; i < state->image.env.len; i++) {
        const char *entry = *(const char **)sw_vec_at(&state->image.env, i), *equals = strchrnul(entry, '=');
        sw_df_env_set(&state->env, sw_arena_strn(e->arena, entry, (size_t)(equals - entry)), *equals ? equals + 1 : "");
    }
    if (*state->image.workdir)
        set_workdir(e, state, state->image.workdir);
    if (*state->image.user)
        state->user = state->image.user;
}

bool sw_df_stage_dispatch(struct sw_df_evaluator *e, struct sw_df_state *state) {
    begin_stage(e, state);
    sw_df_record_stage(e, state);
    sw_df_record_mark(e, state, NULL);
    for (size_t i = 0; i < state->commands.len; i++) {
        const struct sw_df_command *command = sw_vec_at(&state->commands, i);
        if (!dispatch_command(e, state, command))
            return sw_df_fail_at(e->failure, command->instruction->first, command->instruction->last);
        sw_df_record_mark(e, state, command);
    }
    if (e->options->recording == SW_DF_RECORD && state->index != SIZE_MAX)
        e->out->records[state->index].tip = state->tip;
    return true;
}
