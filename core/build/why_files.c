#include "core/build/why_files.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/build/stage_record.h"
#include "core/source/changes.h"

/* More than these nobody reads, and renames are not looked for among more. */
enum { MOST_FILES = 10000, MOST_RENAMES = 1000 };

struct listing {
    json_t *files;
    json_int_t count;
};

static void set_side(json_t *file, const char *id_key, const char *mode_key, const struct sw_file *side) {
    sw_cleanup_free char *mode = sw_format("%06o", side->type == SW_FILE_SYMLINK ? 0120000 : 0100000 | side->mode);
    if (side->type == SW_FILE_NONE)
        return;
    json_object_set_new(file, id_key, json_string(side->id));
    json_object_set_new(file, mode_key, json_string(mode));
}

static void list_file(void *context, const struct sw_changed_file *changed) {
    struct listing *listing = context;
    if (listing->count++ >= MOST_FILES)
        return;
    json_t *file = json_object();
    json_t *path = json_string(changed->path);
    json_object_set_new(file, "path", path ? path : json_string("(a name that is no UTF-8)"));
    set_side(file, "before", "mode_before", &changed->before);
    set_side(file, "after", "mode_after", &changed->after);
    json_array_append_new(listing->files, file);
}

/* ---- renames ---- */

static const char *text_of(const json_t *file, const char *key) {
    return json_string_value(json_object_get(file, key));
}

/* A file that is gone and one that is new with the same content are one file with a new name. */
static void join_renames(json_t *files) {
    if (json_array_size(files) > MOST_RENAMES)
        return;
    for (size_t i = 0; i < json_array_size(files); i++) {
        json_t *new = json_array_get(files, i);
        if (text_of(new, "before") || !text_of(new, "after"))
            continue;
        for (size_t j = 0; j < json_array_size(files); j++) {
            json_t *old = json_array_get(files, j);
            if (!text_of(old, "before") || text_of(old, "after") || strcmp(text_of(old, "before"), text_of(new, "after")) != 0)
                continue;
            json_object_set(new, "from", json_object_get(old, "path"));
            json_object_set(new, "before", json_object_get(old, "before"));
            json_object_set(new, "mode_before", json_object_get(old, "mode_before"));
            json_array_remove(files, j);
            i -= j < i;
            break;
        }
    }
}

/* ---- both sides ---- */

static bool read_filters(const struct sw_why_files *files, struct sw_arena *arena, struct sw_file_set *set) {
    const json_t *old = json_object_get(files->input, "files");
    size_t count = json_array_size(json_object_get(old, "filters"));
    struct sw_filter *filters = sw_arena_new(arena, (count + 1) * sizeof *filters);
    for (size_t i = 0; i < count; i++)
        if (!sw_stage_record_filter(files->record, old, i, arena, &filters[i]))
            return false;
    set->filters = filters;
    set->filter_count = count;
    return true;
}

static const struct sw_commit *open_commit(const struct sw_why_files *files, const char *id) {
    const struct sw_commit *commit = NULL;
    struct sw_error *error = NULL;
    if (id && !files->build->options.host->files->sibling(files->now->commit, id, &commit, &error))
        sw_error_free(error);
    return commit;
}

/* The earlier files, as they were named then. False: nobody knows which they were. */
static bool earlier_set(const struct sw_why_files *files, struct sw_arena *arena, struct sw_file_set *set, const char **missing) {
    const json_t *old = json_object_get(files->input, "files");
    const char *id = json_string_value(json_object_get(old, "commit")), *scope = json_string_value(json_object_get(old, "scope"));
    const char *own = json_string_value(json_object_get(files->record, "commit"));
    *set =
        (struct sw_file_set){.scope = files->now->scope, .filters = files->now->filters, .filter_count = files->now->filter_count};
    if (files->now->since) {
        *missing = files->now->since;
        set->commit = open_commit(files, files->now->since);
        return set->commit != NULL;
    }
    if (!old || !id || !scope)
        return false;
    if (read_filters(files, arena, set))
        set->scope = scope;
    *missing = id;
    if (files->commit && own && strcmp(own, id) == 0)
        set->commit = open_commit(files, files->commit);
    if (!set->commit)
        set->commit = open_commit(files, id);
    return set->commit != NULL;
}

static bool other_filters(const struct sw_file_set *before, const struct sw_file_set *after) {
    bool other = before->filter_count != after->filter_count || strcmp(before->scope, after->scope) != 0;
    for (size_t i = 0; !other && i < before->filter_count; i++) {
        const struct sw_filter *a = &before->filters[i], *b = &after->filters[i];
        const struct sw_strings lists[][2] = {{a->include, b->include}, {a->exclude, b->exclude}, {a->ignore, b->ignore}};
        for (size_t j = 0; !other && j < 3; j++) {
            sw_cleanup_free char *left = sw_strings_join(lists[j][0], "\n"), *right = sw_strings_join(lists[j][1], "\n");
            other = strcmp(left, right) != 0;
        }
    }
    return other;
}

void sw_why_add_files(const struct sw_why_files *files, json_t *difference) {
    sw_cleanup_arena struct sw_arena arena = {0};
    struct sw_file_set before, after = {files->now->commit, files->now->scope, files->now->filters, files->now->filter_count};
    struct listing listing = {.files = json_array()};
    struct sw_error *error = NULL;
    const char *missing = NULL;
    bool known = earlier_set(files, &arena, &before, &missing);
    if (known && !sw_changes(&before, &after, list_file, &listing, &error)) {
        sw_error_free(error); /* of a clone that lacks something */
        known = false;
    }
    if (known) {
        join_renames(listing.files);
        json_object_set(difference, "files", listing.files);
        json_object_set_new(difference, "file_count", json_integer(listing.count));
        if (other_filters(&before, &after))
            json_object_set_new(difference, "filters_changed", json_true());
    } else if (missing) {
        json_object_set_new(difference, "missing_commit", json_string(missing));
    }
    json_decref(listing.files);
}
