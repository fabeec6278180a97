#include "plugins/dockerfile/staged_digest.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/vec.h"
#include "plugins/dockerfile/number.h"
#include "plugins/dockerfile/platform.h"
#include "plugins/dockerfile/shell.h"
#include "plugins/dockerfile/text.h"

struct walker {
    const struct sw_df_staged_request *request;
    struct sw_arena *arena;
    struct sw_df_failure *failure;
    struct sw_error **error;
    struct sw_df_env globals; /* platform ARGs and global ones */
    struct sw_df_env known;   /* ARG and ENV of the stage so far, as the first pass leaves them */
    struct sw_df_env base;    /* of the base image */
    struct sw_df_env whole; /* what the second pass knows: the base's, what the stage has set, and dependency arguments over them */
    const char *name;       /* of the inputs of the instruction at hand */
    struct sw_vec inputs;   /* of it */
    struct sw_vec stages;
};

static void add_as(struct walker *w, const char *name, const char *text) {
    struct sw_input input = {.size = sizeof(input), .name = name, .value = {sw_arena_str(w->arena, text), strlen(text)}};
    sw_vec_push(&w->inputs, &input);
}

/* What names the fields of an instruction says nothing that could change by itself. */
static void add(struct walker *w, const char *text) {
    add_as(w, w->name, text);
}

static void add_pair(struct walker *w, const char *key, const char *value) {
    add(w, key);
    add_as(w, sw_arena_format(w->arena, "%s %s", w->name, key), value);
}

static void add_list(struct walker *w, const char *key, struct sw_strings list) {
    add(w, key);
    for (size_t i = 0; i < list.count; i++)
        add_as(w, sw_arena_format(w->arena, "%s %s", w->name, key), list.items[i]);
}

/* Variables are told apart by their names. */
static void add_variables(struct walker *w, struct sw_strings list) {
    add(w, "Env");
    for (size_t i = 0; i < list.count; i++)
        add_as(w, sw_arena_format(w->arena, "%s Env %.*s", w->name, (int)strcspn(list.items[i], "="), list.items[i]),
               list.items[i]);
}

static bool expand_with(struct walker *w, const struct sw_df_shell *shell, const struct sw_df_env *env, const char **text) {
    struct sw_df_expansion expansion;
    if (!sw_df_expand(shell, *text, env, &expansion, w->failure))
        return false;
    *text = expansion.text;
    return true;
}

static bool expand(struct walker *w, const char **text) {
    struct sw_df_shell first = {.escape = w->request->escape, .keep_unset = true}, second = {.escape = w->request->escape};
    return expand_with(w, &first, &w->known, text) && expand_with(w, &second, &w->whole, text);
}

static bool expand_first(struct walker *w, const char **text) {
    struct sw_df_shell first = {.escape = w->request->escape, .keep_unset = true};
    return expand_with(w, &first, &w->known, text);
}

static bool expand_list(struct walker *w, struct sw_strings *list) {
    const char **items = sw_df_clone(w->arena, *list);
    for (size_t i = 0; i < list->count; i++)
        if (!expand(w, &items[i]))
            return false;
    list->items = items;
    return true;
}

static const char *find(struct sw_pairs pairs, const char *key) {
    for (size_t i = 0; i < pairs.count; i++)
        if (strcmp(pairs.items[i].key, key) == 0)
            return pairs.items[i].value;
    return NULL;
}

/* Remembers what an instruction has set. Later ones see it as the base image's variables complete it, unless a dependency gives it. */
static bool remember(struct walker *w, const char *key, const char *value) {
    struct sw_df_shell second = {.escape = w->request->escape};
    sw_df_env_set(&w->known, key, value);
    if (find(w->request->dependency_args, key))
        return true;
    if (!expand_with(w, &second, &w->base, &value))
        return false;
    sw_df_env_set(&w->whole, key, value);
    return true;
}

static bool set_platform(struct walker *w, const char *prefix, const char *text) {
    struct sw_df_platform platform = sw_df_platform_host();
    if (text && *text && !sw_df_platform_parse(text, &platform, w->failure))
        return false;
    sw_df_platform_normalize(w->arena, &platform);
    const char *whole = sw_df_platform_text(w->arena, &platform, SW_DF_PLATFORM_PLAIN);
    sw_df_env_set(&w->globals, sw_arena_format(w->arena, "%sPLATFORM", prefix), whole);
    sw_df_env_set(&w->globals, sw_arena_format(w->arena, "%sOS", prefix), platform.os);
    sw_df_env_set(&w->globals, sw_arena_format(w->arena, "%sARCH", prefix), platform.arch);
    sw_df_env_set(&w->globals, sw_arena_format(w->arena, "%sVARIANT", prefix), platform.variant);
    return true;
}

