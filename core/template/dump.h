/* dump.h - values with their types, as `dump_debug` logs them. */
#ifndef CORE_TEMPLATE_DUMP_H
#define CORE_TEMPLATE_DUMP_H

#include "core/template/value.h"

struct sw_engine;

/* Appends the value in the form of spew.Sdump. False when it nests too deeply. */
bool sw_dump(struct sw_engine *engine, struct sw_buf *out, struct sw_datum value);

#endif
