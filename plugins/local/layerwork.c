#include "plugins/local/layerwork.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/error.h"
#include "plugins/local/overlay.h"
#include "plugins/local/rootless.h"
#include "plugins/local/unpackchild.h"

bool sw_layerwork_copy_root(int from, int to, struct sw_error **error) {
    struct stat status;
    if (fstat(from, &status) || fchown(to, status.st_uid, status.st_gid) || fchmod(to, status.st_mode & 07777))
        return sw_fail_errno(error, errno, "cannot prepare the root folder");
    return true;
}

static bool unpack(const struct sw_layerwork *work, struct sw_draft *draft, const struct sw_vec *folders, struct sw_error **error) {
    struct sw_unpack_sum sum;
    struct sw_unpack plan = {.blob = work->blob,
                             .folder = draft->files,
                             .form = sw_overlay_in_user_namespace() ? SW_EXTRACT_DIFF_USER : SW_EXTRACT_DIFF,
                             .keep_owner = sw_rootless_has_users(),
                             .digest = work->digest,
                             .diff_id = work->diff_id,
                             .lowers = folders->data,
                             .lower_count = folders->len,
                             .work = work->work};
    if (folders->len > 1 && !sw_layerwork_copy_root(*(int *)sw_vec_at(folders, 0), draft->files, error))
        return false;
    if (!sw_unpackchild_run(&plan, &sum, error))
        return false;
    return !sum.hides_lowers || sw_localstore_put(work->store, draft->folder, "hides", "", error);
}

bool sw_layerwork_do(const struct sw_layerwork *work, struct sw_draft *draft, struct sw_error **error) {
    struct sw_stack below = *work->stack;
    struct sw_vec folders = {0};
    below.parts.len = work->below;
    bool done = sw_stack_open(work->store, &below, &folders, error) && unpack(work, draft, &folders, error);
    sw_stack_close(&folders);
    return done;
}
