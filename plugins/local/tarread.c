#include "plugins/local/tarread.h"

#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/local/tarformat.h"
#include "plugins/local/tarpax.h"

enum { SPARSE_FIELDS_AT = 386, SPARSE_MORE_AT = 482, SPARSE_SIZE_AT = 483, SPARSE_BLOCK_FIELDS = 21, SPARSE_BLOCK_MORE_AT = 504 };

struct sw_tar_reader {
    struct sw_tar_input input;
    size_t meta_limit;

    const uint8_t *at; /* what is left of the current piece */
    size_t have;

    uint64_t stored; /* bytes of the current entry's content not read yet */
    uint64_t padding;
    size_t segment;        /* in which the next byte belongs */
    uint64_t segment_done; /* bytes of it */

    /* The current entry. */
    struct sw_tar_pax pax;
    struct sw_vec metas; /* of char *: contents of extended headers */
    size_t meta_bytes;
    const char *long_name; /* GNU */
    const char *long_link;
    char name[100 + 1 + 155 + 1];
    char link[101];
    bool ended;
};

struct sw_tar_reader *sw_tar_reader_new(struct sw_tar_input input, size_t meta_bytes) {
    struct sw_tar_reader *reader = sw_new(sizeof *reader);
    reader->input = input;
    reader->meta_limit = meta_bytes;
    reader->metas.width = sizeof(char *);
    sw_tar_pax_init(&reader->pax);
    return reader;
}

static void forget_entry(struct sw_tar_reader *reader) {
    sw_tar_pax_fini(&reader->pax);
    sw_tar_pax_init(&reader->pax);
    for (size_t i = 0; i < reader->metas.len; i++)
        free(*(char **)sw_vec_at(&reader->metas, i));
    reader->metas.len = 0;
    reader->meta_bytes = 0;
    reader->long_name = reader->long_link = NULL;
    reader->segment = 0;
    reader->segment_done = 0;
}

void sw_tar_reader_free(struct sw_tar_reader *reader) {
    if (!reader)
        return;
    forget_entry(reader);
    sw_tar_pax_fini(&reader->pax);
    sw_vec_fini(&reader->metas);
    free(reader);
}

void sw_tar_reader_free_p(struct sw_tar_reader **reader) {
    sw_tar_reader_free(*reader);
    *reader = NULL;
}

/* Makes sure that at least one byte is there. 1: so, 0: the input has ended, -1: error. */
static int fill(struct sw_tar_reader *reader, struct sw_error **error) {
    if (reader->have > 0)
        return 1;
    ssize_t n = reader->input.next(reader->input.context, &reader->at, error);
    reader->have = n > 0 ? (size_t)n : 0;
    return n < 0 ? -1 : n > 0;
}

static void advance(struct sw_tar_reader *reader, size_t n) {
    reader->at += n;
    reader->have -= n;
}

static bool too_short(struct sw_error **error) {
    return sw_fail(error, SW_ERROR_CORRUPT, "the archive ends too early");
}

/* Copies up to `len` bytes. Their number, less than `len` only at the end of the input, or -1. */
static ssize_t take(struct sw_tar_reader *reader, void *out, size_t len, struct sw_error **error) {
    size_t done = 0;
    while (done < len) {
        int got = fill(reader, error);
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        size_t n = reader->have < len - done ? reader->have : len - done;
        memcpy((uint8_t *)out + done, reader->at, n);
        advance(reader, n);
        done += n;
    }
    return (ssize_t)done;
}

static bool take_all(struct sw_tar_reader *reader, void *out, size_t len, struct sw_error **error) {
    ssize_t n = take(reader, out, len, error);
    return n == (ssize_t)len || (n >= 0 && too_short(error));
}

static bool skip(struct sw_tar_reader *reader, uint64_t len, struct sw_error **error) {
    while (len > 0) {
        int got = fill(reader, error);
        if (got <= 0)
            return got == 0 && too_short(error);
        size_t n = reader->have < len ? reader->have : (size_t)len;
        advance(reader, n);
        len -= n;
    }
    return true;
}

