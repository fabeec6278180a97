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

struct part;

struct sw_df_staged {
    struct sw_df_planner *planner;
    struct sw_df_evaluation *evaluation;
    struct sw_df_context files;
    size_t target;
    const char *file_name;
    struct part *parts; /* by stage of the file */
    size_t asking;      /* index of the part that is waited for */
    bool collecting;    /* finds out which parts are needed */
    const struct sw_df_staged_stage *stages;
    size_t count;
    size_t next; /* stage to answer next */
    struct sw_df_known_step *known;
    size_t known_count;
};

/* A stage of the file that the target takes something from. */
struct part {
    bool needed;
    const char *name; /* in digests */
    const char *tag;  /* of the image that it is; NULL: it has no instructions, and is what it begins with */
    const struct sw_image *image;
};

void sw_df_staged_free(struct sw_df_staged *staged) {
    if (!staged)
        return;
    sw_df_evaluation_free(staged->evaluation);
    free(staged);
}

static bool sources_checksum(void *context, struct sw_strings sources, char out[65], struct sw_error **error) {
    struct sw_df_staged *s = context;
    if (s->collecting) {
        *out = '\0';
        return true;
    }
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

static bool is_version_2(const struct sw_df_staged *s) {
    const char *version = s->planner->host->setting ? s->planner->host->setting("dockerfile", "staged-version") : NULL;
    return version && strcmp(version, "v2") == 0;
}

static bool has_stages(const struct sw_df_staged *s, size_t index) {
    const struct sw_df_stage *stage = &s->planner->program.stages[index];
    for (size_t i = 0; i < stage->instruction_count; i++)
        if (stage->instructions[i].kind != SW_DF_ARG)
            return true;
    return is_version_2(s);
}

/* The image that a stage of the file is, by its name in the registry. A stage without instructions is what it begins with. */
static const char *stage_name(void *context, size_t index) {
    struct sw_df_staged *s = context;
    while (!has_stages(s, index)) {
        const struct sw_df_stage_record *record = &s->evaluation->records[index];
        if (record->base_stage == SIZE_MAX)
            return record->base;
        index = record->base_stage;
    }
    s->parts[index].needed = true;
    return s->parts[index].name ? s->parts[index].name : "";
}

/* ---- the stages that the target takes from ---- */

static const char *part_name(const struct sw_df_staged *s, size_t index) {
    const char *name = s->planner->program.stages[index].name;
    return *name ? sw_arena_format(&s->planner->arena, "stage/%s", name) : sw_arena_format(&s->planner->arena, "stage%zu", index);
}

const char *sw_df_staged_target(struct sw_arena *arena, const char *part) {
    const char *rest = part + strlen("stage");
    return sw_arena_str(arena, *rest == '/' ? rest + 1 : rest);
}

static void plan_target(struct sw_df_staged *s);

static void ask_parts(struct sw_df_staged *s);

static void on_part(void *context, const struct sw_built_image *built, struct sw_error *error) {
    struct sw_df_staged *s = context;
    struct sw_df_planner *p = s->planner;
    if (error) {
        p->done(p->done_context, NULL, error);
        return;
    }
    struct part *part = &s->parts[s->asking];
    part->name = sw_arena_str(&p->arena, built->name);
    part->tag = sw_arena_str(&p->arena, built->tag);
    part->image = built->handle;
    const struct sw_df_step *tip = s->evaluation->records[s->asking].tip;
    if (tip)
        s->known[s->known_count++] = (struct sw_df_known_step){tip, part->image, part_name(s, s->asking)};
    s->asking++;
    ask_parts(s);
}

static void ask_parts(struct sw_df_staged *s) {
    struct sw_df_planner *p = s->planner;
    while (s->asking < p->program.stage_count && !s->parts[s->asking].needed)
        s->asking++;
    if (s->asking == p->program.stage_count)
        plan_target(s);
    else
        p->host->plan->image_part(p->request->plan, part_name(s, s->asking), on_part, s);
}

/* The image that a stage begins with, when that is another stage. */
static const struct part *base_part(struct sw_df_staged *s) {
    const struct sw_df_stage_record *record = &s->evaluation->records[s->target];
    while (record->base_stage != SIZE_MAX && !has_stages(s, record->base_stage))
        record = &s->evaluation->records[record->base_stage];
    return record->base_stage == SIZE_MAX ? NULL : &s->parts[record->base_stage];
}

static void answer(struct sw_df_staged *s) {
    struct sw_df_planner *p = s->planner;
    if (s->next == s->count) {
        p->done(p->done_context, NULL, NULL);
        return;
    }
    const struct sw_df_staged_stage *own = &s->stages[s->next];
    struct sw_stage stage = {.size = sizeof(stage), .name = own->name, .inputs = own->inputs, .input_count = own->input_count};
    struct sw_pair parent = {"werf.io/parent-stage-id", NULL};
    if (s->next == 0) {
        const struct part *base = base_part(s);
        stage.digest_base = base || !is_version_2(s) ? base_of(s, s->target) : NULL;
        parent.value = base ? base->tag : NULL;
        stage.labels = (struct sw_pairs){&parent, parent.value ? 1 : 0};
    }
    s->next++;
    p->done(p->done_context, &stage, NULL);
}

/* The second version of werf's staged builder has a stage for FROM. */
static void add_from(struct sw_df_staged *s) {
    struct sw_df_planner *p = s->planner;
    const struct sw_df_stage_record *record = &s->evaluation->records[s->target];
    const char *values[4] = {"BaseImageReference", record->base_stage == SIZE_MAX ? record->base : ""};
    size_t count = 2;
    if (p->request->cache_version && *p->request->cache_version) {
        values[count++] = "ImageCacheVersion";
        values[count++] = p->request->cache_version;
    }
    struct sw_input *inputs = sw_arena_new(&p->arena, count * sizeof(*inputs));
    for (size_t i = 0; i < count; i++)
        inputs[i] = (struct sw_input){.size = sizeof(*inputs), .name = "base image", .value = {values[i], strlen(values[i])}};
    struct sw_df_staged_stage *stages = sw_arena_new(&p->arena, (s->count + 1) * sizeof(*stages));
    stages[0] = (struct sw_df_staged_stage){NULL, "FROM", inputs, count};
    for (size_t i = 0; i < s->count; i++)
        stages[i + 1] = s->stages[i];
    s->stages = stages;
    s->count++;
}

static void give_up(struct sw_df_staged *s, struct sw_error *error) {
    struct sw_df_planner *p = s->planner;
    p->done(p->done_context, NULL, sw_error_at(error, (struct sw_place){.file = p->document.dockerfile}));
}

static void plan_target(struct sw_df_staged *s) {
    struct sw_error *error = NULL;
    s->collecting = false;
    if (!inputs_of(s, s->target, &s->stages, &s->count, &error)) {
        give_up(s, error);
        return;
    }
    if (is_version_2(s))
        add_from(s);
    if (s->count == 0) {
        sw_fail(&error, SW_ERROR_CONFIG,
                "the stage has no instruction, and so the image would have no stage: build without `staged`");
        give_up(s, error);
        return;
    }
    answer(s);
}

static void on_evaluated(void *context, struct sw_df_evaluation *evaluation, struct sw_error *error) {
    struct sw_df_staged *s = context;
    s->evaluation = evaluation;
    s->collecting = true;
    if (error || !inputs_of(s, s->target, &s->stages, &s->count, &error)) {
        give_up(s, error);
        return;
    }
    base_of(s, s->target);
    ask_parts(s);
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
                               .parts = sw_arena_new(&p->arena, p->program.stage_count * sizeof(struct part)),
                               .known = sw_arena_new(&p->arena, p->program.stage_count * sizeof(struct sw_df_known_step))};
    sw_df_digest_target(&p->program, p->document.target, &s->target, &ignored);
    sw_df_planner_evaluate(p, SW_DF_RECORD, on_evaluated, s);
}

/* Where the evaluation stands after an instruction of the target; NULL: at the target's start. */
static const struct sw_df_mark *mark_of(const struct sw_df_staged *s, const struct sw_df_instruction *instruction) {
    const struct sw_df_mark *found = NULL;
    uint32_t first = instruction ? instruction->first : 0;
    for (size_t i = 0; i < s->evaluation->marks.len; i++) {
        const struct sw_df_mark *mark = sw_vec_at(&s->evaluation->marks, i);
        if (mark->first == first && !mark->on_build)
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
        sw_cleanup_json json_t *config = json_loads(mark->config, 0, NULL);
        struct sw_df_nodes_request request = {.evaluation = s->evaluation,
                                              .result = mark->tip,
                                              .config = config,
                                              .fetched = fetched,
                                              .below = r.previous == SW_NODE_NONE ? NULL : step_below(s, index),
                                              .below_node = r.previous,
                                              .known = s->known,
                                              .known_count = s->known_count};
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
