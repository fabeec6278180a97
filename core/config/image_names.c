/* The name key of image documents. */
#include <string.h>

#include "core/base/error.h"
#include "core/config/check.h"

static void warn_odd_name(struct sw_check *check, const struct sw_value *value) {
    const char *name = sw_value_source(value);
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    if (strstr(name, "<no value>")) {
        sw_diagnose_value_warning(check->list, value, "image: the name is \"%s\": a template printed a value that does not exist",
                                  name);
        return;
    }
    size_t len = strlen(name), good = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-");
    if (len && (good < len || !strchr(letters, name[0]))) {
        struct sw_error *error =
            sw_diagnose_value_warning(check->list, value, "image: the name \"%s\" cannot be part of a tag or repository", name);
        sw_error_hint(error, "letters, digits, and inside also . _ / -");
    }
}

static void add_draft(struct sw_check *check, struct sw_image_document *document, const struct sw_value *value) {
    struct sw_image_draft *draft = sw_arena_new(check->arena, sizeof *draft);
    const char *name = sw_value_source(value);
    draft->document = document;
    draft->name = value;
    draft->index = check->drafts.len;
    draft->needs.width = sizeof(struct sw_image_need);
    draft->image = (struct sw_project_image){.name = name,
                                             .final = !document->artifact && sw_check_switch(document->value, "final", true),
                                             .artifact = document->artifact,
                                             .builder = document->builder,
                                             .document = document->value,
                                             .place = value->place};
    if (sw_map_has(&check->by_name, name)) {
        const struct sw_image_draft *first = sw_map_get(&check->by_name, name);
        if (*name)
            sw_diagnose_value(check->list, value, "image \"%s\": the name is already taken in line %u", name,
                              first->image.place.line);
        else
            sw_diagnose_value(check->list, value, "image: a second image without a name; the first is in line %u",
                              first->image.place.line);
        return;
    }
    warn_odd_name(check, value);
    sw_map_set(&check->by_name, name, draft);
    sw_vec_push(&check->drafts, &draft);
}

static bool is_stapel(const struct sw_image_document *document) {
    return document->builder && strcmp(document->builder->name, "stapel") == 0;
}

static void add_from_list(struct sw_check *check, struct sw_image_document *document, const struct sw_value *list) {
    if (!list->count && is_stapel(document))
        sw_diagnose_value(check->list, list, "image: the list of names is empty");
    else if (!list->count)
        sw_diagnose_value_warning(check->list, list, "image: the list of names is empty: the document makes no image");
    for (size_t i = 0; i < list->count; i++) {
        const struct sw_value *item = list->values[i];
        char found[160];
        if (sw_value_kind_of(item) == SW_VALUE_STRING) {
            add_draft(check, document, item);
            continue;
        }
        sw_value_describe(item, found, sizeof found);
        struct sw_error *error = sw_diagnose_value(check->list, item, "image[%zu]: expected a name, not %s", i, found);
        if (sw_value_is_scalar(item))
            sw_error_hint(error, "quote it: \"%s\"", item->source);
    }
}

static void add_artifact(struct sw_check *check, struct sw_image_document *document, const struct sw_value *value) {
    const struct sw_value *key = sw_value_key(document->value, "artifact");
    const struct sw_value *image = sw_value_key(document->value, "image");
    if (image) {
        struct sw_error *error = sw_diagnose_value(
            check->list, key, "keys \"artifact\" and \"image\" exclude each other (`image` is in line %u)", image->place.line);
        sw_error_hint(error, "an image that others use and that is no result is `image: NAME` with `final: false`");
        return;
    }
    if (sw_check_is_list(value) || sw_check_is_map(value) || !*sw_value_source(value)) {
        sw_diagnose_value(check->list, value, "artifact: expected a name");
        return;
    }
    if (!check->deprecation_told)
        sw_diagnose_value_warning(check->list, key,
                                  "artifacts are deprecated: use `image` with `final: false`, and `from` and `import.from`");
    check->deprecation_told = true;
    add_draft(check, document, value);
}

/* werf takes a Dockerfile document without a name, and makes no image of it. */
static void report_no_name(struct sw_check *check, const struct sw_image_document *document) {
    if (sw_value_key(document->value, "artifact") || sw_check_misspelled(check, document->value, "image"))
        return;
    if (document->builder && strcmp(document->builder->name, "dockerfile") == 0)
        sw_diagnose_value_warning(check->list, document->value, "key \"image\" is missing: the document makes no image");
    else
        sw_diagnose_value(check->list, document->value, "key \"image\" is missing: the name of the image");
}

void sw_check_names(struct sw_check *check, struct sw_image_document *document) {
    const struct sw_value *artifact = sw_value_key(document->value, "artifact");
    const struct sw_value *key = sw_value_key(document->value, "image"), *value = sw_value_get(document->value, "image");
    if (artifact && document->artifact) {
        add_artifact(check, document, sw_value_get(document->value, "artifact"));
        return;
    }
    if (!key) {
        report_no_name(check, document);
        return;
    }
    char found[160];
    sw_value_describe(value, found, sizeof found);
    switch (sw_value_kind_of(value)) {
    case SW_VALUE_NULL:
        if (is_stapel(document))
            sw_diagnose_value_warning(check->list, key, "image: an image without a name is deprecated");
        add_draft(check, document, value);
        return;
    case SW_VALUE_STRING:
        add_draft(check, document, value);
        return;
    case SW_VALUE_LIST:
        add_from_list(check, document, value);
        return;
    case SW_VALUE_MAP:
        sw_diagnose_value(check->list, value, "image: expected a name or a list of names, not a map");
        return;
    default:
        sw_error_hint(sw_diagnose_value(check->list, value, "image: expected a name, not %s", found), "quote it: \"%s\"",
                      value->source);
    }
}

void sw_check_name_conflicts(struct sw_check *check) {
    size_t finals = 0;
    for (size_t i = 0; i < check->drafts.len; i++)
        finals += (*(struct sw_image_draft **)sw_vec_at(&check->drafts, i))->image.final;
    const struct sw_image_draft *nameless = sw_check_find(check, "");
    if (!nameless || finals < 2)
        return;
    const struct sw_value *key = sw_value_key(nameless->image.document, "image");
    struct sw_error *error =
        sw_diagnose_value(check->list, key ? key : nameless->name,
                          "image: an image without a name stands alone, and this file has %zu final images", finals);
    sw_error_hint(error, "give it a name, or set `final: false` on the others");
}
