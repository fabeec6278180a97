#include "plugins/dockerfile/image.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/cleanup.h"
#include "plugins/dockerfile/json_text.h"
#include "plugins/dockerfile/text.h"

static const char history_comment[] = "buildkit.dockerfile.v0";
static const char unix_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
static char present[] = "";

void sw_df_image_init(struct sw_df_image *image, struct sw_arena *arena) {
    *image = (struct sw_df_image){.arena = arena,
                                  .author = "",
                                  .platform = {.os = "", .os_version = "", .arch = "", .variant = ""},
                                  .rootfs_type = "",
                                  .history = {.width = sizeof(struct sw_df_history)},
                                  .user = "",
                                  .env = {.width = sizeof(char *)},
                                  .workdir = "",
                                  .stop_signal = ""};
}

void sw_df_image_fini(struct sw_df_image *image) {
    sw_vec_fini(&image->history);
    sw_vec_fini(&image->env);
    sw_map_fini(&image->ports, NULL);
    sw_map_fini(&image->volumes, NULL);
    sw_map_fini(&image->labels, NULL);
}

static void copy_vec(struct sw_vec *to, const struct sw_vec *from) {
    *to = (struct sw_vec){.width = from->width};
    for (size_t i = 0; i < from->len; i++)
        sw_vec_push(to, sw_vec_at(from, i));
}

static void copy_map(struct sw_map *to, const struct sw_map *from) {
    *to = (struct sw_map){0};
    for (size_t i = 0; i < from->len; i++)
        if (from->entries[i].key)
            sw_map_set(to, from->entries[i].key, from->entries[i].value);
}

void sw_df_image_assign(struct sw_df_image *image, const struct sw_df_image *from) {
    struct sw_df_image copy = *from;
    copy_vec(&copy.history, &from->history);
    copy_vec(&copy.env, &from->env);
    copy_map(&copy.ports, &from->ports);
    copy_map(&copy.volumes, &from->volumes);
    copy_map(&copy.labels, &from->labels);
    sw_df_image_fini(image);
    *image = copy;
}

void sw_df_image_scratch(struct sw_df_image *image, const struct sw_df_platform *platform) {
    image->platform = *platform;
    image->rootfs_type = "layers";
    image->workdir = "/";
    if (strcmp(platform->os, "windows") != 0)
        sw_df_image_set_env(image, "PATH", unix_path);
}

/* Member `key` of `object`; as in Go, case does not matter when there is no exact match. */
static json_t *member(const json_t *object, const char *key) {
    json_t *value = json_object_get(object, key);
    const char *name;
    json_t *other;
    if (value)
        return value;
    json_object_foreach((json_t *)object, name, other) {
        if (strcasecmp(name, key) == 0)
            return other;
    }
    return NULL;
}

static const char *text_of(struct sw_df_image *image, const json_t *object, const char *key) {
    const char *text = json_string_value(member(object, key));
    return text ? sw_arena_str(image->arena, text) : "";
}

static struct sw_strings list_of(struct sw_df_image *image, const json_t *object, const char *key) {
    json_t *array = member(object, key);
    size_t count = json_array_size(array);
    const char **items = sw_arena_new(image->arena, (count + 1) * sizeof(char *));
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(array, i));
        items[i] = text ? sw_arena_str(image->arena, text) : "";
    }
    return (struct sw_strings){items, count};
}

/* Seconds of a time may have zeros at their end, which Go does not print. */
static const char *time_of(struct sw_df_image *image, const json_t *object) {
    const char *text = text_of(image, object, "created");
    size_t len = strlen(text);
    if (!*text)
        return NULL;
    if (text[len - 1] != 'Z' || !strchr(text, '.'))
        return text;
    size_t digits = len - 1;
    while (text[digits - 1] == '0')
        digits--;
    if (text[digits - 1] == '.')
        digits--;
    return sw_arena_format(image->arena, "%.*sZ", (int)digits, text);
}

static void read_set(struct sw_map *set, json_t *object) {
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        sw_map_set(set, key, present);
    }
}

static void read_health(struct sw_df_image *image, const json_t *health) {
    image->has_health = true;
    image->health = (struct sw_df_health){.test = list_of(image, health, "Test"),
                                          .interval = json_integer_value(member(health, "Interval")),
                                          .timeout = json_integer_value(member(health, "Timeout")),
                                          .start_period = json_integer_value(member(health, "StartPeriod")),
                                          .start_interval = json_integer_value(member(health, "StartInterval")),
                                          .retries = json_integer_value(member(health, "Retries"))};
}

