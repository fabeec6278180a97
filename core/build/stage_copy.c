#include "core/build/stage_copy.h"

#include <string.h>

static const struct sw_input_files *copy_files(struct sw_arena *arena, const struct sw_input_files *files) {
    struct sw_input_files *copy = sw_arena_copy(arena, files, sizeof *copy);
    struct sw_filter *filters = sw_arena_copy(arena, files->filters, files->filter_count * sizeof *filters);
    for (size_t i = 0; i < files->filter_count; i++) {
        filters[i].base = sw_arena_str(arena, filters[i].base);
        filters[i].include = sw_arena_strings(arena, filters[i].include);
        filters[i].exclude = sw_arena_strings(arena, filters[i].exclude);
        filters[i].ignore = sw_arena_strings(arena, filters[i].ignore);
    }
    copy->filters = filters;
    copy->scope = sw_arena_str(arena, files->scope);
    copy->since = sw_arena_str(arena, files->since);
    return copy;
}

/* The records of a plugin that knows an older form of them are shorter. */
static const struct sw_input *copy_inputs(struct sw_arena *arena, const struct sw_input *inputs, size_t count) {
    struct sw_input *copy = sw_arena_new(arena, count * sizeof *copy);
    size_t stride = count ? inputs->size : 0, known = stride < sizeof *copy ? stride : sizeof *copy;
    for (size_t i = 0; i < count; i++) {
        memcpy(&copy[i], (const char *)inputs + i * stride, known);
        if (copy[i].files)
            copy[i].files = copy_files(arena, copy[i].files);
        copy[i].name = sw_arena_str(arena, copy[i].name);
        copy[i].value = (struct sw_bytes){sw_arena_strn(arena, copy[i].value.len ? copy[i].value.data : "", copy[i].value.len),
                                          copy[i].value.len};
    }
    return copy;
}

static const struct sw_stage_commit *copy_commits(struct sw_arena *arena, const struct sw_stage_commit *commits, size_t count) {
    struct sw_stage_commit *copy = sw_arena_copy(arena, commits, count * sizeof *copy);
    for (size_t i = 0; i < count; i++) {
        copy[i].label = sw_arena_str(arena, copy[i].label);
        copy[i].commit = sw_arena_str(arena, copy[i].commit);
    }
    return copy;
}

struct sw_stage_state *sw_stage_copy(struct sw_arena *arena, const struct sw_stage *answer) {
    struct sw_stage_state *stage = sw_arena_new(arena, sizeof *stage);
    stage->name = sw_arena_str(arena, answer->name);
    stage->digest_name = sw_arena_str(arena, answer->digest_name ? answer->digest_name : answer->name);
    stage->flags = answer->flags;
    stage->selection = answer->selection;
    stage->inputs = copy_inputs(arena, answer->inputs, answer->input_count);
    stage->input_count = answer->input_count;
    stage->digest_base = sw_arena_str(arena, answer->digest_base);
    stage->commits = copy_commits(arena, answer->commits, answer->commit_count);
    stage->commit_count = answer->commit_count;
    stage->labels = sw_arena_pairs(arena, answer->labels);
    stage->node = SW_NODE_NONE;
    return stage;
}
