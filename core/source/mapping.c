#include "core/source/mapping.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/path.h"

bool sw_mapping_open(const struct sw_mapping *mapping, const struct sw_commit *base, struct sw_mapping_paths *paths,
                     struct sw_error **error) {
    *paths = (struct sw_mapping_paths){.add = sw_matcher_path(mapping->add)};
    struct sw_filter filter = {.size = sizeof filter, .base = paths->add, .include = mapping->include, .exclude = mapping->exclude};
    struct sw_file file = {.type = SW_FILE_NONE};
    paths->matcher = sw_matcher_new("", &filter, 1, error);
    if (!paths->matcher || !sw_commit_stat(mapping->commit, paths->add, &file, error))
        return false;
    if (file.type == SW_FILE_NONE && base && !sw_commit_stat(base, paths->add, &file, error))
        return false;
    paths->is_folder = file.type == SW_FILE_DIRECTORY || file.type == SW_FILE_SUBMODULE || file.type == SW_FILE_NONE;
    if (paths->is_folder) {
        paths->scope = sw_strdup(paths->add);
        return true;
    }
    sw_cleanup_free char *folder = sw_path_dir(paths->add);
    sw_cleanup_free char *from = sw_path_base(paths->add);
    sw_cleanup_free char *to = sw_path_base(mapping->to);
    paths->scope = sw_matcher_path(folder);
    paths->rename = strcmp(from, to) ? sw_strdup(to) : NULL;
    return true;
}

void sw_mapping_close(struct sw_mapping_paths *paths) {
    sw_matcher_free(paths->matcher);
    free(paths->add);
    free(paths->scope);
    free(paths->rename);
    *paths = (struct sw_mapping_paths){0};
}

char *sw_mapping_name(const struct sw_mapping_paths *paths, const char *path) {
    if (paths->rename && !strcmp(path, paths->add))
        return sw_strdup(paths->rename);
    return sw_path_relative(path, paths->scope);
}
