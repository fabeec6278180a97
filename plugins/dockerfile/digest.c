#include "plugins/dockerfile/digest.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/vec.h"
#include "plugins/dockerfile/number.h"
#include "plugins/dockerfile/shell.h"
#include "plugins/dockerfile/text.h"

/* A stage counts once for each COPY from it, and so on down: files can be written for which that has no end. */
enum { INPUT_LIMIT = 1 << 20 };

static const struct sw_df_shell word_shell = {.escape = '\\'};

struct stage_inputs {
    struct sw_vec own;     /* struct sw_input */
    struct sw_vec onbuild; /* what triggers depend on */
};

struct digester {
    const struct sw_df_digest_request *request;
    struct sw_arena *arena;
    struct sw_df_failure *failure;
    struct sw_error **error;
    struct sw_df_env globals; /* platform ARGs, and global ones over them */
    struct stage_inputs *stages;
    struct sw_df_env env;   /* of the stage at hand: ENV, and ARG over it */
    struct sw_df_env args;  /* its ARGs alone */
    struct sw_df_env plain; /* its ENVs alone: what triggers know */
};

static void add(struct digester *d, struct sw_vec *list, const char *name, const char *value, uint32_t flags) {
    struct sw_input input = {
        .size = sizeof(input), .flags = flags, .name = name, .value = {sw_arena_str(d->arena, value), strlen(value)}};
    sw_vec_push(list, &input);
}

/* `text` expanded; where that fails, by the rules of the file, or else as it is. */
static const char *word(struct digester *d, const char *text, const struct sw_df_env *env) {
    struct sw_df_shell own = {.escape = d->request->escape};
    const struct sw_df_shell *shells[] = {&word_shell, &own};
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        struct sw_df_failure ignored = {.arena = d->arena};
        struct sw_df_expansion expansion;
        if (sw_df_expand(shells[i], text, env, &expansion, &ignored))
            return expansion.text;
    }
    return text;
}

static const char *find(struct sw_pairs pairs, const char *key) {
    for (size_t i = 0; i < pairs.count; i++)
        if (strcmp(pairs.items[i].key, key) == 0)
            return pairs.items[i].value;
    return NULL;
}

/* Value that the user gives to an ARG, or NULL. */
static const char *given(struct digester *d, const char *name) {
    const char *value = find(d->request->dependency_args, name);
    return value ? value : find(d->request->args, name);
}

static bool set_platform(struct digester *d, const char *prefix, const char *text) {
    struct sw_df_platform platform = sw_df_platform_host();
    if (text && *text && !sw_df_platform_parse(text, &platform, d->failure))
        return false;
    sw_df_platform_normalize(d->arena, &platform);
    const char *whole = sw_df_platform_text(d->arena, &platform, SW_DF_PLATFORM_PLAIN);
    sw_df_env_set(&d->globals, sw_arena_format(d->arena, "%sPLATFORM", prefix), whole);
    sw_df_env_set(&d->globals, sw_arena_format(d->arena, "%sOS", prefix), platform.os);
    sw_df_env_set(&d->globals, sw_arena_format(d->arena, "%sARCH", prefix), platform.arch);
    sw_df_env_set(&d->globals, sw_arena_format(d->arena, "%sVARIANT", prefix), platform.variant);
    return true;
}

/* Global ARGs see one another, not the platform's. */
static bool set_globals(struct digester *d) {
    const struct sw_df_digest_request *r = d->request;
    struct sw_df_env own;
    bool ok =
        set_platform(d, "BUILD", r->build_platform) && set_platform(d, "TARGET", r->platform ? r->platform : r->build_platform);
    sw_df_env_init(&own, d->arena);
    for (size_t i = 0; ok && i < r->program->global_count; i++) {
        const struct sw_df_instruction *arg = &r->program->globals[i];
        for (size_t j = 0; j < arg->pair_count; j++) {
            const struct sw_df_pair *pair = &arg->pairs[j];
            const char *value = given(d, pair->key);
            if (!value)
                value = word(d, pair->value ? pair->value : "", &own);
            sw_df_env_set(&own, pair->key, value);
            sw_df_env_set(&d->globals, pair->key, value);
        }
    }
    sw_df_env_fini(&own);
    return ok;
}

