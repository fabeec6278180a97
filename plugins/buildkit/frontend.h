/* frontend.h - builds by a front end that is a program of its own ("gateway.v0"): what it is given, and what becomes of its result.
 *
 * The daemon runs the program; it reads the build file and the context through our session, and asks the daemon for everything else. */
#ifndef PLUGINS_BUILDKIT_FRONTEND_H
#define PLUGINS_BUILDKIT_FRONTEND_H

#include "plugins/buildkit/lower.h"

/* What the daemon is asked for. A zeroed one is empty. */
struct sw_frontend_ask {
    struct sw_arena arena;
    struct sw_pairs options;
    Sw__DefinitionEntry **inputs;
    size_t input_count;
};

/* A finished image: all its layers, and its config. A zeroed one is empty. */
struct sw_frontend_image {
    struct sw_vec layers; /* of struct sw_layer_made, base first */
    char *config;         /* NULL: not there yet */
};

/* The `frontend` node that `node` is, or is a config of; else SW_NODE_NONE. */
sw_node sw_frontend_below(const struct sw_host *host, const struct sw_graph *graph, sw_node node);

/* Puts together what is asked of the daemon, and has the session serve the files. [pool] */
bool sw_frontend_prepare(struct sw_lower *lower, sw_node node, struct sw_frontend_ask *ask, struct sw_error **error);
void sw_frontend_ask_fini(struct sw_frontend_ask *ask);

/* Imports the image in `fd`, with the config that the graph has for `wanted` merged into its own. [pool] */
bool sw_frontend_import(const struct sw_host *host, const struct sw_solve *solve, sw_node wanted, int fd,
                        struct sw_frontend_image *image, struct sw_error **error);
void sw_frontend_image_fini(struct sw_frontend_image *image);

/* The result that `image` is. `layers` gets its layers; both borrow from `image`. */
struct sw_result sw_frontend_result(const struct sw_frontend_image *image, sw_node wanted, struct sw_vec *layers);

#endif
