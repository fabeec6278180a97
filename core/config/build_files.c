#include "core/config/build_files.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "core/config/project_files.h"

/* A file that a Dockerfile image may read. */
struct entry {
    enum sw_gate gate;
    char *path; /* from the project's folder */
};

struct sw_build_files {
    struct sw_project_files files;
    struct sw_map by_path; /* from the repository's root, to struct entry */
};

static void free_entry(void *value) {
    struct entry *entry = value;
    free(entry->path);
    free(entry);
}

void sw_build_files_free(struct sw_build_files *files) {
    if (!files)
        return;
    sw_map_fini(&files->by_path, free_entry);
    free(files);
}

/* Whether `path` is given by the work tree, or by an include where the commit has no such file. */
static bool comes_from_elsewhere(const struct sw_build_files *files, const char *path, const char *full, enum sw_gate gate) {
    struct sw_file file = {0};
    if (files->files.loose || sw_giterminism_allows(files->files.policy, gate, path))
        return true;
    return sw_includes_find(files->files.includes, path) &&
           (!sw_commit_stat(files->files.commit, full, &file, NULL) || file.type == SW_FILE_NONE);
}

/* Takes `path`, relative to the project. */
static void add(struct sw_build_files *files, char *path, enum sw_gate gate) {
    sw_cleanup_free char *full = sw_project_files_path(&files->files, path);
    if (!full || sw_map_has(&files->by_path, full) || !comes_from_elsewhere(files, path, full, gate)) {
        free(path);
        return;
    }
    struct entry *entry = sw_new(sizeof *entry);
    *entry = (struct entry){gate, path};
    sw_map_set(&files->by_path, full, entry);
}

static void add_image(struct sw_build_files *files, const struct sw_value *document) {
    const char *context = sw_value_source(sw_value_get(document, "context"));
    const char *name = sw_value_source(sw_value_get(document, "dockerfile"));
    if (!*name)
        return;
    sw_cleanup_free char *dockerfile = sw_path_join(context, name);
    add(files, sw_strdup(dockerfile), SW_GATE_DOCKERFILE);
    add(files, sw_format("%s.dockerignore", dockerfile), SW_GATE_DOCKERIGNORE);
    add(files, sw_path_join(context, ".dockerignore"), SW_GATE_DOCKERIGNORE);
}

struct sw_build_files *sw_build_files_new(const struct sw_config *config) {
    struct sw_build_files *files = sw_new(sizeof *files);
    files->files = (struct sw_project_files){.repository = config->repository,
                                             .commit = config->commit,
                                             .folder = config->project_folder,
                                             .policy = config->giterminism,
                                             .loose = !config->giterminism,
                                             .includes = config->includes};
    for (size_t i = 0; i < config->project->image_count; i++)
        add_image(files, config->project->images[i].document);
    return files;
}

bool sw_build_files_has(const struct sw_build_files *files, const char *path) {
    return files && sw_map_has(&files->by_path, path);
}

bool sw_build_files_read(const struct sw_build_files *files, const char *path, struct sw_buf *bytes, bool *found,
                         struct sw_error **error) {
    const struct entry *entry = sw_map_get(&files->by_path, path);
    struct sw_error *cause = NULL;
    *found = sw_project_files_read(&files->files, entry->path, entry->gate, bytes, &cause);
    if (*found || cause->code == SW_ERROR_NOT_FOUND) {
        sw_error_free(cause);
        return true;
    }
    return sw_pass(error, cause);
}