static void arg_inputs(struct digester *d, const struct sw_df_instruction *instruction, const char *name, struct sw_vec *list) {
    for (size_t i = 0; i < instruction->pair_count; i++) {
        const struct sw_df_pair *pair = &instruction->pairs[i];
        const char *key = word(d, pair->key, &d->env), *value = given(d, key);
        if (!value && (!pair->value || !*pair->value)) {
            value = sw_df_env_get(&d->globals, key);
            value = value ? value : "";
        }
        if (!value)
            value = word(d, pair->value, &d->env);
        sw_df_env_set(&d->args, key, value);
        sw_df_env_set(&d->env, key, value);
        add(d, list, sw_arena_format(d->arena, "%s %s", name, key), sw_arena_format(d->arena, "ARG %s=%s", key, value), 0);
    }
}

/* A pair sees those before it in the same instruction, other than in a build. */
static void env_inputs(struct digester *d, const struct sw_df_instruction *instruction, const char *name, struct sw_vec *list) {
    for (size_t i = 0; i < instruction->pair_count; i++) {
        const char *key = word(d, instruction->pairs[i].key, &d->env), *value = word(d, instruction->pairs[i].value, &d->env);
        add(d, list, sw_arena_format(d->arena, "%s %s", name, key), sw_arena_format(d->arena, "ENV %s=%s", key, value), 0);
        sw_df_env_set(&d->plain, key, value);
        if (!sw_df_env_get(&d->args, key))
            sw_df_env_set(&d->env, key, value);
    }
}

/* The text, and a checksum of the files that it names. */
static bool file_inputs(struct digester *d, const struct sw_df_instruction *instruction, const char *name, struct sw_vec *list) {
    struct sw_strings sources = instruction->copy.sources;
    const char **items = sw_df_clone(d->arena, sources);
    char checksum[65];
    add(d, list, name, instruction->code, SW_INPUT_SECRET_FREE);
    for (size_t i = 0; i < sources.count; i++)
        items[i] = word(d, items[i], &d->env);
    sources.items = items;
    if (!d->request->files_checksum(d->request->context, sources, checksum, d->error))
        return false;
    add(d, list, sw_arena_format(d->arena, "files of %s", name), checksum, SW_INPUT_SECRET_FREE);
    if (d->request->files_of)
        ((struct sw_input *)sw_vec_at(list, list->len - 1))->files = d->request->files_of(d->request->context, sources);
    return true;
}

static void text_input(struct digester *d, const struct sw_df_instruction *instruction, const char *name, struct sw_vec *list) {
    add(d, list, name, word(d, instruction->code, &d->env), 0);
}

/* What a trigger depends on. ARGs mean nothing to it, and are not remembered. */
static bool trigger_inputs(struct digester *d, const struct sw_df_instruction *trigger, const char *name, struct sw_vec *list) {
    if (trigger->kind == SW_DF_ADD || (trigger->kind == SW_DF_COPY && !*trigger->copy.from))
        return file_inputs(d, trigger, name, list);
    if (trigger->kind == SW_DF_ENV)
        env_inputs(d, trigger, name, list);
    else if (trigger->kind == SW_DF_COPY)
        add(d, list, name, trigger->code, SW_INPUT_SECRET_FREE);
    else
        text_input(d, trigger, name, list);
    return true;
}

static bool onbuild_inputs(struct digester *d, const struct sw_df_instruction *instruction, const char *name,
                           struct stage_inputs *stage) {
    struct sw_df_instruction trigger;
    struct sw_df_env env = d->env;
    add(d, &stage->own, name, instruction->text, SW_INPUT_SECRET_FREE);
    if (!instruction->node->trigger || !sw_df_instruction_parse(instruction->node->trigger, NULL, &trigger, d->failure))
        return false;
    sw_df_env_copy(&d->env, &d->plain);
    bool ok = trigger_inputs(d, &trigger, sw_arena_format(d->arena, "trigger of %s", name), &stage->onbuild);
    sw_df_env_fini(&d->env);
    d->env = env;
    return ok;
}

