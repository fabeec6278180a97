/* COPY and ADD: where each source comes from, and how it is brought. */
#include <string.h>

#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/path.h"
#include "plugins/dockerfile/giturl.h"
#include "plugins/dockerfile/number.h"
#include "plugins/dockerfile/reference.h"
#include "plugins/dockerfile/state.h"
#include "plugins/dockerfile/systempath.h"
#include "plugins/dockerfile/text.h"

struct copy {
    struct sw_df_evaluator *e;
    struct sw_df_state *state;
    const struct sw_df_instruction *instruction;
    struct sw_arena *arena;
    bool is_add;
    bool from_stage;
    const struct sw_df_step *from;
    struct sw_df_copy args; /* expanded */
    const char *dest;       /* absolute */
    struct sw_vec sources;  /* struct sw_df_copy_source */
};

static const char *join(struct sw_arena *arena, const char *a, const char *b) {
    sw_cleanup_free char *path = sw_path_join(a, b);
    return sw_arena_str(arena, path);
}

static bool expand(struct copy *copy, const char *word, const char **out) {
    return sw_df_state_expand(copy->e, copy->state, copy->instruction, &copy->e->shell, word, out);
}

static bool expand_args(struct copy *copy) {
    struct sw_df_copy *args = &copy->args;
    if (!expand(copy, args->chown, &args->chown) || !expand(copy, args->chmod, &args->chmod))
        return false;
    if (copy->is_add && !expand(copy, args->checksum, &args->checksum))
        return false;
    const char **sources = sw_df_clone(copy->arena, args->sources);
    for (size_t i = 0; i < args->sources.count; i++)
        if (!expand(copy, sources[i], &sources[i]))
            return false;
    args->sources.items = sources;
    if (!expand(copy, args->dest, &args->dest))
        return false;
    struct sw_df_shell body = {.escape = '\\', .no_quotes = true};
    struct sw_df_inline *inlines = sw_arena_copy(copy->arena, args->inlines, args->inline_count * sizeof(*inlines));
    for (size_t i = 0; i < args->inline_count; i++)
        if (inlines[i].expand &&
            !sw_df_state_expand(copy->e, copy->state, copy->instruction, &body, inlines[i].content, &inlines[i].content))
            return false;
    args->inlines = inlines;
    return true;
}

/* A destination in the working folder; a slash, or "/.", at its end stays. */
static bool find_destination(struct copy *copy) {
    const struct sw_df_platform *platform = &copy->state->platform;
    struct sw_df_failure *failure = copy->e->failure;
    const char *dest, *parent = "/";
    if (!sw_df_path_without_drive(platform, copy->args.dest, SW_DF_KEEP_SLASH, &dest, failure))
        return sw_df_fail_prefix(failure, "removing drive letter: ");
    if (!*dest || *dest != '/')
        parent = copy->state->cwd;
    if (!*dest || strcmp(dest, ".") == 0)
        dest = "./";
    return sw_df_path_normalize(platform, parent, dest, SW_DF_KEEP_SLASH, &copy->dest, failure);
}

/* Whether a user or group is a name that must be looked up. */
static bool is_name(const char *text) {
    int64_t id;
    return *text && strcmp(text, "root") != 0 && sw_df_signed(text, INT32_MAX, &id) != SW_DF_NUMBER_OK;
}

static bool check_owner(struct copy *copy) {
    const char *owner = copy->args.chown, *colon = strchrnul(owner, ':');
    if (!copy->args.link || !*owner)
        return true;
    if (!is_name(sw_arena_strn(copy->arena, owner, (size_t)(colon - owner))) && (!*colon || !is_name(colon + 1)))
        return true;
    return sw_df_fail(copy->e->failure,
                      "--chown=%s: user and group names can't be resolved when used with --link, use numeric uid[:gid] instead",
                      owner);
}

