/* imports.h - the checksum of what a Stapel import brings: it, and not the source image, enters the digest, so an unchanged import
 * rebuilds nothing. */
#ifndef CORE_BUILD_IMPORTS_H
#define CORE_BUILD_IMPORTS_H

#include "core/build/session.h"

/* From the record in the store, else from the files of the source, which then gets its record. [loop] */
void sw_import_checksum(struct sw_job *job, const struct sw_import *import,
                        void (*done)(void *context, const char *checksum, const char *source, struct sw_error *error),
                        void *context);

#endif
