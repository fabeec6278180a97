/* Rules of Dockerfile documents that a schema cannot say. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "core/config/check.h"

static void check_path(struct sw_check *check, const struct sw_image_document *document, const char *key, const char *where) {
    const struct sw_value *value = sw_value_get(document->value, key);
    if (!sw_value_is_scalar(value) || sw_check_path_stays(value->source))
        return;
    struct sw_error *error = sw_diagnose_value(check->list, value, "%s › %s: \"%s\" must be a relative path that stays in %s",
                                               document->subject, key, value->source, where);
    if (*value->source == '/')
        sw_error_hint(error, "leave out the first slash: the path counts from %s", where);
}

static void check_context_file(struct sw_check *check, const struct sw_image_document *document, const struct sw_value *item,
                               const char *key) {
    if (sw_value_kind_of(item) != SW_VALUE_STRING)
        return;
    sw_cleanup_free char *way = sw_format("%s › %s", document->subject, key);
    if (!sw_check_path_stays(item->source)) {
        sw_diagnose_value(check->list, item, "%s: \"%s\" must be a relative path that stays in the context", way, item->source);
        return;
    }
    sw_cleanup_free char *path = sw_path_join(sw_check_text(document->value, "context"), item->source);
    sw_check_gate(check, item, SW_GATE_CONTEXT_ADD_FILE, path, way);
}

static bool is_filled(const struct sw_value *value) {
    return sw_value_is_scalar(value) || (sw_check_is_list(value) && value->count);
}

static void check_context_files(struct sw_check *check, const struct sw_image_document *document) {
    static const char *const keys[] = {"contextAddFiles", "contextAddFile"};
    if (is_filled(sw_value_get(document->value, keys[0])) && is_filled(sw_value_get(document->value, keys[1])))
        sw_diagnose_value(check->list, sw_value_key(document->value, keys[1]),
                          "%s: `contextAddFile` is the old spelling of `contextAddFiles`: keep one of them", document->subject);
    for (size_t k = 0; k < 2; k++) {
        const struct sw_value *value = sw_value_get(document->value, keys[k]);
        if (!sw_check_is_list(value))
            check_context_file(check, document, value, keys[k]);
        for (size_t i = 0; sw_check_is_list(value) && i < value->count; i++)
            check_context_file(check, document, value->values[i], keys[k]);
    }
}

void sw_dockerfile_rules(struct sw_check *check, struct sw_image_document *document) {
    check_path(check, document, "context", "the project's folder");
    check_path(check, document, "dockerfile", "the context");
    check_context_files(check, document);
}
