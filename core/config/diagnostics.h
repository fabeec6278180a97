/* diagnostics.h - the findings of a configuration: all errors and warnings at once, in the order of their places.
 *
 * Checks add findings and go on, so that one run names everything that is wrong. A finding is a `struct sw_error` of the ABI with
 * its place and, as excerpt, the line with a caret below it. Nothing here prints. A zeroed list is empty and ready. */
#ifndef CORE_CONFIG_DIAGNOSTICS_H
#define CORE_CONFIG_DIAGNOSTICS_H

#include <stdarg.h>

#include "core/base/vec.h"
#include "slipway/types.h"

enum sw_severity { SW_SEVERITY_ERROR = 0, SW_SEVERITY_WARNING = 1 };

struct sw_diagnostic {
    enum sw_severity severity;
    struct sw_error *error; /* owned by the list */
};

struct sw_value;
struct sw_yaml_text;

struct sw_diagnostics {
    struct sw_diagnostic *items;
    size_t len;
    size_t cap;
    size_t error_count;
    const struct sw_yaml_text *texts; /* of which excerpts are cut, borrowed while checks run; may be NULL */
    size_t text_count;
};

void sw_diagnostics_fini(struct sw_diagnostics *list);
#define sw_cleanup_diagnostics __attribute__((cleanup(sw_diagnostics_fini)))

/* Adds a finding and takes `error`. Returns it, so that a hint can be put on it. Past a few thousand findings, further ones are
 * counted but not kept. */
struct sw_error *sw_diagnostics_add(struct sw_diagnostics *list, enum sw_severity severity, struct sw_error *error);

/* Adds an error (code SW_ERROR_CONFIG) at a place. The result is borrowed. */
struct sw_error *sw_diagnose(struct sw_diagnostics *list, struct sw_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for a warning. */
struct sw_error *sw_diagnose_warning(struct sw_diagnostics *list, struct sw_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same two at a value, with its line and a caret as excerpt. `value` NULL: no place. */
struct sw_error *sw_diagnose_value(struct sw_diagnostics *list, const struct sw_value *value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct sw_error *sw_diagnose_value_warning(struct sw_diagnostics *list, const struct sw_value *value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Sorts by file, line and column and drops repetitions. Findings of `first_file` come first. */
void sw_diagnostics_sort(struct sw_diagnostics *list, const char *first_file);

/* All findings as text, one after another, errors and warnings as sw_error_text gives them ("FILE:LINE:COL: …", warnings with
 * "warning: " before the message). To be freed. */
char *sw_diagnostics_text(const struct sw_diagnostics *list);

/* Moves the errors into one error: the first one as it is when it is alone, else one whose message holds them all. NULL when there
 * is none. */
struct sw_error *sw_diagnostics_error(const struct sw_diagnostics *list);

#endif
