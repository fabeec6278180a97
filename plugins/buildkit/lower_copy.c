/* lower_copy.c - copies between snapshots. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "plugins/buildkit/filter.h"
#include "plugins/buildkit/listing.h"
#include "plugins/buildkit/lower.h"
#include "plugins/buildkit/sync_source.h"
#include "plugins/buildkit/wire.h"

static const int64_t NANOS = 1000000000;

/* Where a copy with SW_COPY_PARENTS begins: what is before "/./". To be freed. */
static char *pivot_of(const struct sw_copy_source *source) {
    const char *pivot = strstr(source->path, "/./");
    sw_cleanup_free char *head = sw_strndup(source->path, pivot ? (size_t)(pivot - source->path) : 0);
    return sw_path_join("/", head);
}

/* ---- rules on trees: applied here, so that every daemon can be given the result ---- */

static bool is_plain_tree(const struct sw_lower *lower, sw_node node) {
    return lower->host->graph->kind(lower->solve->graph, node) == SW_OP_TREE &&
           !((const struct sw_op_tree *)sw_lower_record(lower, node))->url;
}

static bool filter_tree(struct sw_lower *lower, const struct sw_copy_source *from, const char *title, struct sw_llb_value *value,
                        struct sw_error **error) {
    struct sw_sync_source *source = sw_lower_source(lower, from->from, from->path);
    sw_cleanup_filter struct sw_filter_rules *rules = sw_filter_new(from, error);
    if (!rules || !sw_lower_load(lower, source, error))
        return false;
    size_t kept = 0;
    for (size_t i = 0; i < source->items.len; i++) {
        const struct sw_sync_item *item = sw_vec_at(&source->items, i);
        bool is_folder = item->type == SW_FILE_DIRECTORY;
        if ((is_folder && from->flags & SW_COPY_FILTER_DIRS) || !sw_filter_passes(rules, item->path, is_folder))
            continue;
        *(struct sw_sync_item *)sw_vec_at(&source->items, kept++) = *item;
    }
    source->items.len = kept;
    sw_sync_source_settle(source, 0);
    *value = sw_lower_local(lower, source, title);
    return true;
}

/* ---- rules on images, for daemons that know none: what they leave out is removed from a copy first ---- */

static const char rules_cap[] = "file.copy.includeexcludepatterns";

static const struct sw_listing *listing_of(const struct sw_lower *lower, const struct sw_copy_source *source) {
    if (sw_lower_has(lower, rules_cap) || !lower->listings || !sw_listing_has_rules(source))
        return NULL;
    sw_cleanup_free char *key = sw_listing_key(lower->host, lower->solve->graph, source);
    return sw_map_get(lower->listings, key);
}

/* Marks `path` and the folders above it as kept. */
static void keep(struct sw_map *kept, const char *path) {
    sw_cleanup_free char *part = sw_strdup(path);
    while (!sw_map_set(kept, part, kept)) {
        char *slash = strrchr(part, '/');
        if (!slash)
            return;
        *slash = '\0';
    }
}

/* What is not kept; of a folder that goes as a whole, only the folder. */
static void find_unwanted(const struct sw_listing *listing, const struct sw_map *kept, struct sw_strlist *paths,
                          struct sw_strlist *links) {
    struct sw_map gone = {0};
    for (size_t i = 0; i < listing->paths.len; i++) {
        const char *path = listing->paths.items[i];
        sw_cleanup_free char *above = sw_path_dir(path);
        if (sw_map_has(kept, path))
            continue;
        sw_map_set(&gone, path, &gone);
        if (sw_map_has(&gone, above))
            continue;
        sw_strlist_take(paths, sw_format("/%s", path));
        if (*(uint32_t *)sw_vec_at(&listing->types, i) == SW_FILE_SYMLINK)
            sw_strlist_take(links, sw_format("/%s", path));
    }
    sw_map_fini(&gone, NULL);
}

