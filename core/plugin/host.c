#include "core/plugin/host.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/map.h"
#include "core/base/path.h"
#include "core/plugin/credentials.h"
#include "core/plugin/secrets.h"
#include "core/plugin/settings.h"
#include "core/plugin/tokens.h"
#include "core/runtime/cancel.h"
#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "core/runtime/pool.h"
#include "core/runtime/process.h"
#include "core/runtime/progress.h"
#include "core/runtime/timer.h"
#include "core/runtime/watch.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *store;
static struct sw_map folders; /* plugin -> its data folder */
static const void *(*extension)(const char *id);

static const char *store_folder(void) {
    return store;
}

static void make_folders(char *path) {
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(path, 0755);
        *slash = '/';
    }
    if (mkdir(path, 0700) && errno != EEXIST) /* what is missing shows when the plugin opens its first file */
        sw_log(SW_LOG_WARN, NULL, "cannot make %s: %s", path, strerror(errno));
}

static const char *data_folder(const char *plugin) {
    if (!sw_path_is_name(plugin))
        return NULL;
    pthread_mutex_lock(&lock);
    char *folder = sw_map_get(&folders, plugin);
    if (!folder && store) {
        folder = sw_path_join(store, plugin);
        make_folders(folder);
        sw_map_set(&folders, plugin, folder);
    }
    pthread_mutex_unlock(&lock);
    return folder;
}

static void log_line(const char *plugin, uint32_t level, const char *text) {
    sw_log_text(level, plugin, text);
}

static void sha256(struct sw_bytes bytes, char out[65]) {
    sw_sha256_hex(bytes.data, bytes.len, out);
}

static struct sw_error *make_error(uint32_t code, const char *message, const char *hint, const struct sw_place *place) {
    struct sw_error *error = sw_error_new(code, "%s", message ? message : "failed without a message");
    if (hint)
        sw_error_hint(error, "%s", hint);
    return place ? sw_error_at(error, *place) : error;
}

static const void *get_extension(const char *id) {
    return extension ? extension(id) : NULL;
}

static const struct sw_host_pool pool = {sizeof pool, sw_pool_run, sw_pool_width};
static const struct sw_host_timers timers = {sizeof timers, sw_timer_after, sw_timer_stop, sw_loop_now};
static const struct sw_host_fds fds = {sizeof fds, sw_fd_watch, sw_fd_change, sw_fd_unwatch};
static const struct sw_host_process process = {sizeof process, sw_process_spawn, sw_process_kill};
static const struct sw_host_cancel cancel = {sizeof cancel, sw_cancelled, sw_cancel_watch, sw_cancel_unwatch};
static const struct sw_host_progress progress = {sizeof progress, sw_vertex_start, sw_vertex_output, sw_vertex_bytes,
                                                 sw_vertex_finish};
static const struct sw_host_secret secret = {sizeof secret, sw_secrets_value, sw_secrets_free_value, sw_secrets_ssh_socket};
static const struct sw_host_credential credential = {sizeof credential, sw_credentials_find, sw_tokens_fetch};
static const struct sw_host_hash hash = {sizeof hash, sha256, sw_join256, sw_join224};
static const struct sw_host_error error_table = {sizeof error_table, make_error};

static struct sw_host host = {
    .size = sizeof host,
    .abi_minor = SW_ABI_MINOR,
    .version = SLIPWAY_VERSION,
    .log = log_line,
    .data_folder = data_folder,
    .store_folder = store_folder,
    .setting = sw_settings_get,
    .pool = &pool,
    .timers = &timers,
    .fds = &fds,
    .process = &process,
    .cancel = &cancel,
    .progress = &progress,
    .secret = &secret,
    .credential = &credential,
    .hash = &hash,
    .error = &error_table,
    .get_extension = get_extension,
};

const struct sw_host *sw_host_make(const struct sw_host_parts *parts) {
    sw_host_end();
    store = sw_strdup(parts->store_folder);
    extension = parts->get_extension;
    host.document = parts->document;
    host.files = parts->files;
    host.image = parts->image;
    host.graph = parts->graph;
    host.blob = parts->blob;
    host.plan = parts->plan;
    return &host;
}

void sw_host_end(void) {
    sw_map_fini(&folders, free);
    folders = (struct sw_map){0};
    free(store);
    store = NULL;
}
