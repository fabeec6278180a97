#include "plugins/dockerfile/context.h"

#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/path.h"
#include "core/base/vec.h"
#include "plugins/dockerfile/text.h"

/* The components of a path before the first one with a wildcard; "" is the whole context. */
static const char *literal_part(struct sw_arena *arena, const char *path) {
    sw_cleanup_free char *clean = sw_path_join("/", path);
    size_t end = 0;
    for (size_t i = 1; clean[i - 1]; i++) {
        /* Characters that mean something in the host's filters end it too. */
        if (clean[i] && strchr("*?[]{}\\!", clean[i]))
            break;
        if (clean[i] == '/' || !clean[i])
            end = i;
        if (!clean[i])
            break;
    }
    return end > 1 ? sw_arena_strn(arena, clean + 1, end - 1) : "";
}

static bool has_symlink(struct sw_df_planner *p, const char *path, bool *found, struct sw_error **error) {
    for (const char *slash = path; slash && *path;) {
        slash = strchr(slash == path ? path : slash + 1, '/');
        const char *part = slash ? sw_arena_strn(&p->arena, path, (size_t)(slash - path)) : path;
        sw_cleanup_free char *whole = sw_path_join(p->document.context, part);
        struct sw_file file = {.size = sizeof(file)};
        if (!p->host->files->stat(p->request->commit, whole, &file, error))
            return false;
        *found = *found || file.type == SW_FILE_SYMLINK;
    }
    return true;
}

/* A symlink that a wildcard may match leads to files elsewhere in the context. */
struct link_search {
    size_t depth;
    bool found;
};

static size_t depth_of(const char *path) {
    size_t depth = *path != '\0';
    for (; *path; path++)
        depth += *path == '/';
    return depth;
}

static bool visit_link(void *context, const struct sw_file *file) {
    struct link_search *search = context;
    search->found = file->type == SW_FILE_SYMLINK && depth_of(file->path) <= search->depth;
    return !search->found;
}

static bool wildcard_links(struct sw_df_planner *p, const char *path, const char *literal, bool *found, struct sw_error **error) {
    sw_cleanup_free char *clean = sw_path_join(p->document.context, path), *folder = sw_path_join(p->document.context, literal);
    struct link_search search = {.depth = strstr(clean, "**") ? SIZE_MAX : depth_of(clean)};
    if (!p->host->files->list(p->request->commit, folder, NULL, 0, visit_link, &search, error))
        return false;
    *found = *found || search.found;
    return true;
}

/* Paths that hold all that the instruction can reach; none when that is the whole context. */
static bool narrow(struct sw_df_planner *p, struct sw_strings paths, struct sw_strlist *wanted, struct sw_error **error) {
    bool whole = false;
    for (size_t i = 0; i < paths.count && !whole; i++) {
        const char *literal = literal_part(&p->arena, paths.items[i]);
        sw_cleanup_free char *clean = sw_path_join("/", paths.items[i]);
        whole = !*literal;
        if (!whole && !has_symlink(p, literal, &whole, error))
            return false;
        if (!whole && strcmp(clean + 1, literal) != 0 && !wildcard_links(p, clean + 1, literal, &whole, error))
            return false;
        sw_strlist_add(wanted, literal);
    }
    if (whole)
        sw_strlist_fini(wanted);
    return true;
}

/* Whether files under `added` can be under one of `wanted`. */
static bool touches(struct sw_strings wanted, const char *added) {
    if (wanted.count == 0)
        return true;
    for (size_t i = 0; i < wanted.count; i++)
        if (sw_path_within(added, wanted.items[i]) || sw_path_within(wanted.items[i], added))
            return true;
    return false;
}

/* The files of contextAddFiles that the tree needs, relative to the project. */
static void pick_added(struct sw_df_planner *p, struct sw_strings wanted, struct sw_strlist *picked) {
    size_t skip = *p->document.project_context ? strlen(p->document.project_context) + 1 : 0;
    for (size_t i = 0; i < p->document.added.count; i++) {
        const char *path = p->document.added.items[i];
        size_t len = strlen(path);
        if (touches(wanted, len > skip ? path + skip : ""))
            sw_strlist_add(picked, path);
    }
}

sw_node sw_df_context_node(struct sw_df_planner *p, struct sw_graph *graph, struct sw_strings paths, const struct sw_op_note *note,
                           struct sw_error **error) {
    sw_cleanup_strlist struct sw_strlist wanted = {0}, picked = {0};
    if (!narrow(p, paths, &wanted, error))
        return SW_NODE_NONE;
    pick_added(p, sw_strlist_view(&wanted), &picked);
    struct sw_df_context files = sw_df_planner_context(p);
    struct sw_filter filters[2] = {sw_df_build_filter(&files), {.size = sizeof(struct sw_filter), .base = p->document.context}};
    filters[1].include = sw_strlist_view(&wanted);
    struct sw_op_tree tree = {
        .size = sizeof(tree), .filter_count = 2, .commit = p->request->commit, .scope = p->document.context, .filters = filters};
    if (picked.len > 0) {
        tree.host_root = p->request->host_project_folder;
        tree.host_paths = sw_strlist_view(&picked);
        tree.host_strip = p->document.project_context;
    }
    return p->host->graph->add_tree(graph, &tree, note, error);
}
