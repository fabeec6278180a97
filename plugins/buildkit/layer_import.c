#include "plugins/buildkit/layer_import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/map.h"
#include "core/base/vec.h"
#include "plugins/buildkit/tar.h"

enum { PIECE = 64 * 1024, GZIP_LEVEL = 6, GZIP_WINDOW = 15 + 16 };

int sw_layer_temporary(const struct sw_host *host, struct sw_error **error) {
    sw_cleanup_free char *blobs = sw_format("%s/blobs", host->store_folder());
    sw_cleanup_free char *folder = sw_format("%s/sha256", blobs);
    mkdir(host->store_folder(), 0755);
    mkdir(blobs, 0755);
    mkdir(folder, 0755);
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0644);
    if (fd < 0)
        sw_fail_errno(error, errno, "cannot make a file in %s", folder);
    return fd;
}

static bool write_all(int fd, const void *data, size_t len, struct sw_error **error) {
    const char *from = data;
    while (len) {
        ssize_t put = write(fd, from, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return sw_fail_errno(error, errno, "cannot write a layer");
        from += put;
        len -= (size_t)put;
    }
    return true;
}

/* ---- what goes out: hashed, compressed, hashed ---- */

struct out {
    int fd;
    z_stream zip;
    struct sw_sha256 *tar, *blob;
    uint64_t bytes;
};

static bool deflate_some(struct out *out, const void *data, size_t len, int flush, struct sw_error **error) {
    uint8_t piece[PIECE];
    out->zip.next_in = (Bytef *)data;
    out->zip.avail_in = (uInt)len;
    do {
        out->zip.next_out = piece;
        out->zip.avail_out = sizeof piece;
        deflate(&out->zip, flush);
        size_t made = sizeof piece - out->zip.avail_out;
        sw_sha256_add(out->blob, piece, made);
        out->bytes += made;
        if (!write_all(out->fd, piece, made, error))
            return false;
    } while (out->zip.avail_out == 0);
    return true;
}

static bool put(struct out *out, const void *data, size_t len, struct sw_error **error) {
    sw_sha256_add(out->tar, data, len);
    return deflate_some(out, data, len, Z_NO_FLUSH, error);
}

static bool put_padding(struct out *out, uint64_t bytes, struct sw_error **error) {
    static const uint8_t zeros[SW_TAR_BLOCK];
    size_t rest = (size_t)(bytes % SW_TAR_BLOCK);
    return !rest || put(out, zeros, SW_TAR_BLOCK - rest, error);
}

/* ---- what comes in ---- */

static bool is_gzip(const struct sw_layer_import *import) {
    uint8_t magic[2];
    return import->bytes > 2 && sw_tar_read(import->fd, magic, 2, import->at, NULL) && magic[0] == 0x1f && magic[1] == 0x8b;
}

/* Gives the layer's tar in a file of its own. */
static bool inflate_to(const struct sw_layer_import *import, int fd, uint64_t *bytes, struct sw_error **error) {
    uint8_t in[PIECE], out[PIECE];
    z_stream zip = {0};
    uint64_t at = import->at, end = import->at + import->bytes;
    bool ok = inflateInit2(&zip, GZIP_WINDOW) == Z_OK;
    *bytes = 0;
    while (ok && at < end) {
        size_t take = end - at < sizeof in ? (size_t)(end - at) : sizeof in;
        ok = sw_tar_read(import->fd, in, take, at, error);
        at += take;
        zip.next_in = in;
        zip.avail_in = (uInt)take;
        while (ok && zip.avail_in) {
            zip.next_out = out;
            zip.avail_out = sizeof out;
            int state = inflate(&zip, Z_NO_FLUSH);
            size_t made = sizeof out - zip.avail_out;
            *bytes += made;
            ok = (state == Z_OK || state == Z_STREAM_END ||
                  sw_fail(error, SW_ERROR_CORRUPT, "the daemon sent a layer that cannot be unpacked")) &&
                 write_all(fd, out, made, error);
            if (state == Z_STREAM_END)
                inflateReset(&zip); /* there may be more members */
        }
    }
    inflateEnd(&zip);
    return ok;
}

/* ---- stubs ---- */

/* Marks in `drop` (by name) what is only there to be mounted on: stubs that are empty, and folders that then have nothing in them. */
static bool find_stubs(struct sw_tar tar, struct sw_strings stubs, struct sw_map *drop, struct sw_error **error) {
    struct sw_map candidates = {0}, children = {0};
    struct sw_tar_entry entry = {0};
    int got;
    for (size_t i = 0; i < stubs.count; i++) {
        /* The stub, and the folders that lead to it. */
        sw_cleanup_free char *path = sw_strdup(stubs.items[i]);
        for (char *slash = path; slash;) {
            sw_map_set(&candidates, path, drop);
            slash = strrchr(path, '/');
            if (slash)
                *slash = '\0';
        }
    }
    struct sw_strlist found = {0};
    while ((got = sw_tar_next(&tar, &entry, error)) > 0) {
        const char *name = sw_buf_text(&entry.name);
        bool empty = entry.type == '5' || (entry.type == '0' && !entry.bytes);
        if (empty && sw_map_has(&candidates, name))
            sw_strlist_add(&found, name);
        else /* it keeps the folders above it */
            for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
                sw_cleanup_free char *parent = sw_strndup(name, (size_t)(slash - name));
                sw_map_set(&children, parent, drop);
            }
    }
    for (size_t i = 0; i < found.len; i++)
        if (!sw_map_has(&children, found.items[i]))
            sw_map_set(drop, found.items[i], drop);
    sw_strlist_fini(&found);
    sw_tar_entry_fini(&entry);
    sw_map_fini(&candidates, NULL);
    sw_map_fini(&children, NULL);
    return got == 0;
}