/* Reads an extended header's content, to be freed with the entry; there is a NUL behind it. */
static char *take_meta(struct sw_tar_reader *reader, uint64_t size, struct sw_error **error) {
    if (size > reader->meta_limit - reader->meta_bytes) {
        sw_fail(error, SW_ERROR_CORRUPT, "an entry's extended headers are larger than %zu bytes", reader->meta_limit);
        return NULL;
    }
    reader->meta_bytes += size;
    char *text = sw_new(size + 1);
    sw_vec_push(&reader->metas, &text);
    bool ok = take_all(reader, text, size, error) && skip(reader, sw_tar_padded(size) - size, error);
    return ok ? text : NULL;
}

static bool is_zero(const uint8_t block[SW_TAR_BLOCK_BYTES]) {
    for (size_t i = 0; i < SW_TAR_BLOCK_BYTES; i++)
        if (block[i])
            return false;
    return true;
}

bool sw_tar_is_header(const uint8_t block[SW_TAR_BLOCK_BYTES]) {
    struct sw_tar_header header;
    memcpy(&header, block, sizeof header);
    int64_t sum;
    return !is_zero(block) && sw_tar_number(header.checksum, sizeof header.checksum, &sum) &&
           (sum == sw_tar_checksum(&header, false) || sum == sw_tar_checksum(&header, true));
}

/* The next header. 1: read, 0: the end, -1: error. */
static int take_header(struct sw_tar_reader *reader, struct sw_tar_header *header, struct sw_error **error) {
    uint8_t block[SW_TAR_BLOCK_BYTES];
    ssize_t n = take(reader, block, sizeof block, error);
    if (n <= 0)
        return (int)n;
    if (n == sizeof block && is_zero(block)) {
        n = take(reader, block, sizeof block, error);
        if (n == 0 || (n == sizeof block && is_zero(block)))
            return 0;
    }
    if (n < 0)
        return -1;
    if (n < (ssize_t)sizeof block) {
        too_short(error);
        return -1;
    }
    if (!sw_tar_is_header(block)) {
        sw_fail(error, SW_ERROR_CORRUPT, "an entry's header is damaged");
        return -1;
    }
    memcpy(header, block, sizeof *header);
    return 1;
}

static bool is_posix(const struct sw_tar_header *header) {
    return memcmp(header->magic, "ustar\0", 6) == 0;
}

/* Puts the header's own name together. */
static void plain_name(struct sw_tar_reader *reader, const struct sw_tar_header *header) {
    size_t prefix = is_posix(header) ? strnlen(header->prefix, sizeof header->prefix) : 0;
    size_t len = strnlen(header->name, sizeof header->name);
    char *out = reader->name;
    memcpy(out, header->prefix, prefix);
    if (prefix > 0)
        out[prefix++] = '/';
    memcpy(out + prefix, header->name, len);
    out[prefix + len] = '\0';
    len = strnlen(header->link, sizeof header->link);
    memcpy(reader->link, header->link, len);
    reader->link[len] = '\0';
}

static bool number(const char *field, size_t len, int64_t max, int64_t *value, const char *what, struct sw_error **error) {
    if (sw_tar_number(field, len, value) && *value >= 0 && *value <= max)
        return true;
    return sw_fail(error, SW_ERROR_CORRUPT, "an entry's %s is no number that can be used", what);
}

/* Kind of an entry, or -1 for a type that is none. */
static int kind_of(char type, const char *name) {
    switch (type) {
    case '\0':
        return *name && name[strlen(name) - 1] == '/' ? SW_TAR_FOLDER : SW_TAR_FILE; /* v7 had no type for folders */
    case '0':
    case '7':
    case 'S':
        return SW_TAR_FILE;
    case '1':
        return SW_TAR_HARDLINK;
    case '2':
        return SW_TAR_SYMLINK;
    case '3':
        return SW_TAR_CHAR;
    case '4':
        return SW_TAR_BLOCK;
    case '5':
        return SW_TAR_FOLDER;
    case '6':
        return SW_TAR_FIFO;
    default:
        return -1;
    }
}