/* chmod(1)'s symbolic form. */
static bool symbolic_mode(const char *text) {
    for (;;) {
        text += strspn(text, "augo");
        do {
            if (!*text || !strchr("+-=", *text))
                return false;
            text++;
            text += strspn(text, "rstwXxugo");
        } while (*text && *text != ',');
        if (!*text)
            return true;
        text++;
    }
}

static bool check_mode(struct copy *copy) {
    const char *mode = copy->args.chmod;
    uint64_t octal;
    if (!*mode)
        return true;
    enum sw_df_number kind = sw_df_unsigned(mode, 8, UINT32_MAX, &octal);
    if (kind == SW_DF_NUMBER_OK && octal <= 07777)
        return true;
    if (kind == SW_DF_NUMBER_OK || (*mode >= '0' && *mode <= '9'))
        return sw_df_fail(copy->e->failure, "invalid chmod parameter: '%s'. it should be octal string and between 0 and 07777",
                          mode);
    return symbolic_mode(mode) || sw_df_fail(copy->e->failure, "invalid syntax");
}

static bool is_git(struct copy *copy, const char *source) {
    struct sw_df_failure ignored = {.arena = copy->arena};
    struct sw_df_git git;
    return sw_df_git_parse(source, &git, &ignored) == SW_DF_GIT_FOUND;
}

static bool check_checksum(struct copy *copy) {
    struct sw_strings sources = copy->args.sources;
    if (!*copy->args.checksum)
        return true;
    if (sources.count != 1)
        return sw_df_fail(copy->e->failure, "checksum can't be specified for multiple sources");
    if (!sw_df_is_url(copy->arena, sources.items[0]) && !is_git(copy, sources.items[0]))
        return sw_df_fail(copy->e->failure, "checksum requires HTTP(S) or Git sources");
    return true;
}

static bool add_git(struct copy *copy, const char *text, struct sw_df_git *git) {
    struct sw_df_failure *failure = copy->e->failure;
    struct sw_df_copy *args = &copy->args;
    if (!copy->is_add)
        return sw_df_fail(failure, "source can't be a git ref for COPY");
    if (args->keep_git_dir != SW_DF_UNSET && git->keep_git_dir != SW_DF_UNSET && args->keep_git_dir != git->keep_git_dir)
        return sw_df_fail(failure, "inconsistent keep-git-dir configuration");
    if (git->keep_git_dir == SW_DF_UNSET)
        git->keep_git_dir = args->keep_git_dir;
    args->keep_git_dir = git->keep_git_dir;
    if (*args->checksum && *git->checksum && strcmp(args->checksum, git->checksum) != 0)
        return sw_df_fail(failure, "checksum mismatch %s != %s", sw_df_quote(copy->arena, args->checksum),
                          sw_df_quote(copy->arena, git->checksum));
    if (!*git->checksum)
        git->checksum = args->checksum;
    args->checksum = git->checksum;
    struct sw_df_step *step = sw_df_step_new(copy->e, SW_DF_STEP_GIT, NULL);
    step->git = *git;
    step->url = text;
    step->first = copy->instruction->first;
    step->last = copy->instruction->last;
    struct sw_df_copy_source source = {.from = step, .path = "/", .dest = copy->dest};
    sw_vec_push(&copy->sources, &source);
    return true;
}

static bool add_url(struct copy *copy, const char *url) {
    if (!copy->is_add)
        return sw_df_fail(copy->e->failure, "source can't be a URL for COPY");
    if (*copy->args.checksum && !sw_df_checksum_valid(copy->args.checksum, copy->e->failure))
        return false;
    struct sw_df_step *step = sw_df_step_new(copy->e, SW_DF_STEP_URL, NULL);
    step->url = url;
    step->name = sw_df_url_filename(copy->arena, url);
    step->checksum = copy->args.checksum;
    step->first = copy->instruction->first;
    step->last = copy->instruction->last;
    struct sw_df_copy_source source = {
        .from = step, .path = step->name, .dest = copy->dest, .unpack = copy->args.unpack == SW_DF_YES};
    sw_vec_push(&copy->sources, &source);
    return true;
}

