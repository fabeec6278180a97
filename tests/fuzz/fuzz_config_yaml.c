/* YAML text of any kind: what comes out is a tree whose values have places inside the text, and whose printed forms exist. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/config/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static size_t visit(const struct sw_value *value, size_t budget) {
    const struct sw_host_document *d = &sw_document_table;
    assert(d->place(value).line >= 1);
    assert(d->printed(value));
    if (d->kind(value) != SW_VALUE_LIST && d->kind(value) != SW_VALUE_MAP)
        assert(d->text(value) && d->source(value));
    for (size_t i = 0; i < d->count(value) && budget; i++) {
        if (d->key_at(value, i))
            budget = visit(d->key_at(value, i), budget - 1);
        if (budget)
            budget = visit(d->at(value, i), budget - 1);
    }
    return budget;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    sw_cleanup_diagnostics struct sw_diagnostics list = {0};
    struct sw_arena arena = {0};
    struct sw_yaml_text text = {.file = "f", .data = (const char *)data, .len = len, .first_line = 1};
    struct sw_value *root = sw_yaml_parse(&arena, &text, &list);
    assert(root || list.error_count);
    if (root)
        visit(root, 10000);
    sw_arena_fini(&arena);
    return 0;
}
