/* `secrets` of image documents. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "core/config/check.h"

/* The one of env, src and value that is set; false when there is none, or several. */
static bool find_source(struct sw_check *check, const struct sw_value *item, const char *way, struct sw_project_secret *secret) {
    static const char *const keys[] = {"env", "src", "value", NULL};
    const char *first = NULL;
    for (size_t i = 0; i < 3; i++) {
        const char *text = sw_check_text(item, keys[i]);
        if (!*text)
            continue;
        if (first) {
            sw_diagnose_value(check->list, item, "%s: `%s` and `%s` exclude each other: a secret has one source", way, first,
                              keys[i]);
            return false;
        }
        first = keys[i];
        secret->source = (enum sw_secret_source)i;
        secret->text = text;
    }
    if (!first && sw_check_none_given(check, item, keys))
        sw_diagnose_value(check->list, item, "%s: one of `env`, `src` and `value` is missing", way);
    return first != NULL;
}

static bool find_id(struct sw_check *check, const struct sw_value *item, const char *way, struct sw_project_secret *secret) {
    secret->id = sw_check_text(item, "id");
    if (*secret->id)
        return true;
    if (secret->source == SW_SECRET_VALUE) {
        if (!sw_check_none_given(check, item, (const char *const[]){"id", NULL}))
            return false;
        sw_diagnose_value(check->list, item, "%s: key \"id\" is missing: a secret given by `value` needs one", way);
        return false;
    }
    sw_cleanup_free char *base = sw_path_base(secret->text);
    secret->id = secret->source == SW_SECRET_ENV ? secret->text : sw_arena_str(check->arena, base);
    return true;
}

/* A path of the host as it is opened: `~` is the user's home, and a relative one starts at the working folder. */
static const char *host_path(const struct sw_check *check, const char *path) {
    const char *home = check->options->home, *cwd = check->options->cwd, *start = NULL;
    if (strcmp(path, "~") == 0 || strncmp(path, "~/", 2) == 0) {
        start = home;
        path += home != NULL;
    } else if (*path != '/') {
        start = cwd;
    }
    sw_cleanup_free char *whole = start ? sw_path_join(start, path) : sw_strdup(path);
    return sw_arena_str(check->arena, whole);
}

static void read_secret(struct sw_check *check, const struct sw_image_document *document, const struct sw_value *item, size_t index,
                        struct sw_project_secret *secrets, size_t *count) {
    static const enum sw_gate gates[] = {SW_GATE_SECRET_ENV, SW_GATE_SECRET_FILE, SW_GATE_SECRET_VALUE};
    struct sw_project_secret secret = {.place = item->place};
    sw_cleanup_free char *way = sw_format("%s › secrets[%zu]", document->subject, index);
    if (!find_source(check, item, way, &secret) || !find_id(check, item, way, &secret))
        return;
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(secrets[i].id, secret.id) != 0)
            continue;
        struct sw_error *error = sw_diagnose_value(check->list, item, "%s: the id \"%s\" is already used in line %u", way,
                                                   secret.id, secrets[i].place.line);
        sw_error_hint(error, "give one of them another `id`");
        return;
    }
    sw_check_gate(check, item, gates[secret.source], secret.source == SW_SECRET_VALUE ? secret.id : secret.text, way);
    if (secret.source == SW_SECRET_FILE)
        secret.text = host_path(check, secret.text);
    secrets[(*count)++] = secret;
}

void sw_check_secrets(struct sw_check *check, struct sw_image_document *document) {
    const struct sw_value *list = sw_value_get(document->value, "secrets");
    if (!sw_check_is_list(list))
        return;
    struct sw_project_secret *secrets = sw_arena_new(check->arena, (list->count + 1) * sizeof *secrets);
    for (size_t i = 0; i < list->count; i++)
        if (sw_check_is_map(list->values[i]))
            read_secret(check, document, list->values[i], i, secrets, &document->secret_count);
    document->secrets = secrets;
}
