#include "core/build/stage_record.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"

/* Past so many inputs a record would weigh more than what it explains. */
enum { MOST_INPUTS = 20000, LONGEST_VALUE = 200 };

char *sw_stage_record_tag(const char *stage_id) {
    return sw_format("record-%s", stage_id);
}

/* A value may be shown when its builder says so and it is short text; else its digest stands for it. */
static json_t *shown_value(const struct sw_input *input) {
    if ((input->flags & SW_INPUT_SECRET_FREE) && input->value.len <= LONGEST_VALUE) {
        json_t *text = json_stringn(input->value.len ? input->value.data : "", input->value.len);
        if (text) /* not when it is no UTF-8 */
            return text;
    }
    char digest[7 + SW_SHA256_HEX] = "sha256:";
    sw_sha256_hex(input->value.data, input->value.len, digest + 7);
    return json_string(digest);
}

char *sw_stage_record_text(const struct sw_job *job, const struct sw_stage_state *stage, const char *parent) {
    json_t *inputs = json_array();
    for (size_t i = 0; i < stage->input_count && i < MOST_INPUTS; i++) {
        json_t *input = json_pack("{s:s*, s:o}", "name", stage->inputs[i].name, "value", shown_value(&stage->inputs[i]));
        if (stage->inputs[i].flags & SW_INPUT_DETAIL)
            json_object_set_new(input, "detail", json_true());
        json_array_append_new(inputs, input);
    }
    sw_cleanup_json json_t *record =
        json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "version", 1, "image", job->image->name, "platform", job->platform,
                  "stage", stage->name, "digest", stage->digest, "id", stage->id, "commit",
                  job->build->options.host->files->id(job->build->options.commit), "inputs", inputs);
    if (parent)
        json_object_set_new(record, "parent", json_string(parent));
    return json_dumps(record, JSON_COMPACT);
}

/* ---- comparing ---- */

/* Inputs of one record under names that are unique: "NAME", "NAME #2"… The values are borrowed from the record. */
static void index_inputs(const json_t *record, struct sw_map *index) {
    size_t i;
    json_t *input;
    json_array_foreach(json_object_get(record, "inputs"), i, input) {
        const char *name = json_string_value(json_object_get(input, "name"));
        if (!name)
            continue;
        sw_cleanup_free char *unique = sw_strdup(name);
        for (int number = 2; sw_map_has(index, unique); number++) {
            free(unique);
            unique = sw_format("%s #%d", name, number);
        }
        sw_map_set(index, unique, input);
    }
}

static const char *value_of(const json_t *input) {
    return json_string_value(json_object_get(input, "value"));
}

static bool is_detail(const json_t *input) {
    return json_is_true(json_object_get(input, "detail"));
}

struct comparison {
    struct sw_vec *differences;
    size_t plain; /* the input that the details below it explain: index of its difference + 1, 0 when it is equal */
};

/* A detail that differs says more than the input above it: that one is dropped. */
static void add(struct comparison *comparison, bool detail, struct sw_difference difference) {
    if (detail && comparison->plain) {
        struct sw_difference *above = sw_vec_at(comparison->differences, comparison->plain - 1);
        *above = difference;
        comparison->plain = 0;
        return;
    }
    sw_vec_push(comparison->differences, &difference);
    if (!detail)
        comparison->plain = comparison->differences->len;
}

void sw_stage_record_compare(const json_t *before, const json_t *after, struct sw_vec *differences) {
    struct sw_map old = {0}, new = {0};
    struct comparison comparison = {.differences = differences};
    index_inputs(before, &old);
    index_inputs(after, &new);
    for (size_t i = 0; i < new.len; i++) {
        const json_t *now = new.entries[i].value, *then = sw_map_get(&old, new.entries[i].key);
        const char *name = json_string_value(json_object_get(now, "name"));
        const char *value = value_of(now), *earlier = then ? value_of(then) : NULL;
        bool equal = then && value && earlier && strcmp(value, earlier) == 0;
        if (!is_detail(now))
            comparison.plain = 0;
        if (!equal)
            add(&comparison, is_detail(now),
                (struct sw_difference){then ? SW_INPUT_CHANGED : SW_INPUT_ADDED, name, earlier, value});
    }
    comparison.plain = 0;
    for (size_t i = 0; i < old.len; i++) {
        const json_t *then = old.entries[i].value;
        if (!sw_map_has(&new, old.entries[i].key))
            add(&comparison, true,
                (struct sw_difference){SW_INPUT_REMOVED, json_string_value(json_object_get(then, "name")), value_of(then), NULL});
    }
    sw_map_fini(&old, NULL);
    sw_map_fini(&new, NULL);
}
