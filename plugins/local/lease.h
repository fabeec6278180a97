/* lease.h - names that are in use, by this process or another one on the same store.
 *
 * A name is locked as one byte of a file, at a place that its hash gives, by an open-file-description lock: the kernel drops it
 * with the process, one descriptor holds any number of names, and no lock file is left to clean up. Two names whose hashes meet
 * only make each other wait. Thread-safe. */
#ifndef PLUGINS_LOCAL_LEASE_H
#define PLUGINS_LOCAL_LEASE_H

#include <stdbool.h>

#include "slipway/types.h"

struct sw_leases;

/* Opens the lock file `name` in `folder`, making it when it is missing. */
struct sw_leases *sw_leases_open(int folder, const char *name, struct sw_error **error);

/* Drops all names. */
void sw_leases_close(struct sw_leases *leases);

/* Says that `name` is used, beside others who use it; false when somebody has it alone. Uses count, and each may be ended; the rest
 * end with sw_leases_close. */
bool sw_lease_use(struct sw_leases *leases, const char *name);
void sw_lease_end_use(struct sw_leases *leases, const char *name);

/* Takes `name` alone, unless anybody uses or has it, this process included. Never waits. */
bool sw_lease_take(struct sw_leases *leases, const char *name);
void sw_lease_release(struct sw_leases *leases, const char *name);

/* Whether anybody, this process included, uses or has `name`. */
bool sw_lease_busy(struct sw_leases *leases, const char *name);

#endif
