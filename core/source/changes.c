#include "core/source/changes.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/map.h"
#include "core/source/diff.h"

/* --- two sets ------------------------------------------------------------------------------------------------------------------ */

struct side {
    uint32_t type;
    uint32_t mode;
    char id[GIT_OID_HEXSZ + 1];
};

struct comparison {
    struct sw_map before; /* path -> struct side * */
    struct sw_map *filling;
    sw_changed_visit visit;
    void *context;
};

static struct side side_of(const struct sw_walk_entry *entry) {
    struct side side = {.type = entry->type, .mode = entry->mode};
    if (side.type != SW_FILE_NONE)
        git_oid_tostr(side.id, sizeof side.id, &entry->id);
    return side;
}

static struct sw_file file_of(const struct side *side, const char *path) {
    return (struct sw_file){
        .size = sizeof(struct sw_file), .type = side->type, .mode = side->mode, .path = path, .id = *side->id ? side->id : NULL};
}

static void report(const struct comparison *comparison, const char *path, const struct side *before, const struct side *after) {
    struct sw_changed_file file = {path, file_of(before, path), file_of(after, path)};
    comparison->visit(comparison->context, &file);
}

static bool on_change(void *context, const struct sw_change *change, struct sw_error **error) {
    (void)error;
    struct side before = side_of(&change->before), after = side_of(&change->after);
    report(context, change->path, &before, &after);
    return true;
}

static bool on_before(void *context, const struct sw_walk_entry *entry, struct sw_error **error) {
    (void)error;
    struct comparison *comparison = context;
    struct side *side = sw_new(sizeof *side);
    *side = side_of(entry);
    sw_map_set(&comparison->before, entry->path, side);
    return true;
}

static bool on_after(void *context, const struct sw_walk_entry *entry, struct sw_error **error) {
    (void)error;
    static const struct side nothing = {.type = SW_FILE_NONE};
    struct comparison *comparison = context;
    struct side after = side_of(entry), *before = sw_map_get(&comparison->before, entry->path);
    bool same = before && before->type == after.type && before->mode == after.mode && !strcmp(before->id, after.id);
    if (!same)
        report(comparison, entry->path, before ? before : &nothing, &after);
    if (before)
        before->type = SW_FILE_NONE; /* done with */
    return true;
}

static void report_gone(const struct comparison *comparison) {
    static const struct side nothing = {.type = SW_FILE_NONE};
    for (size_t i = 0; i < comparison->before.len; i++) {
        const struct side *side = comparison->before.entries[i].value;
        if (side->type != SW_FILE_NONE)
            report(comparison, comparison->before.entries[i].key, side, &nothing);
    }
}

static bool equal_strings(struct sw_strings a, struct sw_strings b) {
    if (a.count != b.count)
        return false;
    for (size_t i = 0; i < a.count; i++)
        if (strcmp(a.items[i], b.items[i]) != 0)
            return false;
    return true;
}

static bool equal_filters(const struct sw_file_set *a, const struct sw_file_set *b) {
    if (strcmp(a->scope, b->scope) != 0 || a->filter_count != b->filter_count)
        return false;
    for (size_t i = 0; i < a->filter_count; i++) {
        const struct sw_filter *left = &a->filters[i], *right = &b->filters[i];
        if (strcmp(left->base ? left->base : "", right->base ? right->base : "") != 0 ||
            !equal_strings(left->include, right->include) || !equal_strings(left->exclude, right->exclude) ||
            !equal_strings(left->ignore, right->ignore))
            return false;
    }
    return true;
}

static bool walk_set(const struct sw_file_set *set, const struct sw_matcher *matcher, sw_walk_visit visit,
                     struct comparison *comparison, struct sw_error **error) {
    sw_cleanup_free char *scope = sw_matcher_path(set->scope);
    struct sw_walk walk = {.matcher = matcher, .kind = SW_WALK_FILES, .visit = visit, .context = comparison};
    return sw_walk(set->commit, scope, &walk, error);
}

bool sw_changes(const struct sw_file_set *before, const struct sw_file_set *after, sw_changed_visit visit, void *context,
                struct sw_error **error) {
    struct comparison comparison = {.visit = visit, .context = context};
    sw_cleanup_matcher struct sw_matcher *new = sw_matcher_new(after->scope, after->filters, after->filter_count, error);
    if (!new)
        return false;
    if (equal_filters(before, after))
        return sw_diff(before->commit, after->commit, new, on_change, &comparison, error);
    sw_cleanup_matcher struct sw_matcher *old = sw_matcher_new(before->scope, before->filters, before->filter_count, error);
    bool ok = old && walk_set(before, old, on_before, &comparison, error) && walk_set(after, new, on_after, &comparison, error);
    if (ok)
        report_gone(&comparison);
    sw_map_fini(&comparison.before, free);
    return ok;
}

/* --- history ------------------------------------------------------------------------------------------------------------------- */

struct history {
    git_repository *handle;
    struct sw_vec open; /* git_commit *: seen, to be visited */
    struct sw_map seen;
};

static void open_commit(struct history *history, const git_oid *id) {
    char hex[GIT_OID_HEXSZ + 1];
    git_commit *commit;
    git_oid_tostr(hex, sizeof hex, id);
    if (sw_map_has(&history->seen, hex) || git_commit_lookup(&commit, history->handle, id) != 0)
        return;
    sw_map_set(&history->seen, hex, history);
    sw_vec_push(&history->open, &commit);
}

/* The newest of those that are open; an older one among equals keeps its place. */
static git_commit *take_newest(struct history *history) {
    git_commit **all = history->open.data, *taken;
    size_t best = 0;
    for (size_t i = 1; i < history->open.len; i++)
        if (git_commit_time(all[i]) > git_commit_time(all[best]))
            best = i;
    taken = all[best];
    memmove(&all[best], &all[best + 1], (--history->open.len - best) * sizeof *all);
    return taken;
}

void sw_ancestors(const struct sw_commit *commit, size_t limit, bool (*visit)(void *context, const char *id), void *context) {
    struct history history = {.handle = sw_handle_borrow(commit->repository, NULL), .open = {.width = sizeof(git_commit *)}};
    bool more = history.handle != NULL;
    if (more)
        open_commit(&history, &commit->oid);
    for (size_t i = 0; more && i < limit && history.open.len; i++) {
        char hex[GIT_OID_HEXSZ + 1];
        git_commit *next = take_newest(&history);
        more = visit(context, git_oid_tostr(hex, sizeof hex, git_commit_id(next)));
        for (unsigned parent = 0; more && parent < git_commit_parentcount(next); parent++)
            open_commit(&history, git_commit_parent_id(next, parent));
        git_commit_free(next);
    }
    while (history.open.len)
        git_commit_free(take_newest(&history));
    sw_vec_fini(&history.open);
    sw_map_fini(&history.seen, NULL);
    sw_handle_return(commit->repository, history.handle);
}
