#include "plugins/local/flatten.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "plugins/local/layer.h"
#include "plugins/local/overlay.h"
#include "plugins/local/rootless.h"
#include "plugins/local/unpack.h"

/* How many of the lowest layers become one: rarely done, and then far enough from the limit for long. */
enum { GROUP = 400 };

/* A name for what the lowest `count` snapshots are together. `bottom` folders hide the rest of the stack. */
static char *name_of(const struct sw_stack *stack, size_t skipped, size_t count) {
    sw_cleanup_buf struct sw_buf text = {0};
    for (size_t i = 0; i < count; i++)
        sw_buf_printf(&text, "%s\n", ((const struct sw_stack_part *)sw_vec_at(&stack->parts, skipped + i))->name);
    char hex[SW_SHA256_HEX];
    sw_sha256_hex(text.data, text.len, hex);
    return sw_format("flat-%s", hex);
}

/* Out through the layer writer and in through the unpacker: both keep all that matters of a tree. */
static bool copy_merged(struct sw_localstore *store, int merged, struct sw_draft *draft, struct sw_error **error) {
    sw_cleanup_free char *temporary = sw_localstore_temporary(store, "flat");
    sw_cleanup_close int blob = openat(store->temporary, temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (blob < 0 || unlinkat(store->temporary, temporary, 0))
        return sw_fail_errno(error, errno, "cannot flatten layers");
    struct sw_layer_job write = {.folder = merged, .blob = blob, .epoch = INT64_MAX, .threads = 1};
    struct sw_layer_sum sum;
    struct stat status;
    struct sw_unpack read = {.blob = blob,
                             .folder = draft->files,
                             .form = sw_overlay_in_user_namespace() ? SW_EXTRACT_DIFF_USER : SW_EXTRACT_DIFF,
                             .keep_owner = sw_rootless_has_users()};
    if (!sw_layer_write(&write, &sum, error))
        return false;
    if (fstat(merged, &status) || fchown(draft->files, status.st_uid, status.st_gid) ||
        fchmod(draft->files, status.st_mode & 07777) || lseek(blob, 0, SEEK_SET))
        return sw_fail_errno(error, errno, "cannot flatten layers");
    return sw_unpack_run(&read, NULL, error);
}

static int make_flat(struct sw_localstore *store, const char *name, const int *lowers, size_t count, struct sw_error **error) {
    sw_cleanup_draft struct sw_draft draft = {0};
    struct sw_overlay overlay = {.lowers = lowers, .lower_count = count, .upper = -1, .work = -1};
    sw_cleanup_close int merged = sw_overlay_mount(&overlay, error);
    if (merged < 0 || !sw_draft_begin(store, &draft, error) || !copy_merged(store, merged, &draft, error) ||
        !sw_draft_commit(&draft, name, "flattened layers", SW_DRAFT_SUMMED, error))
        return -1;
    int fd = sw_snapshot_open(store, name);
    if (fd < 0)
        sw_fail(error, SW_ERROR_INTERNAL, "flattened layers are not in the store");
    return fd;
}

/* Replaces the folders before the last one (the empty folder) by one, `count` of them. */
static void replace(struct sw_vec *folders, size_t first, size_t count, int fd) {
    int *fds = folders->data;
    for (size_t i = 0; i < count; i++)
        sw_close(&fds[first + i]);
    fds[first] = fd;
    memmove(&fds[first + 1], &fds[first + count], (folders->len - first - count) * sizeof *fds);
    folders->len -= count - 1;
}

bool sw_flatten(struct sw_localstore *store, const struct sw_stack *stack, struct sw_vec *folders, struct sw_error **error) {
    size_t flattened = 0; /* snapshots that the lowest folder stands for */
    size_t visible = folders->len - 1, skipped = stack->parts.len - visible;
    while (folders->len > SW_OVERLAY_LOWERS) {
        size_t count = GROUP, first = folders->len - 1 - count;
        flattened = flattened ? flattened + count - 1 : count;
        sw_cleanup_free char *name = name_of(stack, skipped, flattened);
        int fd = sw_snapshot_open(store, name);
        if (fd < 0)
            fd = make_flat(store, name, (const int *)folders->data + first, count + 1, error);
        if (fd < 0)
            return false;
        replace(folders, first, count, fd);
    }
    return true;
}
