/* status_fast.h - a quick look at whether a work tree is clean. For the sources of this room.
 *
 * Compares the index with the commit, and what stat says of each file with what the index remembers, as git does. It never says "clean"
 * of a tree that is not; where it cannot be sure without reading files it says so, and git has to be asked. */
#ifndef CORE_SOURCE_STATUS_FAST_H
#define CORE_SOURCE_STATUS_FAST_H

#include "core/source/matcher.h"
#include "core/source/repository.h"

/* Whether nothing at and below `scope` that `matcher` matches differs from HEAD, for sure. */
bool sw_status_surely_clean(struct sw_repository *repository, const char *scope, const struct sw_matcher *matcher);

#endif
