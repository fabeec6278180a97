#include "core/base/image_config.h"

#include <jansson.h>
#include <string.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/platform.h"

static json_t *time_text(int64_t epoch) {
    time_t seconds = (time_t)epoch;
    struct tm parts;
    char text[64];
    gmtime_r(&seconds, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return json_string(text);
}

static bool is_empty_entry(const json_t *entry) {
    return json_is_true(json_object_get(entry, "empty_layer"));
}

/* Entries that are not empty stand for the layers in order; for those without one, the entry becomes empty. */
static json_t *fit_history(json_t *old, const struct sw_config_layer *layers, size_t count) {
    json_t *history = json_array(), *entry;
    size_t index, next = 0;
    json_array_foreach(old, index, entry) {
        json_t *copy = json_deep_copy(entry);
        if (!is_empty_entry(copy) && next++ >= count)
            json_object_set_new(copy, "empty_layer", json_true());
        json_array_append_new(history, copy);
    }
    for (; next < count; next++) {
        json_t *added = json_object();
        json_object_set_new(added, "created_by", json_string(layers[next].title ? layers[next].title : ""));
        json_array_append_new(history, added);
    }
    return history;
}

/* An empty list was asked for: it stays so. */
static void set_history(json_t *config, const struct sw_config_layer *layers, size_t count, int64_t epoch) {
    json_t *given = json_object_get(config, "history");
    if (json_is_array(given) && json_array_size(given) == 0)
        return;
    json_t *history = fit_history(given, layers, count), *entry;
    size_t index;
    json_array_foreach(history, index, entry) {
        if (!json_object_get(entry, "created"))
            json_object_set_new(entry, "created", time_text(epoch));
    }
    if (json_array_size(history))
        json_object_set(config, "history", history);
    json_decref(history);
}

static void set_rootfs(json_t *config, const struct sw_config_layer *layers, size_t count) {
    json_t *diff_ids = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(diff_ids, json_string(layers[i].diff_id));
    json_object_set_new(config, "rootfs", json_pack("{s:s, s:o}", "type", "layers", "diff_ids", diff_ids));
}

char *sw_config_complete(const char *config, const struct sw_config_layer *layers, size_t count, int64_t epoch,
                         const char *platform, struct sw_error **error) {
    json_error_t where;
    sw_cleanup_json json_t *json = json_loads(config, 0, &where);
    if (!json_is_object(json)) {
        sw_fail(error, SW_ERROR_INTERNAL, "an image config is no JSON object: %s", where.text);
        return NULL;
    }
    sw_platform_set(json, platform);
    json_object_set_new(json, "created", time_text(epoch));
    set_rootfs(json, layers, count);
    set_history(json, layers, count, epoch);
    return json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
}
