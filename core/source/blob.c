#include "core/source/blob.h"

#include "core/base/buf.h"

bool sw_blob_read(const struct sw_walk_entry *entry, struct sw_buf *bytes, struct sw_error **error) {
    git_repository *handle = sw_handle_borrow(entry->repository, error);
    if (!handle)
        return false;
    git_object *blob = sw_handle_object(entry->repository, handle, &entry->id, GIT_OBJECT_BLOB, error);
    if (blob)
        sw_buf_add(bytes, git_blob_rawcontent((git_blob *)blob), (size_t)git_blob_rawsize((git_blob *)blob));
    git_object_free(blob);
    sw_handle_return(entry->repository, handle);
    return blob != NULL;
}

bool sw_blob_size(const struct sw_walk_entry *entry, uint64_t *size, struct sw_error **error) {
    git_repository *handle = sw_handle_borrow(entry->repository, error);
    git_odb *odb = NULL;
    size_t len = 0;
    git_object_t type;
    bool ok = handle && git_repository_odb(&odb, handle) == 0 && git_odb_read_header(&len, &type, odb, &entry->id) == 0;
    git_odb_free(odb);
    sw_handle_return(entry->repository, handle);
    *size = len;
    if (ok || !handle)
        return ok;
    sw_cleanup_buf struct sw_buf bytes = {0}; /* of a partial clone: reading fetches */
    if (!sw_blob_read(entry, &bytes, error))
        return false;
    *size = bytes.len;
    return true;
}
