/* digest.h - the identity of a stage in a store, computed as werf 2 computes it.
 *
 * Stages that werf built are found by these digests, and the reverse, so every byte that is hashed is part of a contract. All of it
 * is in this module, and works on lists of named inputs (the stage's record), so that another version of the algorithm can take
 * its place. */
#ifndef CORE_BUILD_DIGEST_H
#define CORE_BUILD_DIGEST_H

#include "core/base/hash.h"
#include "slipway/builder.h"

/* What a stage's digest stands on. Strings are borrowed; NULL members are left out. */
struct sw_digest_inputs {
    const char *platform;        /* linux/amd64 leaves no trace */
    const char *name;            /* of the stage, as it enters the digest */
    const char *dependencies;    /* from sw_stage_dependencies */
    const char *previous_digest; /* of the stage below; NULL for the first one */
    const char *previous_next;   /* what that stage adds to the next one's digest: sw_commits_digest or "" */
    const char *base;            /* staged Dockerfiles: the base image's reference */
};

/* The one string that a stage's inputs become; to be freed. Inputs that are details are left out. */
char *sw_stage_dependencies(const struct sw_input *inputs, size_t count, uint32_t flags);

void sw_stage_digest(const struct sw_digest_inputs *inputs, char out[SW_SHA3_224_HEX]);

/* Digest of what the stage will hold: `name` is the stage's own, `next` as previous_next, taken from the latest commits. */
void sw_content_digest(const char *platform, const char *name, const char *stage_digest, const char *next,
                       char out[SW_SHA3_224_HEX]);

/* What a stage with git mappings adds to the next stage's digest: its commits, in any order. */
void sw_commits_digest(struct sw_strings commits, char out[SW_SHA256_HEX]);

/* Tag of a multi-platform index: from the stage ids of its images, in the order of their platforms. */
void sw_index_digest(struct sw_strings stage_ids, char out[SW_SHA3_224_HEX]);

#endif
