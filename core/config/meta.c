/* The meta document: what it must hold, and what the project takes from it. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/suggest.h"
#include "core/config/check.h"
#include "core/config/go_text.h"

enum { LONGEST_NAME = 50 };

static bool is_project_name(const char *name) {
    size_t len = strlen(name);
    if (!len || len > LONGEST_NAME || name[0] == '-' || name[len - 1] == '-')
        return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static void slug(const char *name, struct sw_buf *out) {
    for (; *name && out->len < LONGEST_NAME; name++) {
        if (isalnum((unsigned char)*name))
            sw_buf_putc(out, (char)tolower((unsigned char)*name));
        else if (out->len && out->data[out->len - 1] != '-')
            sw_buf_putc(out, '-');
    }
    while (out->len && out->data[out->len - 1] == '-')
        sw_buf_truncate(out, out->len - 1);
}

static void check_project_name(struct sw_check *check, const struct sw_value *meta) {
    const struct sw_value *value = sw_value_get(meta, "project");
    if (!value || sw_check_is_list(value) || sw_check_is_map(value))
        return;
    const char *name = sw_value_source(value);
    if (!*name) {
        sw_diagnose_value(check->list, value, "project: the name must not be empty");
    } else if (!is_project_name(name)) {
        struct sw_error *error =
            sw_diagnose_value(check->list, value,
                              "project: \"%s\" is no project name: lower-case letters, digits and inner dashes, at most "
                              "%d characters",
                              name, LONGEST_NAME);
        sw_cleanup_buf struct sw_buf better = {0};
        slug(name, &better);
        if (better.len)
            sw_error_hint(error, "write `project: %s`", sw_buf_text(&better));
    }
    const char *other = check->options->project_name;
    check->project->name = other && *other ? sw_arena_str(check->arena, other) : name;
}

static void check_not_empty(struct sw_check *check, const struct sw_value *map, const char *key) {
    const struct sw_value *value = sw_check_given(map, key);
    if (!value || value->kind != SW_VALUE_STRING || *value->source)
        return;
    struct sw_error *error = sw_diagnose_value(check->list, value, "deploy › %s: must not be empty", key);
    sw_error_hint(error, "remove the key, or give it a value");
}

static void check_deploy(struct sw_check *check, const struct sw_value *meta) {
    const struct sw_value *deploy = sw_value_get(meta, "deploy");
    check_not_empty(check, deploy, "helmChartDir");
    check_not_empty(check, deploy, "helmRelease");
    check_not_empty(check, deploy, "namespace");
}

/* ---- cleanup ---- */

static void check_duration(struct sw_check *check, const struct sw_value *limit, const char *way) {
    const struct sw_value *value = sw_value_get(limit, "in");
    int64_t nanoseconds;
    if (sw_value_kind_of(value) != SW_VALUE_STRING || sw_go_duration(value->source, &nanoseconds))
        return;
    struct sw_error *error = sw_diagnose_value(check->list, value, "%s › in: \"%s\" is no duration", way, value->source);
    char *end;
    long days = strtol(value->source, &end, 10);
    if (end != value->source && strcmp(end, "d") == 0 && days > 0 && days < 100000)
        sw_error_hint(error, "there is no unit for days: write `%ldh`", days * 24);
    else
        sw_error_hint(error, "a number with a unit, such as 168h or 1h30m");
}

static void check_operator(struct sw_check *check, const struct sw_value *limit, const char *way) {
    const struct sw_value *value = sw_value_get(limit, "operator");
    if (!sw_value_is_scalar(value) || strcmp(value->source, "Or") == 0 || strcmp(value->source, "And") == 0 || !*value->source)
        return;
    struct sw_error *error =
        sw_diagnose_value(check->list, value, "%s › operator: expected Or or And, not \"%s\"", way, value->source);
    if (strcasecmp(value->source, "or") == 0 || strcasecmp(value->source, "and") == 0)
        sw_error_hint(error, "it is case sensitive: write `%s`", strcasecmp(value->source, "or") == 0 ? "Or" : "And");
}

static void check_reference_regex(struct sw_check *check, const struct sw_value *references, const char *key, const char *way) {
    const struct sw_value *value = sw_value_get(references, key);
    sw_cleanup_free char *problem = NULL;
    if (sw_value_is_scalar(value) && !sw_go_pattern_valid(value->source, &problem))
        sw_diagnose_value(check->list, value, "%s › %s: \"%s\": %s", way, key, value->source, problem);
}

