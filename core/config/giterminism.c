#include "core/config/giterminism.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "core/config/go_text.h"
#include "core/config/schema.h"
#include "core/source/matcher.h"

enum entry_kind { SWITCH, NAMES, PATTERNS, GLOBS, HOST_GLOBS };

static const struct gate {
    const char *path; /* keys from the top, with dots */
    enum entry_kind kind;
    const char *refusal; /* "%s" is the subject */
} GATES[SW_GATE_COUNT] = {
    [SW_GATE_CUSTOM_TAGS] = {"cli.allowCustomTags", SWITCH, "custom tags are not allowed by giterminism"},
    [SW_GATE_UNCOMMITTED_CONFIG] = {"config.allowUncommitted", SWITCH,
                                    "an uncommitted configuration is not allowed by giterminism"},
    [SW_GATE_UNCOMMITTED_TEMPLATES] = {"config.allowUncommittedTemplates", GLOBS,
                                       "the uncommitted template \"%s\" is not allowed by giterminism"},
    [SW_GATE_ENV] = {"config.goTemplateRendering.allowEnvVariables", PATTERNS,
                     "the environment variable \"%s\" is not allowed by giterminism"},
    [SW_GATE_UNCOMMITTED_FILES] = {"config.goTemplateRendering.allowUncommittedFiles", GLOBS,
                                   "the uncommitted file \"%s\" is not allowed by giterminism"},
    [SW_GATE_SECRET_ENV] = {"config.secrets.allowEnvVariables", NAMES, "secret \"%s\" is not allowed by giterminism"},
    [SW_GATE_SECRET_FILE] = {"config.secrets.allowFiles", HOST_GLOBS, "secret \"%s\" is not allowed by giterminism"},
    [SW_GATE_SECRET_VALUE] = {"config.secrets.allowValueIds", NAMES, "secret \"%s\" is not allowed by giterminism"},
    [SW_GATE_FROM_LATEST] = {"config.stapel.allowFromLatest", SWITCH, "`fromLatest` is not allowed by giterminism"},
    [SW_GATE_GIT_BRANCH] = {"config.stapel.git.allowBranch", SWITCH,
                            "a git `branch`, which moves, is not allowed by giterminism: give `tag` or `commit`"},
    [SW_GATE_MOUNT_BUILD_DIR] = {"config.stapel.mount.allowBuildDir", SWITCH,
                                 "a mount `from: build_dir` is not allowed by giterminism"},
    [SW_GATE_MOUNT_FROM_PATH] = {"config.stapel.mount.allowFromPaths", GLOBS,
                                 "a mount with `fromPath: %s` is not allowed by giterminism"},
    [SW_GATE_DOCKERFILE] = {"config.dockerfile.allowUncommitted", GLOBS, "the uncommitted \"%s\" is not allowed by giterminism"},
    [SW_GATE_DOCKERIGNORE] = {"config.dockerfile.allowUncommittedDockerignoreFiles", GLOBS,
                              "the uncommitted \"%s\" is not allowed by giterminism"},
    [SW_GATE_CONTEXT_ADD_FILE] = {"config.dockerfile.allowContextAddFiles", GLOBS, "the file \"%s\" is not allowed by giterminism"},
    [SW_GATE_HELM_FILES] = {"helm.allowUncommittedFiles", GLOBS, "the uncommitted \"%s\" is not allowed by giterminism"},
    [SW_GATE_INCLUDES_UPDATE] = {"includes.allowIncludesUpdate", SWITCH, "--allow-includes-update is not allowed by giterminism"},
};

struct sw_giterminism {
    bool open[SW_GATE_COUNT]; /* switches */
    struct sw_strlist entries[SW_GATE_COUNT];
    struct sw_matcher *matchers[SW_GATE_COUNT]; /* of globs; NULL when there are none */
    char *home;
    char *cwd;
};

void sw_giterminism_free(struct sw_giterminism *policy) {
    if (!policy)
        return;
    for (size_t i = 0; i < SW_GATE_COUNT; i++) {
        sw_strlist_fini(&policy->entries[i]);
        sw_matcher_free(policy->matchers[i]);
    }
    free(policy->home);
    free(policy->cwd);
    free(policy);
}

