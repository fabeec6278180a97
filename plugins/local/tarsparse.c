#include "plugins/local/tarsparse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "plugins/local/tarformat.h"

enum { SEGMENT_LIMIT = 1 << 20 };

void sw_tar_sparse_init(struct sw_tar_sparse *sparse) {
    *sparse = (struct sw_tar_sparse){.segments = {.width = sizeof(struct sw_tar_segment)}};
}

void sw_tar_sparse_fini(struct sw_tar_sparse *sparse) {
    sw_vec_fini(&sparse->segments);
}

static bool damaged(struct sw_error **error) {
    return sw_fail(error, SW_ERROR_CORRUPT, "the map of a sparse file is damaged");
}

static bool add(struct sw_tar_sparse *sparse, int64_t offset, int64_t len, struct sw_error **error) {
    if (offset < 0 || len < 0 || sparse->segments.len >= SEGMENT_LIMIT)
        return damaged(error);
    struct sw_tar_segment segment = {.offset = (uint64_t)offset, .len = (uint64_t)len};
    sw_vec_push(&sparse->segments, &segment);
    return true;
}

bool sw_tar_sparse_fields(struct sw_tar_sparse *sparse, const char *fields, size_t count, struct sw_error **error) {
    for (size_t i = 0; i < count; i++, fields += 24) {
        int64_t offset, len;
        if (fields[0] == '\0' || fields[12] == '\0')
            return true;
        if (!sw_tar_number(fields, 12, &offset) || !sw_tar_number(fields + 12, 12, &len))
            return damaged(error);
        if (!add(sparse, offset, len, error))
            return false;
    }
    return true;
}

/* A decimal number up to `*end`, which is set behind it. */
static bool decimal(const char *text, const char **end, int64_t *value) {
    if (*text < '0' || *text > '9')
        return false;
    char *stop;
    errno = 0;
    long long number = strtoll(text, &stop, 10);
    *end = stop;
    *value = number;
    return errno == 0;
}

static bool add_list(struct sw_tar_sparse *sparse, const char *text, struct sw_error **error) {
    while (*text) {
        int64_t offset, len;
        if (!decimal(text, &text, &offset) || *text++ != ',' || !decimal(text, &text, &len))
            return damaged(error);
        if (*text && *text++ != ',')
            return damaged(error);
        if (!add(sparse, offset, len, error))
            return false;
    }
    return true;
}

bool sw_tar_sparse_record(struct sw_tar_sparse *sparse, const char *key, const char *value, struct sw_error **error) {
    const char *name = key + strlen("GNU.sparse."), *end;
    int64_t number = 0;
    bool is_number = decimal(value, &end, &number) && *end == '\0';
    if (strcmp(name, "map") == 0) {
        sparse->is_sparse = true;
        return add_list(sparse, value, error);
    }
    if (strcmp(name, "name") == 0)
        return true; /* the reader takes it as the entry's name */
    if (!is_number)
        return damaged(error);
    if (strcmp(name, "size") == 0 || strcmp(name, "realsize") == 0) {
        sparse->is_sparse = true;
        sparse->real_size = (uint64_t)number;
    } else if (strcmp(name, "major") == 0) {
        sparse->map_in_data = number == 1;
        return number <= 1 || damaged(error);
    } else if (strcmp(name, "offset") == 0) {
        sparse->pending_offset = (uint64_t)number;
    } else if (strcmp(name, "numbytes") == 0) {
        return add(sparse, (int64_t)sparse->pending_offset, number, error);
    }
    return true;
}

/* The number that begins at `*at` and its newline. 1: read, 0: it is not all there yet, -1: it is none. */
static int map_number(const char *text, size_t len, size_t *at, int64_t *value) {
    const char *newline = memchr(text + *at, '\n', len - *at);
    if (!newline)
        return len - *at > 20 ? -1 : 0;
    int64_t sum = 0;
    for (const char *c = text + *at; c < newline; c++) {
        if (*c < '0' || *c > '9' || sum > INT64_MAX / 10 - 10)
            return -1;
        sum = sum * 10 + (*c - '0');
    }
    *at = (size_t)(newline - text) + 1;
    *value = sum;
    return 1;
}

int sw_tar_sparse_map(struct sw_tar_sparse *sparse, const char *text, size_t len, struct sw_error **error) {
    size_t at = 0;
    int64_t count = 0;
    int got = map_number(text, len, &at, &count);
    if (got > 0 && count > SEGMENT_LIMIT)
        got = -1;
    sparse->segments.len = 0;
    for (int64_t i = 0; got > 0 && i < count; i++) {
        int64_t offset = 0, size = 0;
        got = map_number(text, len, &at, &offset);
        if (got > 0)
            got = map_number(text, len, &at, &size);
        if (got > 0 && !add(sparse, offset, size, error))
            return -1;
    }
    if (got < 0)
        damaged(error);
    return got;
}

bool sw_tar_sparse_check(const struct sw_tar_sparse *sparse, uint64_t stored, struct sw_error **error) {
    uint64_t end = 0, sum = 0;
    for (size_t i = 0; i < sparse->segments.len; i++) {
        const struct sw_tar_segment *segment = sw_vec_at(&sparse->segments, i);
        if (segment->offset < end || segment->offset > INT64_MAX || segment->len > INT64_MAX - segment->offset)
            return damaged(error);
        end = segment->offset + segment->len;
        sum += segment->len;
    }
    return (end <= sparse->real_size && sum == stored) || damaged(error);
}
