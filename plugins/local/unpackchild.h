/* unpackchild.h - unpacking a foreign layer in a child process with few rights (the program slipway-unpack).
 *
 * The bytes of a layer come from anybody. Who finds a hole in what reads them gets a process without network, with no paths but the
 * folder it fills, and with few system calls. */
#ifndef PLUGINS_LOCAL_UNPACKCHILD_H
#define PLUGINS_LOCAL_UNPACKCHILD_H

#include "plugins/local/unpack.h"

/* As sw_unpack_run, whose limits are the default ones. */
bool sw_unpackchild_run(const struct sw_unpack *job, struct sw_unpack_sum *sum, struct sw_error **error);

#endif