static void read_config(struct sw_df_image *image, const json_t *config) {
    const char *key;
    json_t *value;
    image->user = text_of(image, config, "User");
    read_set(&image->ports, member(config, "ExposedPorts"));
    struct sw_strings env = list_of(image, config, "Env");
    for (size_t i = 0; i < env.count; i++)
        sw_vec_push(&image->env, &env.items[i]);
    image->entrypoint = list_of(image, config, "Entrypoint");
    image->command = list_of(image, config, "Cmd");
    read_set(&image->volumes, member(config, "Volumes"));
    image->workdir = text_of(image, config, "WorkingDir");
    json_object_foreach(member(config, "Labels"), key, value) {
        const char *text = json_string_value(value);
        sw_map_set(&image->labels, key, sw_arena_str(image->arena, text ? text : ""));
    }
    image->stop_signal = text_of(image, config, "StopSignal");
    image->args_escaped = json_is_true(member(config, "ArgsEscaped"));
    image->onbuild = list_of(image, config, "OnBuild");
    image->shell = list_of(image, config, "Shell");
    json_t *health = member(config, "Healthcheck");
    if (json_is_object(health))
        read_health(image, health);
}

static void read_history(struct sw_df_image *image, const json_t *history) {
    for (size_t i = 0; i < json_array_size(history); i++) {
        const json_t *entry = json_array_get(history, i);
        struct sw_df_history item = {.created = time_of(image, entry),
                                     .created_by = text_of(image, entry, "created_by"),
                                     .author = text_of(image, entry, "author"),
                                     .comment = text_of(image, entry, "comment"),
                                     .empty_layer = json_is_true(member(entry, "empty_layer"))};
        sw_vec_push(&image->history, &item);
    }
}

bool sw_df_image_read(struct sw_df_image *image, const char *json, struct sw_df_failure *failure) {
    json_error_t where;
    sw_cleanup_json json_t *root = json_loads(json, 0, &where);
    if (!json_is_object(root))
        return sw_df_fail(failure, "failed to parse image config: %s", root ? "it is no JSON object" : where.text);
    image->author = text_of(image, root, "author");
    image->platform = (struct sw_df_platform){.os = text_of(image, root, "os"),
                                              .os_version = text_of(image, root, "os.version"),
                                              .os_features = list_of(image, root, "os.features"),
                                              .arch = text_of(image, root, "architecture"),
                                              .variant = text_of(image, root, "variant")};
    const json_t *rootfs = member(root, "rootfs");
    image->rootfs_type = text_of(image, rootfs, "type");
    image->diff_ids = list_of(image, rootfs, "diff_ids");
    image->has_diff_ids = json_is_array(member(rootfs, "diff_ids"));
    read_history(image, member(root, "history"));
    read_config(image, member(root, "config"));
    return true;
}

static bool is_variable(const char *entry, const char *name) {
    size_t len = strlen(name);
    return strncmp(entry, name, len) == 0 && (entry[len] == '=' || !entry[len]);
}

const char *sw_df_image_env(const struct sw_df_image *image, const char *name) {
    for (size_t i = image->env.len; i-- > 0;) {
        const char *entry = *(const char **)sw_vec_at(&image->env, i);
        if (is_variable(entry, name))
            return entry[strlen(name)] ? entry + strlen(name) + 1 : "";
    }
    return NULL;
}

void sw_df_image_set_env(struct sw_df_image *image, const char *name, const char *value) {
    const char *entry = sw_arena_format(image->arena, "%s=%s", name, value);
    for (size_t i = 0; i < image->env.len; i++) {
        const char **slot = sw_vec_at(&image->env, i);
        if (!is_variable(*slot, name))
            continue;
        *slot = entry;
        return;
    }
    sw_vec_push(&image->env, &entry);
}

void sw_df_image_commit(struct sw_df_image *image, const char *created_by, bool has_layer, const char *created) {
    struct sw_df_history entry = {created, created_by, "", history_comment, !has_layer};
    sw_vec_push(&image->history, &entry);
}

bool sw_df_image_has_layers(const struct sw_df_image *image) {
    if (image->diff_ids.count > 0)
        return true;
    for (size_t i = 0; i < image->history.len; i++)
        if (!((const struct sw_df_history *)sw_vec_at(&image->history, i))->empty_layer)
            return true;
    return false;
}

