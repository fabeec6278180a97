#include "plugins/dockerfile/checksum.h"

#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/hash.h"
#include "core/base/path.h"
#include "plugins/dockerfile/text.h"

struct sw_filter sw_df_context_filter(const struct sw_df_context *context) {
    return (struct sw_filter){.size = sizeof(struct sw_filter), .base = context->folder, .ignore = context->ignore_lines};
}

/* Sources in the form that the tree's checksum wants: clean, and relative to the context. */
static struct sw_strings normal_sources(struct sw_arena *arena, struct sw_strings sources) {
    const char **items = sw_df_clone(arena, sources);
    for (size_t i = 0; i < sources.count; i++) {
        sw_cleanup_free char *clean = sw_path_clean(items[i]);
        items[i] = strcmp(clean, "/") == 0 ? "." : sw_arena_str(arena, clean + (*clean == '/'));
    }
    return (struct sw_strings){items, sources.count};
}

bool sw_df_files_checksum(void *data, struct sw_strings sources, char out[65], struct sw_error **error) {
    const struct sw_df_context *context = data;
    char tree[65], added[65];
    struct sw_filter filters[2] = {sw_df_context_filter(context), {.size = sizeof(struct sw_filter), .base = context->folder}};
    filters[1].include = normal_sources(context->arena, sources);
    if (!context->files->require_committed(context->commit, context->folder, filters, 2, error) ||
        !context->files->checksum(context->commit, context->folder, filters, 2, tree, error))
        return false;
    const char *items[2] = {tree, added};
    sw_join256((struct sw_strings){items, 1}, out);
    if (context->added.count == 0)
        return true;
    filters[1].include = sources; /* these are compared as they are written */
    if (!context->files->host_files_checksum(context->plan, context->added, &filters[1], 1, added, error))
        return false;
    if (!*added)
        return true;
    items[0] = sw_arena_str(context->arena, out);
    sw_join256((struct sw_strings){items, 2}, out);
    return true;
}
