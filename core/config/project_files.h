/* project_files.h - the files that a configuration is read from, under the rule of giterminism.
 *
 * A file that its gate permits (all of them in loose mode) comes from the work tree; every other one from the commit, and the work tree
 * must not differ from it. There is no way from one to the other: the permission decides where to look. Below the project's files lie
 * those of includes. Paths are relative to the project's folder; a leading slash is left out; `..` may lead to other folders of the
 * repository, not out of it. Symlinks are followed inside the repository, and what they lead to is under the same rule. */
#ifndef CORE_CONFIG_PROJECT_FILES_H
#define CORE_CONFIG_PROJECT_FILES_H

#include "core/base/buf.h"
#include "core/config/giterminism.h"
#include "core/config/includes.h"
#include "core/source/commit.h"

/* Plain data; borrowed. */
struct sw_project_files {
    struct sw_repository *repository;
    const struct sw_commit *commit;      /* HEAD, or the one that --dev made */
    const char *folder;                  /* of the project in the repository, "" for the root */
    const struct sw_giterminism *policy; /* NULL: nothing is permitted */
    bool loose;                          /* everything comes from the work tree */
    const struct sw_includes *includes;  /* NULL: none */
};

/* A file with its content. */
struct sw_project_file {
    char *path; /* as it was asked for, symlinks not resolved */
    struct sw_buf bytes;
};
struct sw_project_file_list {
    struct sw_project_file *items;
    size_t len;
    size_t cap;
};
void sw_project_file_list_fini(struct sw_project_file_list *list);
#define sw_cleanup_project_file_list __attribute__((cleanup(sw_project_file_list_fini)))
/* Adds a file; both arguments are taken. */
void sw_project_file_list_add(struct sw_project_file_list *list, char *path, struct sw_buf bytes);

/* Appends a file's bytes. `gate` SW_GATE_COUNT: only loose mode reads it from the work tree. SW_ERROR_NOT_FOUND when it is in neither
 * place where it may be, SW_ERROR_DENIED when it is not committed. Includes are asked last, unless `gate` is SW_GATE_COUNT. */
bool sw_project_files_read(const struct sw_project_files *files, const char *path, enum sw_gate gate, struct sw_buf *bytes,
                           struct sw_error **error);

/* Whether there is such a file or folder that may be read; a refusal is a no. */
bool sw_project_files_exists(const struct sw_project_files *files, const char *path, enum sw_gate gate);
bool sw_project_files_is_folder(const struct sw_project_files *files, const char *path, enum sw_gate gate);

/* Adds all files below `base` that `glob` (relative to it; NULL: all) matches, first those that the work tree gives, then those of the
 * commit. Refuses when one of them is not committed and not permitted. Includes are not looked at. */
bool sw_project_files_list(const struct sw_project_files *files, const char *base, const char *glob, enum sw_gate gate,
                           struct sw_project_file_list *list, struct sw_error **error);

/* Clean form of a path: relative to the repository's root. To be freed. NULL when it leads out of the repository. */
char *sw_project_files_path(const struct sw_project_files *files, const char *path);

#endif