static void put_text(json_t *object, const char *key, const char *text) {
    if (*text)
        json_object_set_new(object, key, sw_df_json_text(text));
}

static void put_list(json_t *object, const char *key, struct sw_strings strings) {
    if (strings.count > 0)
        json_object_set_new(object, key, sw_df_json_list(strings));
}

static int compare_keys(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum map_values { KEYS_ONLY, WITH_VALUES };

static void put_map(json_t *object, const char *key, const struct sw_map *map, enum map_values values) {
    if (map->count == 0)
        return;
    sw_cleanup_vec struct sw_vec keys = {.width = sizeof(char *)};
    for (size_t i = 0; i < map->len; i++)
        if (map->entries[i].key)
            sw_vec_push(&keys, &map->entries[i].key);
    qsort(keys.data, keys.len, keys.width, compare_keys);
    json_t *members = json_object();
    for (size_t i = 0; i < keys.len; i++) {
        const char *name = *(const char **)sw_vec_at(&keys, i);
        sw_cleanup_json json_t *safe = sw_df_json_text(name);
        json_object_set_new(members, json_string_value(safe),
                            values == WITH_VALUES ? sw_df_json_text(sw_map_get(map, name)) : json_object());
    }
    json_object_set_new(object, key, members);
}

static void put_integer(json_t *object, const char *key, int64_t value) {
    if (value != 0)
        json_object_set_new(object, key, json_integer(value));
}

static json_t *health_json(const struct sw_df_health *health) {
    json_t *object = json_object();
    put_list(object, "Test", health->test);
    put_integer(object, "Interval", health->interval);
    put_integer(object, "Timeout", health->timeout);
    put_integer(object, "StartPeriod", health->start_period);
    put_integer(object, "StartInterval", health->start_interval);
    put_integer(object, "Retries", health->retries);
    return object;
}

static json_t *config_json(const struct sw_df_image *image) {
    json_t *config = json_object();
    put_text(config, "User", image->user);
    put_map(config, "ExposedPorts", &image->ports, KEYS_ONLY);
    put_list(config, "Env", (struct sw_strings){image->env.data, image->env.len});
    put_list(config, "Entrypoint", image->entrypoint);
    put_list(config, "Cmd", image->command);
    put_map(config, "Volumes", &image->volumes, KEYS_ONLY);
    put_text(config, "WorkingDir", image->workdir);
    put_map(config, "Labels", &image->labels, WITH_VALUES);
    put_text(config, "StopSignal", image->stop_signal);
    if (image->args_escaped)
        json_object_set_new(config, "ArgsEscaped", json_true());
    if (image->has_health)
        json_object_set_new(config, "Healthcheck", health_json(&image->health));
    put_list(config, "OnBuild", image->onbuild);
    put_list(config, "Shell", image->shell);
    return config;
}

static json_t *history_json(const struct sw_df_history *entry) {
    json_t *object = json_object();
    put_text(object, "created", entry->created ? entry->created : "");
    put_text(object, "created_by", entry->created_by);
    put_text(object, "author", entry->author);
    put_text(object, "comment", entry->comment);
    if (entry->empty_layer)
        json_object_set_new(object, "empty_layer", json_true());
    return object;
}

json_t *sw_df_image_json(const struct sw_df_image *image) {
    json_t *root = json_object(), *rootfs = json_object();
    put_text(root, "created", image->created ? image->created : "");
    put_text(root, "author", image->author);
    json_object_set_new(root, "architecture", sw_df_json_text(image->platform.arch));
    json_object_set_new(root, "os", sw_df_json_text(image->platform.os));
    put_text(root, "os.version", image->platform.os_version);
    put_list(root, "os.features", image->platform.os_features);
    put_text(root, "variant", image->platform.variant);
    json_object_set_new(rootfs, "type", sw_df_json_text(image->rootfs_type));
    json_object_set_new(rootfs, "diff_ids", image->has_diff_ids ? sw_df_json_list(image->diff_ids) : json_null());
    json_object_set_new(root, "rootfs", rootfs);
    if (image->history.len > 0) {
        json_t *history = json_array();
        for (size_t i = 0; i < image->history.len; i++)
            json_array_append_new(history, history_json(sw_vec_at(&image->history, i)));
        json_object_set_new(root, "history", history);
    }
    json_object_set_new(root, "config", config_json(image));
    return root;
}