static bool has_wildcards(const char *path) {
    for (; *path; path++) {
        if (strchr("*?[", *path))
            return true;
        if (*path == '\\' && path[1])
            path++;
    }
    return false;
}

/* A path that is cut off by the ignore file will not be found. */
static void check_ignored(struct copy *copy, const char *path) {
    const struct sw_ignore *ignore = copy->e->ignore;
    if (copy->from_stage || !ignore || sw_ignore_has_exceptions(ignore))
        return;
    sw_cleanup_free char *clean = sw_path_clean(path);
    if ((strcmp(clean, ".") == 0 || strcmp(clean, "/") == 0) && !copy->e->ignores_root)
        return;
    if (sw_ignore_match_or_parent(ignore, clean))
        sw_df_warn(copy->e->lint, sw_df_instruction_spot(copy->instruction), "CopyIgnoredFile",
                   "Attempting to %s file %s that is excluded by .dockerignore", copy->is_add ? "Add" : "Copy",
                   sw_df_quote(copy->arena, clean));
}

/* Absolute in its source; relative paths are cleaned, as joining does it. */
static bool rooted(struct copy *copy, const char *path, const char **out) {
    return sw_df_path_normalize(&copy->state->platform, "/", path, SW_DF_DROP_SLASH, out, copy->e->failure);
}

/* --parents: the path is a pattern below its pivot "/./", or below the root. */
static bool split_pivot(struct copy *copy, const char *path, struct sw_df_copy_source *source) {
    const char *pivot = strstr(path, "/./"), *parent = "/", *pattern = path;
    if (pivot) {
        parent = sw_arena_strn(copy->arena, path, (size_t)(pivot - path));
        pattern = pivot + 3;
    }
    if (!rooted(copy, pattern, &pattern) || !rooted(copy, parent, &source->path))
        return false;
    source->include = pattern + (*pattern == '/');
    return has_wildcards(parent) || has_wildcards(pattern) || rooted(copy, join(copy->arena, parent, pattern), &source->required);
}

static bool add_path(struct copy *copy, const char *path) {
    bool unpack = copy->args.unpack == SW_DF_UNSET ? copy->is_add : copy->args.unpack == SW_DF_YES;
    struct sw_df_copy_source source = {.from = copy->from, .dest = copy->dest, .local = true, .unpack = unpack};
    check_ignored(copy, path);
    if (copy->args.parents ? !split_pivot(copy, path, &source) : !rooted(copy, path, &source.path))
        return false;
    sw_vec_push(&copy->sources, &source);
    return true;
}

static bool add_source(struct copy *copy, const char *text) {
    struct sw_df_git git;
    enum sw_df_git_kind kind = sw_df_git_parse(text, &git, copy->e->failure);
    if (kind == SW_DF_GIT_INVALID)
        return false;
    if (kind == SW_DF_GIT_FOUND)
        return add_git(copy, text, &git);
    if (sw_df_is_url(copy->arena, text))
        return add_url(copy, text);
    return add_path(copy, text);
}

static bool add_inline(struct copy *copy, const struct sw_df_inline *file) {
    const char *name;
    if (!sw_df_path_without_drive(&copy->state->platform, file->name, SW_DF_DROP_SLASH, &name, copy->e->failure))
        return sw_df_fail_prefix(copy->e->failure, "removing drive letter: ");
    struct sw_df_step *step = sw_df_step_new(copy->e, SW_DF_STEP_INLINE, NULL);
    step->name = name;
    step->content = file->content;
    step->mode = 0644;
    step->title = "preparing inline document";
    step->first = copy->instruction->first;
    step->last = copy->instruction->last;
    struct sw_df_copy_source source = {.from = step, .path = name, .dest = copy->dest};
    sw_vec_push(&copy->sources, &source);
    return true;
}

