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

/* Finds the changes at and below `scope` that `matcher` (made with the same scope) matches. A clean tree costs one stat a file;
 * otherwise `git status` is asked. */
bool sw_status_read(struct sw_repository *repository, const char *scope, const struct sw_matcher *matcher, struct sw_status *status,
                    struct sw_error **error);

/* Refuses such changes: SW_ERROR_DENIED with their list. Success at once when the repository is SW_LOOSE or bare. */
bool sw_status_require_committed(struct sw_repository *repository, const char *scope, const struct sw_matcher *matcher,
                                 struct sw_error **error);

/* The same for one file (or all below a folder). */
bool sw_status_require_path(struct sw_repository *repository, const char *path, struct sw_error **error);

#endif