/* What is known of global ones is what other global ones say, not platform arguments. Those that a dependency gives wait for it. */
static bool set_globals(struct walker *w, struct sw_df_env *env) {
    const struct sw_df_program *program = w->request->program;
    struct sw_df_shell shell = {.escape = w->request->escape, .keep_unset = true};
    const char *target = w->request->platform ? w->request->platform : w->request->build_platform;
    if (!set_platform(w, "BUILD", w->request->build_platform) || !set_platform(w, "TARGET", target))
        return false;
    for (size_t i = 0; i < program->global_count; i++) {
        for (size_t j = 0; j < program->globals[i].pair_count; j++) {
            const struct sw_df_pair *pair = &program->globals[i].pairs[j];
            const char *value = find(w->request->args, pair->key);
            if (find(w->request->dependency_args, pair->key))
                continue;
            if (!value && pair->value) {
                value = pair->value;
                if (!expand_with(w, &shell, env, &value))
                    return sw_df_fail_at(w->failure, program->globals[i].first, program->globals[i].last);
            }
            sw_df_env_set(env, pair->key, value ? value : "");
            sw_df_env_set(&w->globals, pair->key, value ? value : "");
        }
    }
    return true;
}

static void set_pair(struct sw_df_env *env, const char *entry) {
    const char *equals = strchrnul(entry, '=');
    sw_df_env_set(env, sw_arena_strn(env->arena, entry, (size_t)(equals - entry)), *equals ? equals + 1 : "");
}

static void set_base(struct walker *w) {
    static const char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    struct sw_df_env *const envs[] = {&w->base, &w->whole};
    for (size_t e = 0; e < 2; e++) {
        set_pair(envs[e], path);
        for (size_t i = 0; i < w->request->base_env.count; i++)
            set_pair(envs[e], w->request->base_env.items[i]);
    }
    for (size_t i = 0; i < w->request->dependency_args.count; i++)
        sw_df_env_set(&w->whole, w->request->dependency_args.items[i].key, w->request->dependency_args.items[i].value);
}

static bool arg(struct walker *w, const struct sw_df_instruction *instruction) {
    struct sw_df_pair *list = sw_arena_copy(w->arena, instruction->pairs, instruction->pair_count * sizeof(*list));
    for (size_t i = 0; i < instruction->pair_count; i++)
        if (!expand_first(w, &list[i].key) || (list[i].value && !expand_first(w, &list[i].value)))
            return false;
    for (size_t i = 0; i < instruction->pair_count; i++) {
        const char *given = find(w->request->args, list[i].key);
        const char *value = given ? given : list[i].value ? list[i].value : sw_df_env_get(&w->globals, list[i].key);
        if (value && !find(w->request->dependency_args, list[i].key) && !remember(w, list[i].key, value))
            return false;
    }
    return true;
}

static bool pairs(struct walker *w, const struct sw_df_instruction *instruction, const char *key) {
    struct sw_df_pair *list = sw_arena_copy(w->arena, instruction->pairs, instruction->pair_count * sizeof(*list));
    struct sw_df_pair *set = sw_arena_copy(w->arena, list, instruction->pair_count * sizeof(*list));
    add(w, key);
    for (size_t i = 0; i < instruction->pair_count; i++) {
        if (!expand_first(w, &set[i].key) || !expand_first(w, &set[i].value) || !expand(w, &list[i].key) ||
            !expand(w, &list[i].value))
            return false;
        add(w, list[i].key);
        add_as(w, sw_arena_format(w->arena, "%s %s", w->name, list[i].key), list[i].value);
    }
    for (size_t i = 0; instruction->kind == SW_DF_ENV && i < instruction->pair_count; i++)
        if (!remember(w, set[i].key, set[i].value))
            return false;
    return true;
}

/* The stage that `from` names or counts; SIZE_MAX when it is an image. */
static size_t stage_of(struct walker *w, const char *from) {
    const struct sw_df_program *program = w->request->program;
    uint64_t index;
    for (size_t i = 0; i < program->stage_count; i++)
        if (*program->stages[i].name && sw_df_equal_fold(program->stages[i].name, from))
            return i;
    bool number = sw_df_unsigned(from, 10, UINT32_MAX, &index) == SW_DF_NUMBER_OK;
    return number && index < program->stage_count ? (size_t)index : SIZE_MAX;
}

static const char *expanded_from(struct walker *w, const char *from) {
    size_t index = *from ? stage_of(w, from) : SIZE_MAX;
    return index == SIZE_MAX ? from : w->request->stage_name(w->request->context, index);
}

