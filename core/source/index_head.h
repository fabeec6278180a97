/* index_head.h - whether git's index holds what HEAD does. For the sources of this room. */
#ifndef CORE_SOURCE_INDEX_HEAD_H
#define CORE_SOURCE_INDEX_HEAD_H

#include "core/source/handle.h"
#include "core/source/index_file.h"
#include "core/source/matcher.h"

/* Whether the entries at and below `scope` that `matcher` matches are, for sure, those of commit `head`. Usually one look: the index
 * remembers the trees that it made. Of submodules it is never sure. */
bool sw_index_is_head(const struct sw_index_file *index, git_repository *handle, const struct sw_commit *head, const char *scope,
                      const struct sw_matcher *matcher);

#endif
