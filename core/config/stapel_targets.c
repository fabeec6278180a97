/* Targets of git mappings and imports of one Stapel image: two entries may not fill the same path.
 *
 * An entry above another one leaves the other's path out, by an exclude path of its own; only equal targets are a conflict. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "core/config/check.h"

struct target {
    const struct sw_value *entry;
    const char *key; /* "git" or "import" */
    size_t index;
    char *to;                   /* cleaned */
    struct sw_strlist set;      /* absolute paths that are filled; empty: everything */
    struct sw_strlist excludes; /* absolute */
    bool has_includes;
};

static void add_paths(struct sw_check *check, const char *to, const struct sw_value *paths, struct sw_strlist *out) {
    struct sw_strings items = sw_check_texts(check, paths);
    for (size_t i = 0; i < items.count; i++)
        sw_strlist_take(out, sw_path_join(to, items.items[i]));
}

static void add_target(struct sw_check *check, struct sw_vec *targets, const struct sw_value *entry, const char *key,
                       size_t index) {
    const char *to = sw_check_text(entry, "to");
    if (!*to && strcmp(key, "import") == 0)
        to = sw_check_text(entry, "add");
    if (*to != '/')
        return;
    struct target target = {.entry = entry, .key = key, .index = index, .to = sw_path_clean(to)};
    add_paths(check, target.to, sw_value_get(entry, "includePaths"), &target.set);
    add_paths(check, target.to, sw_value_get(entry, "excludePaths"), &target.excludes);
    target.has_includes = target.set.len;
    if (!target.set.len && strcmp(target.to, "/") != 0)
        sw_strlist_add(&target.set, target.to);
    sw_vec_push(targets, &target);
}

/* Local mappings, remote ones, imports: the order of the build. */
static void find_targets(struct sw_check *check, const struct sw_value *document, struct sw_vec *targets) {
    const struct sw_value *git = sw_value_get(document, "git"), *imports = sw_value_get(document, "import");
    for (int remote = 0; remote < 2; remote++)
        for (size_t i = 0; sw_check_is_list(git) && i < git->count; i++)
            if (sw_check_is_map(git->values[i]) && (*sw_check_text(git->values[i], "url") != 0) == remote)
                add_target(check, targets, git->values[i], "git", i);
    for (size_t i = 0; sw_check_is_list(imports) && i < imports->count; i++)
        if (sw_check_is_map(imports->values[i]))
            add_target(check, targets, imports->values[i], "import", i);
}

static bool above_any(const char *path, const struct sw_strlist *list) {
    for (size_t i = 0; i < list->len; i++)
        if (sw_path_within(list->items[i], path))
            return true;
    return false;
}

/* Whether both fill one path; otherwise `first` leaves out what `second` fills below it. */
static bool collide(struct target *first, const struct target *second) {
    if (!sw_path_within(second->to, first->to))
        return false;
    if (!first->set.len && !second->set.len)
        return true;
    for (size_t i = 0; i < second->set.len; i++) {
        const char *path = second->set.items[i];
        if (sw_strlist_has(&first->set, path))
            return true;
        if ((first->has_includes && above_any(path, &first->set)) || above_any(path, &first->excludes))
            continue;
        sw_strlist_add(&first->excludes, path);
    }
    return false;
}

static void report(struct sw_check *check, const struct sw_image_document *document, const struct target *a,
                   const struct target *b) {
    const struct target *later = b, *earlier = a;
    if (a->entry->place.line > b->entry->place.line ||
        (a->entry->place.line == b->entry->place.line && a->entry->place.column > b->entry->place.column)) {
        later = a;
        earlier = b;
    }
    const struct sw_value *at = sw_value_get(later->entry, "to");
    struct sw_error *error = sw_diagnose_value(
        check->list, at ? at : later->entry, "%s › %s[%zu] › to: \"%s\" is already filled by %s[%zu] in line %u", document->subject,
        later->key, later->index, later->to, earlier->key, earlier->index, earlier->entry->place.line);
    sw_error_hint(error, "choose another target, or divide the files with `includePaths`");
}

void sw_stapel_targets(struct sw_check *check, struct sw_image_document *document) {
    struct sw_vec targets = {.width = sizeof(struct target)};
    find_targets(check, document->value, &targets);
    sw_cleanup_free bool *told = sw_new_array(targets.len * targets.len + 1, sizeof *told);
    for (size_t i = 0; i < targets.len; i++) {
        for (size_t j = 0; j < targets.len; j++) {
            struct target *a = sw_vec_at(&targets, i), *b = sw_vec_at(&targets, j);
            if (i == j || !collide(a, b) || told[j * targets.len + i])
                continue;
            told[i * targets.len + j] = true;
            report(check, document, a, b);
        }
    }
    for (size_t i = 0; i < targets.len; i++) {
        struct target *target = sw_vec_at(&targets, i);
        free(target->to);
        sw_strlist_fini(&target->set);
        sw_strlist_fini(&target->excludes);
    }
    sw_vec_fini(&targets);
}