static bool checksum(struct walker *w, struct sw_strings sources) {
    char text[65];
    if (!w->request->sources_checksum(w->request->context, sources, text, w->error))
        return false;
    add(w, "SourcesChecksum");
    add_as(w, sw_arena_format(w->arena, "files of %s", w->name), text);
    if (w->request->files_of)
        ((struct sw_input *)sw_vec_at(&w->inputs, w->inputs.len - 1))->files = w->request->files_of(w->request->context, sources);
    return true;
}

static bool is_url(const char *text) {
    return sw_df_has_prefix(text, "http://") || sw_df_has_prefix(text, "https://");
}

static bool copy(struct walker *w, const struct sw_df_instruction *instruction) {
    struct sw_df_copy args = instruction->copy;
    bool local = false;
    if (args.inline_count > 0)
        return sw_df_fail(w->failure, "heredocs of COPY and ADD cannot be stages of their own: build without `staged`");
    if (!expand_list(w, &args.sources) || !expand(w, &args.dest) || !expand(w, &args.chown) || !expand(w, &args.chmod))
        return false;
    if (instruction->kind == SW_DF_COPY)
        add_pair(w, "From", args.from);
    add_list(w, "Sources", args.sources);
    add_pair(w, "Dest", args.dest);
    add_pair(w, "Chown", args.chown);
    add_pair(w, "Chmod", args.chmod);
    if (instruction->kind == SW_DF_COPY)
        add_pair(w, "ExpandedFrom", expanded_from(w, args.from));
    for (size_t i = 0; i < args.sources.count; i++)
        local = local || !is_url(args.sources.items[i]);
    return *args.from || !local || checksum(w, args.sources);
}

static void command(struct walker *w, const struct sw_df_instruction *instruction, const char *key) {
    add_list(w, key, instruction->args);
    add_pair(w, "PrependShell", instruction->shell_form ? "true" : "false");
}

