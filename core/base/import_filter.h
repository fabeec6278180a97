/* import_filter.h - which paths an import takes: werf's includePaths and excludePaths, with the meaning that rsync gives them.
 *
 * Patterns are anchored at the imported folder. '*' and '?' stay inside a component, "**" crosses folders and may stand for none
 * at all, [abc] is a class, '\' takes the next character as it is. An include takes what it matches and all below that; an
 * exclude wins. Immutable: may be used by many threads. */
#ifndef CORE_BASE_IMPORT_FILTER_H
#define CORE_BASE_IMPORT_FILTER_H

#include "slipway/types.h"

struct sw_import_filter;

enum sw_import_verdict {
    SW_IMPORT_NO,      /* not taken, nor anything below */
    SW_IMPORT_THROUGH, /* a folder on the way to what may be taken */
    SW_IMPORT_YES,
};

/* Copies the patterns. */
struct sw_import_filter *sw_import_filter_new(struct sw_strings include, struct sw_strings exclude);
void sw_import_filter_free(struct sw_import_filter *filter);
void sw_import_filter_free_p(struct sw_import_filter **filter);
#define sw_cleanup_import_filter __attribute__((cleanup(sw_import_filter_free_p)))

/* About a clean path relative to the imported folder, whose parents were not SW_IMPORT_NO. */
enum sw_import_verdict sw_import_filter_match(const struct sw_import_filter *filter, const char *path, bool is_folder);

#endif
