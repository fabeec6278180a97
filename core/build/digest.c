#include "core/build/digest.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/vec.h"

/* werf's build cache version: stages of other versions are never found. */
static const char CACHE_VERSION[] = "1.2";

static bool leaves_trace(const char *platform) {
    return platform && *platform && strcmp(platform, "linux/amd64") != 0;
}

char *sw_stage_dependencies(const struct sw_input *inputs, size_t count, uint32_t flags) {
    sw_cleanup_strlist struct sw_strlist hashed = {0};
    for (size_t i = 0; i < count; i++)
        if (!(inputs[i].flags & SW_INPUT_DETAIL))
            sw_strlist_take(&hashed, sw_strndup(inputs[i].value.len ? inputs[i].value.data : "", inputs[i].value.len));
    if (flags & SW_STAGE_INPUTS_VERBATIM)
        return sw_strdup(hashed.len ? hashed.items[0] : "");
    char digest[SW_SHA256_HEX];
    sw_join256(sw_strlist_view(&hashed), digest);
    return sw_strdup(digest);
}

void sw_stage_digest(const struct sw_digest_inputs *inputs, char out[SW_SHA3_224_HEX]) {
    const char *items[7];
    size_t count = 0;
    if (leaves_trace(inputs->platform))
        items[count++] = inputs->platform;
    items[count++] = CACHE_VERSION;
    items[count++] = inputs->name;
    items[count++] = inputs->dependencies;
    if (inputs->previous_digest) {
        items[count++] = inputs->previous_digest;
        items[count++] = inputs->previous_next ? inputs->previous_next : "";
    }
    if (inputs->base && *inputs->base)
        items[count++] = inputs->base;
    sw_join224((struct sw_strings){items, count}, out);
}

void sw_content_digest(const char *platform, const char *name, const char *stage_digest, const char *next,
                       char out[SW_SHA3_224_HEX]) {
    sw_cleanup_free char *content_name = sw_format("%s-content", name);
    const char *items[6];
    size_t count = 0;
    if (leaves_trace(platform))
        items[count++] = platform;
    items[count++] = CACHE_VERSION;
    items[count++] = content_name;
    items[count++] = "";
    items[count++] = stage_digest;
    items[count++] = next;
    sw_join224((struct sw_strings){items, count}, out);
}

void sw_commits_digest(struct sw_strings commits, char out[SW_SHA256_HEX]) {
    sw_cleanup_strlist struct sw_strlist sorted = {0};
    sw_strlist_copy(&sorted, commits);
    sw_strlist_sort(&sorted);
    sw_join256(sw_strlist_view(&sorted), out);
}

void sw_index_digest(struct sw_strings stage_ids, char out[SW_SHA3_224_HEX]) {
    sw_join224(stage_ids, out);
}