static void check_references(struct sw_check *check, const struct sw_value *policy, const char *way) {
    const struct sw_value *references = sw_check_given(policy, "references");
    if (!references) {
        sw_diagnose_value(check->list, policy, "%s: key \"references\" is missing: which tags or branches does the policy keep?",
                          way);
        return;
    }
    if (!sw_check_is_map(references))
        return;
    sw_cleanup_free char *inner = sw_format("%s › references", way);
    bool tag = *sw_check_text(references, "tag"), branch = *sw_check_text(references, "branch");
    if (tag && branch)
        sw_diagnose_value(check->list, sw_value_key(references, "branch"),
                          "%s: `tag` and `branch` exclude each other: keep one of them", inner);
    else if (sw_check_none_given(check, references, (const char *const[]){"tag", "branch", NULL}))
        sw_diagnose_value(check->list, references, "%s: `tag` or `branch` is missing: a name, or a /regular expression/", inner);
    check_reference_regex(check, references, "tag", inner);
    check_reference_regex(check, references, "branch", inner);
    sw_cleanup_free char *limit = sw_format("%s › limit", inner);
    check_duration(check, sw_value_get(references, "limit"), limit);
    check_operator(check, sw_value_get(references, "limit"), limit);
}

/* werf takes any key here. */
static void warn_images_per_reference(struct sw_check *check, const struct sw_value *limit, const char *way) {
    static const char *const known[] = {"last", "in", "operator"};
    for (size_t i = 0; sw_check_is_map(limit) && i < limit->count; i++) {
        const char *key = limit->keys[i]->source;
        if (strcmp(key, "last") == 0 || strcmp(key, "in") == 0 || strcmp(key, "operator") == 0)
            continue;
        struct sw_error *error =
            sw_diagnose_value_warning(check->list, limit->keys[i], "%s: unknown key \"%s\" has no effect", way, key);
        const char *nearest = sw_suggest(key, (struct sw_strings){known, 3});
        if (nearest)
            sw_error_hint(error, "did you mean \"%s\"?", nearest);
    }
}

static void check_cleanup(struct sw_check *check, const struct sw_value *meta) {
    const struct sw_value *policies = sw_value_get(sw_value_get(meta, "cleanup"), "keepPolicies");
    for (size_t i = 0; sw_check_is_list(policies) && i < policies->count; i++) {
        const struct sw_value *policy = policies->values[i];
        if (!sw_check_is_map(policy))
            continue;
        sw_cleanup_free char *way = sw_format("cleanup › keepPolicies[%zu]", i);
        check_references(check, policy, way);
        sw_cleanup_free char *per = sw_format("%s › imagesPerReference", way);
        check_duration(check, sw_value_get(policy, "imagesPerReference"), per);
        warn_images_per_reference(check, sw_value_get(policy, "imagesPerReference"), per);
    }
}

void sw_check_meta(struct sw_check *check, const struct sw_value *meta) {
    struct sw_project *project = check->project;
    const struct sw_schema *schema = check->meta_schema;
    project->meta = meta;
    sw_schema_check(&schema, 1, meta, "", NULL, check->list);
    check_project_name(check, meta);
    check_deploy(check, meta);
    check_cleanup(check, meta);
    const struct sw_value *build = sw_value_get(meta, "build"), *worktree = sw_value_get(meta, "gitWorktree");
    project->cache_version = sw_check_text(build, "cacheVersion");
    project->staged = sw_check_switch(build, "staged", false);
    project->force_shallow_clone = sw_check_switch(worktree, "forceShallowClone", false);
    project->allow_unshallow = sw_check_switch(worktree, "allowUnshallow", true);
    project->allow_fetch_origin = sw_check_switch(worktree, "allowFetchOriginBranchesAndTags", true);
    const struct sw_value *cleanup = sw_value_get(meta, "cleanup");
    project->no_cleanup = sw_check_switch(cleanup, "disable", false);
    project->no_history_cleanup = sw_check_switch(cleanup, "disableGitHistoryBasedPolicy", false);
    check->platforms =
        sw_check_texts(check, sw_check_is_list(sw_value_get(build, "platform")) ? sw_value_get(build, "platform") : NULL);
    check->global_spec = sw_image_spec_read(check, sw_value_get(build, "imageSpec"), "build › imageSpec");
}
