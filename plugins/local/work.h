/* work.h - asking whether long work is still wanted. */
#ifndef PLUGINS_LOCAL_WORK_H
#define PLUGINS_LOCAL_WORK_H

#include "slipway/types.h"

/* A zeroed one is always wanted. */
struct sw_work {
    bool (*cancelled)(void *context);
    void *context;
};

/* Fails with SW_ERROR_CANCELLED when it is not. `work` may be NULL. */
bool sw_work_wanted(const struct sw_work *work, struct sw_error **error);

#endif
