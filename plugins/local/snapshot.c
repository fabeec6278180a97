#include "plugins/local/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/fsroot.h"
#include "core/base/hash.h"

/* ---- finding ---- */

int sw_snapshot_open(struct sw_localstore *store, const char *name) {
    sw_cleanup_free char *lease = sw_format("snapshot/%s", name);
    sw_cleanup_free char *path = sw_format("%s/fs", name);
    if (faccessat(store->snapshots, path, F_OK, AT_SYMLINK_NOFOLLOW) || !sw_lease_use(store->leases, lease))
        return -1;
    /* Last, so that a snapshot which was removed before we had the lease is seen to be gone. */
    int fd = openat(store->snapshots, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0)
        utimensat(store->snapshots, name, NULL, AT_SYMLINK_NOFOLLOW);
    return fd;
}

bool sw_snapshot_exists(struct sw_localstore *store, const char *name) {
    sw_cleanup_close int fd = sw_snapshot_open(store, name);
    return fd >= 0;
}

/* ---- making ---- */

bool sw_draft_begin(struct sw_localstore *store, struct sw_draft *draft, struct sw_error **error) {
    *draft = (struct sw_draft){.store = store, .folder = -1, .files = -1, .work = -1};
    draft->name = sw_localstore_temporary(store, "draft");
    if (mkdirat(store->temporary, draft->name, 0755) == 0)
        draft->folder = openat(store->temporary, draft->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (draft->folder < 0 || mkdirat(draft->folder, "fs", 0755) || mkdirat(draft->folder, "work", 0755))
        return sw_fail_errno(error, errno, "cannot make a snapshot in %s", store->path);
    fchmodat(draft->folder, "fs", 0755, 0);
    draft->files = openat(draft->folder, "fs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    draft->work = openat(draft->folder, "work", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (draft->files < 0 || draft->work < 0)
        return sw_fail_errno(error, errno, "cannot open a new snapshot");
    return true;
}

static bool write_meta(struct sw_draft *draft, const char *what, enum sw_draft_check check, struct sw_error **error) {
    char sum[65];
    if (check == SW_DRAFT_SUMMED && !sw_snapshot_sum(draft->files, sum, error))
        return false;
    sw_cleanup_json json_t *meta = json_pack("{s:s?, s:s}", "sum", check == SW_DRAFT_SUMMED ? sum : NULL, "what", what);
    sw_cleanup_free char *text = json_dumps(meta, JSON_COMPACT);
    return sw_localstore_put(draft->store, draft->folder, "meta", text ? text : "{}", error);
}

bool sw_draft_commit(struct sw_draft *draft, const char *name, const char *what, enum sw_draft_check check,
                     struct sw_error **error) {
    struct sw_localstore *store = draft->store;
    sw_cleanup_free char *lease = sw_format("snapshot/%s", name);
    sw_cleanup_fsroot struct sw_fsroot *folder = sw_fsroot_new(draft->folder, SW_FSROOT_BENEATH, error);
    if (!folder || !write_meta(draft, what, check, error))
        return false;
    sw_close(&draft->work);
    sw_fsroot_remove(folder, "work");
    if (!sw_lease_use(store->leases, lease))
        return sw_fail(error, SW_ERROR_UNAVAILABLE, "snapshot %s is being removed by another process", name);
    if (!sw_localstore_mark(store, name, error))
        return false;
    if (renameat2(store->temporary, draft->name, store->snapshots, name, RENAME_NOREPLACE) == 0) {
        free(draft->name);
        draft->name = NULL;
        return true;
    }
    if (errno == EEXIST)
        return true;
    return sw_fail_errno(error, errno, "cannot keep snapshot %s", name);
}

void sw_draft_fini(struct sw_draft *draft) {
    if (!draft->store)
        return;
    sw_close(&draft->files);
    sw_close(&draft->work);
    sw_close(&draft->folder);
    sw_localstore_discard(draft->store, draft->name);
    free(draft->name);
    *draft = (struct sw_draft){0};
}

/* ---- blobs ---- */

static bool parse_record(const char *text, struct sw_layer_record *record) {
    sw_cleanup_json json_t *json = json_loads(text, 0, NULL);
    const char *digest = "", *diff_id = "";
    json_int_t bytes = 0, epoch = 0;
    if (json_unpack(json, "{s:s, s:s, s:I, s:I}", "digest", &digest, "diffID", &diff_id, "size", &bytes, "epoch", &epoch))
        return false;
    *record = (struct sw_layer_record){.bytes = (uint64_t)bytes, .epoch = epoch};
    if (!sw_digest_valid(diff_id) || !sw_digest_valid(digest))
        return false;
    strcpy(record->diff_id, diff_id);
    strcpy(record->digest, digest);
    return true;
}

bool sw_layer_record_read(struct sw_localstore *store, const char *name, struct sw_layer_record *record) {
    sw_cleanup_free char *text = sw_localstore_get(store->layers, name);
    return text && parse_record(text, record);
}

bool sw_layer_record_find(struct sw_localstore *store, const char *name, struct sw_layer_record *record) {
    if (!sw_layer_record_read(store, name, record))
        return false;
    sw_cleanup_free char *lease = sw_format("blob/%s", record->digest);
    struct stat status;
    if (!sw_lease_use(store->leases, lease) ||
        fstatat(store->blobs, record->digest + strlen("sha256:"), &status, AT_SYMLINK_NOFOLLOW))
        return false;
    utimensat(store->layers, name, NULL, AT_SYMLINK_NOFOLLOW);
    return S_ISREG(status.st_mode) && (uint64_t)status.st_size == record->bytes;
}

bool sw_layer_record_keep(struct sw_localstore *store, const char *name, const struct sw_layer_record *record,
                          struct sw_error **error) {
    sw_cleanup_json json_t *json = json_pack("{s:s, s:s, s:I, s:I}", "digest", record->digest, "diffID", record->diff_id, "size",
                                             (json_int_t)record->bytes, "epoch", (json_int_t)record->epoch);
    sw_cleanup_free char *text = json_dumps(json, JSON_COMPACT);
    if (!text)
        return sw_fail(error, SW_ERROR_INTERNAL, "cannot describe layer %s", name);
    return sw_localstore_put(store, store->layers, name, text, error);
}

void sw_chain_id(const char *below, const char *diff_id, char out[72]) {
    if (!below[0]) {
        snprintf(out, 72, "%s", diff_id);
        return;
    }
    sw_cleanup_free char *both = sw_format("%s %s", below, diff_id);
    char hex[SW_SHA256_HEX];
    sw_sha256_hex(both, strlen(both), hex);
    snprintf(out, 72, "sha256:%s", hex);
}

static bool is_key(const char *name) {
    return strlen(name) == 64 && strspn(name, "0123456789abcdef") == 64;
}

char *sw_snapshot_of_chain(struct sw_localstore *store, const char *chain_id) {
    const char *hex = chain_id + strlen("sha256:");
    sw_cleanup_free char *name = sw_localstore_get(store->aliases, hex);
    /* What we made ourselves counts as long as it is there; the layer can be unpacked again at any time. */
    if (name && is_key(name) && sw_snapshot_exists(store, name))
        return sw_steal(&name);
    return sw_format("layer-%s", hex);
}

bool sw_snapshot_is_chain(struct sw_localstore *store, const char *name, const char *chain_id, struct sw_error **error) {
    const char *hex = chain_id + strlen("sha256:");
    if (!is_key(name) || faccessat(store->aliases, hex, F_OK, 0) == 0)
        return true;
    return sw_localstore_put(store, store->aliases, hex, name, error);
}

char *sw_snapshot_recorded_sum(struct sw_localstore *store, const char *name) {
    sw_cleanup_free char *path = sw_format("%s/meta", name);
    sw_cleanup_free char *text = sw_localstore_get(store->snapshots, path);
    sw_cleanup_json json_t *meta = text ? json_loads(text, 0, NULL) : NULL;
    return sw_strdup(json_string_value(json_object_get(meta, "sum")));
}
