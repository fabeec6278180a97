/* record.h - the records of operations as a graph keeps them: checked, and copied into the graph's own memory. */
#ifndef CORE_GRAPH_RECORD_H
#define CORE_GRAPH_RECORD_H

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "slipway/graph.h"

/* Whether the record can be part of a graph that has `node_count` nodes. What a plugin hands over is not trusted. */
bool sw_record_check(uint32_t kind, const void *record, size_t node_count, struct sw_error **error);

/* A deep copy; images and commits are shared. */
void *sw_record_copy(struct sw_arena *arena, uint32_t kind, const void *record);

/* Appends the nodes that the operation reads to `inputs` (of sw_node), its file-system input first. May repeat nodes. */
void sw_record_inputs(uint32_t kind, const void *record, struct sw_vec *inputs);

#endif
