#include "plugins/stapel/imageconfig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/vec.h"
#include "plugins/stapel/inputs.h"

json_t *sw_stapel_config_of(const struct sw_graph *graph, sw_node node) {
    const char *text = sw_stapel_host->graph->config(graph, node);
    json_t *config = text ? json_loads(text, 0, NULL) : NULL;
    if (json_is_object(config))
        return config;
    json_decref(config);
    return json_object();
}

/* The object under `key`, made when it is missing. */
static json_t *object_in(json_t *parent, const char *key) {
    json_t *object = json_object_get(parent, key);
    if (json_is_object(object))
        return object;
    object = json_object();
    json_object_set_new(parent, key, object);
    return object;
}

static json_t *array_in(json_t *parent, const char *key) {
    json_t *array = json_object_get(parent, key);
    if (json_is_array(array))
        return array;
    array = json_array();
    json_object_set_new(parent, key, array);
    return array;
}

void sw_stapel_config_history(json_t *config, const char *what, size_t layers) {
    json_t *history = array_in(config, "history");
    for (size_t i = 0; i < layers || i == 0; i++) {
        json_t *entry = json_object();
        json_object_set_new(entry, "created_by", json_string(what));
        if (!layers)
            json_object_set_new(entry, "empty_layer", json_true());
        json_array_append_new(history, entry);
    }
}

static bool names(const char *variable, const char *name) {
    size_t len = strlen(name);
    return variable && strncmp(variable, name, len) == 0 && variable[len] == '=';
}

void sw_stapel_config_set_env(json_t *config, const char *name, const char *value) {
    json_t *env = array_in(object_in(config, "config"), "Env");
    sw_cleanup_free char *text = sw_format("%s=%s", name, value);
    size_t i;
    json_t *item;
    json_array_foreach(env, i, item) {
        if (names(json_string_value(item), name)) {
            json_array_set_new(env, i, json_string(text));
            return;
        }
    }
    json_array_append_new(env, json_string(text));
}

const char *sw_stapel_config_env(const json_t *config, const char *name) {
    const json_t *env = json_object_get(json_object_get(config, "config"), "Env");
    size_t i;
    json_t *item;
    json_array_foreach(env, i, item) {
        if (names(json_string_value(item), name))
            return json_string_value(item) + strlen(name) + 1;
    }
    return NULL;
}

struct sw_strings sw_stapel_config_volumes(struct sw_arena *arena, const json_t *config) {
    json_t *volumes = json_object_get(json_object_get(config, "config"), "Volumes");
    const char **items = sw_arena_new(arena, (json_object_size(volumes) + 1) * sizeof *items);
    size_t count = 0;
    const char *key;
    json_t *value;
    json_object_foreach(volumes, key, value) {
        if (key[0] == '/' && key[1])
            items[count++] = sw_arena_str(arena, key);
    }
    return (struct sw_strings){items, count};
}

/* --- the docker section ------------------------------------------------------------------------------------------------------------ */

/* A command: a list is taken as it is, a JSON list in a text too, any other text is for the shell. */
static json_t *command_of(const struct sw_value *value) {
    const struct sw_host_document *document = sw_stapel_host->document;
    json_t *command = json_array();
    if (document->kind(value) == SW_VALUE_LIST) {
        for (size_t i = 0; i < document->count(value); i++)
            json_array_append_new(command, json_string(document->text(document->at(value, i))));
        return command;
    }
    const char *text = document->text(value);
    json_t *list = text && *text == '[' ? json_loads(text, 0, NULL) : NULL;
    if (json_is_array(list)) {
        json_decref(command);
        return list;
    }
    json_decref(list);
    json_array_append_new(command, json_string("/bin/sh"));
    json_array_append_new(command, json_string("-c"));
    json_array_append_new(command, json_string(text ? text : ""));
    return command;
}

