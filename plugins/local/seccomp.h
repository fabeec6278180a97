/* seccomp.h - the filter of system calls that steps run under.
 *
 * A runtime gets it in two forms: as rules in its configuration, which each runtime understands but needs long to compile, and as a
 * ready BPF program, which crun takes instead. Both always go together: a runtime that ignores the program must not run a step
 * without any filter. */
#ifndef PLUGINS_LOCAL_SECCOMP_H
#define PLUGINS_LOCAL_SECCOMP_H

#include <jansson.h>

#include "slipway/types.h"

/* The rules as `linux.seccomp` of an OCI runtime configuration; a new reference. */
json_t *sw_seccomp_rules(void);

/* The program, base64, to be freed. It is compiled once and kept as a file in `folder`. */
char *sw_seccomp_program(int folder, struct sw_error **error);

#endif
