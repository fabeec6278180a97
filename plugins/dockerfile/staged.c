#include "plugins/dockerfile/staged.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/path.h"
#include "plugins/dockerfile/digest.h"
#include "plugins/dockerfile/dirhash.h"
#include "plugins/dockerfile/realize.h"
#include "plugins/dockerfile/resolve.h"
#include "plugins/dockerfile/staged_digest.h"
#include "plugins/dockerfile/text.h"

struct sw_df_staged {
    struct sw_df_planner *planner;
    struct sw_df_evaluation *evaluation;
    struct sw_df_context files;
    size_t target;
    const char *file_name;
    const char **names; /* of stages of the file, NULL: not made yet */
    const struct sw_df_staged_stage *stages;
    size_t count;
    size_t next;              /* stage to answer next */
    struct sw_error *failure; /* of naming a stage, on the way up */
};

void sw_df_staged_free(struct sw_df_staged *staged) {
    if (!staged)
        return;
    sw_df_evaluation_free(staged->evaluation);
    sw_error_free(staged->failure);
    free(staged);
}

static bool sources_checksum(void *context, struct sw_strings sources, char out[65], struct sw_error **error) {
    struct sw_df_staged *s = context;
    return sw_df_dirhash_checksum(&s->files, sources, out, error);
}

static const struct sw_input_files *files_of(void *context, struct sw_strings sources) {
    return sw_df_files_of(&((struct sw_df_staged *)context)->files, sources);
}

static const char *stage_name(void *context, size_t index);

static struct sw_df_staged_request request_of(struct sw_df_staged *s, size_t index) {
    struct sw_df_planner *p = s->planner;
    return (struct sw_df_staged_request){.file_name = s->file_name,
                                         .program = &p->program,
                                         .escape = s->evaluation->file.escape,
                                         .stage = index,
                                         .platform = p->request->platform,
                                         .build_platform = p->request->build_platform,
                                         .dependency_args = p->dependency_args,
                                         .args = p->document.args,
                                         .base_env = s->evaluation->records[index].env,
                                         .stage_name = stage_name,
                                         .sources_checksum = sources_checksum,
                                         .files_of = files_of,
                                         .context = s};
}

static bool inputs_of(struct sw_df_staged *s, size_t index, const struct sw_df_staged_stage **stages, size_t *count,
                      struct sw_error **error) {
    struct sw_df_failure failure = {.arena = &s->planner->arena};
    struct sw_df_staged_request request = request_of(s, index);
    struct sw_error *cause = NULL;
    if (sw_df_staged_inputs(&request, stages, count, &failure, &cause))
        return true;
    return sw_pass(error, cause ? cause : sw_df_planner_error(s->planner, &failure));
}

/* Reference that a stage of the file begins with; another stage's name when it continues one. */
static const char *base_of(struct sw_df_staged *s, size_t index) {
    const struct sw_df_stage_record *record = &s->evaluation->records[index];
    return record->base_stage == SIZE_MAX ? record->base : stage_name(s, record->base_stage);
}

/* A name for what a stage of the file holds: all that its instructions depend on, hashed. */
static const char *stage_name(void *context, size_t index) {
    struct sw_df_staged *s = context;
    struct sw_arena *arena = &s->planner->arena;
    const struct sw_df_staged_stage *stages;
    size_t count;
    char digest[SW_SHA256_HEX];
    if (s->names[index])
        return s->names[index];
    s->names[index] = ""; /* a file that is evaluated has no cycles; this is for those that are not needed */
    if (!inputs_of(s, index, &stages, &count, s->failure ? NULL : &s->failure))
        return "";
    sw_cleanup_strlist struct sw_strlist all = {0};
    sw_strlist_add(&all, base_of(s, index));
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < stages[i].input_count; j++)
            sw_strlist_take(&all, sw_strndup(stages[i].inputs[j].value.data, stages[i].inputs[j].value.len));
    sw_join256(sw_strlist_view(&all), digest);
    const char *name = s->planner->program.stages[index].name;
    if (!*name)
        name = sw_arena_format(arena, "%zu", index);
    s->names[index] = sw_arena_format(arena, "%s/stage/%s:%s", s->planner->request->image, name, digest);
    return s->names[index];
}

