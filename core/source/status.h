/* status.h - how the work tree differs from its HEAD commit, for giterminism.
 *
 * Ignored files never count. Files marked "assume unchanged" or left out of a sparse checkout are taken as committed. */
#ifndef CORE_SOURCE_STATUS_H
#define CORE_SOURCE_STATUS_H

#include "core/base/vec.h"
#include "core/source/matcher.h"
#include "core/source/repository.h"

struct sw_status {
    struct sw_strlist untracked;
    struct sw_strlist changed;    /* modified, added, deleted, renamed, in the index or the work tree */
    struct sw_strlist submodules; /* whole sentences: "the submodule "x" has …" */
};

void sw_status_fini(struct sw_status *status);
#define sw_cleanup_status __attribute__((cleanup(sw_status_fini)))

/* Finds the changes that `matcher` matches, sorted. A clean tree costs one stat a file; otherwise `git status` is asked. [any] */
bool sw_status_read(struct sw_repository *repository, const struct sw_matcher *matcher, struct sw_status *status,
                    struct sw_error **error);

/* Refuses changes that `matcher` matches: SW_ERROR_DENIED with their list. Success at once when the repository is SW_LOOSE. */
bool sw_status_require_committed(struct sw_repository *repository, const struct sw_matcher *matcher, struct sw_error **error);

/* The same for one path, in the words for a configuration file. [any] */
bool sw_status_require_file(struct sw_repository *repository, const char *path, struct sw_error **error);

#endif