static bool filter_image(struct sw_lower *lower, const struct sw_copy_source *from, const struct sw_listing *listing,
                         const char *title, struct sw_llb_value *value, struct sw_error **error) {
    sw_cleanup_filter struct sw_filter_rules *rules = sw_filter_new(from, error);
    sw_cleanup_strlist struct sw_strlist unwanted = {0}, links = {0};
    sw_cleanup_free char *path = sw_path_join("/", from->path);
    sw_cleanup_free char *folder = sw_path_dir(path);
    struct sw_map kept = {0};
    if (!rules)
        return false;
    for (size_t i = 0; i < listing->paths.len; i++) {
        bool is_folder = *(uint32_t *)sw_vec_at(&listing->types, i) == SW_FILE_DIRECTORY;
        bool made_by_files = is_folder && from->flags & SW_COPY_FILTER_DIRS;
        if (!made_by_files && sw_filter_passes(rules, listing->paths.items[i], is_folder))
            keep(&kept, listing->paths.items[i]);
    }
    find_unwanted(listing, &kept, &unwanted, &links);
    sw_map_fini(&kept, NULL);
    struct sw_lower_actions actions;
    struct sw_buf body = {0};
    sw_cleanup_free char *dest = sw_format("%s%s", folder, folder[1] ? "/" : "");
    sw_lower_actions_init(&actions, title, SW_LLB_SCRATCH);
    sw_wire_text(&body, 1, path);
    sw_wire_text(&body, 2, dest);
    sw_wire_int(&body, 4, -1);
    sw_wire_bool(&body, 6, !path[1]);
    sw_wire_bool(&body, 8, true);
    sw_wire_int(&body, 11, -1);
    sw_lower_act(&actions, 4, value, &body);
    sw_lower_remove_all(lower, &actions, sw_strlist_view(&unwanted), sw_strlist_view(&links));
    *value = sw_lower_actions_add(lower, &actions);
    return true;
}

/* ---- rules on other snapshots: applied by the daemon ---- */

static bool put_patterns(struct sw_lower *lower, struct sw_lower_actions *actions, const struct sw_copy_source *source,
                         struct sw_buf *body, struct sw_error **error) {
    if (!sw_listing_has_rules(source))
        return true;
    if (!sw_lower_has(lower, rules_cap)) {
        sw_fail(error, SW_ERROR_UNSUPPORTED, "the BuildKit daemon at %s cannot leave out files while it copies from an image (%s)",
                lower->daemon->endpoint->address, rules_cap);
        if (error)
            *error = sw_error_hint(*error, "use BuildKit 0.9 or later, or --backend local");
        return false;
    }
    sw_llb_need(&actions->draft, rules_cap);
    if (source->flags & SW_COPY_PARENTS) {
        sw_cleanup_free char *clean = sw_path_clean(source->path);
        sw_cleanup_free char *pivot = pivot_of(source);
        sw_cleanup_free char *relative = sw_path_relative(clean + (*clean == '/'), pivot + 1);
        sw_wire_text_always(body, 12, relative);
    }
    for (size_t i = 0; i < source->include.count; i++)
        sw_wire_text_always(body, 12, source->include.items[i]);
    for (size_t i = 0; i < source->exclude.count; i++)
        sw_wire_text_always(body, 13, source->exclude.items[i]);
    return true;
}

/* ---- one source ---- */

/* The value of field 4 and, where the mode is symbolic, field 15. */
static bool read_mode(struct sw_lower *lower, struct sw_lower_actions *actions, const char *text, int64_t *mode,
                      const char **symbolic, struct sw_error **error) {
    *mode = -1;
    *symbolic = NULL;
    if (!text)
        return true;
    char *end = NULL;
    unsigned long octal = strtoul(text, &end, 8);
    if (*text && !*end && octal <= 07777) {
        *mode = (int64_t)octal;
        return true;
    }
    if (!sw_lower_has(lower, "file.copy.modestring") && strcmp(text, "u=rw,go=") == 0) {
        *mode = 0600; /* of a downloaded file: no folder is copied with it */
        return true;
    }
    if (!sw_lower_has(lower, "file.copy.modestring"))
        return sw_fail(error, SW_ERROR_UNSUPPORTED,
                       "the BuildKit daemon at %s is too old for the mode \"%s\": write it as a number",
                       lower->daemon->endpoint->address, text);
    sw_llb_need(&actions->draft, "file.copy.modestring");
    *symbolic = text;
    return true;
}

