/* Lint rules that look at stages as a whole. */
#include <string.h>

#include "plugins/dockerfile/reference.h"
#include "plugins/dockerfile/state.h"
#include "plugins/dockerfile/text.h"

/* These rules do not look at comments of the instruction. */
static struct sw_df_spot bare_spot(uint32_t first, uint32_t last) {
    return (struct sw_df_spot){.first = first, .last = last};
}

void sw_df_check_stage_names(struct sw_df_evaluator *e) {
    const struct sw_df_program *program = &e->out->program;
    for (size_t i = 0; i < program->stage_count; i++) {
        const struct sw_df_stage *stage = &program->stages[i];
        if (!*stage->name)
            continue;
        struct sw_df_spot spot = bare_spot(stage->first, stage->last);
        if (strcmp(stage->name, "context") == 0 || strcmp(stage->name, "scratch") == 0)
            sw_df_warn(e->lint, spot, "ReservedStageName", "Stage name should not use the same name as reserved stage \"%s\"",
                       stage->name);
        for (size_t j = 0; j < i; j++) {
            if (strcmp(program->stages[j].name, stage->name) != 0)
                continue;
            sw_df_warn(e->lint, spot, "DuplicateStageName", "Duplicate stage name \"%s\", stage names should be unique",
                       stage->name);
            break;
        }
    }
}

struct casing {
    unsigned lower;
    unsigned upper;
};

static void count_casing(struct sw_df_evaluator *e, struct casing *casing, const char *word) {
    if (strcmp(word, sw_df_lower(e->arena, word)) == 0)
        casing->lower++;
    else if (strcmp(word, sw_df_upper(e->arena, word)) == 0)
        casing->upper++;
}

static void check_word(struct sw_df_evaluator *e, const char *word, bool lower, uint32_t first, uint32_t last) {
    const char *right = lower ? sw_df_lower(e->arena, word) : sw_df_upper(e->arena, word);
    if (strcmp(right, word) != 0)
        sw_df_warn(e->lint, bare_spot(first, last), "ConsistentInstructionCasing",
                   "Command '%s' should match the case of the command majority (%s)", word, lower ? "lowercase" : "uppercase");
}

void sw_df_check_casing(struct sw_df_evaluator *e) {
    const struct sw_df_program *program = &e->out->program;
    struct casing casing = {0};
    for (size_t i = 0; i < program->stage_count; i++) {
        const struct sw_df_stage *stage = &program->stages[i];
        count_casing(e, &casing, stage->word);
        for (size_t j = 0; j < stage->instruction_count; j++)
            count_casing(e, &casing, stage->instructions[j].name);
    }
    bool lower = casing.lower > casing.upper;
    for (size_t i = 0; i < program->stage_count; i++) {
        const struct sw_df_stage *stage = &program->stages[i];
        check_word(e, stage->word, lower, stage->first, stage->last);
        for (size_t j = 0; j < stage->instruction_count; j++)
            check_word(e, stage->instructions[j].name, lower, stage->instructions[j].first, stage->instructions[j].last);
    }
}

void sw_df_check_default_bases(struct sw_df_evaluator *e, const struct sw_df_env *platform_args) {
    const struct sw_df_program *program = &e->out->program;
    struct sw_df_failure ignored = {.arena = e->arena};
    struct sw_df_env args;
    sw_df_env_copy(&args, platform_args);
    bool ok = sw_df_globals_apply(e, &args, NULL, &ignored);
    for (size_t i = 0; ok && i < program->stage_count; i++) {
        const struct sw_df_stage *stage = &program->stages[i];
        struct sw_df_expansion base;
        struct sw_df_reference reference;
        ok = sw_df_expand(&e->shell, stage->base, &args, &base, &ignored);
        if (ok && !sw_df_reference_parse(base.text, &reference, &ignored))
            sw_df_warn(e->lint, bare_spot(stage->first, stage->last), "InvalidDefaultArgInFrom",
                       "Default value for ARG %s results in empty or invalid base image name", stage->base);
    }
    sw_df_env_fini(&args);
}

/* Names that FROM may use: ARGs that are declared or exist anyway. */
static struct sw_strings from_names(struct sw_df_evaluator *e) {
    size_t count = 0;
    struct sw_strings set = sw_df_env_names(&e->globals);
    const char **names = sw_arena_new(e->arena, (e->global_names.len + set.count + 1) * sizeof(char *));
    for (size_t i = 0; i < e->global_names.len; i++)
        names[count++] = *(const char **)sw_vec_at(&e->global_names, i);
    for (size_t i = 0; i < set.count; i++)
        names[count++] = set.items[i];
    return (struct sw_strings){names, count};
}

static bool has(struct sw_strings list, const char *text) {
    for (size_t i = 0; i < list.count; i++)
        if (strcmp(list.items[i], text) == 0)
            return true;
    return false;
}

void sw_df_check_from_names(struct sw_df_evaluator *e, const struct sw_df_stage *stage, struct sw_strings unmatched) {
    struct sw_strings names = from_names(e);
    for (size_t i = 0; i < unmatched.count; i++) {
        if (has(names, unmatched.items[i]))
            continue;
        const char *near = sw_df_nearest(e->arena, unmatched.items[i], names, SW_DF_CASE_MATTERS);
        const char *hint = near ? sw_arena_format(e->arena, " (did you mean %s?)", near) : "";
        sw_df_warn(e->lint, sw_df_stage_spot(stage), "UndefinedArgInFrom", "FROM argument '%s' is not declared%s",
                   unmatched.items[i], hint);
    }
}

void sw_df_check_from_platform(struct sw_df_evaluator *e, const struct sw_df_stage *stage, const struct sw_df_expansion *platform) {
    struct sw_df_spot spot = sw_df_stage_spot(stage);
    if (platform->matched.count == 1 && platform->unmatched.count == 0 &&
        strcmp(platform->matched.items[0], "TARGETPLATFORM") == 0) {
        const char *target = sw_df_env_get(&e->globals, "TARGETPLATFORM");
        if (target && strcmp(target, platform->text) == 0)
            sw_df_warn(e->lint, spot, "RedundantTargetPlatform",
                       "Setting platform to predefined %s in FROM is redundant as this is the default behavior", stage->platform);
    }
    struct sw_df_failure ignored = {.arena = e->arena};
    struct sw_df_platform parsed;
    if (platform->matched.count > 0 || platform->unmatched.count > 0)
        return;
    if (!sw_df_platform_parse(platform->text, &parsed, &ignored))
        return;
    if (!strstr(stage->name, parsed.os) && !strstr(stage->name, parsed.arch))
        sw_df_warn(e->lint, spot, "FromPlatformFlagConstDisallowed", "FROM --platform flag should not use constant value %s",
                   sw_df_quote(e->arena, platform->text));
}
