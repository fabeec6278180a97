/* image_spec.c - the imageSpec stage: changes of the image config that are the same for all builders. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/build/expand.h"
#include "core/build/session.h"

/* ---- the digest's inputs ---- */

struct input_list {
    struct sw_arena *arena;
    struct sw_vec inputs; /* of struct sw_input */
};

static void add(struct input_list *list, const char *name, const char *value) {
    struct sw_input input = {
        .size = sizeof input,
        .flags = SW_INPUT_SECRET_FREE,
        .name = sw_arena_format(list->arena, "imageSpec %s", name),
        .value = {sw_arena_str(list->arena, value), strlen(value)},
    };
    sw_vec_push(&list->inputs, &input);
}

static void add_bool(struct input_list *list, const char *name, bool value) {
    add(list, name, value ? "true" : "false");
}

static void add_joined(struct input_list *list, const char *name, struct sw_strings words) {
    sw_cleanup_free char *joined = sw_strings_join(words, " ");
    add(list, name, joined);
}

static void add_sorted(struct input_list *list, const char *name, struct sw_strings items) {
    sw_cleanup_strlist struct sw_strlist sorted = {0};
    sw_strlist_copy(&sorted, items);
    sw_strlist_sort(&sorted);
    for (size_t i = 0; i < sorted.len; i++)
        add(list, name, sorted.items[i]);
}

static void add_pairs(struct input_list *list, const char *name, struct sw_pairs pairs) {
    for (size_t i = 0; i < pairs.count; i++) {
        add(list, name, pairs.items[i].key);
        add(list, name, pairs.items[i].value);
    }
}

/* As Go prints a pointer to werf's struct. */
static void add_healthcheck(struct input_list *list, const struct sw_healthcheck *check) {
    if (!check) {
        add(list, "healthcheck", "<nil>");
        return;
    }
    sw_cleanup_free char *test = sw_strings_join(check->test, " ");
    sw_cleanup_free char *text = sw_format("&{[%s] %lld %lld %lld %lld}", test, (long long)check->interval,
                                           (long long)check->timeout, (long long)check->start_period, (long long)check->retries);
    add(list, "healthcheck", text);
}

bool sw_spec_stage(struct sw_job *job, struct sw_stage_state *stage) {
    const struct sw_image_spec *spec = job->image->spec;
    if (!spec || job->image->staged)
        return false;
    struct input_list list = {.arena = &job->arena, .inputs = {.width = sizeof(struct sw_input)}};
    add(&list, "author", spec->author);
    add_bool(&list, "clearHistory", spec->clear_history);
    add_joined(&list, "cmd", spec->cmd);
    add_joined(&list, "entrypoint", spec->entrypoint);
    add_pairs(&list, "env", spec->env);
    add_sorted(&list, "expose", spec->expose);
    add_healthcheck(&list, spec->healthcheck);
    add_pairs(&list, "labels", spec->labels);
    add(&list, "stopSignal", spec->stop_signal);
    add(&list, "user", spec->user);
    add_sorted(&list, "volumes", spec->volumes);
    add(&list, "workingDir", spec->working_dir);
    add_sorted(&list, "removeLabels", spec->remove_labels);
    add_sorted(&list, "removeVolumes", spec->remove_volumes);
    add_sorted(&list, "removeEnv", spec->remove_env);
    add_bool(&list, "keepEssentialWerfLabels", spec->keep_essential_werf_labels);
    add_bool(&list, "clearCmd", spec->clear_cmd);
    add_bool(&list, "clearEntrypoint", spec->clear_entrypoint);
    add_bool(&list, "clearUser", spec->clear_user);
    add_bool(&list, "clearWorkingDir", spec->clear_working_dir);
    stage->name = "imageSpec";
    stage->inputs = sw_arena_copy(&job->arena, list.inputs.data, list.inputs.len * sizeof(struct sw_input));
    stage->input_count = list.inputs.len;
    sw_vec_fini(&list.inputs);
    return true;
}

/* ---- removals ---- */

