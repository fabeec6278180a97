/* giterminism.h - what werf-giterminism.yaml permits, as questions.
 *
 * Reading files under these rules is core/source's work. Here are the gates of features (environment, secrets, mounts, custom
 * tags…), the lists that say which paths may come from the work tree, and the exact lines that would allow what was refused. A NULL
 * policy is loose mode: everything is allowed. */
#ifndef CORE_CONFIG_GITERMINISM_H
#define CORE_CONFIG_GITERMINISM_H

#include <stdbool.h>

#include "core/config/diagnostics.h"
#include "core/config/yaml.h"
#include "slipway/types.h"

/* The gates; a list of names, globs or regular expressions, or a switch. */
enum sw_gate {
    SW_GATE_CUSTOM_TAGS = 0,       /* cli.allowCustomTags */
    SW_GATE_UNCOMMITTED_CONFIG,    /* config.allowUncommitted */
    SW_GATE_UNCOMMITTED_TEMPLATES, /* config.allowUncommittedTemplates */
    SW_GATE_ENV,                   /* config.goTemplateRendering.allowEnvVariables */
    SW_GATE_UNCOMMITTED_FILES,     /* config.goTemplateRendering.allowUncommittedFiles */
    SW_GATE_SECRET_ENV,            /* config.secrets.allowEnvVariables */
    SW_GATE_SECRET_FILE,           /* config.secrets.allowFiles */
    SW_GATE_SECRET_VALUE,          /* config.secrets.allowValueIds */
    SW_GATE_FROM_LATEST,           /* config.stapel.allowFromLatest */
    SW_GATE_GIT_BRANCH,            /* config.stapel.git.allowBranch */
    SW_GATE_MOUNT_BUILD_DIR,       /* config.stapel.mount.allowBuildDir */
    SW_GATE_MOUNT_FROM_PATH,       /* config.stapel.mount.allowFromPaths */
    SW_GATE_DOCKERFILE,            /* config.dockerfile.allowUncommitted */
    SW_GATE_DOCKERIGNORE,          /* config.dockerfile.allowUncommittedDockerignoreFiles */
    SW_GATE_CONTEXT_ADD_FILE,      /* config.dockerfile.allowContextAddFiles */
    SW_GATE_HELM_FILES,            /* helm.allowUncommittedFiles */
    SW_GATE_INCLUDES_UPDATE,       /* includes.allowIncludesUpdate */
    SW_GATE_COUNT,
};

struct sw_giterminism;

/* Parses the text of a giterminism file; `text` NULL (no such file): nothing is permitted. NULL when it has errors. `home` and
 * `cwd` make patterns of secret files absolute. */
struct sw_giterminism *sw_giterminism_parse(const struct sw_yaml_text *text, const char *home, const char *cwd,
                                            struct sw_diagnostics *list);
void sw_giterminism_free(struct sw_giterminism *policy); /* takes NULL */
void sw_giterminism_free_p(struct sw_giterminism **policy);
#define sw_cleanup_giterminism __attribute__((cleanup(sw_giterminism_free_p)))

/* Whether `policy` lets `subject` (a name or path; ignored by switches) through `gate`. A bad regular expression among the entries
 * was an error of parsing. */
bool sw_giterminism_allows(const struct sw_giterminism *policy, enum sw_gate gate, const char *subject);

/* The entries of a gate as written, for core/source. */
struct sw_strings sw_giterminism_entries(const struct sw_giterminism *policy, enum sw_gate gate);

/* The lines that would open `gate` for `subject`, as they would stand in werf-giterminism.yaml. To be freed. */
char *sw_giterminism_snippet(enum sw_gate gate, const char *subject);

/* A refusal (SW_ERROR_DENIED) whose hint holds the snippet: "the configuration depends on … outside of git: …". */
struct sw_error *sw_giterminism_refusal(enum sw_gate gate, const char *subject);

#endif
