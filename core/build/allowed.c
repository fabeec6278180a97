#include "core/build/allowed.h"

#include "core/base/error.h"
#include "core/graph/graph.h"

static const struct sw_host_graph *const graphs = &sw_host_graph_table;

static bool refuse(struct sw_error **error, const struct sw_op_note *note, struct sw_error *cause) {
    return sw_pass(error, sw_error_at(sw_error_wrap(cause, "%s", note->title), note->place));
}

static struct sw_error *lacks(const struct sw_allowed *allowed, const char *what) {
    return sw_error_hint(sw_error_new(SW_ERROR_UNSUPPORTED, "backend \"%s\" cannot do this: %s", allowed->backend, what),
                         "\"slipway plugins\" shows what each backend can do");
}

static struct sw_error *needs_frontend(const struct sw_op_frontend *op, const struct sw_allowed *allowed) {
    struct sw_error *error = sw_error_new(SW_ERROR_UNSUPPORTED,
                                          "it is written for the front end \"%s\", which only a BuildKit daemon can run, and not "
                                          "backend \"%s\"",
                                          op->source, allowed->backend);
    return sw_error_hint(error, "--backend buildkit can do this");
}

/* What is wrong with a step; NULL: nothing. */
static struct sw_error *step_problem(const struct sw_op_exec *op, const struct sw_allowed *allowed) {
    static const char *const mounts[] = {"a bind mount",   "a cache mount", "a tmpfs mount",
                                         "a secret mount", "an ssh mount",  "a mount of a folder of the host"};
    static const char *const networks[] = {"the default network", "no network", "the host's network"};
    if (op->security == SW_SECURITY_INSECURE && !allowed->insecure)
        return sw_error_hint(sw_error_new(SW_ERROR_DENIED, "the step wants to be privileged"),
                             "--allow security.insecure grants it; a file of the project cannot");
    if (op->security == SW_SECURITY_INSECURE && !allowed->capabilities->insecure)
        return lacks(allowed, "privileged steps");
    if (op->network > SW_NETWORK_HOST || !(allowed->capabilities->networks & 1u << op->network))
        return lacks(allowed, op->network > SW_NETWORK_HOST ? "an unknown network" : networks[op->network]);
    for (size_t i = 0; i < op->mount_count; i++)
        if (!(allowed->capabilities->mounts & 1u << op->mounts[i].kind))
            return lacks(allowed, mounts[op->mounts[i].kind]);
    return NULL;
}

bool sw_graph_allowed(const struct sw_graph *graph, const struct sw_allowed *allowed, struct sw_error **error) {
    for (sw_node node = 0; node < graphs->count(graph); node++) {
        uint32_t kind = graphs->kind(graph, node);
        struct sw_error *problem = NULL;
        if (kind == SW_OP_FRONTEND && !allowed->capabilities->external_frontends)
            problem = needs_frontend(graphs->record(graph, node), allowed);
        else if (!(allowed->capabilities->ops & 1u << kind))
            problem = lacks(allowed, sw_op_name(kind));
        else if (kind == SW_OP_EXEC)
            problem = step_problem(graphs->record(graph, node), allowed);
        if (problem)
            return refuse(error, graphs->note(graph, node), problem);
    }
    return true;
}
