/* why_files.h - the files behind an input that differs, one by one. */
#ifndef CORE_BUILD_WHY_FILES_H
#define CORE_BUILD_WHY_FILES_H

#include "core/build/session.h"

/* What an input's files are compared with. */
struct sw_why_files {
    const struct sw_build *build;
    const json_t *record; /* of the earlier stage, or NULL */
    const json_t *input;  /* in it, or NULL */
    const char *commit;   /* of the earlier build, where the files of the project are those of the record, and nearer; or NULL */
    const struct sw_input_files *now;
};

/* Adds "files", "file_count", "filters_changed" and "missing_commit" to `difference`, as why.h says. */
void sw_why_add_files(const struct sw_why_files *files, json_t *difference);

#endif
