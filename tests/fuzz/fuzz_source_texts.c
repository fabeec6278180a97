/* Texts that come out of repositories: the first byte says which parser reads the rest. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/source/lfs.h"
#include "core/source/patch_filter.h"
#include "core/source/submodule.h"

static void filter(struct sw_bytes text) {
    struct sw_filter rule = {.size = sizeof rule};
    struct sw_mapping_paths paths = {.matcher = sw_matcher_new("", &rule, 1, NULL), .add = "", .scope = "src", .rename = NULL};
    sw_cleanup_patch_text struct sw_patch_text patch = {0};
    sw_patch_filter(text, &paths, &patch);
    sw_matcher_free(paths.matcher);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!size)
        return 0;
    struct sw_bytes text = {data + 1, size - 1};
    sw_cleanup_free char *copy = sw_strndup((const char *)text.data, text.len);
    struct sw_submodule_entry entry;
    struct sw_lfs_pointer pointer;
    switch (data[0] % 3) {
    case 0:
        filter(text);
        break;
    case 1:
        if (sw_submodule_parse(copy, "lib", &entry)) {
            free(entry.name);
            free(entry.url);
        }
        break;
    default:
        sw_lfs_parse(text, &pointer);
    }
    return 0;
}
