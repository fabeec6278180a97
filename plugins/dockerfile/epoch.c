/* SOURCE_DATE_EPOCH: the time that the result's history has. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugins/dockerfile/giturl.h"
#include "plugins/dockerfile/number.h"
#include "plugins/dockerfile/reference.h"
#include "plugins/dockerfile/state.h"
#include "plugins/dockerfile/text.h"

static const char variable[] = "SOURCE_DATE_EPOCH";

/* The ARGs of a stage, as far as its one source needs them. */
static bool apply_args(struct sw_df_evaluator *e, const struct sw_df_instruction *arg, struct sw_df_env *env) {
    for (size_t i = 0; i < arg->pair_count; i++) {
        const char *value = sw_df_env_get(&e->build_args, arg->pairs[i].key);
        struct sw_df_expansion expansion;
        if (!value && arg->pairs[i].value) {
            if (!sw_df_expand(&e->shell, arg->pairs[i].value, env, &expansion, e->failure))
                return false;
            value = expansion.text;
        }
        if (value)
            sw_df_env_set(env, arg->pairs[i].key, value);
    }
    return true;
}

static bool check_add(struct sw_df_evaluator *e, const struct sw_df_instruction *add, const struct sw_df_env *env) {
    struct sw_df_expansion source, checksum;
    struct sw_df_git git;
    if (add->copy.inline_count > 0 || add->copy.sources.count != 1)
        return sw_df_fail(e->failure, "SOURCE_DATE_EPOCH stage must contain exactly one remote ADD source");
    if (!sw_df_expand(&e->shell, add->copy.sources.items[0], env, &source, e->failure))
        return false;
    if (sw_df_is_url(e->arena, source.text)) {
        if (!*add->copy.checksum)
            return true;
        return sw_df_expand(&e->shell, add->copy.checksum, env, &checksum, e->failure) &&
               sw_df_checksum_valid(checksum.text, e->failure);
    }
    enum sw_df_git_kind kind = sw_df_git_parse(source.text, &git, e->failure);
    if (kind == SW_DF_GIT_NONE)
        return sw_df_fail(e->failure, "SOURCE_DATE_EPOCH stage source must be a single HTTP(S) or Git ADD");
    return kind == SW_DF_GIT_FOUND;
}

/* A stage may say where the time comes from: it must be one remote file on nothing. */
static bool check_stage(struct sw_df_evaluator *e, const struct sw_df_stage *stage, struct sw_df_env *env) {
    struct sw_df_expansion base;
    bool found = false;
    if (!sw_df_expand(&e->shell, stage->base, env, &base, e->failure))
        return sw_df_fail_prefix(e->failure, "failed to process source stage base name %s: ", sw_df_quote(e->arena, stage->base));
    if (strcmp(base.text, "scratch") != 0)
        return sw_df_fail(e->failure, "SOURCE_DATE_EPOCH stage must use FROM scratch");
    for (size_t i = 0; i < stage->instruction_count; i++) {
        const struct sw_df_instruction *instruction = &stage->instructions[i];
        if (instruction->kind == SW_DF_ARG) {
            if (!apply_args(e, instruction, env))
                return false;
            continue;
        }
        if (instruction->kind != SW_DF_ADD)
            return sw_df_fail(e->failure,
                              "SOURCE_DATE_EPOCH stage does not meet source-only requirements: unsupported %s instruction",
                              instruction->name);
        if (found)
            return sw_df_fail(e->failure, "SOURCE_DATE_EPOCH stage must contain exactly one remote ADD");
        if (!check_add(e, instruction, env))
            return false;
        found = true;
    }
    return found || sw_df_fail(e->failure, "SOURCE_DATE_EPOCH stage must contain exactly one remote ADD");
}

/* A source whose time is not known before it is fetched: there is no epoch then. */
static bool check_source(struct sw_df_evaluator *e, const char *name) {
    const struct sw_df_program *program = &e->out->program;
    const struct sw_pair *context;
    if (strcmp(name, "context") == 0)
        return true;
    if (!sw_df_context_find(e, name, NULL, &context))
        return false;
    for (size_t i = 0; !context && i < program->stage_count; i++) {
        const struct sw_df_stage *stage = &program->stages[i];
        struct sw_df_env env;
        if (!sw_df_equal_fold(stage->name, name))
            continue;
        sw_df_env_copy(&env, &e->globals);
        sw_df_env_unset(&env, variable);
        bool ok = check_stage(e, stage, &env);
        sw_df_env_fini(&env);
        return ok || sw_df_fail_at(e->failure, stage->first, stage->last);
    }
    return context || sw_df_fail(e->failure, "invalid SOURCE_DATE_EPOCH: %s", name);
}

/* Writes the value back in its plain form, or takes it away. */
static void set_value(struct sw_df_env *env, const char *value) {
    if (!sw_df_env_get(env, variable))
        return;
    if (value)
        sw_df_env_set(env, variable, value);
    else
        sw_df_env_unset(env, variable);
}

static const char *rfc3339(struct sw_arena *arena, int64_t seconds) {
    struct tm parts;
    time_t moment = (time_t)seconds;
    if (!gmtime_r(&moment, &parts))
        return NULL;
    return sw_arena_format(arena, "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                           parts.tm_hour, parts.tm_min, parts.tm_sec);
}

bool sw_df_epoch_resolve(struct sw_df_evaluator *e) {
    const char *value = sw_df_env_get(&e->build_args, variable), *plain = NULL;
    int64_t seconds;
    if (!value) {
        value = sw_df_env_get(&e->globals, variable);
        if (!value || !*value)
            return true;
    }
    if (*value && sw_df_signed(value, INT64_MAX - 1, &seconds) == SW_DF_NUMBER_OK) {
        e->epoch = rfc3339(e->arena, seconds);
        e->epoch_seconds = seconds;
        plain = sw_arena_format(e->arena, "%lld", (long long)seconds);
    } else if (*value && !check_source(e, value)) {
        return false;
    }
    set_value(&e->build_args, plain);
    set_value(&e->globals, plain);
    return true;
}