static bool instruction_inputs(struct digester *d, const struct sw_df_instruction *instruction, struct stage_inputs *stage) {
    const char *name = sw_arena_format(d->arena, "instruction %s:%u: %s", d->request->file_name, instruction->first,
                                       sw_df_upper(d->arena, instruction->name));
    switch (instruction->kind) {
    case SW_DF_ARG:
        arg_inputs(d, instruction, name, &stage->own);
        return true;
    case SW_DF_ENV:
        env_inputs(d, instruction, name, &stage->own);
        return true;
    case SW_DF_ADD:
        return file_inputs(d, instruction, name, &stage->own);
    case SW_DF_COPY:
        if (!*instruction->copy.from)
            return file_inputs(d, instruction, name, &stage->own);
        add(d, &stage->own, name, instruction->code, SW_INPUT_SECRET_FREE);
        return true;
    case SW_DF_ONBUILD:
        return onbuild_inputs(d, instruction, name, stage);
    default:
        text_input(d, instruction, name, &stage->own);
        return true;
    }
}

static bool own_inputs(struct digester *d, size_t index) {
    const struct sw_df_stage *stage = &d->request->program->stages[index];
    struct stage_inputs *inputs = &d->stages[index];
    sw_df_env_init(&d->env, d->arena);
    sw_df_env_init(&d->args, d->arena);
    sw_df_env_init(&d->plain, d->arena);
    for (size_t i = 0; i < d->request->hosts.count; i++)
        add(d, &inputs->own, "addHost", d->request->hosts.items[i], SW_INPUT_SECRET_FREE);
    const char *base = word(d, stage->base, &d->globals);
    bool ok = *base || sw_df_fail(d->failure, "base name (%s) should not be blank", stage->base);
    if (!ok)
        sw_df_fail_at(d->failure, stage->first, stage->last);
    else
        add(d, &inputs->own, sw_arena_format(d->arena, "base image %s:%u", d->request->file_name, stage->first), base,
            SW_INPUT_SECRET_FREE);
    for (size_t i = 0; ok && i < stage->instruction_count; i++) {
        ok = instruction_inputs(d, &stage->instructions[i], inputs);
        if (!ok && d->failure->text)
            sw_df_fail_at(d->failure, stage->instructions[i].first, stage->instructions[i].last);
    }
    sw_df_env_fini(&d->env);
    sw_df_env_fini(&d->args);
    sw_df_env_fini(&d->plain);
    return ok;
}

static bool append(struct digester *d, struct sw_vec *to, const struct sw_vec *from) {
    if (to->len + from->len > INPUT_LIMIT)
        return sw_df_fail(d->failure, "the stages refer to one another so often that the digest has no end in sight");
    size_t count = from->len; /* `to` may be `from` */
    for (size_t i = 0; i < count; i++) {
        struct sw_input copy = *(const struct sw_input *)sw_vec_at(from, i);
        sw_vec_push(to, &copy);
    }
    return true;
}

/* The stage that `from` names or counts; SIZE_MAX when it is an image. */
static size_t stage_of(struct digester *d, const char *from) {
    const struct sw_df_program *program = d->request->program;
    uint64_t index;
    if (!*from)
        return SIZE_MAX;
    for (size_t i = 0; i < program->stage_count; i++)
        if (*program->stages[i].name && sw_df_equal_fold(program->stages[i].name, from))
            return i;
    bool number = sw_df_unsigned(from, 10, UINT32_MAX, &index) == SW_DF_NUMBER_OK;
    return number && index < program->stage_count ? (size_t)index : SIZE_MAX;
}

static bool append_stage(struct digester *d, size_t index, const char *from) {
    size_t other = stage_of(d, from);
    return other == SIZE_MAX || append(d, &d->stages[index].own, &d->stages[other].own);
}

