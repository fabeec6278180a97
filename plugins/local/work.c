#include "plugins/local/work.h"

#include "core/base/error.h"

bool sw_work_wanted(const struct sw_work *work, struct sw_error **error) {
    if (!work || !work->cancelled || !work->cancelled(work->context))
        return true;
    return sw_fail(error, SW_ERROR_CANCELLED, "cancelled");
}
