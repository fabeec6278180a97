#include "core/build/stage_record.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/build/leaks.h"

/* Past so many inputs a record would weigh more than what it explains; and so would long filters. */
enum { MOST_INPUTS = 20000, LONGEST_VALUE = 200, LONGEST_FILTER = 4000 };

char *sw_stage_record_tag(const char *stage_id) {
    return sw_format("record-%s", stage_id);
}

/* ---- writing ---- */

/* Whether values that may be shown are: not in a record that would repeat a secret. */
enum showing { SHOW_TEXT, SHOW_DIGESTS };

/* A value may be shown when its builder says so and it is short text; else its digest stands for it. */
static json_t *shown_value(const struct sw_input *input, enum showing showing) {
    if (showing == SHOW_TEXT && (input->flags & SW_INPUT_SECRET_FREE) && input->value.len <= LONGEST_VALUE) {
        json_t *text = json_stringn(input->value.len ? input->value.data : "", input->value.len);
        if (text) /* not when it is no UTF-8 */
            return text;
    }
    char digest[7 + SW_SHA256_HEX] = "sha256:";
    sw_sha256_hex(input->value.data, input->value.len, digest + 7);
    return json_string(digest);
}

static void set_list(json_t *filter, const char *key, struct sw_strings list) {
    json_t *items = list.count ? json_array() : NULL;
    for (size_t i = 0; i < list.count; i++) {
        json_t *item = json_string(list.items[i]);
        json_array_append_new(items, item ? item : json_null()); /* no UTF-8 */
    }
    if (items)
        json_object_set_new(filter, key, items);
}

/* Number of a filter in the record's list of them: most inputs share the first one. */
static json_int_t filter_number(json_t *filters, const struct sw_filter *filter) {
    json_t *json = json_object();
    if (filter->base && *filter->base)
        json_object_set_new(json, "base", json_string(filter->base));
    set_list(json, "include", filter->include);
    set_list(json, "exclude", filter->exclude);
    set_list(json, "ignore", filter->ignore);
    sw_cleanup_free char *text = json_dumps(json, JSON_COMPACT);
    if (strlen(text) > LONGEST_FILTER) {
        char digest[7 + SW_SHA256_HEX] = "sha256:";
        sw_sha256_hex(text, strlen(text), digest + 7);
        json_object_clear(json);
        json_object_set_new(json, "digest", json_string(digest));
    }
    size_t i = 0;
    while (i < json_array_size(filters) && !json_equal(json_array_get(filters, i), json))
        i++;
    if (i == json_array_size(filters))
        json_array_append(filters, json);
    json_decref(json);
    return (json_int_t)i;
}

static json_t *files_of(const struct sw_job *job, const struct sw_input_files *files, json_t *filters) {
    const char *commit = job->build->options.host->files->id(files->commit);
    json_t *numbers = json_array();
    for (size_t i = 0; i < files->filter_count; i++)
        json_array_append_new(numbers, json_integer(filter_number(filters, &files->filters[i])));
    json_t *json = json_pack("{s:s, s:s, s:o}", "commit", commit, "scope", files->scope, "filters", numbers);
    if (files->since)
        json_object_set_new(json, "since", json_string(files->since));
    return json;
}

static json_t *input_record(const struct sw_job *job, const struct sw_input *input, enum showing showing, json_t *filters) {
    json_t *json = json_pack("{s:s*, s:o}", "name", input->name, "value", shown_value(input, showing));
    if (input->flags & SW_INPUT_DETAIL)
        json_object_set_new(json, "detail", json_true());
    if (input->files)
        json_object_set_new(json, "files", files_of(job, input->files, filters));
    return json;
}

static char *record_text(const struct sw_job *job, const struct sw_stage_state *stage, const char *parent, enum showing showing) {
    json_t *inputs = json_array();
    sw_cleanup_json json_t *filters = json_array();
    for (size_t i = 0; i < stage->input_count && i < MOST_INPUTS; i++)
        json_array_append_new(inputs, input_record(job, &stage->inputs[i], showing, filters));
    if (stage->digest_base)
        json_array_append_new(inputs, json_pack("{s:s, s:s}", "name", "base image", "value", stage->digest_base));
    sw_cleanup_json json_t *record =
        json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "version", 1, "image", job->name, "platform", job->platform, "stage",
                  stage->name, "digest", stage->digest, "id", stage->id, "commit",
                  job->build->options.host->files->id(job->build->options.commit), "inputs", inputs);
    if (json_array_size(filters))
        json_object_set(record, "filters", filters);
    if (parent)
        json_object_set_new(record, "parent", json_string(parent));
    return json_dumps(record, JSON_COMPACT);
}

char *sw_stage_record_text(const struct sw_job *job, const struct sw_stage_state *stage, const char *parent) {
    char *text = record_text(job, stage, parent, SHOW_TEXT);
    if (!sw_leaks_in_text(text, strlen(text)))
        return text;
    free(text);
    return record_text(job, stage, parent, SHOW_DIGESTS);
}

