#include "core/build/stage_labels.h"

#include "core/build/manifest.h"

void sw_stage_set_labels(const struct sw_job *job, const struct sw_stage_state *stage, json_t *config) {
    const struct sw_build_options *options = &job->build->options;
    const struct sw_stage_state *previous = sw_job_last_stage(job);
    for (size_t i = 0; i < stage->labels.count; i++)
        sw_config_set_label(config, stage->labels.items[i].key, stage->labels.items[i].value);
    sw_config_set_label(config, "werf", options->project->name);
    sw_config_set_label(config, "werf-version", "slipway/" SLIPWAY_VERSION);
    sw_config_set_label(config, "werf-stage-content-digest", stage->content_digest);
    if (previous)
        sw_config_set_label(config, "werf.io/parent-stage-id", previous->id);
    if (!stage->is_spec && !job->image->staged)
        sw_config_set_label(config, "werf-project-repo-commit", options->host->files->id(options->commit));
}

json_t *sw_config_copy_to_label(json_t *config) {
    json_t *copy = json_copy(config), *inner = json_object_get(copy, "config");
    if (json_is_object(inner)) {
        inner = json_copy(inner);
        json_object_set_new(copy, "config", inner);
        json_t *labels = json_object_get(inner, "Labels");
        if (labels)
            json_object_set_new(inner, "Labels", json_copy(labels));
    }
    return copy;
}

struct sw_pairs sw_config_labels(struct sw_arena *arena, const json_t *config) {
    json_t *labels = json_object_get(json_object_get(config, "config"), "Labels");
    struct sw_pair *pairs = sw_arena_new(arena, json_object_size(labels) * sizeof *pairs);
    size_t count = 0;
    const char *key;
    json_t *value;
    json_object_foreach(labels, key, value) {
        if (json_is_string(value))
            pairs[count++] = (struct sw_pair){sw_arena_str(arena, key), sw_arena_str(arena, json_string_value(value))};
    }
    return (struct sw_pairs){pairs, count};
}
