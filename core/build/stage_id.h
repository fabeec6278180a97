/* stage_id.h - names of stages in a store: DIGEST-TIMESTAMP, and what a listing of tags says about them. */
#ifndef CORE_BUILD_STAGE_ID_H
#define CORE_BUILD_STAGE_ID_H

#include "core/base/map.h"
#include "core/base/vec.h"

enum { SW_STAGE_DIGEST_LEN = 56, SW_STAGE_ID_SIZE = SW_STAGE_DIGEST_LEN + 1 + 20 + 1 };

/* Splits "DIGEST-TIMESTAMP". `timestamp` is in milliseconds. False for every other tag. */
bool sw_stage_id_parse(const char *tag, char digest[SW_STAGE_DIGEST_LEN + 1], int64_t *timestamp);

void sw_stage_id_format(const char *digest, int64_t timestamp, char out[SW_STAGE_ID_SIZE]);

/* The stages of a repository, by digest: made from one listing of its tags. A zeroed one is empty. */
struct sw_stage_index {
    struct sw_map by_digest; /* digest -> struct sw_vec of int64_t, oldest first */
    struct sw_map tags;      /* every tag */
};

void sw_stage_index_fill(struct sw_stage_index *index,
                         struct sw_strings tags); /* replaces what was there; leaves out rejected stages */
void sw_stage_index_add(struct sw_stage_index *index, const char *tag);
void sw_stage_index_fini(struct sw_stage_index *index);

/* Timestamps of the stages with `digest`, oldest first; NULL and 0 when there are none. Borrowed until the next change. */
const int64_t *sw_stage_index_find(const struct sw_stage_index *index, const char *digest, size_t *count);

bool sw_stage_index_has_tag(const struct sw_stage_index *index, const char *tag);

#endif
