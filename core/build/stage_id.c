#include "core/build/stage_id.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"

static const char REJECTED[] = "-rejected";

bool sw_stage_id_parse(const char *tag, char digest[SW_STAGE_DIGEST_LEN + 1], int64_t *timestamp) {
    if (strspn(tag, "0123456789abcdef") != SW_STAGE_DIGEST_LEN || tag[SW_STAGE_DIGEST_LEN] != '-')
        return false;
    const char *digits = tag + SW_STAGE_DIGEST_LEN + 1;
    if (strlen(digits) != 13 || strspn(digits, "0123456789") != 13)
        return false;
    memcpy(digest, tag, SW_STAGE_DIGEST_LEN);
    digest[SW_STAGE_DIGEST_LEN] = '\0';
    *timestamp = strtoll(digits, NULL, 10);
    return true;
}

void sw_stage_id_format(const char *digest, int64_t timestamp, char out[SW_STAGE_ID_SIZE]) {
    snprintf(out, SW_STAGE_ID_SIZE, "%s-%" PRId64, digest, timestamp);
}

static void free_stamps(void *value) {
    sw_vec_fini(value);
    free(value);
}

void sw_stage_index_fini(struct sw_stage_index *index) {
    sw_map_fini(&index->by_digest, free_stamps);
    sw_map_fini(&index->tags, NULL);
}

/* Keeps the list sorted; a listing may name a tag twice. */
static void insert_stamp(struct sw_vec *stamps, int64_t stamp) {
    int64_t *items = stamps->data;
    for (size_t i = 0; i < stamps->len; i++)
        if (items[i] == stamp)
            return;
    sw_vec_push(stamps, &stamp);
    items = stamps->data;
    for (size_t i = stamps->len - 1; i > 0 && items[i - 1] > items[i]; i--) {
        int64_t swap = items[i];
        items[i] = items[i - 1];
        items[i - 1] = swap;
    }
}

void sw_stage_index_add(struct sw_stage_index *index, const char *tag) {
    char digest[SW_STAGE_DIGEST_LEN + 1];
    int64_t stamp;
    sw_map_set(&index->tags, tag, (void *)1);
    if (!sw_stage_id_parse(tag, digest, &stamp))
        return;
    sw_cleanup_free char *record = sw_format("%s%s", tag, REJECTED);
    if (sw_map_has(&index->tags, record))
        return;
    struct sw_vec *stamps = sw_map_get(&index->by_digest, digest);
    if (!stamps) {
        stamps = sw_new(sizeof *stamps);
        stamps->width = sizeof(int64_t);
        sw_map_set(&index->by_digest, digest, stamps);
    }
    insert_stamp(stamps, stamp);
}

void sw_stage_index_fill(struct sw_stage_index *index, struct sw_strings tags) {
    size_t suffix = sizeof REJECTED - 1;
    sw_stage_index_fini(index);
    /* Records of rejected stages first, since a listing has no order. */
    for (size_t i = 0; i < tags.count; i++) {
        size_t len = strlen(tags.items[i]);
        if (len > suffix && strcmp(tags.items[i] + len - suffix, REJECTED) == 0)
            sw_map_set(&index->tags, tags.items[i], (void *)1);
    }
    for (size_t i = 0; i < tags.count; i++)
        sw_stage_index_add(index, tags.items[i]);
}

const int64_t *sw_stage_index_find(const struct sw_stage_index *index, const char *digest, size_t *count) {
    const struct sw_vec *stamps = sw_map_get(&index->by_digest, digest);
    *count = stamps ? stamps->len : 0;
    return stamps ? stamps->data : NULL;
}

bool sw_stage_index_has_tag(const struct sw_stage_index *index, const char *tag) {
    return sw_map_has(&index->tags, tag);
}
