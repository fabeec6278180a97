/* Realizing a Dockerfile image of one stage. */
#include "plugins/dockerfile/realize.h"

#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "plugins/dockerfile/external.h"
#include "plugins/dockerfile/resolve.h"
#include "plugins/dockerfile/staged.h"

struct realizing {
    struct sw_df_planner *planner;
    struct sw_df_evaluation *evaluation;
    struct sw_graph *graph;
    sw_realize_done done;
    void *context;
};

static void on_fetched(void *context, struct sw_df_fetched *fetched, struct sw_error *error) {
    struct realizing r = *(struct realizing *)context;
    struct sw_df_evaluation *evaluation = r.evaluation;
    sw_node node = SW_NODE_NONE;
    free(context);
    if (!error) {
        sw_cleanup_json json_t *config = sw_df_image_json(&evaluation->image);
        struct sw_df_nodes_request request = {
            .evaluation = evaluation, .result = evaluation->result, .config = config, .fetched = fetched};
        node = sw_df_nodes_add(r.planner, r.graph, &request, &error);
    }
    sw_df_evaluation_free(evaluation);
    r.done(r.context, node, error);
}

static void on_evaluated(void *context, struct sw_df_evaluation *evaluation, struct sw_error *error) {
    struct realizing *r = context;
    r->evaluation = evaluation;
    if (error)
        on_fetched(r, NULL, error);
    else
        sw_df_fetch(r->planner, evaluation, evaluation->result, on_fetched, r);
}

void sw_df_planner_realize(void *planner, struct sw_graph *graph, sw_node previous, sw_realize_done done, void *context) {
    struct sw_df_planner *p = planner;
    if (p->frontend.image) {
        struct sw_error *error = NULL;
        sw_node node = sw_df_external_node(p, graph, &error);
        done(context, node, error);
        return;
    }
    if (p->staged) {
        sw_df_staged_realize(p, graph, previous, done, context);
        return;
    }
    struct realizing *r = sw_new(sizeof(*r));
    *r = (struct realizing){.planner = p, .graph = graph, .done = done, .context = context};
    sw_df_planner_evaluate(p, SW_DF_RESULT_ONLY, on_evaluated, r);
}
