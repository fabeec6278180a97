/* trees.c - what graphs and backends ask of git and of files of the host. */
#include "core/build/session.h"
#include "core/source/reader.h"

static bool tree_identity(void *context, const struct sw_op_tree *op, char out[65], struct sw_error **error) {
    (void)context;
    if (op->url) { /* named by url and checksum, which are part of the normal form */
        out[0] = '\0';
        return true;
    }
    return sw_tree_identity(op, out, error);
}

static bool patch_identity(void *context, const struct sw_op_patch *op, char out[65], struct sw_error **error) {
    (void)context;
    return sw_patch_identity(op, out, error);
}

struct sw_graph_files sw_trees_for(struct sw_job *job) {
    return (struct sw_graph_files){.tree_identity = tree_identity, .patch_identity = patch_identity, .context = job};
}

static bool tree_open(const struct sw_graph *graph, sw_node node, struct sw_tree_reader **reader, struct sw_error **error) {
    const void *record = sw_host_graph_table.record(graph, node);
    if (sw_host_graph_table.kind(graph, node) == SW_OP_PATCH)
        return sw_patch_reader_open(record, reader, error);
    return sw_tree_reader_open(record, reader, error);
}

struct sw_host_graph sw_graph_table(void) {
    struct sw_host_graph table = sw_host_graph_table;
    table.tree_open = tree_open;
    table.tree_next = sw_tree_reader_next;
    table.tree_read = sw_tree_reader_read;
    table.tree_close = sw_tree_reader_close;
    table.tree_seek = sw_tree_reader_seek;
    return table;
}
