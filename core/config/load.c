#include "core/config/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/source/commit.h"
#include "core/source/repository.h"

static bool read_commit(struct sw_config *config, const char *folder, struct sw_error **error) {
    config->host_folder = realpath(folder, NULL);
    if (!config->host_folder)
        return sw_fail_errno(error, errno, "%s", folder);
    config->repository = sw_repository_find(config->host_folder, error);
    if (!config->repository)
        return false;
    const char *root = sw_repository_work_tree(config->repository);
    config->project_folder = sw_strdup(root ? config->host_folder + strlen(root) + (config->host_folder[strlen(root)] == '/') : "");
    config->commit = sw_repository_head(config->repository, error);
    return config->commit != NULL;
}

static bool read_config(struct sw_config *config, struct sw_error **error) {
    struct sw_buf text = {0};
    sw_cleanup_free char *path = sw_format("%s%swerf.yaml", config->project_folder, *config->project_folder ? "/" : "");
    config->config_file = sw_strdup("werf.yaml");
    if (!sw_commit_read(config->commit, path, &text, error)) {
        sw_buf_fini(&text);
        return false;
    }
    config->rendered_len = text.len;
    config->rendered = sw_buf_take(&text);
    return true;
}

/* Cuts the text at lines that begin with "---". */
static void split(const struct sw_config *config, struct sw_vec *documents) {
    const char *start = config->rendered, *end = start + config->rendered_len;
    uint32_t line = 1, first = 1;
    for (const char *at = start; at < end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        const char *next = stop ? stop + 1 : end;
        if (strncmp(at, "---", 3) == 0) {
            struct sw_yaml_text text = {
                .file = config->config_file, .data = start, .len = (size_t)(at - start), .first_line = first};
            if (text.len)
                sw_vec_push(documents, &text);
            start = next;
            first = line + 1;
        }
        at = next;
    }
    struct sw_yaml_text text = {.file = config->config_file, .data = start, .len = (size_t)(end - start), .first_line = first};
    if (text.len)
        sw_vec_push(documents, &text);
}

struct sw_config *sw_config_load(const struct sw_load_options *options) {
    struct sw_config *config = sw_new(sizeof *config);
    sw_cleanup_vec struct sw_vec documents = {.width = sizeof(struct sw_yaml_text)};
    struct sw_error *error = NULL;
    if (!read_commit(config, options->folder ? options->folder : ".", &error) || !read_config(config, &error)) {
        sw_diagnostics_add(&config->diagnostics, SW_SEVERITY_ERROR, error);
        return config;
    }
    split(config, &documents);
    config->project = sw_project_parse(documents.data, documents.len, &options->project, &config->diagnostics);
    return config;
}

void sw_config_free(struct sw_config *config) {
    if (!config)
        return;
    sw_project_free(config->project);
    sw_giterminism_free(config->giterminism);
    sw_diagnostics_fini(&config->diagnostics);
    sw_repository_free(config->repository);
    free(config->rendered);
    free(config->config_file);
    free(config->project_folder);
    free(config->host_folder);
    free(config);
}
