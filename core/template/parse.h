/* parse.h - template text into trees.
 *
 * One text gives a tree for its own name and one for each `define` and `block` in it. Names of functions and variables are checked
 * here. */
#ifndef CORE_TEMPLATE_PARSE_H
#define CORE_TEMPLATE_PARSE_H

#include "core/base/map.h"
#include "core/base/vec.h"
#include "core/template/node.h"

struct sw_tree {
    struct sw_str name;
    struct sw_node *root; /* a list */
};

/* Parses `source` (which must outlive the trees) and appends its trees to `trees`, a vector of struct sw_tree. `functions` has
 * struct sw_function values. On failure false, the message in `error` and the line in `*line`. */
bool sw_parse(struct sw_arena *arena, const struct sw_source *source, const struct sw_map *functions, struct sw_vec *trees,
              struct sw_buf *error, uint32_t *line);

#endif
