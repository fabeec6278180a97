#include "core/cli/host_config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/suggest.h"
#include "core/cli/read_file.h"
#include "core/config/yaml.h"

static char *user_file(void) {
    const char *folder = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (folder && *folder == '/')
        return sw_format("%s/slipway/config.yaml", folder);
    return home && *home ? sw_format("%s/.config/slipway/config.yaml", home) : NULL;
}

static void take_backend(struct sw_host_config *config, const struct sw_value *value) {
    if (value->kind != SW_VALUE_MAP) {
        config->backend = sw_strdup(value->text);
        return;
    }
    for (size_t i = 0; i < value->count; i++)
        free(sw_map_set(&config->backends, value->keys[i]->text, sw_strdup(value->values[i]->text)));
}

static void take(struct sw_host_config *config, const struct sw_value *root, struct sw_diagnostics *list) {
    static const char *const known[] = {"plugins", "backend", "store"};
    for (size_t i = 0; root && i < root->count; i++) {
        const char *key = root->keys[i]->text;
        const struct sw_value *value = root->values[i];
        if (strcmp(key, "plugins") == 0 && value->kind == SW_VALUE_LIST) {
            for (size_t j = 0; j < value->count; j++)
                sw_strlist_add(&config->plugins, sw_value_source(value->values[j]));
        } else if (strcmp(key, "backend") == 0) {
            take_backend(config, value);
        } else if (strcmp(key, "store") == 0 && value->text) {
            config->store = sw_strdup(value->text);
        } else {
            const char *near = sw_suggest(key, (struct sw_strings){known, 3});
            struct sw_error *error = sw_diagnose(list, root->keys[i]->place, "unknown key or wrong value \"%s\"", key);
            if (near && strcmp(near, key) != 0)
                sw_error_hint(error, "did you mean \"%s\"?", near);
        }
    }
}

static bool load(struct sw_host_config *config, const char *path, struct sw_error **error) {
    sw_cleanup_buf struct sw_buf text = {0};
    sw_cleanup_arena struct sw_arena arena = {0};
    sw_cleanup_diagnostics struct sw_diagnostics list = {0};
    struct sw_error *cause = NULL;
    if (!sw_read_file(path, &text, &cause)) {
        bool absent = cause->code == SW_ERROR_NOT_FOUND;
        if (!absent)
            return sw_pass(error, cause);
        sw_error_free(cause);
        return true;
    }
    struct sw_yaml_text yaml = {.file = path, .data = sw_buf_text(&text), .len = text.len, .first_line = 1};
    const struct sw_value *root = sw_yaml_parse(&arena, &yaml, &list);
    take(config, root, &list);
    cause = sw_diagnostics_error(&list);
    return !cause || sw_pass(error, cause);
}

bool sw_host_config_load(struct sw_host_config *config, struct sw_error **error) {
    sw_cleanup_free char *path = user_file();
    if (path && access(path, F_OK) == 0)
        return load(config, path, error);
    return load(config, "/etc/slipway/config.yaml", error);
}

void sw_host_config_fini(struct sw_host_config *config) {
    sw_strlist_fini(&config->plugins);
    sw_map_fini(&config->backends, free);
    free(config->backend);
    free(config->store);
    *config = (struct sw_host_config){0};
}