/* Nanoseconds of a duration such as "1m30s"; -1 when it is malformed. */
static int64_t duration_of(const char *text) {
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9}, {"h", 3600}, {"m", 60}, {"s", 1}};
    double total = 0;
    if (!*text)
        return -1;
    while (*text) {
        char *end;
        double number = strtod(text, &end);
        size_t i = 0;
        if (end == text)
            return -1;
        while (i < 6 && strncmp(end, units[i].name, strlen(units[i].name)) != 0)
            i++;
        if (i == 6)
            return -1;
        total += number * units[i].seconds;
        text = end + strlen(units[i].name);
    }
    return (int64_t)(total * 1e9 + 0.5);
}

/* "--interval=5s CMD …" or "NONE". Returns what is wrong, or NULL. */
static const char *parse_healthcheck(const char *text, json_t *check) {
    static const struct {
        const char *flag, *key;
    } flags[] = {
        {"--interval=", "Interval"}, {"--timeout=", "Timeout"}, {"--start-period=", "StartPeriod"}, {"--retries=", "Retries"}};
    const char *p = text + strspn(text, " \t\n");
    while (!strncmp(p, "--", 2)) {
        sw_cleanup_free char *word = sw_strndup(p, strcspn(p, " \t\n"));
        size_t i = 0;
        while (i < 4 && strncmp(word, flags[i].flag, strlen(flags[i].flag)) != 0)
            i++;
        if (i == 4)
            return "unknown flag";
        const char *value = word + strlen(flags[i].flag);
        int64_t number = i == 3 ? atoll(value) : duration_of(value);
        if (number < 0)
            return "malformed duration";
        json_object_set_new(check, flags[i].key, json_integer(number));
        p += strlen(word);
        p += strspn(p, " \t\n");
    }
    json_t *test = json_array();
    json_object_set_new(check, "Test", test);
    if (!strncasecmp(p, "NONE", 4)) {
        json_array_append_new(test, json_string("NONE"));
        return NULL;
    }
    if (strncasecmp(p, "CMD", 3) != 0)
        return "expected CMD or NONE";
    p += 3 + strspn(p + 3, " \t\n");
    json_t *list = *p == '[' ? json_loads(p, 0, NULL) : NULL;
    json_array_append_new(test, json_string(json_is_array(list) ? "CMD" : "CMD-SHELL"));
    if (json_is_array(list))
        json_array_extend(test, list);
    else
        json_array_append_new(test, json_string(p));
    json_decref(list);
    return NULL;
}

static bool apply_healthcheck(json_t *inner, const struct sw_value *docker, struct sw_error **error) {
    const struct sw_value *value = sw_stapel_given(docker, "HEALTHCHECK");
    if (!value)
        return true;
    json_t *check = json_object();
    const char *problem = parse_healthcheck(sw_stapel_text(docker, "HEALTHCHECK"), check);
    json_object_set_new(inner, "Healthcheck", check);
    if (!problem)
        return true;
    sw_fail(error, SW_ERROR_CONFIG, "docker › HEALTHCHECK: %s", problem);
    if (error)
        *error = sw_error_at(*error, sw_stapel_host->document->place(value));
    return false;
}

static void apply_set(json_t *inner, const struct sw_value *docker, const char *key, const char *member, const char *suffix) {
    sw_cleanup_arena struct sw_arena arena = {0};
    struct sw_strings items = sw_stapel_texts(&arena, docker, key);
    for (size_t i = 0; i < items.count; i++) {
        sw_cleanup_free char *name = sw_format("%s%s", items.items[i], strchr(items.items[i], '/') ? "" : suffix);
        json_object_set_new(object_in(inner, member), name, json_object());
    }
}

static void apply_text(json_t *inner, const struct sw_value *docker, const char *key, const char *member) {
    const char *text = sw_stapel_text(docker, key);
    if (*text)
        json_object_set_new(inner, member, json_string(text));
}

