/* print.h - showing graphs: as a tree for people, JSON for programs, dot and mermaid for pictures. */
#ifndef CORE_GRAPH_PRINT_H
#define CORE_GRAPH_PRINT_H

#include "core/base/buf.h"
#include "core/graph/graph.h"

enum sw_graph_format { SW_GRAPH_TREE, SW_GRAPH_JSON, SW_GRAPH_DOT, SW_GRAPH_MERMAID };

/* A stage of an image: the node that its name stands for. */
struct sw_printed_stage {
    const char *name;
    const char *digest;
    sw_node node;
};

struct sw_printed_image {
    const char *name; /* "" for the nameless one */
    const char *platform;
    const struct sw_graph *graph;
    const struct sw_printed_stage *stages;
    size_t stage_count;
    struct sw_strings needs; /* names of the images it depends on */
};

/* Parses the name of a format; false when there is none of that name. */
bool sw_graph_format_parse(const char *text, enum sw_graph_format *format);

void sw_graph_print(struct sw_buf *out, enum sw_graph_format format, const struct sw_printed_image *images, size_t count);

#endif