/* ---- entries ---- */

/* PAX records without those of times. */
static void strip_times(const struct sw_buf *pax, struct sw_buf *kept) {
    const char *at = sw_buf_text(pax), *end = at + pax->len;
    while (at < end) {
        char *space = NULL;
        size_t len = strtoul(at, &space, 10);
        const char *key = space + 1;
        bool is_time = !strncmp(key, "mtime=", 6) || !strncmp(key, "atime=", 6) || !strncmp(key, "ctime=", 6);
        if (!is_time)
            sw_buf_add(kept, at, len);
        at += len;
    }
}

static void put_pax_header(uint8_t header[SW_TAR_BLOCK], size_t bytes) {
    memset(header, 0, SW_TAR_BLOCK);
    memcpy(header, "pax", 3);
    sw_tar_put_octal(header + 100, 8, 0644);
    sw_tar_put_octal(header + 108, 8, 0);
    sw_tar_put_octal(header + 116, 8, 0);
    sw_tar_put_octal(header + SW_TAR_SIZE, SW_TAR_SIZE_LEN, bytes);
    sw_tar_put_octal(header + SW_TAR_MTIME, SW_TAR_MTIME_LEN, 0);
    header[SW_TAR_TYPE] = 'x';
    memcpy(header + 257, "ustar\00000", 8);
    sw_tar_put_checksum(header);
}

static bool copy_range(struct out *out, int fd, uint64_t at, uint64_t bytes, struct sw_error **error) {
    uint8_t piece[PIECE];
    while (bytes) {
        size_t take = bytes < sizeof piece ? (size_t)bytes : sizeof piece;
        if (!sw_tar_read(fd, piece, take, at, error) || !put(out, piece, take, error))
            return false;
        at += take;
        bytes -= take;
    }
    return true;
}

/* Records of an entry that came before its own header. */
static bool put_extensions(struct out *out, int fd, const struct sw_tar_entry *entry, struct sw_error **error) {
    sw_cleanup_buf struct sw_buf pax = {0};
    uint8_t header[SW_TAR_BLOCK];
    if (entry->has_gnu_names) /* rare: they are kept as they stand */
        return copy_range(out, fd, entry->first, entry->data - SW_TAR_BLOCK - entry->first, error);
    strip_times(&entry->pax, &pax);
    if (!pax.len)
        return true;
    put_pax_header(header, pax.len);
    return put(out, header, sizeof header, error) && put(out, pax.data, pax.len, error) && put_padding(out, pax.len, error);
}

static bool put_entry(struct out *out, const struct sw_layer_import *import, int fd, struct sw_tar_entry *entry,
                      struct sw_error **error) {
    uint64_t mtime = sw_tar_number(entry->header + SW_TAR_MTIME, SW_TAR_MTIME_LEN);
    uint64_t epoch = import->epoch > 0 ? (uint64_t)import->epoch : 0;
    /* Folders of git trees come without a time. */
    if (mtime > epoch || mtime == 0)
        sw_tar_put_octal(entry->header + SW_TAR_MTIME, SW_TAR_MTIME_LEN, epoch);
    sw_tar_put_checksum(entry->header);
    return put_extensions(out, fd, entry, error) && put(out, entry->header, SW_TAR_BLOCK, error) &&
           copy_range(out, fd, entry->data, entry->bytes, error) && put_padding(out, entry->bytes, error);
}