/* GNU's old sparse format: four segments in the header, more in blocks behind it. */
static bool take_old_sparse(struct sw_tar_reader *reader, const struct sw_tar_header *header, struct sw_error **error) {
    struct sw_tar_sparse *sparse = &reader->pax.sparse;
    const char *raw = (const char *)header;
    int64_t real;
    if (!number(raw + SPARSE_SIZE_AT, 12, INT64_MAX, &real, "size", error) ||
        !sw_tar_sparse_fields(sparse, raw + SPARSE_FIELDS_AT, 4, error))
        return false;
    sparse->is_sparse = true;
    sparse->real_size = (uint64_t)real;
    bool more = raw[SPARSE_MORE_AT] != 0;
    char block[SW_TAR_BLOCK_BYTES];
    while (more) {
        if (!take_all(reader, block, sizeof block, error) || !sw_tar_sparse_fields(sparse, block, SPARSE_BLOCK_FIELDS, error))
            return false;
        more = block[SPARSE_BLOCK_MORE_AT] != 0;
    }
    return true;
}

/* PAX 1.0's sparse format: the map is the beginning of the content, in whole blocks. */
static bool take_sparse_map(struct sw_tar_reader *reader, struct sw_error **error) {
    sw_cleanup_buf struct sw_buf map = {0};
    for (;;) {
        char block[SW_TAR_BLOCK_BYTES];
        if (reader->stored < sizeof block || map.len > reader->meta_limit)
            return sw_fail(error, SW_ERROR_CORRUPT, "the map of a sparse file is damaged");
        if (!take_all(reader, block, sizeof block, error))
            return false;
        reader->stored -= sizeof block;
        sw_buf_add(&map, block, sizeof block);
        int got = sw_tar_sparse_map(&reader->pax.sparse, map.data, map.len, error);
        if (got != 0)
            return got > 0;
    }
}

/* Decides what the entry's content is. */
static bool begin_content(struct sw_tar_reader *reader, const struct sw_tar_header *header, struct sw_tar_entry *entry,
                          struct sw_error **error) {
    struct sw_tar_sparse *sparse = &reader->pax.sparse;
    int64_t size;
    if (!number(header->size, sizeof header->size, INT64_MAX - SW_TAR_BLOCK_BYTES, &size, "size", error))
        return false;
    if (reader->pax.has_size)
        size = reader->pax.size;
    if (size < 0 || size > INT64_MAX - SW_TAR_BLOCK_BYTES)
        return sw_fail(error, SW_ERROR_CORRUPT, "an entry's size is no number that can be used");
    reader->stored = entry->kind == SW_TAR_FILE ? (uint64_t)size : 0;
    reader->padding = sw_tar_padded(reader->stored) - reader->stored;
    if (entry->kind == SW_TAR_FILE && header->type == 'S' && !take_old_sparse(reader, header, error))
        return false;
    if (entry->kind == SW_TAR_FILE && sparse->map_in_data && !take_sparse_map(reader, error))
        return false;
    if (entry->kind != SW_TAR_FILE || !sparse->is_sparse) {
        sparse->segments.len = 0;
        sparse->real_size = reader->stored;
        struct sw_tar_segment whole = {.len = reader->stored};
        sw_vec_push(&sparse->segments, &whole);
    }
    entry->bytes = sparse->real_size;
    return sw_tar_sparse_check(sparse, reader->stored, error);
}