void sw_giterminism_free_p(struct sw_giterminism **policy) {
    sw_giterminism_free(*policy);
    *policy = NULL;
}

/* ---- reading ---- */

static const struct sw_value *find(const struct sw_value *root, const char *path) {
    sw_cleanup_free char *keys = sw_strdup(path);
    char *rest = keys;
    for (char *key = strsep(&rest, "."); key; key = strsep(&rest, "."))
        root = sw_value_get(root, key);
    return root;
}

/* Absolute form of a path on the host. */
static char *host_path(const struct sw_giterminism *policy, const char *path) {
    if (strcmp(path, "~") == 0 || strncmp(path, "~/", 2) == 0)
        return policy->home ? sw_path_join(policy->home, path + 1) : sw_strdup(path);
    if (*path == '/' || !policy->cwd)
        return sw_path_clean(path);
    return sw_path_join(policy->cwd, path);
}

/* The form in which a path or glob of a gate is matched. */
static char *match_form(const struct sw_giterminism *policy, enum entry_kind kind, const char *path) {
    sw_cleanup_free char *absolute = kind == HOST_GLOBS ? host_path(policy, path) : sw_strdup(path);
    return sw_strdup(absolute + (*absolute == '/'));
}

static struct sw_matcher *compile(const struct sw_giterminism *policy, enum entry_kind kind, struct sw_strings globs,
                                  struct sw_error **error) {
    sw_cleanup_strlist struct sw_strlist forms = {0};
    for (size_t i = 0; i < globs.count; i++)
        sw_strlist_take(&forms, match_form(policy, kind, globs.items[i]));
    struct sw_filter filter = {.size = sizeof filter, .include = sw_strlist_view(&forms)};
    return sw_matcher_new("", &filter, 1, error);
}

static void check_entry(const struct sw_giterminism *policy, const struct gate *gate, const struct sw_value *entry,
                        struct sw_diagnostics *list) {
    sw_cleanup_free char *problem = NULL;
    if (gate->kind == PATTERNS && !sw_go_pattern_valid(entry->source, &problem))
        sw_diagnose_value(list, entry, "%s: \"%s\": %s", gate->path, entry->source, problem);
    if (gate->kind != GLOBS && gate->kind != HOST_GLOBS)
        return;
    struct sw_error *error = NULL;
    sw_matcher_free(compile(policy, gate->kind, (struct sw_strings){&entry->source, 1}, &error));
    if (error)
        sw_diagnose_value(list, entry, "%s: \"%s\" is no valid pattern: a bracket or brace is not closed, or it ends in `\\`",
                          gate->path, entry->source);
    sw_error_free(error);
}

static void read_gate(struct sw_giterminism *policy, enum sw_gate index, const struct sw_value *root, struct sw_diagnostics *list) {
    const struct gate *gate = &GATES[index];
    const struct sw_value *value = find(root, gate->path);
    if (gate->kind == SWITCH) {
        policy->open[index] = sw_document_table.boolean(value, false);
        return;
    }
    for (size_t i = 0; sw_value_kind_of(value) == SW_VALUE_LIST && i < value->count; i++) {
        if (!sw_value_is_scalar(value->values[i]))
            continue;
        check_entry(policy, gate, value->values[i], list);
        sw_strlist_add(&policy->entries[index], value->values[i]->source);
    }
}

static void compile_gates(struct sw_giterminism *policy) {
    for (size_t i = 0; i < SW_GATE_COUNT; i++)
        if ((GATES[i].kind == GLOBS || GATES[i].kind == HOST_GLOBS) && policy->entries[i].len)
            policy->matchers[i] = compile(policy, GATES[i].kind, sw_strlist_view(&policy->entries[i]), NULL);
}

