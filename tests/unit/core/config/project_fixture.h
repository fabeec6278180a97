/* project_fixture.h - reading a werf.yaml of a test: cut at lines `---`, with the builders' schemas, under a giterminism policy. */
#ifndef TESTS_UNIT_CORE_CONFIG_PROJECT_FIXTURE_H
#define TESTS_UNIT_CORE_CONFIG_PROJECT_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/config/project.h"

static inline char *read_file(const char *path) {
    sw_cleanup_file FILE *file = fopen(path, "r");
    if (!file)
        return NULL;
    struct sw_buf text = {0};
    char piece[4096];
    size_t got;
    while ((got = fread(piece, 1, sizeof piece, file)) > 0)
        sw_buf_add(&text, piece, got);
    return sw_buf_take(&text);
}

extern const char sw_df_document_schema[]; /* of the plugins */
extern const char sw_stapel_schema_text[];

static inline const struct sw_config_builder *fixture_builders(void) {
    static const char *const dockerfile_claims[] = {"dockerfile", NULL};
    static const char *const stapel_claims[] = {"from", "fromImage", "fromArtifact", NULL};
    static const struct sw_config_builder builders[] = {{"dockerfile", dockerfile_claims, sw_df_document_schema},
                                                        {"stapel", stapel_claims, sw_stapel_schema_text}};
    return builders;
}

static inline bool is_separator(const char *line, size_t len) {
    if (len < 3 || strncmp(line, "---", 3) != 0)
        return false;
    size_t blank = 3 + strspn(line + 3, " \t\r");
    if (blank < len && line[blank] == '#') /* a hyphen in the comment undoes it */
        return !memchr(line + blank, '-', len - blank);
    return blank >= len || line[blank] == '\n';
}

static inline bool is_comment(const char *line, size_t len) {
    size_t blank = strspn(line, " \t\r");
    return blank >= len || line[blank] == '\n' || line[blank] == '#';
}

/* Pieces of `text` between separators; those of comments alone are left out. To be freed. */
static inline struct sw_yaml_text *split_documents(const char *file, const char *text, size_t *count) {
    struct sw_yaml_text *documents = sw_new_array(strlen(text) / 4 + 2, sizeof *documents);
    struct sw_yaml_text now = {.file = file, .data = text, .first_line = 1};
    bool content = false;
    uint32_t line = 1;
    *count = 0;
    for (const char *at = text;; line++) {
        const char *feed = strchr(at, '\n'), *end = feed ? feed + 1 : at + strlen(at);
        bool cut = is_separator(at, (size_t)(end - at)) || !*at;
        if (cut) {
            now.len = (size_t)(at - now.data);
            if (content)
                documents[(*count)++] = now;
            now = (struct sw_yaml_text){.file = file, .data = end, .first_line = line + 1};
            content = false;
        } else {
            content = content || !is_comment(at, (size_t)(end - at));
        }
        if (!*at)
            return documents;
        at = end;
    }
}

/* Parses `text`. `policy` NULL: everything is allowed. */
static inline struct sw_project *parse_project(const char *file, const char *text, const struct sw_giterminism *policy,
                                               struct sw_diagnostics *list) {
    size_t count;
    sw_cleanup_free struct sw_yaml_text *documents = split_documents(file, text, &count);
    struct sw_project_options options = {.builders = fixture_builders(),
                                         .builder_count = 2,
                                         .default_platform = "linux/amd64",
                                         .suggested_name = "example",
                                         .giterminism = policy};
    return sw_project_parse(documents, count, &options, list);
}

static inline struct sw_giterminism *strict_policy(const char *text) {
    struct sw_diagnostics list = {0};
    struct sw_yaml_text yaml = {.file = "werf-giterminism.yaml", .data = text, .len = text ? strlen(text) : 0, .first_line = 1};
    struct sw_giterminism *policy = sw_giterminism_parse(text ? &yaml : NULL, "/home/me", "/srv", &list);
    sw_diagnostics_fini(&list);
    return policy;
}

#endif