/* Whether `name` is one of `entries`: a name, or "/regular expression/" that must match it whole. -1 when an expression is bad. */
static int is_listed(const char *name, struct sw_strings entries, struct sw_error **error) {
    for (size_t i = 0; i < entries.count; i++) {
        const char *entry = entries.items[i];
        size_t len = strlen(entry);
        if (len < 2 || entry[0] != '/' || entry[len - 1] != '/') {
            if (strcmp(entry, name) == 0)
                return 1;
            continue;
        }
        int number;
        PCRE2_SIZE offset;
        sw_cleanup_free char *anchored = sw_format("^(?:%.*s)$", (int)(len - 2), entry + 1);
        pcre2_code *code = pcre2_compile((PCRE2_SPTR)anchored, PCRE2_ZERO_TERMINATED, PCRE2_DOLLAR_ENDONLY, &number, &offset, NULL);
        if (!code) {
            PCRE2_UCHAR reason[128];
            pcre2_get_error_message(number, reason, sizeof reason);
            sw_fail(error, SW_ERROR_CONFIG, "imageSpec: bad regular expression %s: %s", entry, (const char *)reason);
            return -1;
        }
        pcre2_match_data *match = pcre2_match_data_create_from_pattern(code, NULL);
        int hit = pcre2_match(code, (PCRE2_SPTR)name, strlen(name), 0, 0, match, NULL);
        pcre2_match_data_free(match);
        pcre2_code_free(code);
        if (hit >= 0)
            return 1;
    }
    return 0;
}

/* ---- applying ---- */

static bool is_essential(const char *label) {
    static const char *const names[] = {"werf", "werf-stage-content-digest", "werf.io/parent-stage-id", "werf-project-repo-commit"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(label, names[i]) == 0)
            return true;
    return false;
}

/* Puts the image's and the project's name in the place of %image% and %project%. */
static char *fill_names(const struct sw_job *job, const char *text) {
    const struct sw_pair names[] = {{"%image%", job->image->name}, {"%project%", job->build->options.project->name}};
    struct sw_buf out = {0};
    while (*text) {
        size_t i = 0;
        while (i < 2 && strncmp(text, names[i].key, strlen(names[i].key)) != 0)
            i++;
        if (i < 2) {
            sw_buf_puts(&out, names[i].value);
            text += strlen(names[i].key);
        } else {
            sw_buf_putc(&out, *text++);
        }
    }
    return sw_buf_take(&out);
}

static bool apply_labels(const struct sw_job *job, const struct sw_image_spec *spec, json_t *config, struct sw_error **error) {
    json_t *old = json_object_get(config, "Labels"), *labels = json_object();
    const char *name;
    json_t *value;
    json_object_foreach(old, name, value) {
        int removed = is_essential(name) ? 0 : is_listed(name, spec->remove_labels, error);
        if (removed < 0) {
            json_decref(labels);
            return false;
        }
        if (!removed)
            json_object_set(labels, name, value);
    }
    for (size_t i = 0; i < spec->labels.count; i++) {
        sw_cleanup_free char *key = fill_names(job, spec->labels.items[i].key);
        sw_cleanup_free char *text = fill_names(job, spec->labels.items[i].value);
        json_object_set_new(labels, key, json_string(text));
    }
    json_object_set_new(config, "Labels", labels);
    return true;
}

static bool is_leftover_of_stages(const char *name, const char *value) {
    return strcmp(name, "WERF_COMMIT_HASH") == 0 || strcmp(name, "WERF_COMMIT_TIME_HUMAN") == 0 ||
           strcmp(name, "WERF_COMMIT_TIME_UNIX") == 0 ||
           (strcmp(name, "SSH_AUTH_SOCK") == 0 && strcmp(value, "/.werf/tmp/ssh-auth-sock") == 0);
}

static void set_env(json_t *env, const char *name, const char *value) {
    sw_cleanup_free char *entry = sw_format("%s=%s", name, value);
    size_t index, len = strlen(name);
    json_t *item;
    json_array_foreach(env, index, item) {
        const char *text = json_string_value(item);
        if (strncmp(text, name, len) == 0 && text[len] == '=') {
            json_array_set_new(env, index, json_string(entry));
            return;
        }
    }
    json_array_append_new(env, json_string(entry));
}