static bool put_copy(struct sw_lower *lower, struct sw_lower_actions *actions, const struct sw_copy_source *source,
                     struct sw_error **error) {
    struct sw_buf body = {0};
    struct sw_llb_value from = sw_lower_value(lower, source->from);
    bool rules_here = sw_listing_has_rules(source) && is_plain_tree(lower, source->from);
    bool parents = source->flags & SW_COPY_PARENTS;
    const char *symbolic;
    int64_t mode;
    const struct sw_listing *listing = listing_of(lower, source);
    if (rules_here && !filter_tree(lower, source, actions->draft.title, &from, error))
        return false;
    if (listing && !filter_image(lower, source, listing, actions->draft.title, &from, error))
        return false;
    if (!read_mode(lower, actions, source->mode, &mode, &symbolic, error))
        return false;
    size_t dest_len = strlen(source->dest);
    bool slash = source->flags & SW_COPY_DEST_DIR && dest_len && source->dest[dest_len - 1] != '/';
    sw_cleanup_free char *path = parents                ? pivot_of(source)
                                 : *source->path == '/' ? sw_strdup(source->path)
                                                        : sw_format("/%s", source->path);
    sw_cleanup_free char *dest = sw_format("%s%s", source->dest, slash ? "/" : "");
    sw_wire_text(&body, 1, path);
    sw_wire_text(&body, 2, dest);
    if (source->owner)
        sw_lower_owner(actions, &body, 3, source->owner);
    sw_wire_int(&body, 4, mode);
    sw_wire_bool(&body, 5, source->flags & SW_COPY_FOLLOW_SOURCE);
    sw_wire_bool(&body, 6, parents || source->flags & SW_COPY_CONTENTS);
    sw_wire_bool(&body, 7, source->flags & SW_COPY_UNPACK);
    sw_wire_bool(&body, 8, true);
    sw_wire_bool(&body, 9, !parents && source->flags & SW_COPY_WILDCARD);
    sw_wire_bool(&body, 10, source->flags & SW_COPY_ALLOW_EMPTY);
    sw_wire_int(&body, 11, source->mtime == INT64_MIN ? -1 : source->mtime * NANOS);
    if (!rules_here && !listing && !put_patterns(lower, actions, source, &body, error)) {
        sw_buf_fini(&body);
        return false;
    }
    static const char replace[] = "file.copy.alwaysreplaceexistingdestpaths";
    if (source->flags & SW_COPY_REPLACE && sw_lower_has(lower, replace)) {
        sw_wire_bool(&body, 14, true);
        sw_llb_need(&actions->draft, replace);
    }
    sw_wire_text(&body, 15, symbolic);
    sw_lower_act(actions, 4, &from, &body);
    return true;
}

/* ---- the operation ---- */

bool sw_lower_copy(struct sw_lower *lower, sw_node node, struct sw_llb_value *value, struct sw_error **error) {
    const struct sw_op_copy *op = sw_lower_record(lower, node);
    const char *title = sw_lower_title(lower, node);
    struct sw_llb_value input = sw_lower_value(lower, op->input);
    bool apart = op->link && sw_lower_has(lower, "mergeop") && input.op != SIZE_MAX;
    struct sw_lower_actions actions;
    sw_lower_actions_init(&actions, title, apart ? SW_LLB_SCRATCH : input);
    bool ok = true;
    for (size_t i = 0; ok && i < op->source_count; i++)
        ok = put_copy(lower, &actions, &op->sources[i], error);
    *value = sw_lower_actions_add(lower, &actions);
    if (!ok || !apart)
        return ok;
    struct sw_llb_draft draft = {.title = title};
    struct sw_llb_value layers[] = {input, *value};
    sw_llb_need(&draft, "mergeop");
    for (size_t i = 0; i < 2; i++) {
        sw_cleanup_buf struct sw_buf message = {0};
        sw_wire_int(&message, 1, sw_llb_input(&draft, layers[i]));
        sw_wire_message(&draft.body, 1, &message);
    }
    *value = sw_llb_add(&lower->llb, &draft, SW_LLB_MERGE);
    return true;
}
