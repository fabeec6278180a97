/* allowed.h - may this graph run here? Asked by the core before a backend sees the graph, since builders and graphs are not trusted with
 * the answer: power is the user's to give, and a backend is never sent what it does not declare. */
#ifndef CORE_BUILD_ALLOWED_H
#define CORE_BUILD_ALLOWED_H

#include "slipway/backend.h"

struct sw_allowed {
    const struct sw_capabilities *capabilities;
    const char *backend; /* its name, for errors */
    bool insecure;       /* the user's own flag */
};

/* Looks at all nodes of `graph`. The error stands at the place of the first one that may not run: SW_ERROR_DENIED for a privileged step
 * that the user did not allow, SW_ERROR_UNSUPPORTED for what the backend cannot do. */
bool sw_graph_allowed(const struct sw_graph *graph, const struct sw_allowed *allowed, struct sw_error **error);

#endif
