#include "core/plugin/plugins.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/path.h"
#include "core/base/vec.h"
#include "core/plugin/descriptor.h"
#include "core/plugin/guard.h"
#include "core/plugin/plugin_file.h"

struct loaded {
    const struct sw_plugin *plugin;
    char *path;
};

struct refused {
    char *path;
    char *reason;
};

struct sw_plugins {
    const struct sw_host *host;
    struct sw_vec loaded;
    struct sw_vec refused;
};

struct sw_plugins *sw_plugins_new(const struct sw_host *host) {
    struct sw_plugins *plugins = sw_new(sizeof *plugins);
    plugins->host = host;
    plugins->loaded.width = sizeof(struct loaded);
    plugins->refused.width = sizeof(struct refused);
    return plugins;
}

void sw_plugins_free(struct sw_plugins *plugins) {
    if (!plugins)
        return;
    for (size_t i = plugins->loaded.len; i-- > 0;) {
        struct loaded *loaded = sw_vec_at(&plugins->loaded, i);
        if (loaded->plugin->stop)
            loaded->plugin->stop();
        free(loaded->path);
    }
    for (size_t i = 0; i < plugins->refused.len; i++) {
        struct refused *refused = sw_vec_at(&plugins->refused, i);
        free(refused->path);
        free(refused->reason);
    }
    sw_vec_fini(&plugins->loaded);
    sw_vec_fini(&plugins->refused);
    free(plugins);
}

/* Takes `reason`. */
static void refuse(struct sw_plugins *plugins, const char *path, char *reason) {
    sw_vec_push(&plugins->refused, &(struct refused){sw_strdup(path), reason});
}

static char *check_claims_free(const struct sw_plugins *plugins, const struct sw_plugin *plugin) {
    const char *const *claims = sw_descriptor_claims(plugin);
    for (size_t i = 0; claims && i < plugins->loaded.len; i++) {
        const struct loaded *other = sw_vec_at(&plugins->loaded, i);
        const char *const *theirs = other->plugin->kind == plugin->kind ? sw_descriptor_claims(other->plugin) : NULL;
        for (; theirs && *theirs; theirs++)
            for (const char *const *claim = claims; *claim; claim++)
                if (!strcmp(*claim, *theirs))
                    return sw_format("it claims the %s \"%s\", which plugin %s (%s) has claimed",
                                     plugin->kind == SW_PLUGIN_BUILDER ? "key" : "scheme", *claim, other->plugin->name,
                                     other->path);
    }
    return NULL;
}

static char *check_name_free(const struct sw_plugins *plugins, const struct sw_plugin *plugin) {
    for (size_t i = 0; i < plugins->loaded.len; i++) {
        const struct loaded *other = sw_vec_at(&plugins->loaded, i);
        if (!strcmp(other->plugin->name, plugin->name))
            return sw_format("its name \"%s\" is taken by %s", plugin->name, other->path);
    }
    return NULL;
}

/* Starts a plugin and takes it in. The reason why not, to be freed, or NULL. `*crashed` when its code must stay where it is. */
static char *start(struct sw_plugins *plugins, const char *path, sw_plugin_entry entry, bool *crashed) {
    const char *refusal = NULL;
    int signal;
    const struct sw_plugin *plugin = sw_guard_start(entry, plugins->host, &refusal, &signal);
    *crashed = signal;
    if (signal)
        return sw_format("it crashed at start-up: %s", strsignal(signal));
    if (!plugin)
        return refusal ? sw_format("it refused to start: %s", refusal) : sw_strdup("it refused to start and gave no reason");
    char *reason = sw_descriptor_check(plugin);
    if (!reason)
        reason = check_name_free(plugins, plugin);
    if (!reason)
        reason = check_claims_free(plugins, plugin);
    if (!reason)
        sw_vec_push(&plugins->loaded, &(struct loaded){plugin, sw_strdup(path)});
    return reason;
}

void sw_plugins_add(struct sw_plugins *plugins, const char *path, sw_plugin_entry entry) {
    bool crashed;
    char *reason = start(plugins, path, entry, &crashed);
    if (reason)
        refuse(plugins, path, reason);
}

/* A plugin of another major version has the symbol of that version. */
static char *explain_missing_symbol(void *handle) {
    for (int major = 0; major < 100; major++) {
        char symbol[32];
        snprintf(symbol, sizeof symbol, "slipway_plugin_v%d", major);
        if (dlsym(handle, symbol))
            return sw_format("it speaks ABI %d (it has %s), this host speaks ABI %d", major, symbol, SW_ABI_MAJOR);
    }
    return sw_strdup("it has no symbol " SW_PLUGIN_SYMBOL);
}

static char *load_object(struct sw_plugins *plugins, const char *path) {
    char *reason = sw_plugin_file_check(path);
    if (reason)
        return reason;
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return sw_format("it cannot be loaded: %s", dlerror());
    sw_plugin_entry entry;
    *(void **)&entry = dlsym(handle, SW_PLUGIN_SYMBOL);
    bool crashed = false;
    reason = entry ? start(plugins, path, entry, &crashed) : explain_missing_symbol(handle);
    if (reason && !crashed)
        dlclose(handle);
    return reason;
}

static bool is_known(const struct sw_plugins *plugins, const char *path) {
    for (size_t i = 0; i < plugins->loaded.len; i++)
        if (!strcmp(sw_plugins_path_at(plugins, i), path))
            return true;
    for (size_t i = 0; i < plugins->refused.len; i++)
        if (!strcmp(sw_plugins_refused_at(plugins, i).path, path))
            return true;
    return false;
}