static int compare(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The whole environment of a step, sorted. */
static void environment(struct walker *w) {
    struct sw_strings entries = sw_df_env_entries(&w->whole);
    const char **items = sw_df_clone(w->arena, entries);
    qsort(items, entries.count, sizeof(char *), compare);
    add_variables(w, (struct sw_strings){items, entries.count});
}

static bool expand_value(void *context, const char *word, const char **out, struct sw_df_failure *failure) {
    (void)failure;
    *out = word;
    return expand(context, out);
}

static void mount(struct walker *w, const struct sw_df_mount *m) {
    add_pair(w, "Type", sw_df_mount_kind_name(m->kind));
    add_pair(w, "From", expanded_from(w, m->from));
    add_pair(w, "Source", m->source);
    add_pair(w, "Target", m->target);
    add_pair(w, "ReadOnly", m->read_only ? "true" : "false");
    add_pair(w, "CacheID", m->id);
    add_pair(w, "CacheSharing", *m->sharing || m->kind != SW_MOUNT_CACHE ? m->sharing : "");
    add_pair(w, "Required", m->required ? "true" : "false");
    if (m->has_mode)
        add_pair(w, "Mode", sw_arena_format(w->arena, "%u", m->mode));
    if (m->has_uid)
        add_pair(w, "UID", sw_arena_format(w->arena, "%u", m->uid));
    if (m->has_gid)
        add_pair(w, "GID", sw_arena_format(w->arena, "%u", m->gid));
}

static bool mounts(struct walker *w, struct sw_strings values) {
    struct sw_df_expander expander = {expand_value, w};
    const char **sources = sw_arena_new(w->arena, (values.count + 1) * sizeof(char *));
    size_t count = 0;
    if (values.count > 0)
        add(w, "Mounts");
    for (size_t i = 0; i < values.count; i++) {
        struct sw_df_mount m;
        if (!sw_df_mount_parse(values.items[i], &expander, &m, w->failure))
            return false;
        mount(w, &m);
        if (m.kind == SW_MOUNT_BIND && !*m.from)
            sources[count++] = m.source;
    }
    return count == 0 || checksum(w, (struct sw_strings){sources, count});
}

static bool run(struct walker *w, const struct sw_df_instruction *instruction) {
    environment(w);
    command(w, instruction, "Command");
    add_pair(w, "Network", instruction->run.network);
    add_pair(w, "Security", instruction->run.security);
    return mounts(w, instruction->run.mounts);
}

static bool expanded(struct walker *w, const char *key, const char *text) {
    if (!expand(w, &text))
        return false;
    add_pair(w, key, text);
    return true;
}

static bool expanded_list(struct walker *w, const char *key, struct sw_strings list) {
    if (!expand_list(w, &list))
        return false;
    add_list(w, key, list);
    return true;
}

static void health(struct walker *w, const struct sw_df_health *h) {
    add_list(w, "Test", h->test);
    add_pair(w, "Interval", sw_df_duration_text(w->arena, h->interval));
    add_pair(w, "Timeout", sw_df_duration_text(w->arena, h->timeout));
    add_pair(w, "StartPeriod", sw_df_duration_text(w->arena, h->start_period));
    add_pair(w, "Retries", sw_arena_format(w->arena, "%lld", (long long)h->retries));
}

static bool instruction_inputs(struct walker *w, const struct sw_df_instruction *instruction) {
    switch (instruction->kind) {
    case SW_DF_ARG:
        return arg(w, instruction);
    case SW_DF_ADD:
    case SW_DF_COPY:
        return copy(w, instruction);
    case SW_DF_RUN:
        return run(w, instruction);
    case SW_DF_ENV:
        return pairs(w, instruction, "Env");
    case SW_DF_LABEL:
        return pairs(w, instruction, "Labels");
    case SW_DF_CMD:
        command(w, instruction, "Cmd");
        return true;
    case SW_DF_ENTRYPOINT:
        command(w, instruction, "Entrypoint");
        return true;
    case SW_DF_EXPOSE:
        return expanded_list(w, "Ports", instruction->args);
    case SW_DF_VOLUME:
        return expanded_list(w, "Volumes", instruction->args);
    case SW_DF_SHELL:
        add_list(w, "Shell", instruction->args);
        return true;
    case SW_DF_HEALTHCHECK:
        health(w, &instruction->health);
        return true;
    case SW_DF_MAINTAINER:
        add_pair(w, "Maintainer", instruction->text);
        return true;
    case SW_DF_ONBUILD:
        add_pair(w, "Expression", instruction->text);
        return true;
    case SW_DF_STOPSIGNAL:
        return expanded(w, "Signal", instruction->text);
    case SW_DF_USER:
        return expanded(w, "User", instruction->text);
    case SW_DF_WORKDIR:
        return expanded(w, "Path", instruction->text);
    case SW_DF_FROM:
        break;
    }
    return true;
}

static bool walk(struct walker *w) {
    const struct sw_df_stage *stage = &w->request->program->stages[w->request->stage];
    struct sw_df_env globals;
    sw_df_env_init(&globals, w->arena);
    bool known = set_globals(w, &globals);
    sw_df_env_fini(&globals);
    if (!known)
        return false;
    set_base(w);
    for (size_t i = 0; i < stage->instruction_count; i++) {
        const struct sw_df_instruction *instruction = &stage->instructions[i];
        w->name = sw_arena_format(w->arena, "instruction %s:%u: %s", w->request->file_name, instruction->first,
                                  sw_df_upper(w->arena, instruction->name));
        w->inputs.len = 0;
        if (!instruction_inputs(w, instruction))
            return w->failure->text ? sw_df_fail_at(w->failure, instruction->first, instruction->last) : false;
        if (instruction->kind == SW_DF_ARG)
            continue;
        struct sw_df_staged_stage out = {.instruction = instruction,
                                         .name = instruction->name,
                                         .inputs = sw_arena_copy(w->arena, w->inputs.data, w->inputs.len * w->inputs.width),
                                         .input_count = w->inputs.len};
        sw_vec_push(&w->stages, &out);
    }
    return true;
}

bool sw_df_staged_inputs(const struct sw_df_staged_request *request, const struct sw_df_staged_stage **stages, size_t *count,
                         struct sw_df_failure *failure, struct sw_error **error) {
    struct walker w = {.request = request,
                       .arena = failure->arena,
                       .failure = failure,
                       .error = error,
                       .inputs = {.width = sizeof(struct sw_input)},
                       .stages = {.width = sizeof(struct sw_df_staged_stage)}};
    sw_df_env_init(&w.globals, w.arena);
    sw_df_env_init(&w.known, w.arena);
    sw_df_env_init(&w.base, w.arena);
    sw_df_env_init(&w.whole, w.arena);
    bool ok = walk(&w);
    *count = ok ? w.stages.len : 0;
    *stages = sw_arena_copy(w.arena, w.stages.data, *count * w.stages.width);
    sw_vec_fini(&w.inputs);
    sw_vec_fini(&w.stages);
    sw_df_env_fini(&w.globals);
    sw_df_env_fini(&w.known);
    sw_df_env_fini(&w.base);
    sw_df_env_fini(&w.whole);
    return ok;
}