/* Fills `entry` from the header and what the extended ones before it said. */
static bool describe(struct sw_tar_reader *reader, const struct sw_tar_header *header, struct sw_tar_entry *entry,
                     struct sw_error **error) {
    const struct sw_tar_pax *pax = &reader->pax;
    const int64_t id_max = UINT32_MAX - 1;
    int64_t mode, uid, gid, mtime, major_number = 0, minor_number = 0;
    plain_name(reader, header);
    entry->name = pax->path ? pax->path : reader->long_name ? reader->long_name : reader->name;
    entry->link = pax->link ? pax->link : reader->long_link ? reader->long_link : reader->link;
    int kind = kind_of(header->type, entry->name);
    if (kind < 0)
        return sw_fail(error, SW_ERROR_CORRUPT, "entry %s has the unknown type '%c'", entry->name,
                       header->type >= ' ' && header->type <= '~' ? header->type : '?');
    entry->kind = (enum sw_tar_kind)kind;
    if (!number(header->mode, sizeof header->mode, INT64_MAX, &mode, "mode", error) ||
        !number(header->uid, sizeof header->uid, pax->has_uid ? INT64_MAX : id_max, &uid, "user id", error) ||
        !number(header->gid, sizeof header->gid, pax->has_gid ? INT64_MAX : id_max, &gid, "group id", error))
        return false;
    if (!sw_tar_number(header->mtime, sizeof header->mtime, &mtime))
        return sw_fail(error, SW_ERROR_CORRUPT, "an entry's time is no number that can be used");
    if ((kind == SW_TAR_CHAR || kind == SW_TAR_BLOCK) &&
        (!number(header->major, sizeof header->major, UINT32_MAX, &major_number, "device number", error) ||
         !number(header->minor, sizeof header->minor, UINT32_MAX, &minor_number, "device number", error)))
        return false;
    uid = pax->has_uid ? pax->uid : uid;
    gid = pax->has_gid ? pax->gid : gid;
    if (uid < 0 || uid > id_max || gid < 0 || gid > id_max)
        return sw_fail(error, SW_ERROR_CORRUPT, "an entry's owner is no number that can be used");
    entry->mode = (mode_t)mode & 07777;
    entry->uid = (uid_t)uid;
    entry->gid = (gid_t)gid;
    entry->mtime = pax->has_mtime ? pax->mtime : (struct timespec){.tv_sec = mtime};
    entry->device = makedev((unsigned)major_number, (unsigned)minor_number);
    entry->xattrs = pax->xattrs.data;
    entry->xattr_count = pax->xattrs.len;
    return true;
}

/* Takes a header that describes the next entry. 1: it was one, 0: it is an entry itself, -1: error. */
static int take_extension(struct sw_tar_reader *reader, const struct sw_tar_header *header, struct sw_error **error) {
    if (!header->type || !strchr("xgLKV", header->type))
        return 0;
    int64_t size;
    if (!number(header->size, sizeof header->size, INT64_MAX - SW_TAR_BLOCK_BYTES, &size, "size", error))
        return -1;
    if (header->type == 'g' || header->type == 'V') /* comments and volume labels: of no meaning for files */
        return skip(reader, sw_tar_padded((uint64_t)size), error) ? 1 : -1;
    char *text = take_meta(reader, (uint64_t)size, error);
    if (!text)
        return -1;
    if (header->type == 'L')
        reader->long_name = text;
    else if (header->type == 'K')
        reader->long_link = text;
    else if (!sw_tar_pax_add(&reader->pax, text, (size_t)size, error))
        return -1;
    return 1;
}

int sw_tar_next(struct sw_tar_reader *reader, struct sw_tar_entry *entry, struct sw_error **error) {
    if (reader->ended)
        return 0;
    if (!skip(reader, reader->stored + reader->padding, error))
        return -1;
    reader->stored = reader->padding = 0;
    forget_entry(reader);
    struct sw_tar_header header;
    for (;;) {
        int got = take_header(reader, &header, error);
        reader->ended = got == 0;
        if (got <= 0)
            return got;
        got = take_extension(reader, &header, error);
        if (got < 0)
            return -1;
        if (got == 0)
            break;
    }
    *entry = (struct sw_tar_entry){0};
    return describe(reader, &header, entry, error) && begin_content(reader, &header, entry, error) ? 1 : -1;
}

ssize_t sw_tar_data(struct sw_tar_reader *reader, const uint8_t **data, uint64_t *offset, struct sw_error **error) {
    const struct sw_vec *segments = &reader->pax.sparse.segments;
    while (reader->segment < segments->len) {
        const struct sw_tar_segment *segment = sw_vec_at(segments, reader->segment);
        if (reader->segment_done == segment->len) {
            reader->segment++;
            reader->segment_done = 0;
            continue;
        }
        int got = fill(reader, error);
        if (got <= 0) {
            if (got == 0)
                too_short(error);
            return -1;
        }
        uint64_t left = segment->len - reader->segment_done;
        size_t n = reader->have < left ? reader->have : (size_t)left;
        *data = reader->at;
        *offset = segment->offset + reader->segment_done;
        advance(reader, n);
        reader->segment_done += n;
        reader->stored -= n;
        return (ssize_t)n;
    }
    return 0;
}

bool sw_tar_drain(struct sw_tar_reader *reader, struct sw_error **error) {
    int got;
    while ((got = fill(reader, error)) > 0)
        advance(reader, reader->have);
    return got == 0;
}
