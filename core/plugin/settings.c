#include "core/plugin/settings.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/map.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sw_map settings; /* "PLUGIN NAME", " NAME" for all */

void sw_settings_set(const char *plugin, const char *name, const char *value) {
    sw_cleanup_free char *key = sw_format("%s %s", plugin ? plugin : "", name);
    pthread_mutex_lock(&lock);
    free(value ? sw_map_set(&settings, key, sw_strdup(value)) : sw_map_remove(&settings, key));
    pthread_mutex_unlock(&lock);
}

const char *sw_settings_get(const char *plugin, const char *name) {
    sw_cleanup_free char *own = sw_format("%s %s", plugin ? plugin : "", name);
    sw_cleanup_free char *common = sw_format(" %s", name);
    pthread_mutex_lock(&lock);
    const char *value = sw_map_get(&settings, own);
    if (!value)
        value = sw_map_get(&settings, common);
    pthread_mutex_unlock(&lock);
    return value;
}

void sw_settings_end(void) {
    sw_map_fini(&settings, free);
    settings = (struct sw_map){0};
}
