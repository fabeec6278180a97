/* normal.h - the normal form of an operation: what its key is made of, and how a graph is shown as JSON.
 *
 * Inputs appear as the keys of their nodes (in a key) or as their numbers (in a listing): the caller says which by a function. */
#ifndef CORE_GRAPH_NORMAL_H
#define CORE_GRAPH_NORMAL_H

#include <jansson.h>

#include "slipway/graph.h"

/* Text that stands for an input node; NULL is never returned. Borrowed. */
typedef const char *(*sw_input_name)(const void *context, sw_node node);

/* `identity` is what sw_graph_files told of a tree or patch, else NULL. A new reference. */
json_t *sw_normal_form(uint32_t kind, const void *record, const char *identity, sw_input_name name, const void *context);

#endif