static bool put_all(struct out *out, const struct sw_layer_import *import, struct sw_tar tar, struct sw_layer_made *made,
                    struct sw_error **error) {
    static const uint8_t end[2 * SW_TAR_BLOCK];
    struct sw_map drop = {0};
    struct sw_tar_entry entry = {0};
    int got = find_stubs(tar, import->stubs, &drop, error) ? 1 : -1;
    while (got > 0 && (got = sw_tar_next(&tar, &entry, error)) > 0) {
        if (!entry.name.len || sw_map_has(&drop, sw_buf_text(&entry.name)))
            continue; /* the root's own entry says nothing that an image keeps */
        made->entries++;
        got = put_entry(out, import, tar.fd, &entry, error) ? 1 : -1;
    }
    sw_tar_entry_fini(&entry);
    sw_map_fini(&drop, NULL);
    return got == 0 && put(out, end, sizeof end, error) && deflate_some(out, NULL, 0, Z_FINISH, error);
}

/* ---- the blob ---- */

static bool keep(const struct sw_layer_import *import, int fd, const char *hex, struct sw_error **error) {
    sw_cleanup_free char *path = sw_format("%s/blobs/sha256/%s", import->host->store_folder(), hex);
    char source[64];
    snprintf(source, sizeof source, "/proc/self/fd/%d", fd);
    if (fdatasync(fd) < 0 || (linkat(AT_FDCWD, source, AT_FDCWD, path, AT_SYMLINK_FOLLOW) < 0 && errno != EEXIST))
        return sw_fail_errno(error, errno, "cannot keep a layer as %s", path);
    return true;
}

static bool import_tar(const struct sw_layer_import *import, struct sw_tar tar, struct sw_layer_made *made,
                       struct sw_error **error) {
    sw_cleanup_close int fd = sw_layer_temporary(import->host, error);
    if (fd < 0)
        return false;
    struct out out = {.fd = fd, .tar = sw_sha256_new(), .blob = sw_sha256_new()};
    deflateInit2(&out.zip, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY);
    char diff_id[SW_SHA256_HEX], digest[SW_SHA256_HEX];
    bool ok = put_all(&out, import, tar, made, error);
    deflateEnd(&out.zip);
    sw_sha256_final_hex(out.tar, diff_id);
    sw_sha256_final_hex(out.blob, digest);
    sw_sha256_free(out.tar);
    sw_sha256_free(out.blob);
    snprintf(made->diff_id, sizeof made->diff_id, "sha256:%s", diff_id);
    snprintf(made->digest, sizeof made->digest, "sha256:%s", digest);
    made->bytes = out.bytes;
    return ok && keep(import, fd, digest, error);
}

bool sw_layer_import(const struct sw_layer_import *import, struct sw_layer_made *made, struct sw_error **error) {
    *made = (struct sw_layer_made){.media_type = "application/vnd.oci.image.layer.v1.tar+gzip"};
    if (!is_gzip(import))
        return import_tar(import, (struct sw_tar){import->fd, import->at, import->at + import->bytes}, made, error);
    uint64_t bytes;
    sw_cleanup_close int fd = sw_layer_temporary(import->host, error);
    return fd >= 0 && inflate_to(import, fd, &bytes, error) && import_tar(import, (struct sw_tar){fd, 0, bytes}, made, error);
}

bool sw_layer_unpack(const struct sw_host *host, int *fd, struct sw_error **error) {
    struct stat status;
    if (fstat(*fd, &status) < 0)
        return sw_fail_errno(error, errno, "cannot read a layer");
    struct sw_layer_import import = {.host = host, .fd = *fd, .bytes = (uint64_t)status.st_size};
    if (!is_gzip(&import))
        return true;
    uint64_t bytes;
    sw_cleanup_close int plain = sw_layer_temporary(host, error);
    if (plain < 0 || !inflate_to(&import, plain, &bytes, error))
        return false;
    sw_close(fd);
    *fd = sw_steal_fd(&plain);
    return true;
}