static void load_file(struct sw_plugins *plugins, const char *path) {
    sw_cleanup_free char *real = realpath(path, NULL);
    if (!real) {
        refuse(plugins, path, sw_format("it cannot be opened: %s", strerror(errno)));
        return;
    }
    if (is_known(plugins, real))
        return;
    char *reason = load_object(plugins, real);
    if (reason)
        refuse(plugins, real, reason);
}

static void load_folder(struct sw_plugins *plugins, const char *folder) {
    sw_cleanup_strlist struct sw_strlist names = {0};
    sw_cleanup_dir DIR *dir = opendir(folder);
    if (!dir) {
        refuse(plugins, folder, sw_format("it cannot be opened: %s", strerror(errno)));
        return;
    }
    for (const struct dirent *entry; (entry = readdir(dir));) {
        size_t len = strlen(entry->d_name);
        if (len > 3 && entry->d_name[0] != '.' && !strcmp(entry->d_name + len - 3, ".so"))
            sw_strlist_take(&names, sw_path_join(folder, entry->d_name));
    }
    sw_strlist_sort(&names);
    for (size_t i = 0; i < names.len; i++)
        load_file(plugins, names.items[i]);
}

void sw_plugins_load(struct sw_plugins *plugins, const char *path, enum sw_plugins_origin origin) {
    struct stat status;
    if (stat(path, &status)) {
        if (origin == SW_PLUGINS_EXPLICIT)
            refuse(plugins, path, sw_format("it cannot be opened: %s", strerror(errno)));
        return;
    }
    if (S_ISDIR(status.st_mode))
        load_folder(plugins, path);
    else
        load_file(plugins, path);
}

char *sw_plugins_installed_folder(void) {
    char exe[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (len <= 0)
        return sw_strdup(SLIPWAY_PLUGIN_DIR);
    exe[len] = '\0';
    sw_cleanup_free char *folder = sw_path_dir(exe);
    return sw_path_join(folder, SLIPWAY_PLUGIN_DIR_FROM_BIN);
}

void sw_plugins_load_all(struct sw_plugins *plugins, struct sw_strings configured) {
    sw_cleanup_free char *installed = sw_plugins_installed_folder();
    sw_plugins_load(plugins, installed, SW_PLUGINS_DEFAULT);
    const char *path = getenv("SLIPWAY_PLUGIN_PATH");
    for (const char *part = path ? path : ""; *part;) {
        size_t len = strcspn(part, ":");
        sw_cleanup_free char *folder = sw_strndup(part, len);
        if (len)
            sw_plugins_load(plugins, folder, SW_PLUGINS_EXPLICIT);
        part += len + (part[len] == ':');
    }
    for (size_t i = 0; i < configured.count; i++)
        sw_plugins_load(plugins, configured.items[i], SW_PLUGINS_EXPLICIT);
}

size_t sw_plugins_count(const struct sw_plugins *plugins) {
    return plugins->loaded.len;
}

const struct sw_plugin *sw_plugins_at(const struct sw_plugins *plugins, size_t index) {
    return ((struct loaded *)sw_vec_at(&plugins->loaded, index))->plugin;
}

const char *sw_plugins_path_at(const struct sw_plugins *plugins, size_t index) {
    return ((struct loaded *)sw_vec_at(&plugins->loaded, index))->path;
}

size_t sw_plugins_refused_count(const struct sw_plugins *plugins) {
    return plugins->refused.len;
}

struct sw_plugin_refusal sw_plugins_refused_at(const struct sw_plugins *plugins, size_t index) {
    const struct refused *refused = sw_vec_at(&plugins->refused, index);
    return (struct sw_plugin_refusal){refused->path, refused->reason};
}

const struct sw_plugin *sw_plugins_find(const struct sw_plugins *plugins, uint32_t kind, const char *name) {
    for (size_t i = 0; i < plugins->loaded.len; i++) {
        const struct sw_plugin *plugin = sw_plugins_at(plugins, i);
        if (plugin->kind == kind && !strcmp(plugin->name, name))
            return plugin;
    }
    return NULL;
}

const struct sw_plugin *sw_plugins_builder_of(const struct sw_plugins *plugins, const char *key) {
    for (size_t i = 0; i < plugins->loaded.len; i++) {
        const struct sw_plugin *plugin = sw_plugins_at(plugins, i);
        const char *const *claim = plugin->kind == SW_PLUGIN_BUILDER ? plugin->builder->claims : NULL;
        for (; claim && *claim; claim++)
            if (!strcmp(*claim, key))
                return plugin;
    }
    return NULL;
}

const struct sw_plugin *sw_plugins_store_of(const struct sw_plugins *plugins, const char *address) {
    const struct sw_plugin *best = NULL;
    size_t best_len = 0;
    for (size_t i = 0; i < plugins->loaded.len; i++) {
        const struct sw_plugin *plugin = sw_plugins_at(plugins, i);
        const char *const *scheme = plugin->kind == SW_PLUGIN_STORE ? plugin->store->schemes : NULL;
        for (; scheme && *scheme; scheme++) {
            size_t len = strlen(*scheme);
            if (!strncmp(address, *scheme, len) && (!best || len > best_len)) {
                best = plugin;
                best_len = len;
            }
        }
    }
    return best;
}
