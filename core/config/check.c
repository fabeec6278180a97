#include "core/config/check.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "core/base/suggest.h"
#include "core/source/matcher.h"

bool sw_check_is_list(const struct sw_value *value) {
    return sw_value_kind_of(value) == SW_VALUE_LIST;
}

bool sw_check_is_map(const struct sw_value *value) {
    return sw_value_kind_of(value) == SW_VALUE_MAP;
}

const struct sw_value *sw_check_given(const struct sw_value *map, const char *key) {
    const struct sw_value *value = sw_value_get(map, key);
    return sw_value_kind_of(value) == SW_VALUE_NULL ? NULL : value;
}

const char *sw_check_text(const struct sw_value *map, const char *key) {
    return sw_value_source(sw_value_get(map, key));
}

bool sw_check_switch(const struct sw_value *map, const char *key, bool otherwise) {
    return sw_document_table.boolean(sw_value_get(map, key), otherwise);
}

struct sw_strings sw_check_texts(struct sw_check *check, const struct sw_value *value) {
    size_t most = sw_check_is_list(value) ? value->count : 1, count = 0;
    const char **items = sw_arena_new(check->arena, (most + 1) * sizeof *items);
    if (sw_check_is_list(value)) {
        for (size_t i = 0; i < value->count; i++)
            if (!sw_check_is_list(value->values[i]) && !sw_check_is_map(value->values[i]))
                items[count++] = sw_value_source(value->values[i]);
    } else if (sw_value_is_scalar(value)) {
        items[count++] = value->source;
    }
    return (struct sw_strings){items, count};
}

static int compare_pairs(const void *a, const void *b) {
    return strcmp(((const struct sw_pair *)a)->key, ((const struct sw_pair *)b)->key);
}

struct sw_pairs sw_check_pairs(struct sw_check *check, const struct sw_value *map) {
    if (!sw_check_is_map(map))
        return (struct sw_pairs){0};
    struct sw_pair *pairs = sw_arena_new(check->arena, (map->count + 1) * sizeof *pairs);
    for (size_t i = 0; i < map->count; i++)
        pairs[i] = (struct sw_pair){map->keys[i]->source, sw_value_source(map->values[i])};
    qsort(pairs, map->count, sizeof *pairs, compare_pairs);
    return (struct sw_pairs){pairs, map->count};
}

/* What was said of an unknown key; NULL when the key is known. */
static const struct sw_error *said_unknown(const struct sw_check *check, const struct sw_value *key) {
    for (size_t i = 0; i < check->list->len; i++) {
        const struct sw_error *error = check->list->items[i].error;
        if (error->line == key->place.line && error->column == key->place.column && strstr(error->message, "unknown key"))
            return error;
    }
    return NULL;
}

bool sw_check_misspelled(const struct sw_check *check, const struct sw_value *map, const char *key) {
    for (size_t i = 0; sw_check_is_map(map) && i < map->count; i++) {
        if (strcmp(map->keys[i]->source, key) == 0)
            continue;
        const struct sw_error *unknown = said_unknown(check, map->keys[i]);
        if (sw_schema_similar(map->keys[i]->source, key) || (unknown && !strstr(unknown->message, "did you mean")))
            return true;
    }
    return false;
}

/* The same, of keys that are known to be wrong: known ones may be like each other. */
static bool is_misspelled_there(const struct sw_check *check, const struct sw_value *map, const char *key) {
    for (size_t i = 0; sw_check_is_map(map) && i < map->count; i++) {
        const struct sw_error *unknown = said_unknown(check, map->keys[i]);
        if (unknown && (sw_schema_similar(map->keys[i]->source, key) || !strstr(unknown->message, "did you mean")))
            return true;
    }
    return false;
}

bool sw_check_none_given(const struct sw_check *check, const struct sw_value *map, const char *const *keys) {
    for (; *keys; keys++) {
        const struct sw_value *value = sw_value_get(map, *keys);
        if (*sw_value_source(value) || sw_check_is_list(value) || sw_check_is_map(value) || is_misspelled_there(check, map, *keys))
            return false;
    }
    return true;
}

bool sw_check_path_stays(const char *path) {
    sw_cleanup_free char *clean = sw_path_clean(path);
    return *path != '/' && strcmp(clean, "..") != 0 && strncmp(clean, "../", 3) != 0;
}

static void check_glob(struct sw_check *check, const struct sw_value *glob, const char *key, const char *way) {
    if (sw_value_kind_of(glob) != SW_VALUE_STRING)
        return;
    if (!sw_check_path_stays(glob->source)) {
        struct sw_error *error = sw_diagnose_value(check->list, glob, "%s › %s: \"%s\" must be a relative path that stays inside",
                                                   way, key, glob->source);
        sw_error_hint(error, "paths of `%s` count from `add`", key);
        return;
    }
    struct sw_filter filter = {.size = sizeof filter, .include = {&glob->source, 1}};
    struct sw_error *problem = NULL;
    struct sw_matcher *matcher = sw_matcher_new("", &filter, 1, &problem);
    if (!matcher)
        sw_diagnose_value(check->list, glob,
                          "%s › %s: \"%s\" is no valid pattern: a bracket or brace is not closed, or it ends in `\\`", way, key,
                          glob->source);
    sw_error_free(problem);
    sw_matcher_free(matcher);
}

void sw_check_globs(struct sw_check *check, const struct sw_value *map, const char *key, const char *way) {
    const struct sw_value *globs = sw_value_get(map, key);
    if (!sw_check_is_list(globs)) {
        check_glob(check, globs, key, way);
        return;
    }
    for (size_t i = 0; i < globs->count; i++)
        check_glob(check, globs->values[i], key, way);
}

bool sw_check_gate(struct sw_check *check, const struct sw_value *value, enum sw_gate gate, const char *subject, const char *way) {
    const struct sw_giterminism *policy = check->options->giterminism;
    if (!policy || sw_giterminism_allows(policy, gate, subject))
        return true;
    struct sw_error *refusal = sw_giterminism_refusal(gate, subject);
    struct sw_error *error = sw_diagnose_value(check->list, value, "%s: %s", way, refusal->message);
    error->code = SW_ERROR_DENIED;
    sw_error_hint(error, "%s", refusal->hint);
    sw_error_free(refusal);
    return false;
}

struct sw_image_draft *sw_check_find(const struct sw_check *check, const char *name) {
    return sw_map_get(&check->by_name, name);
}

void sw_check_suggest_image(const struct sw_check *check, const char *name, struct sw_error *error) {
    struct sw_vec names = {.width = sizeof(const char *)};
    for (size_t i = 0; i < check->drafts.len; i++) {
        struct sw_image_draft *draft = *(struct sw_image_draft **)sw_vec_at(&check->drafts, i);
        sw_vec_push(&names, &draft->image.name);
    }
    const char *nearest = strlen(name) > 2 ? sw_suggest(name, (struct sw_strings){names.data, names.len}) : NULL;
    if (nearest && *nearest)
        sw_error_hint(error, "did you mean \"%s\"?", nearest);
    sw_vec_fini(&names);
}

void sw_check_add_need(struct sw_check *check, struct sw_image_draft *draft, const char *name, enum sw_need_kind kind,
                       const struct sw_value *at) {
    const struct sw_image_draft *other = sw_check_find(check, name);
    if (!other)
        return;
    struct sw_image_need need = {.image = other->index,
                                 .kind = kind,
                                 .place = at->place,
                                 .rendered_line = at->rendered_line,
                                 .rendered_column = at->rendered_column};
    sw_vec_push(&draft->needs, &need);
}
