/* selection.h - which images a command is about: names, patterns and exclusions of the command line. */
#ifndef CORE_CONFIG_SELECTION_H
#define CORE_CONFIG_SELECTION_H

#include "core/config/project.h"

struct sw_selection_result {
    bool *chosen; /* by image: named by the command line */
    bool *needed; /* chosen, or needed by a chosen one */
};

/* Applies `patterns` ("web", "be-*", "!docs"; none: all images) to a project. `final_only` leaves out images that are not final.
 * Fails with SW_ERROR_USAGE when a pattern is malformed or matches nothing. */
bool sw_select_images(const struct sw_project *project, struct sw_strings patterns, bool final_only,
                      struct sw_selection_result *result, struct sw_error **error);
void sw_selection_result_fini(struct sw_selection_result *result);

#endif