static void answer(struct sw_df_staged *s) {
    struct sw_df_planner *p = s->planner;
    if (s->next == s->count) {
        p->done(p->done_context, NULL, NULL);
        return;
    }
    const struct sw_df_staged_stage *own = &s->stages[s->next];
    struct sw_stage stage = {.size = sizeof(stage),
                             .name = own->name,
                             .inputs = own->inputs,
                             .input_count = own->input_count,
                             .digest_base = s->next == 0 ? base_of(s, s->target) : NULL};
    s->next++;
    p->done(p->done_context, &stage, NULL);
}

static void on_evaluated(void *context, struct sw_df_evaluation *evaluation, struct sw_error *error) {
    struct sw_df_staged *s = context;
    struct sw_df_planner *p = s->planner;
    s->evaluation = evaluation;
    if (!error && inputs_of(s, s->target, &s->stages, &s->count, &error) && s->count == 0)
        sw_fail(&error, SW_ERROR_CONFIG,
                "the stage has no instruction, and so the image would have no stage: build without `staged`");
    if (!error && s->failure) {
        error = s->failure;
        s->failure = NULL;
    }
    if (error)
        p->done(p->done_context, NULL, sw_error_at(error, (struct sw_place){.file = p->document.dockerfile}));
    else
        answer(s);
}

void sw_df_staged_next(struct sw_df_planner *p, const struct sw_stage_view *previous) {
    if (previous) {
        answer(p->staged);
        return;
    }
    struct sw_df_failure ignored = {.arena = &p->arena};
    sw_cleanup_free char *name = sw_path_base(p->document.dockerfile);
    struct sw_df_staged *s = sw_new(sizeof(*s));
    sw_df_staged_free(p->staged);
    p->staged = s;
    *s = (struct sw_df_staged){.planner = p,
                               .files = sw_df_planner_context(p),
                               .file_name = sw_arena_str(&p->arena, name),
                               .names = sw_arena_new(&p->arena, p->program.stage_count * sizeof(char *))};
    sw_df_digest_target(&p->program, p->document.target, &s->target, &ignored);
    sw_df_planner_evaluate(p, SW_DF_RECORD, on_evaluated, s);
}

/* Where the evaluation stands after an instruction of the target; NULL for the start of the stage. */
static const struct sw_df_mark *mark_of(const struct sw_df_staged *s, const struct sw_df_instruction *instruction) {
    const struct sw_df_mark *found = NULL;
    for (size_t i = 0; i < s->evaluation->marks.len; i++) {
        const struct sw_df_mark *mark = sw_vec_at(&s->evaluation->marks, i);
        if (mark->first == instruction->first && !mark->on_build)
            found = mark;
    }
    return found;
}

/* The step below a stage's own: what the stage before it ended with. */
static const struct sw_df_step *step_below(const struct sw_df_staged *s, size_t index) {
    const struct sw_df_mark *mark = index > 0 ? mark_of(s, s->stages[index - 1].instruction) : NULL;
    return mark ? mark->tip : NULL;
}

/* A stage being realized. */
struct staged_realizing {
    struct sw_df_staged *staged;
    struct sw_graph *graph;
    sw_node previous;
    sw_realize_done done;
    void *context;
};

static void on_fetched(void *context, struct sw_df_fetched *fetched, struct sw_error *error) {
    struct staged_realizing r = *(struct staged_realizing *)context;
    struct sw_df_staged *s = r.staged;
    size_t index = s->next - 1;
    sw_node node = SW_NODE_NONE;
    free(context);
    if (!error) {
        const struct sw_df_mark *mark = mark_of(s, s->stages[index].instruction);
        struct sw_df_nodes_request request = {.evaluation = s->evaluation,
                                              .result = mark->tip,
                                              .config = mark->config,
                                              .fetched = fetched,
                                              .below = r.previous == SW_NODE_NONE ? NULL : step_below(s, index),
                                              .below_node = r.previous};
        node = sw_df_nodes_add(s->planner, r.graph, &request, &error);
    }
    r.done(r.context, node, error);
}

void sw_df_staged_realize(struct sw_df_planner *p, struct sw_graph *graph, sw_node previous, sw_realize_done done, void *context) {
    struct sw_df_staged *s = p->staged;
    struct staged_realizing *r = sw_new(sizeof(*r));
    *r = (struct staged_realizing){s, graph, previous, done, context};
    sw_df_fetch(p, s->evaluation, mark_of(s, s->stages[s->next - 1].instruction)->tip, on_fetched, r);
}
