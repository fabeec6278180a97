#include "plugins/registry/remote_library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"

static struct {
    pthread_t thread;
    bool on_thread; /* until it was waited for */
    const struct sw_remote *remote;
    char *problem; /* why it is not loaded */
    const struct sw_store *store;
} library;

/* It is installed beside the folder of plugins; a test finds it from where it stands in the build tree. */
static char *find_object(void) {
    static const char *const places[] = {"../registry-remote.so", "../lib/slipway/registry-remote.so"};
    Dl_info info;
    sw_cleanup_free char *self = dladdr((const void *)sw_remote_store, &info) ? realpath(info.dli_fname, NULL) : NULL;
    int folder = self ? (int)(strrchr(self, '/') - self) : 0;
    for (size_t i = 0; self && i < sizeof places / sizeof *places; i++) {
        sw_cleanup_free char *path = sw_format("%.*s/%s", folder, self, places[i]);
        if (access(path, R_OK) == 0)
            return sw_steal(&path);
    }
    return NULL;
}

static void *load(void *unused) {
    (void)unused;
    sw_cleanup_free char *path = find_object();
    void *object = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    library.remote = object ? dlsym(object, SW_REMOTE_SYMBOL) : NULL;
    if (library.remote)
        library.remote->load();
    else
        library.problem = sw_strdup(path ? dlerror() : "it is not where Slipway was installed");
    return NULL;
}

void sw_remote_prepare(void) {
    if (!library.remote && !library.problem && !library.on_thread)
        library.on_thread = pthread_create(&library.thread, NULL, load, NULL) == 0;
}

static void wait_for_thread(void) {
    if (library.on_thread)
        pthread_join(library.thread, NULL);
    library.on_thread = false;
}

const struct sw_store *sw_remote_store(const struct sw_host *host, struct sw_error **error) {
    if (library.store)
        return library.store;
    wait_for_thread();
    if (!library.remote && !library.problem)
        load(NULL);
    if (library.remote)
        library.store = library.remote->start(host);
    if (!library.store)
        sw_fail(error, SW_ERROR_INTERNAL, "what talks to registries cannot be loaded: %s",
                library.problem ? library.problem : "libcurl does not start");
    return library.store;
}

void sw_remote_end(void) {
    wait_for_thread();
    if (library.store)
        library.remote->stop();
    library.store = NULL;
    free(library.problem);
    library.problem = NULL;
}
