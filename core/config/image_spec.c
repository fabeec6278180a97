/* `imageSpec`, of the project and of an image, and how the two become one. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/config/check.h"
#include "core/config/go_text.h"

static struct sw_strings list_of(struct sw_check *check, const struct sw_value *map, const char *key) {
    const struct sw_value *list = sw_value_get(map, key);
    return sw_check_is_list(list) ? sw_check_texts(check, list) : (struct sw_strings){0};
}

static void check_patterns(struct sw_check *check, const struct sw_value *config, const char *key, const char *way) {
    const struct sw_value *list = sw_value_get(config, key);
    for (size_t i = 0; sw_check_is_list(list) && i < list->count; i++) {
        sw_cleanup_free char *problem = NULL;
        const struct sw_value *item = list->values[i];
        if (sw_value_is_scalar(item) && !sw_go_pattern_valid(item->source, &problem))
            sw_diagnose_value(check->list, item, "%s › config › %s: \"%s\": %s", way, key, item->source, problem);
    }
}

static const struct sw_healthcheck *read_healthcheck(struct sw_check *check, const struct sw_value *value, const char *way) {
    if (!sw_check_is_map(value))
        return NULL;
    const struct sw_host_document *d = &sw_document_table;
    const struct sw_value *camel = sw_check_given(value, "startPeriod"), *lower = sw_check_given(value, "startperiod");
    if (camel && lower)
        sw_diagnose_value(check->list, sw_value_key(value, "startperiod"),
                          "%s › config › healthcheck: `startPeriod` and `startperiod` are the same: keep one", way);
    struct sw_healthcheck *health = sw_arena_new(check->arena, sizeof *health);
    *health = (struct sw_healthcheck){.test = list_of(check, value, "test"),
                                      .interval = d->integer(sw_value_get(value, "interval"), 0),
                                      .timeout = d->integer(sw_value_get(value, "timeout"), 0),
                                      .start_period = d->integer(camel ? camel : lower, 0),
                                      .retries = d->integer(sw_value_get(value, "retries"), 0)};
    return health;
}

/* `exposedPorts` is another spelling of `expose`. */
static void read_expose(struct sw_check *check, const struct sw_value *config, const char *way, struct sw_image_spec *spec) {
    struct sw_strings expose = list_of(check, config, "expose"), ports = list_of(check, config, "exposedPorts");
    if (expose.count && ports.count)
        sw_diagnose_value(check->list, sw_value_key(config, "exposedPorts"),
                          "%s › config: `exposedPorts` and `expose` are the same: keep one", way);
    spec->expose = expose.count ? expose : ports;
    spec->has_expose = sw_check_given(config, "expose") || sw_check_given(config, "exposedPorts");
}

static void read_config(struct sw_check *check, const struct sw_value *config, const char *way, struct sw_image_spec *spec) {
    spec->keep_essential_werf_labels = sw_check_switch(config, "keepEssentialWerfLabels", false);
    spec->clear_werf_labels = sw_check_switch(config, "clearWerfLabels", false);
    spec->remove_labels = list_of(check, config, "removeLabels");
    spec->remove_env = list_of(check, config, "removeEnv");
    spec->remove_volumes = list_of(check, config, "removeVolumes");
    check_patterns(check, config, "removeLabels", way);
    check_patterns(check, config, "removeEnv", way);
    spec->labels = sw_check_pairs(check, sw_value_get(config, "labels"));
    spec->env = sw_check_pairs(check, sw_value_get(config, "env"));
    spec->volumes = list_of(check, config, "volumes");
    read_expose(check, config, way, spec);
    spec->cmd = list_of(check, config, "cmd");
    spec->has_cmd = sw_check_given(config, "cmd");
    spec->entrypoint = list_of(check, config, "entrypoint");
    spec->has_entrypoint = sw_check_given(config, "entrypoint");
    spec->clear_cmd = sw_check_switch(config, "clearCmd", false);
    spec->clear_entrypoint = sw_check_switch(config, "clearEntrypoint", false);
    spec->clear_user = sw_check_switch(config, "clearUser", false);
    spec->clear_working_dir = sw_check_switch(config, "clearWorkingDir", false);
    spec->user = sw_check_text(config, "user");
    spec->working_dir = sw_check_text(config, "workingDir");
    spec->stop_signal = sw_check_text(config, "stopSignal");
    spec->healthcheck = read_healthcheck(check, sw_value_get(config, "healthcheck"), way);
}

struct sw_image_spec *sw_image_spec_read(struct sw_check *check, const struct sw_value *value, const char *way) {
    if (sw_value_kind_of(value) == SW_VALUE_NULL)
        return NULL;
    struct sw_image_spec *spec = sw_arena_new(check->arena, sizeof *spec);
    spec->author = sw_check_text(value, "author");
    spec->clear_history = sw_check_switch(value, "clearHistory", false);
    read_config(check, sw_value_get(value, "config"), way, spec);
    return spec;
}

/* ---- merging ---- */

static bool has_text(struct sw_strings list, const char *text) {
    for (size_t i = 0; i < list.count; i++)
        if (strcmp(list.items[i], text) == 0)
            return true;
    return false;
}

/* Own entries, then the global ones that are not among them. */
static struct sw_strings join_lists(struct sw_check *check, struct sw_strings own, struct sw_strings global) {
    const char **items = sw_arena_new(check->arena, (own.count + global.count + 1) * sizeof *items);
    size_t count = 0;
    for (size_t i = 0; i < own.count; i++)
        items[count++] = own.items[i];
    for (size_t i = 0; i < global.count; i++)
        if (!has_text(own, global.items[i]))
            items[count++] = global.items[i];
    return (struct sw_strings){items, count};
}

/* Two sorted lists into one; the image's own value wins. */
static struct sw_pairs join_pairs(struct sw_check *check, struct sw_pairs own, struct sw_pairs global) {
    struct sw_pair *items = sw_arena_new(check->arena, (own.count + global.count + 1) * sizeof *items);
    size_t count = 0, a = 0, b = 0;
    while (a < own.count || b < global.count) {
        int order = a == own.count ? 1 : b == global.count ? -1 : strcmp(own.items[a].key, global.items[b].key);
        items[count++] = order <= 0 ? own.items[a] : global.items[b];
        a += order <= 0;
        b += order >= 0;
    }
    return (struct sw_pairs){items, count};
}

static const struct sw_image_spec *merge(struct sw_check *check, const struct sw_image_spec *own,
                                         const struct sw_image_spec *global) {
    if (!global)
        return own;
    struct sw_image_spec *spec = sw_arena_new(check->arena, sizeof *spec);
    if (own)
        *spec = *own;
    else
        *spec = (struct sw_image_spec){.author = "", .user = "", .working_dir = "", .stop_signal = ""};
    if (!*spec->author)
        spec->author = global->author;
    spec->clear_history |= global->clear_history;
    spec->keep_essential_werf_labels |= global->keep_essential_werf_labels;
    spec->remove_labels = join_lists(check, spec->remove_labels, global->remove_labels);
    spec->labels = join_pairs(check, spec->labels, global->labels);
    return spec;
}

void sw_check_image_spec(struct sw_check *check, struct sw_image_document *document) {
    sw_cleanup_free char *way = sw_format("%s › imageSpec", document->subject);
    document->own_spec = sw_image_spec_read(check, sw_value_get(document->value, "imageSpec"), way);
    document->full_spec = merge(check, document->own_spec, check->global_spec);
}