bool sw_stapel_config_apply_docker(json_t *config, const struct sw_value *docker, struct sw_error **error) {
    sw_cleanup_arena struct sw_arena arena = {0};
    json_t *inner = object_in(config, "config");
    const struct sw_value *entrypoint = sw_stapel_given(docker, "ENTRYPOINT"), *cmd = sw_stapel_given(docker, "CMD");
    struct sw_pairs env = sw_stapel_pairs(&arena, docker, "ENV");
    struct sw_pairs labels = sw_stapel_pairs(&arena, docker, "LABEL");
    apply_set(inner, docker, "VOLUME", "Volumes", "");
    apply_set(inner, docker, "EXPOSE", "ExposedPorts", "/tcp");
    for (size_t i = 0; i < env.count; i++)
        sw_stapel_config_set_env(config, env.items[i].key, env.items[i].value);
    for (size_t i = 0; i < labels.count; i++)
        json_object_set_new(object_in(inner, "Labels"), labels.items[i].key, json_string(labels.items[i].value));
    apply_text(inner, docker, "WORKDIR", "WorkingDir");
    apply_text(inner, docker, "USER", "User");
    if (entrypoint) {
        json_object_set_new(inner, "Entrypoint", command_of(entrypoint));
        json_object_del(inner, "Cmd");
    }
    if (cmd)
        json_object_set_new(inner, "Cmd", command_of(cmd));
    return apply_healthcheck(inner, docker, error);
}

/* --- its digest -------------------------------------------------------------------------------------------------------------------- */

/* A command as werf writes it down: a list in a form like JSON, but without any escapes. */
static const char *command_text(struct sw_arena *arena, const struct sw_value *docker, const char *key) {
    const struct sw_host_document *document = sw_stapel_host->document;
    const struct sw_value *value = sw_stapel_given(docker, key);
    if (document->kind(value) != SW_VALUE_LIST)
        return sw_stapel_text(docker, key);
    if (!document->count(value))
        return "[]";
    sw_cleanup_free char *joined = sw_strings_join(sw_stapel_texts(arena, docker, key), "\", \"");
    return sw_arena_format(arena, "[\"%s\"]", joined);
}

static void add_all(struct sw_stapel_inputs *inputs, const char *key, struct sw_strings items) {
    for (size_t i = 0; i < items.count; i++)
        sw_stapel_input(inputs, items.items[i], "docker %s:%zu", key, i + 1);
}

static void add_pairs(struct sw_stapel_inputs *inputs, const char *key, struct sw_pairs pairs) {
    for (size_t i = 0; i < pairs.count; i++) {
        sw_stapel_input(inputs, pairs.items[i].key, "docker %s %s", key, pairs.items[i].key);
        sw_stapel_input(inputs, pairs.items[i].value, "docker %s %s value", key, pairs.items[i].key);
    }
}

size_t sw_stapel_docker_inputs(struct sw_arena *arena, const struct sw_value *docker, struct sw_input **out) {
    struct sw_stapel_inputs inputs = {.arena = arena};
    const char *entrypoint = command_text(arena, docker, "ENTRYPOINT"), *cmd = command_text(arena, docker, "CMD");
    if (sw_stapel_host->document->boolean(sw_stapel_given(docker, "exactValues"), false))
        sw_stapel_input(&inputs, "exact-values:::", "docker exactValues");
    add_all(&inputs, "VOLUME", sw_stapel_texts(arena, docker, "VOLUME"));
    add_all(&inputs, "EXPOSE", sw_stapel_texts(arena, docker, "EXPOSE"));
    add_pairs(&inputs, "ENV", sw_stapel_pairs(arena, docker, "ENV"));
    add_pairs(&inputs, "LABEL", sw_stapel_pairs(arena, docker, "LABEL"));
    sw_stapel_input(&inputs, *entrypoint && !*cmd ? "[]" : cmd, "docker CMD");
    sw_stapel_input(&inputs, entrypoint, "docker ENTRYPOINT");
    sw_stapel_input(&inputs, sw_stapel_text(docker, "WORKDIR"), "docker WORKDIR");
    sw_stapel_input(&inputs, sw_stapel_text(docker, "USER"), "docker USER");
    sw_stapel_input(&inputs, sw_stapel_text(docker, "HEALTHCHECK"), "docker HEALTHCHECK");
    *out = inputs.items;
    return inputs.count;
}
