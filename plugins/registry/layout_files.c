#include "plugins/registry/layout_files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"

enum { MAX_INDEX = 4 << 20, CHUNK = 1 << 20 };

#define BLOBS "blobs/sha256"
#define MARKER "oci-layout"
static const char marker[] = "{\"imageLayoutVersion\":\"1.0.0\"}";

static int open_folder(const char *folder, struct sw_error **error) {
    int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        sw_fail_errno(error, errno, "cannot open the image layout %s", folder);
    return fd;
}

static int open_below(int folder, const char *name, int flags, mode_t mode) {
    return openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
}

bool sw_layout_exists(const char *folder) {
    sw_cleanup_free char *path = sw_format("%s/" MARKER, folder);
    return !access(path, F_OK);
}

static bool write_all(int fd, const void *data, size_t len) {
    const char *at = data;
    while (len) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static void temporary_name(char name[64]) {
    static unsigned counter;
    snprintf(name, 64, ".new-%d-%u", (int)getpid(), __atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED));
}

/* A new file that has no name yet, on the file system of `dir`. `name` gets the temporary one where the file system wants one. */
static int new_file(int dir, char name[64]) {
    int fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0644);
    *name = 0;
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
        return fd;
    temporary_name(name);
    return open_below(dir, name, O_RDWR | O_CREAT | O_EXCL, 0644);
}

/* Gives a new file its name, in place of what has it; its content is on disk first. */
static bool name_file(int fd, int dir, const char *temporary, const char *name) {
    char link[64];
    char next[64];
    if (fsync(fd) < 0)
        return false;
    if (*temporary)
        return renameat(dir, temporary, dir, name) == 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (!linkat(AT_FDCWD, link, dir, name, AT_SYMLINK_FOLLOW))
        return true;
    if (errno != EEXIST)
        return false;
    snprintf(next, sizeof next, "%s.next", name);
    /* By a name that nobody else takes: a file that was unlinked once cannot be linked again. */
    temporary_name(next);
    unlinkat(dir, next, 0); /* of an earlier process with our number */
    return !linkat(AT_FDCWD, link, dir, next, AT_SYMLINK_FOLLOW) && !renameat(dir, next, dir, name);
}

static void drop_file(int dir, const char *temporary) {
    if (*temporary)
        unlinkat(dir, temporary, 0);
}

static bool write_file(int dir, const char *name, struct sw_bytes bytes, struct sw_error **error) {
    char temporary[64];
    sw_cleanup_close int fd = new_file(dir, temporary);
    if (fd >= 0 && write_all(fd, bytes.data, bytes.len) && name_file(fd, dir, temporary, name))
        return true;
    int number = errno;
    if (fd >= 0)
        drop_file(dir, temporary);
    return sw_fail_errno(error, number, "cannot write %s", name);
}

/* Makes what a layout consists of, as far as it is missing. */
static bool make_layout(const char *folder, struct sw_error **error) {
    sw_cleanup_free char *path = sw_strdup(folder);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0755);
        *slash = '/';
    }
    if (mkdir(folder, 0755) < 0 && errno != EEXIST)
        return sw_fail_errno(error, errno, "cannot make %s", folder);
    sw_cleanup_close int dir = open_folder(folder, error);
    if (dir < 0)
        return false;
    if ((mkdirat(dir, "blobs", 0755) < 0 && errno != EEXIST) || (mkdirat(dir, BLOBS, 0755) < 0 && errno != EEXIST))
        return sw_fail_errno(error, errno, "cannot make %s/" BLOBS, folder);
    struct stat ignored;
    if (!fstatat(dir, MARKER, &ignored, AT_SYMLINK_NOFOLLOW))
        return true;
    return write_file(dir, MARKER, (struct sw_bytes){marker, sizeof marker - 1}, error);
}

int sw_layout_lock(const char *folder, struct sw_error **error) {
    if (!make_layout(folder, error))
        return -1;
    sw_cleanup_close int dir = open_folder(folder, error);
    if (dir < 0)
        return -1;
    sw_cleanup_close int fd = open_below(dir, "index.json.lock", O_RDWR | O_CREAT, 0644);
    while (fd >= 0 && flock(fd, LOCK_EX) < 0)
        if (errno != EINTR) {
            sw_fail_errno(error, errno, "cannot lock %s", folder);
            return -1;
        }
    if (fd < 0)
        sw_fail_errno(error, errno, "cannot open %s/index.json.lock", folder);
    return sw_steal_fd(&fd);
}

/* Reads a regular file of at most `limit` bytes to its end. */
static bool read_whole(int fd, uint64_t limit, struct sw_buf *out) {
    struct stat stat;
    if (fstat(fd, &stat) < 0)
        return false;
    errno = EFBIG;
    if (!S_ISREG(stat.st_mode) || (uint64_t)stat.st_size > limit)
        return false;
    sw_buf_reserve(out, (size_t)stat.st_size + 1);
    for (;;) {
        char chunk[16384];
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        sw_buf_add(out, chunk, (size_t)n);
        errno = EFBIG;
        if (out->len > limit)
            return false;
    }
}

bool sw_layout_read_index(const char *folder, struct sw_buf *text, bool *missing, struct sw_error **error) {
    sw_cleanup_free char *path = sw_format("%s/index.json", folder);
    sw_cleanup_close int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        *missing = true;
        return true;
    }
    if (fd < 0 || !read_whole(fd, MAX_INDEX, text))
        return sw_fail_errno(error, errno, "cannot read %s", path);
    return true;
}

bool sw_layout_write_index(const char *folder, struct sw_bytes text, struct sw_error **error) {
    sw_cleanup_close int dir = open_folder(folder, error);
    if (dir < 0)
        return false;
    if (text.len > MAX_INDEX)
        return sw_fail(error, SW_ERROR_NO_SPACE, "%s/index.json would get greater than 4 MiB", folder);
    return write_file(dir, "index.json", text, error);
}