static bool apply_env(const struct sw_image_spec *spec, json_t *config, struct sw_error **error) {
    sw_cleanup_json json_t *old = json_deep_copy(json_object_get(config, "Env"));
    json_t *env = json_array();
    json_object_set_new(config, "Env", env);
    size_t index;
    json_t *item;
    json_array_foreach(old, index, item) {
        const char *text = json_string_value(item), *equals = text ? strchr(text, '=') : NULL;
        if (!equals)
            continue;
        sw_cleanup_free char *name = sw_strndup(text, (size_t)(equals - text));
        int removed = is_listed(name, spec->remove_env, error);
        if (removed < 0)
            return false;
        if (!removed && !is_leftover_of_stages(name, equals + 1))
            json_array_append(env, item);
    }
    for (size_t i = 0; i < spec->env.count; i++) {
        sw_cleanup_free char *value = sw_expand_word(spec->env.items[i].value, old, error);
        if (!value) {
            if (error && *error)
                *error = sw_error_wrap(*error, "imageSpec › config › env › %s", spec->env.items[i].key);
            return false;
        }
        set_env(env, spec->env.items[i].key, value);
    }
    return true;
}

static void add_keys(json_t *config, const char *member, struct sw_strings keys) {
    json_t *set = json_object_get(config, member);
    if (!json_is_object(set)) {
        set = json_object();
        json_object_set_new(config, member, set);
    }
    for (size_t i = 0; i < keys.count; i++)
        json_object_set_new(set, keys.items[i], json_object());
    if (json_object_size(set) == 0)
        json_object_del(config, member);
}

/* Ports are kept as they were written: "80" is no "80/tcp" in the config that werf makes either. */
static void replace_ports(json_t *config, struct sw_strings ports) {
    json_object_del(config, "ExposedPorts");
    add_keys(config, "ExposedPorts", ports);
}

static json_t *json_of_strings(struct sw_strings strings) {
    json_t *list = json_array();
    for (size_t i = 0; i < strings.count; i++)
        json_array_append_new(list, json_string(strings.items[i]));
    return list;
}

static void set_command(json_t *config, const char *member, bool clear, bool given, struct sw_strings words) {
    if (clear)
        json_object_del(config, member);
    if (given)
        json_object_set_new(config, member, json_of_strings(words));
}

static void set_text(json_t *config, const char *member, bool clear, const char *text) {
    if (clear)
        json_object_del(config, member);
    if (*text)
        json_object_set_new(config, member, json_string(text));
}

static void set_healthcheck(json_t *config, const struct sw_healthcheck *check) {
    const json_int_t second = 1000000000;
    if (!check)
        return;
    json_t *object = json_object();
    json_object_set_new(object, "Test", json_of_strings(check->test));
    const struct {
        const char *name;
        json_int_t value;
    } members[] = {{"Interval", check->interval * second},
                   {"Timeout", check->timeout * second},
                   {"StartPeriod", check->start_period * second},
                   {"Retries", check->retries}};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (members[i].value)
            json_object_set_new(object, members[i].name, json_integer(members[i].value));
    json_object_set_new(config, "Healthcheck", object);
}

static void apply_rest(const struct sw_image_spec *spec, json_t *root, json_t *config) {
    json_t *volumes = json_object_get(config, "Volumes");
    for (size_t i = 0; i < spec->remove_volumes.count; i++)
        json_object_del(volumes, spec->remove_volumes.items[i]);
    add_keys(config, "Volumes", spec->volumes);
    if (spec->has_expose)
        replace_ports(config, spec->expose);
    set_healthcheck(config, spec->healthcheck);
    if (*spec->author)
        json_object_set_new(root, "author", json_string(spec->author));
    if (spec->clear_history)
        json_object_set_new(root, "history", json_array());
    set_text(config, "User", spec->clear_user, spec->user);
    set_command(config, "Cmd", spec->clear_cmd || (spec->has_entrypoint && !spec->has_cmd), spec->has_cmd, spec->cmd);
    set_command(config, "Entrypoint", spec->clear_entrypoint, spec->has_entrypoint, spec->entrypoint);
    set_text(config, "WorkingDir", spec->clear_working_dir, spec->working_dir);
    set_text(config, "StopSignal", false, spec->stop_signal);
}

char *sw_spec_apply(const struct sw_job *job, const char *text, struct sw_error **error) {
    const struct sw_image_spec *spec = job->image->spec;
    sw_cleanup_json json_t *root = json_loads(text, 0, NULL);
    json_t *config = json_object_get(root, "config");
    if (!json_is_object(config)) {
        config = json_object();
        json_object_set_new(root, "config", config);
    }
    if (!apply_labels(job, spec, config, error) || !apply_env(spec, config, error)) {
        if (error && *error)
            *error = sw_error_at(sw_error_wrap(*error, "image \"%s\"", job->image->name), job->image->place);
        return NULL;
    }
    apply_rest(spec, root, config);
    return json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
}
