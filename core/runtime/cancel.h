/* cancel.h - says that work is no longer wanted.
 *
 * Tokens form a tree: cancelling one cancels all below it. The root stands for the process and is cancelled by SIGINT and SIGTERM
 * (signals.h). Nothing is interrupted by force: who works under a token polls it or watches it, and ends early. */
#ifndef CORE_RUNTIME_CANCEL_H
#define CORE_RUNTIME_CANCEL_H

#include <stdbool.h>

#include "slipway/types.h"

struct sw_cancel;
struct sw_cancel_watch;

/* The token of the whole process; lives for ever. [any] */
struct sw_cancel *sw_cancel_root(void);

/* A new token below `parent` (NULL: the root). [loop] */
struct sw_cancel *sw_cancel_new(struct sw_cancel *parent);

/* Ends a token; tokens below it move to its parent, watches that are left go without having fired. Takes NULL. [loop] */
void sw_cancel_free(struct sw_cancel *cancel);

/* Cancels a token and all below. Watches fire in a later turn. [loop] */
void sw_cancel_fire(struct sw_cancel *cancel);

/* Whether the work is no longer wanted; false for NULL. [any] */
bool sw_cancelled(const struct sw_cancel *cancel);

/* As above, and then an error of SW_ERROR_CANCELLED in `*error`. [any] */
bool sw_cancelled_error(const struct sw_cancel *cancel, struct sw_error **error);

/* Calls `fire` once, on the loop's thread and never from inside this call, when the token is cancelled or if it is already. The
 * handle stays until `sw_cancel_unwatch`, or the token's end. NULL when `cancel` is NULL. [loop] */
struct sw_cancel_watch *sw_cancel_watch(struct sw_cancel *cancel, void (*fire)(void *context), void *context);

/* Ends a watch, whether it fired or not. Takes NULL. [loop] */
void sw_cancel_unwatch(struct sw_cancel_watch *watch);

/* Makes the root as new: for tests. [loop] */
void sw_cancel_reset_root(void);

#endif
