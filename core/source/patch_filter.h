/* patch_filter.h - werf's filter over the text of `git diff`. For the sources of this room.
 *
 * Keeps the files that a mapping matches, names them relative to its scope and shortens ids. What comes out is hashed into stage
 * digests, so even its oddities are kept: paths that git quotes come out broken. */
#ifndef CORE_SOURCE_PATCH_FILTER_H
#define CORE_SOURCE_PATCH_FILTER_H

#include "core/base/buf.h"
#include "core/base/vec.h"
#include "core/source/mapping.h"

struct sw_patch_text {
    struct sw_buf text;
    struct sw_strlist paths; /* of files that were kept, each once, in their order */
    struct sw_strlist binaries;
    struct sw_strlist removed;
    bool lacks_submodules; /* git could not look into a submodule */
};

void sw_patch_text_fini(struct sw_patch_text *patch);
#define sw_cleanup_patch_text __attribute__((cleanup(sw_patch_text_fini)))

/* Filters the whole output of git. */
void sw_patch_filter(struct sw_bytes diff, const struct sw_mapping_paths *mapping, struct sw_patch_text *patch);

#endif