/* The folder of blobs, opened step by step so that no link leads elsewhere. */
static int open_blobs(const char *folder, struct sw_error **error) {
    sw_cleanup_close int dir = open_folder(folder, error);
    if (dir < 0)
        return -1;
    sw_cleanup_close int blobs = open_below(dir, "blobs", O_PATH | O_DIRECTORY, 0);
    int fd = blobs < 0 ? -1 : open_below(blobs, "sha256", O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        sw_fail_errno(error, errno, "cannot open %s/" BLOBS, folder);
    return fd;
}

int sw_layout_open_blob(const char *folder, const char *digest, uint64_t *bytes, struct sw_error **error) {
    if (!sw_digest_valid(digest)) {
        sw_fail(error, SW_ERROR_CORRUPT, "\"%.100s\" is not a sha256 digest", digest);
        return -1;
    }
    sw_cleanup_close int blobs = open_blobs(folder, error);
    if (blobs < 0)
        return -1;
    sw_cleanup_close int fd = open_below(blobs, digest + strlen("sha256:"), O_RDONLY | O_NONBLOCK, 0);
    struct stat stat;
    if (fd < 0 || fstat(fd, &stat) < 0) {
        sw_fail_errno(error, errno, "blob %s of %s", digest, folder);
        return -1;
    }
    if (!S_ISREG(stat.st_mode)) {
        sw_fail(error, SW_ERROR_CORRUPT, "blob %s of %s is not a file", digest, folder);
        return -1;
    }
    *bytes = (uint64_t)stat.st_size;
    return sw_steal_fd(&fd);
}

static bool check_hash(struct sw_sha256 *hash, const char *digest, struct sw_error **error) {
    char hex[SW_SHA256_HEX];
    sw_sha256_final_hex(hash, hex);
    return !strcmp(hex, digest + strlen("sha256:")) ||
           sw_fail(error, SW_ERROR_CORRUPT, "blob %s is damaged: it is sha256:%s", digest, hex);
}

bool sw_layout_read_blob(const char *folder, const char *digest, uint64_t limit, struct sw_buf *out, struct sw_error **error) {
    uint64_t bytes;
    sw_cleanup_close int fd = sw_layout_open_blob(folder, digest, &bytes, error);
    if (fd < 0)
        return false;
    if (!read_whole(fd, limit, out))
        return sw_fail_errno(error, errno, "cannot read blob %s of %s", digest, folder);
    struct sw_sha256 *hash = sw_sha256_new();
    sw_sha256_add(hash, out->data, out->len);
    bool good = check_hash(hash, digest, error);
    sw_sha256_free(hash);
    return good;
}

bool sw_layout_write_blob(const char *folder, const char *digest, struct sw_bytes bytes, struct sw_error **error) {
    uint64_t there;
    sw_cleanup_close int old = sw_layout_open_blob(folder, digest, &there, NULL);
    if (old >= 0 && there == bytes.len)
        return true;
    if (!make_layout(folder, error))
        return false;
    sw_cleanup_close int blobs = open_blobs(folder, error);
    return blobs >= 0 && write_file(blobs, digest + strlen("sha256:"), bytes, error);
}

static bool copy_hashed(int from, int to, struct sw_sha256 *hash, uint64_t *copied, struct sw_error **error) {
    sw_cleanup_free char *chunk = sw_new(CHUNK);
    *copied = 0;
    for (;;) {
        ssize_t n = pread(from, chunk, CHUNK, (off_t)*copied);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sw_fail_errno(error, errno, "cannot read the blob");
        if (!n)
            return true;
        sw_sha256_add(hash, chunk, (size_t)n);
        for (ssize_t done = 0; done < n;) {
            ssize_t m = pwrite(to, chunk + done, (size_t)(n - done), (off_t)*copied + done);
            if (m < 0 && errno != EINTR)
                return sw_fail_errno(error, errno, "cannot write the blob");
            done += m > 0 ? m : 0;
        }
        *copied += (uint64_t)n;
    }
}

bool sw_layout_copy(int from, int to, const char *digest, uint64_t bytes, struct sw_error **error) {
    struct sw_sha256 *hash = sw_sha256_new();
    uint64_t copied;
    bool good = copy_hashed(from, to, hash, &copied, error);
    if (good && copied != bytes)
        good = sw_fail(error, SW_ERROR_CORRUPT, "blob %s has %" PRIu64 " bytes, not %" PRIu64, digest, copied, bytes);
    good = good && check_hash(hash, digest, error);
    sw_sha256_free(hash);
    return good;
}

bool sw_layout_store_blob(const char *folder, const char *digest, uint64_t bytes, int from, struct sw_error **error) {
    if (!sw_digest_valid(digest))
        return sw_fail(error, SW_ERROR_CORRUPT, "\"%.100s\" is not a sha256 digest", digest);
    if (!make_layout(folder, error))
        return false;
    sw_cleanup_close int blobs = open_blobs(folder, error);
    if (blobs < 0)
        return false;
    char temporary[64];
    sw_cleanup_close int fd = new_file(blobs, temporary);
    if (fd < 0)
        return sw_fail_errno(error, errno, "cannot make a file in %s/" BLOBS, folder);
    if (!sw_layout_copy(from, fd, digest, bytes, error)) {
        drop_file(blobs, temporary);
        return false;
    }
    if (name_file(fd, blobs, temporary, digest + strlen("sha256:")))
        return true;
    int number = errno;
    drop_file(blobs, temporary);
    return sw_fail_errno(error, number, "cannot store blob %s in %s", digest, folder);
}
