/* graph.h - the build graph as a thing of the core (struct sw_graph of the ABI).
 *
 * Holds copies of the operations that a builder added, finds equal ones, computes keys and configs. It runs nothing and reads
 * nothing: what a `tree` or `patch` holds is told by the functions it is made with. */
#ifndef CORE_GRAPH_GRAPH_H
#define CORE_GRAPH_GRAPH_H

#include <jansson.h>

#include "slipway/graph.h"

/* How a graph learns about the files of its `tree` and `patch` nodes. */
struct sw_graph_files {
    /* Identity of the files of a node: 64 hex digits. Equal files (paths, modes, contents), equal identity. [loop] */
    bool (*tree_identity)(void *context, const struct sw_op_tree *op, char out[65], struct sw_error **error);
    bool (*patch_identity)(void *context, const struct sw_op_patch *op, char out[65], struct sw_error **error);
    void *context;
};

/* `files` is copied. The graph keeps no pointer to records given to it, but images and commits in them must outlive it. */
struct sw_graph *sw_graph_new(const struct sw_graph_files *files);
void sw_graph_free(struct sw_graph *graph);

/* The accessor table of the ABI, all but the tree_… functions, which core/build puts in. */
extern const struct sw_host_graph sw_host_graph_table;

/* As the table's `config`, parsed. Lives as long as the graph, and must not be changed. [loop] */
json_t *sw_graph_config(struct sw_graph *graph, sw_node node);

/* As the table's `add_config` with a config that is parsed already; it is the graph's afterwards, and must not be changed. [loop] */
sw_node sw_graph_add_config(struct sw_graph *graph, sw_node input, json_t *config, const struct sw_op_note *note,
                            struct sw_error **error);

/* Name of a kind: "exec". Static. */
const char *sw_op_name(uint32_t kind);

#endif