char *sw_index_record_text(const struct sw_build *build, const struct sw_project_image *image) {
    json_t *platforms = json_object();
    sw_cleanup_json json_t *record = json_pack("{s:i, s:s, s:s, s:o}", "version", 1, "image", image->name, "commit",
                                               build->options.host->files->id(build->options.commit), "platforms", platforms);
    for (size_t i = 0; i < image->platforms.count; i++) {
        const struct sw_job *job = sw_build_job(build, image->name, image->platforms.items[i]);
        if (!job || job->state != SW_JOB_DONE)
            return NULL;
        json_object_set_new(platforms, job->platform, json_string(job->built.tag));
    }
    return json_dumps(record, JSON_COMPACT);
}

/* ---- reading ---- */

static bool read_list(const json_t *filter, const char *key, struct sw_arena *arena, struct sw_strings *list) {
    const json_t *items = json_object_get(filter, key);
    const char **strings = sw_arena_new(arena, (json_array_size(items) + 1) * sizeof *strings);
    for (size_t i = 0; i < json_array_size(items); i++) {
        strings[i] = sw_arena_str(arena, json_string_value(json_array_get(items, i)));
        if (!strings[i])
            return false;
    }
    *list = (struct sw_strings){strings, json_array_size(items)};
    return true;
}

bool sw_stage_record_filter(const json_t *record, const json_t *files, size_t number, struct sw_arena *arena,
                            struct sw_filter *filter) {
    const json_t *which = json_array_get(json_object_get(files, "filters"), number);
    const json_t *json = json_is_integer(which) && json_integer_value(which) >= 0
                             ? json_array_get(json_object_get(record, "filters"), (size_t)json_integer_value(which))
                             : NULL;
    if (!json_is_object(json) || json_object_get(json, "digest"))
        return false;
    *filter =
        (struct sw_filter){.size = sizeof *filter, .base = sw_arena_str(arena, json_string_value(json_object_get(json, "base")))};
    return read_list(json, "include", arena, &filter->include) && read_list(json, "exclude", arena, &filter->exclude) &&
           read_list(json, "ignore", arena, &filter->ignore);
}

/* ---- comparing ---- */

/* Larger tables than this are not filled in: everything between what is equal at both ends counts as changed. */
enum { LARGEST_TABLE = 4 * 1000 * 1000, MANY_DIFFERENCES = 2000 };

struct entry {
    const json_t *json;
    const char *name;
    const char *value;
    char *plain; /* the name without its line */
    size_t pair; /* index on the other side + 1; 0: none */
};

struct sides {
    struct entry *old, *new;
    size_t old_count, new_count;
};

/* "instruction Dockerfile:12: RUN" is "instruction Dockerfile: RUN", wherever it stands. */
static char *without_line(const char *name) {
    char *plain = sw_strdup(name), *to = plain;
    for (const char *from = name; *from;) {
        const char *end = from + 1;
        while (*from == ':' && isdigit((unsigned char)*end))
            end++;
        if (*from == ':' && end > from + 1 && (*end == ':' || *end == ' ' || !*end))
            from = end;
        else
            *to++ = *from++;
    }
    *to = '\0';
    return plain;
}

static struct entry *read_entries(const json_t *record, size_t *count) {
    const json_t *inputs = json_object_get(record, "inputs");
    struct entry *entries = sw_new_array(json_array_size(inputs) + 1, sizeof *entries);
    *count = 0;
    for (size_t i = 0; i < json_array_size(inputs); i++) {
        const json_t *json = json_array_get(inputs, i);
        const char *name = json_string_value(json_object_get(json, "name")),
                   *value = json_string_value(json_object_get(json, "value"));
        entries[(*count)++] = (struct entry){
            .json = json, .name = name ? name : "", .value = value ? value : "", .plain = without_line(name ? name : "")};
    }
    return entries;
}

static void free_entries(struct entry *entries, size_t count) {
    for (size_t i = 0; i < count; i++)
        free(entries[i].plain);
    free(entries);
}

static bool equal(const struct entry *a, const struct entry *b) {
    return strcmp(a->plain, b->plain) == 0 && strcmp(a->value, b->value) == 0;
}

static void make_pair(struct sides *sides, size_t old, size_t new) {
    sides->old[old].pair = new + 1;
    sides->new[new].pair = old + 1;
}

/* The longest common subsequence of what lies between the equal ends. */
static void pair_middle(struct sides *sides, size_t start, size_t old_end, size_t new_end) {
    size_t rows = old_end - start, columns = new_end - start, width = columns + 1;
    if (!rows || !columns || (rows + 1) > LARGEST_TABLE / width)
        return;
    sw_cleanup_free uint32_t *longest = sw_new_array((rows + 1) * width, sizeof *longest);
    for (size_t i = rows; i-- > 0;)
        for (size_t j = columns; j-- > 0;) {
            uint32_t down = longest[(i + 1) * width + j], right = longest[i * width + j + 1];
            longest[i * width + j] = equal(&sides->old[start + i], &sides->new[start + j]) ? longest[(i + 1) * width + j + 1] + 1
                                     : down > right                                        ? down
                                                                                           : right;
        }
    for (size_t i = 0, j = 0; i < rows && j < columns;) {
        if (equal(&sides->old[start + i], &sides->new[start + j]))
            make_pair(sides, start + i++, start + j++);
        else if (longest[(i + 1) * width + j] >= longest[i * width + j + 1])
            i++;
        else
            j++;
    }
}

