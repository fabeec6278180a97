/* flatten.h - stacks with more layers than overlayfs takes.
 *
 * The lowest layers of such a stack are copied into one snapshot of their own, which is kept for the next step that has them below
 * it. */
#ifndef PLUGINS_LOCAL_FLATTEN_H
#define PLUGINS_LOCAL_FLATTEN_H

#include "plugins/local/stack.h"

/* `folders` is what sw_stack_open made of `stack`; does nothing when they are few enough. */
bool sw_flatten(struct sw_localstore *store, const struct sw_stack *stack, struct sw_vec *folders, struct sw_error **error);

#endif