static void read_text(struct sw_giterminism *policy, const struct sw_yaml_text *text, struct sw_diagnostics *list) {
    struct sw_arena arena = {0};
    struct sw_schema *schema = sw_schema_new("giterminism", sw_schema_giterminism_text, NULL);
    struct sw_value *root = sw_yaml_parse_lenient(&arena, text, list);
    list->texts = text;
    list->text_count = 1;
    if (root && root->kind == SW_VALUE_NULL)
        root->kind = SW_VALUE_MAP; /* an empty file lacks its version, like an empty map */
    if (root && sw_schema_check_lax(schema, root, "", list))
        for (size_t i = 0; i < SW_GATE_COUNT; i++)
            read_gate(policy, (enum sw_gate)i, root, list);
    list->texts = NULL;
    list->text_count = 0;
    sw_schema_free(schema);
    sw_arena_fini(&arena);
}

struct sw_giterminism *sw_giterminism_parse(const struct sw_yaml_text *text, const char *home, const char *cwd,
                                            struct sw_diagnostics *list) {
    struct sw_giterminism *policy = sw_new(sizeof *policy);
    policy->home = sw_strdup(home);
    policy->cwd = sw_strdup(cwd);
    size_t errors = list->error_count;
    if (text)
        read_text(policy, text, list);
    if (list->error_count != errors) {
        sw_giterminism_free(policy);
        return NULL;
    }
    compile_gates(policy);
    return policy;
}

/* ---- questions ---- */

bool sw_giterminism_allows(const struct sw_giterminism *policy, enum sw_gate gate, const char *subject) {
    if (!policy)
        return true;
    enum entry_kind kind = GATES[gate].kind;
    if (kind == SWITCH)
        return policy->open[gate];
    if (!subject)
        return false;
    if (kind == NAMES)
        return sw_strlist_has(&policy->entries[gate], subject);
    if (kind == PATTERNS) {
        for (size_t i = 0; i < policy->entries[gate].len; i++)
            if (sw_go_pattern_matches(policy->entries[gate].items[i], subject))
                return true;
        return false;
    }
    if (!policy->matchers[gate])
        return false;
    sw_cleanup_free char *form = match_form(policy, kind, subject);
    sw_cleanup_free char *path = sw_matcher_path(form);
    return sw_matcher_matched(policy->matchers[gate], path);
}

struct sw_strings sw_giterminism_entries(const struct sw_giterminism *policy, enum sw_gate gate) {
    return policy ? sw_strlist_view(&policy->entries[gate]) : (struct sw_strings){0};
}

/* ---- words ---- */

char *sw_giterminism_snippet(enum sw_gate gate, const char *subject) {
    sw_cleanup_free char *keys = sw_strdup(GATES[gate].path);
    char *rest = keys;
    struct sw_buf out = {0};
    int indent = 0;
    for (char *key = strsep(&rest, "."); key; key = strsep(&rest, "."), indent += 2)
        sw_buf_printf(&out, "%s%*s%s:", indent ? "\n" : "", indent, "", key);
    if (GATES[gate].kind == SWITCH) {
        sw_buf_puts(&out, " true");
        return sw_buf_take(&out);
    }
    sw_buf_printf(&out, "\n%*s- \"", indent, "");
    for (const char *c = subject ? subject : ""; *c; c++) {
        if (*c == '"' || *c == '\\')
            sw_buf_putc(&out, '\\');
        sw_buf_putc(&out, *c);
    }
    sw_buf_putc(&out, '"');
    return sw_buf_take(&out);
}

static char *refusal_text(enum sw_gate gate, const char *subject) {
    const char *mark = strstr(GATES[gate].refusal, "%s");
    if (!mark)
        return sw_strdup(GATES[gate].refusal);
    return sw_format("%.*s%s%s", (int)(mark - GATES[gate].refusal), GATES[gate].refusal, subject ? subject : "", mark + 2);
}

struct sw_error *sw_giterminism_refusal(enum sw_gate gate, const char *subject) {
    sw_cleanup_free char *text = refusal_text(gate, subject);
    sw_cleanup_free char *snippet = sw_giterminism_snippet(gate, subject);
    struct sw_error *error = sw_error_new(SW_ERROR_DENIED, "%s", text);
    return sw_error_hint(
        error, "what lies outside of git can change a build unseen; to allow it, add to werf-giterminism.yaml:\n%s", snippet);
}