static void pair_equals(struct sides *sides) {
    size_t start = 0, old_end = sides->old_count, new_end = sides->new_count;
    while (start < old_end && start < new_end && equal(&sides->old[start], &sides->new[start])) {
        make_pair(sides, start, start);
        start++;
    }
    while (old_end > start && new_end > start && equal(&sides->old[old_end - 1], &sides->new[new_end - 1]))
        make_pair(sides, --old_end, --new_end);
    pair_middle(sides, start, old_end, new_end);
}

/* Between two equals, inputs of one name are the same input with another value. */
static void pair_names(struct sides *sides) {
    for (size_t i = 0, j = 0; i < sides->old_count || j < sides->new_count;) {
        size_t old_end = i, new_end = j;
        while (old_end < sides->old_count && !sides->old[old_end].pair)
            old_end++;
        while (new_end < sides->new_count && !sides->new[new_end].pair)
            new_end++;
        for (; j < new_end; j++)
            for (size_t at = i; at < old_end; at++)
                if (!sides->old[at].pair && strcmp(sides->old[at].plain, sides->new[j].plain) == 0) {
                    make_pair(sides, at, j);
                    i = at + 1; /* pairs do not cross */
                    break;
                }
        i = old_end + 1;
        j = new_end + 1;
    }
}

struct comparison {
    struct sw_vec *differences;
    size_t above; /* of the input that details explain: index of its difference + 1, 0 when it is equal */
    bool whole;   /* that input is new or gone: its details say no more */
};

/* A stage of a Dockerfile counts once for each COPY from it. */
static bool is_told(const struct sw_vec *differences, const struct sw_difference *difference) {
    for (size_t i = 0; i < differences->len && differences->len < MANY_DIFFERENCES; i++) {
        const struct sw_difference *told = sw_vec_at(differences, i);
        if (told->kind == difference->kind && strcmp(told->name, difference->name) == 0 &&
            (!told->before || strcmp(told->before, difference->before) == 0) &&
            (!told->after || strcmp(told->after, difference->after) == 0))
            return true;
    }
    return false;
}

static bool is_detail(const struct entry *entry) {
    return json_is_true(json_object_get(entry->json, "detail"));
}

/* A detail that differs says more than the input above it: that one is dropped. */
static void add(struct comparison *comparison, const struct entry *entry, struct sw_difference difference) {
    bool detail = is_detail(entry);
    if (detail && comparison->whole)
        return;
    if (detail && comparison->above) {
        *(struct sw_difference *)sw_vec_at(comparison->differences, comparison->above - 1) = difference;
        comparison->above = 0;
        return;
    }
    bool told = is_told(comparison->differences, &difference);
    if (!told)
        sw_vec_push(comparison->differences, &difference);
    if (detail)
        return;
    comparison->above = told ? 0 : comparison->differences->len;
    comparison->whole = difference.kind != SW_INPUT_CHANGED;
}

static void add_removed(struct comparison *comparison, const struct entry *old) {
    add(comparison, old, (struct sw_difference){SW_INPUT_REMOVED, old->name, old->name, old->value, NULL, old->json, SIZE_MAX});
}

static void add_present(struct comparison *comparison, const struct sides *sides, size_t index) {
    const struct entry *new = &sides->new[index], *old = new->pair ? &sides->old[new->pair - 1] : NULL;
    if (!old) {
        add(comparison, new, (struct sw_difference){SW_INPUT_ADDED, new->name, NULL, NULL, new->value, NULL, index});
    } else if (!equal(old, new)) {
        add(comparison, new,
            (struct sw_difference){SW_INPUT_CHANGED, new->name, old->name, old->value, new->value, old->json, index});
    } else if (!is_detail(new)) {
        comparison->above = 0;
        comparison->whole = false;
    }
}

void sw_stage_record_compare(const json_t *before, const json_t *after, struct sw_vec *differences) {
    struct sides sides;
    struct comparison comparison = {.differences = differences};
    sides.old = read_entries(before, &sides.old_count);
    sides.new = read_entries(after, &sides.new_count);
    pair_equals(&sides);
    pair_names(&sides);
    size_t old = 0;
    for (size_t i = 0; i < sides.new_count; i++) {
        for (; sides.new[i].pair &&old + 1 < sides.new[i].pair; old++)
            if (!sides.old[old].pair)
                add_removed(&comparison, &sides.old[old]);
        add_present(&comparison, &sides, i);
    }
    for (; old < sides.old_count; old++)
        if (!sides.old[old].pair)
            add_removed(&comparison, &sides.old[old]);
    free_entries(sides.old, sides.old_count);
    free_entries(sides.new, sides.new_count);
}
