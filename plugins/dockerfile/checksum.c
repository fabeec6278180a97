#include "plugins/dockerfile/checksum.h"

#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/hash.h"
#include "core/base/path.h"
#include "plugins/dockerfile/text.h"

struct sw_filter sw_df_context_filter(const struct sw_df_context *context) {
    return (struct sw_filter){.size = sizeof(struct sw_filter), .base = context->folder, .ignore = context->ignore_lines};
}

struct sw_filter sw_df_build_filter(const struct sw_df_context *context) {
    return (struct sw_filter){
        .size = sizeof(struct sw_filter), .flags = SW_FILTER_AS_BUILT, .base = context->folder, .ignore = context->own_lines};
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

/* A "**" that takes back a folder takes back more for builds than for digests. */
static bool may_take_back_more(struct sw_strings lines) {
    for (size_t i = 0; i < lines.count; i++)
        if (*lines.items[i] == '!' && strstr(lines.items[i], "**"))
            return true;
    return false;
}

static bool count_file(void *context, const struct sw_file *file) {
    (void)file;
    ++*(size_t *)context;
    return true;
}

/* Adds to `out` what the build takes and the digest would not know of. */
static bool add_taken_back(const struct sw_df_context *context, const struct sw_filter *sources, char out[65],
                           struct sw_error **error) {
    struct sw_filter filters[3] = {sw_df_build_filter(context), *sources, sw_df_context_filter(context)};
    size_t built = 0, known = 0;
    char more[65];
    if (!may_take_back_more(context->own_lines))
        return true;
    if (!context->files->list(context->commit, context->folder, filters, 2, count_file, &built, error) ||
        !context->files->list(context->commit, context->folder, filters, 3, count_file, &known, error))
        return false;
    if (built == known)
        return true;
    if (!context->files->checksum(context->commit, context->folder, filters, 2, more, error))
        return false;
    const char *items[] = {sw_arena_str(context->arena, out), more};
    sw_join256((struct sw_strings){items, 2}, out);
    return true;
}

const struct sw_input_files *sw_df_files_of(void *data, struct sw_strings sources) {
    const struct sw_df_context *context = data;
    struct sw_input_files *files = sw_arena_new(context->arena, sizeof *files);
    struct sw_filter filters[2] = {sw_df_context_filter(context), {.size = sizeof(struct sw_filter), .base = context->folder}};
    filters[1].include = normal_sources(context->arena, sources);
    *files = (struct sw_input_files){.size = sizeof *files,
                                     .filter_count = 2,
                                     .commit = context->commit,
                                     .scope = context->folder,
                                     .filters = sw_arena_copy(context->arena, filters, sizeof filters)};
    return files;
}

bool sw_df_files_checksum(void *data, struct sw_strings sources, char out[65], struct sw_error **error) {
    const struct sw_df_context *context = data;
    char tree[65], added[65];
    struct sw_filter filters[2] = {sw_df_context_filter(context), {.size = sizeof(struct sw_filter), .base = context->folder}};
    filters[1].include = normal_sources(context->arena, sources);
    if (context->checks)
        sw_df_checks_add(context->checks, filters);
    else if (!context->files->require_committed(context->commit, context->folder, filters, 2, error))
        return false;
    if (!context->files->checksum(context->commit, context->folder, filters, 2, tree, error))
        return false;
    const char *items[2] = {tree, added};
    sw_join256((struct sw_strings){items, 1}, out);
    if (!add_taken_back(context, &filters[1], out, error))
        return false;
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