/* What a stage takes over from others. */
static bool connect(struct digester *d, size_t index) {
    const struct sw_df_program *program = d->request->program;
    const struct sw_df_stage *stage = &program->stages[index];
    for (size_t j = 0; j < program->stage_count; j++) {
        if (j == index || !*program->stages[j].name || strcmp(stage->base, program->stages[j].name) != 0)
            continue;
        if (!append(d, &d->stages[index].own, &d->stages[j].own) || !append(d, &d->stages[index].own, &d->stages[j].onbuild))
            return false;
    }
    for (size_t i = 0; i < stage->instruction_count; i++) {
        const struct sw_df_instruction *instruction = &stage->instructions[i];
        if (instruction->kind == SW_DF_COPY && !append_stage(d, index, instruction->copy.from))
            return false;
        for (size_t j = 0; instruction->kind == SW_DF_RUN && j < instruction->run.mounts.count; j++)
            if (!append_stage(d, index, instruction->run.froms[j]))
                return false;
    }
    return true;
}

bool sw_df_digest_target(const struct sw_df_program *program, const char *target, size_t *index, struct sw_df_failure *failure) {
    *index = program->stage_count - 1;
    if (!*target)
        return true;
    const char **names = sw_arena_new(failure->arena, (program->stage_count + 1) * sizeof(char *));
    for (size_t i = 0; i < program->stage_count; i++) {
        names[i] = program->stages[i].name;
        if (!*names[i])
            names[i] = sw_arena_format(failure->arena, "stage-%zu", i);
    }
    for (size_t i = program->stage_count; i-- > 0;)
        if (*program->stages[i].name && sw_df_equal_fold(program->stages[i].name, target)) {
            *index = i;
            return true;
        }
    sw_df_fail(failure, "target stage %s could not be found", sw_df_quote(failure->arena, target));
    return sw_df_suggest(failure, target, (struct sw_strings){names, program->stage_count}, SW_DF_CASE_MATTERS);
}

static bool run(struct digester *d, size_t target) {
    size_t count = d->request->program->stage_count;
    if (!set_globals(d))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!own_inputs(d, i))
            return false;
    for (size_t i = 0; i < count; i++)
        if (!connect(d, i))
            return false;
    if (*d->request->cache_version)
        add(d, &d->stages[target].own, "cacheVersion", d->request->cache_version, SW_INPUT_SECRET_FREE);
    return true;
}

bool sw_df_digest_inputs(const struct sw_df_digest_request *request, const struct sw_input **inputs, size_t *count,
                         struct sw_df_failure *failure, struct sw_error **error) {
    size_t stage_count = request->program->stage_count, target;
    struct digester d = {.request = request, .arena = failure->arena, .failure = failure, .error = error};
    if (!sw_df_digest_target(request->program, request->target, &target, failure))
        return false;
    sw_df_env_init(&d.globals, d.arena);
    d.stages = sw_arena_new(d.arena, stage_count * sizeof(*d.stages));
    for (size_t i = 0; i < stage_count; i++)
        d.stages[i].own.width = d.stages[i].onbuild.width = sizeof(struct sw_input);
    bool ok = run(&d, target);
    struct sw_vec all = {.width = sizeof(struct sw_input)};
    if (ok && *request->target) /* enters no digest, but tells why all the rest has changed */
        add(&d, &all, "target", request->target, SW_INPUT_SECRET_FREE | SW_INPUT_DETAIL);
    ok = ok && append(&d, &all, &d.stages[target].own);
    *count = ok ? all.len : 0;
    *inputs = sw_arena_copy(d.arena, all.data, *count * sizeof(struct sw_input));
    sw_vec_fini(&all);
    for (size_t i = 0; i < stage_count; i++) {
        sw_vec_fini(&d.stages[i].own);
        sw_vec_fini(&d.stages[i].onbuild);
    }
    sw_df_env_fini(&d.globals);
    return ok;
}
