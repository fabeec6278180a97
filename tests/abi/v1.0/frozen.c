/* A builder as somebody could have written it for ABI 1.0, compiled against the headers of that day. It is never changed again: as
 * long as a host says that its major version is 1, this must load and work. */
#include <stdlib.h>
#include <string.h>

#include "slipway/plugin.h"

static const struct sw_host *host;

struct planner {
    const struct sw_value *document;
    sw_stage_done done;
    void *context;
    int answered;
};

static void *frozen_plan(const struct sw_plan_request *request, struct sw_error **error) {
    const char *text = host->document->text(host->document->get(request->document, "frozen"));
    if (!text || !*text) {
        struct sw_place place = host->document->place(request->document);
        *error = host->error->make(SW_ERROR_CONFIG, "`frozen` must hold a text", "write one", &place);
        return NULL;
    }
    struct planner *planner = calloc(1, sizeof *planner);
    planner->document = request->document;
    return planner;
}

static void answer(void *context) {
    struct planner *planner = context;
    const char *text = host->document->text(host->document->get(planner->document, "frozen"));
    struct sw_input input = {.size = sizeof input, .flags = SW_INPUT_SECRET_FREE, .name = "text", .value = {text, strlen(text)}};
    struct sw_stage stage = {.size = sizeof stage, .name = "frozen", .inputs = &input, .input_count = 1};
    int first = !planner->answered++;
    host->log("frozen", SW_LOG_DEBUG, "answering");
    planner->done(planner->context, first ? &stage : NULL, NULL);
}

static void frozen_next(void *data, const struct sw_stage_view *previous, sw_stage_done done, void *context) {
    struct planner *planner = data;
    (void)previous;
    planner->done = done;
    planner->context = context;
    host->timers->after(1, answer, planner);
}

static void frozen_realize(void *data, struct sw_graph *graph, sw_node previous, sw_realize_done done, void *context) {
    struct sw_error *error = NULL;
    struct sw_inline_file file = {.size = sizeof file, .mode = 0644, .path = "text", .content = {"x", 1}};
    struct sw_op_tree tree = {.size = sizeof tree, .inlines = &file, .inline_count = 1};
    struct sw_op_note note = {.size = sizeof note, .title = "frozen"};
    (void)data, (void)previous;
    sw_node node = host->graph->add_tree(graph, &tree, &note, &error);
    done(context, node, error);
}

static void frozen_close(void *data) {
    free(data);
}

static const char *const claims[] = {"frozen", NULL};
static const struct sw_builder builder = {
    .size = sizeof builder,
    .claims = claims,
    .schema = "{\"type\": \"object\"}",
    .plan = frozen_plan,
    .next = frozen_next,
    .realize = frozen_realize,
    .close = frozen_close,
};

static const struct sw_plugin plugin = {
    .size = sizeof plugin,
    .abi_major = 1,
    .abi_minor = 0,
    .kind = SW_PLUGIN_BUILDER,
    .name = "frozen",
    .version = "1.0",
    .license = "Apache-2.0",
    .summary = "Stands for all plugins of ABI 1.0",
    .builder = &builder,
};

SW_EXPORT const struct sw_plugin *slipway_plugin_v1(const struct sw_host *given, const char **refusal);

SW_EXPORT const struct sw_plugin *slipway_plugin_v1(const struct sw_host *given, const char **refusal) {
    if (!given->error || !given->document || !given->graph) {
        *refusal = "this host lacks what ABI 1.0 has";
        return NULL;
    }
    host = given;
    return &plugin;
}
