/* patch.h - what changed in a git mapping between two commits, in werf's words: the filtered text of `git diff`.
 *
 * The text enters stage digests, so it must be git's own, byte for byte; it comes from a `git` child whose configuration is
 * neutral. What is put into images comes from git objects instead: reader.h. */
#ifndef CORE_SOURCE_PATCH_H
#define CORE_SOURCE_PATCH_H

#include "core/source/commit.h"

/* Describes the change from commit `base` (an id) to `mapping->commit`. Equal, or nothing matched: an empty text. Ended by
 * sw_patch_free. SW_ERROR_NOT_FOUND when `base` is not there. [pool] */
bool sw_patch_read(const struct sw_mapping *mapping, const char *base, struct sw_patch_info *patch, struct sw_error **error);
void sw_patch_free(struct sw_patch_info *patch);

#endif