static const char *history_text(struct copy *copy) {
    const struct sw_df_copy *args = &copy->args;
    sw_cleanup_buf struct sw_buf text = {0};
    sw_buf_puts(&text, copy->is_add ? "ADD" : "COPY");
    if (args->parents)
        sw_buf_puts(&text, " --parents");
    if (*args->chown)
        sw_buf_printf(&text, " --chown=%s", args->chown);
    if (*args->chmod)
        sw_buf_printf(&text, " --chmod=%s", args->chmod);
    for (size_t i = 0; i < args->sources.count; i++)
        sw_buf_printf(&text, " %s", args->sources.items[i]);
    for (size_t i = 0; i < args->inline_count; i++)
        sw_buf_printf(&text, " <<%s", args->inlines[i].name);
    sw_buf_printf(&text, " %s # buildkit", args->dest);
    return sw_arena_str(copy->arena, sw_buf_text(&text));
}

static void add_step(struct copy *copy) {
    struct sw_df_step *step = sw_df_step_new(copy->e, SW_DF_STEP_COPY, copy->state->tip);
    step->copy =
        (struct sw_df_copy_step){.sources = sw_arena_copy(copy->arena, copy->sources.data, copy->sources.len * copy->sources.width),
                                 .source_count = copy->sources.len,
                                 .excludes = copy->args.excludes,
                                 .owner = copy->args.chown,
                                 .mode = copy->args.chmod,
                                 .link = copy->args.link && !*copy->args.chmod, /* with a mode it is an ordinary copy */
                                 .parents = copy->args.parents};
    const char *text = sw_df_title_text(copy->e, &copy->e->shell, copy->instruction->code, &copy->state->env);
    step->title = sw_df_step_title(copy->e, copy->state, text);
    step->instruction = copy->instruction->code;
    step->first = copy->instruction->first;
    step->last = copy->instruction->last;
    step->no_cache = copy->state->no_cache;
    step->platform = sw_df_step_platform(copy->e, &copy->state->platform);
    copy->state->tip = step;
}

static bool dispatch(struct copy *copy) {
    if (!find_destination(copy) || !check_owner(copy) || !check_mode(copy) || !check_checksum(copy))
        return false;
    for (size_t i = 0; i < copy->args.sources.count; i++)
        if (!add_source(copy, copy->args.sources.items[i]))
            return false;
    for (size_t i = 0; i < copy->args.inline_count; i++)
        if (!add_inline(copy, &copy->args.inlines[i]))
            return false;
    add_step(copy);
    sw_df_image_commit(&copy->state->image, history_text(copy), true, copy->e->epoch);
    return true;
}

/* The stage that COPY --from names must have been made already. */
static bool check_source(struct copy *copy, const struct sw_df_state *source) {
    if (source->dispatched)
        return true;
    return sw_df_fail(copy->e->failure, "cannot copy from stage %s, it needs to be defined before current stage %s",
                      sw_df_quote(copy->arena, copy->instruction->copy.from), sw_df_quote(copy->arena, copy->state->name));
}

bool sw_df_dispatch_copy(struct sw_df_evaluator *e, struct sw_df_state *state, const struct sw_df_command *command) {
    struct copy copy = {.e = e,
                        .state = state,
                        .instruction = command->instruction,
                        .arena = e->arena,
                        .is_add = command->instruction->kind == SW_DF_ADD,
                        .from_stage = command->source_count > 0,
                        .args = command->instruction->copy,
                        .sources = {.width = sizeof(struct sw_df_copy_source)}};
    bool ok = expand_args(&copy) && (!copy.from_stage || check_source(&copy, command->sources[0]));
    copy.from = copy.from_stage ? command->sources[0]->tip : e->context;
    ok = ok && dispatch(&copy);
    sw_vec_fini(&copy.sources);
    return ok;
}
