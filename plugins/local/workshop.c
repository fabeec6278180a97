#include "plugins/local/workshop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/local/platforms.h"
#include "plugins/local/seccomp.h"

void sw_workshop_init(struct sw_workshop *workshop, const struct sw_host *host) {
    *workshop = (struct sw_workshop){.host = host, .folder = -1};
    sw_platforms_find("/proc/sys/fs/binfmt_misc", &workshop->platforms);
    pthread_mutex_init(&workshop->lock, NULL);
}

void sw_workshop_fini(struct sw_workshop *workshop) {
    sw_localstore_close(workshop->store);
    sw_strlist_fini(&workshop->platforms);
    sw_close(&workshop->folder);
    sw_runtime_free(workshop->runtime);
    free(workshop->seccomp);
    pthread_mutex_destroy(&workshop->lock);
    *workshop = (struct sw_workshop){.folder = -1};
}

struct sw_localstore *sw_workshop_store(struct sw_workshop *workshop, struct sw_error **error) {
    pthread_mutex_lock(&workshop->lock);
    if (!workshop->store)
        workshop->store = sw_localstore_open(workshop->host->store_folder(), error);
    struct sw_localstore *store = workshop->store;
    pthread_mutex_unlock(&workshop->lock);
    return store;
}

static bool choose(struct sw_workshop *workshop, struct sw_error **error) {
    const char *path = workshop->host->data_folder("local");
    if (workshop->folder < 0)
        workshop->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (workshop->folder < 0)
        return sw_fail_errno(error, errno, "cannot open %s", path);
    if (!workshop->seccomp)
        workshop->seccomp = sw_seccomp_program(workshop->folder, error);
    if (!workshop->seccomp)
        return false;
    struct sw_runtime_wish wish = {.store = workshop->store,
                                   .setting = workshop->host->setting("local", "oci-runtime"),
                                   .seccomp = workshop->seccomp,
                                   .folder = workshop->folder};
    workshop->runtime = sw_runtime_choose(&wish, error);
    return workshop->runtime != NULL;
}

bool sw_workshop_runtime(struct sw_workshop *workshop, struct sw_error **error) {
    if (!sw_workshop_store(workshop, error))
        return false;
    pthread_mutex_lock(&workshop->lock);
    bool done = workshop->runtime || choose(workshop, error);
    pthread_mutex_unlock(&workshop->lock);
    return done;
}
