/* format.h - Go's fmt for the values of templates: print, println, printf. */
#ifndef CORE_TEMPLATE_FORMAT_H
#define CORE_TEMPLATE_FORMAT_H

#include "core/base/buf.h"
#include "core/template/value.h"

struct sw_engine;

/* As fmt.Sprint, Sprintln and Sprintf, appended to `out`. False when a value nests too deeply (it may contain itself). */
bool sw_fmt_print(struct sw_engine *engine, struct sw_buf *out, const struct sw_datum *args, size_t count);
bool sw_fmt_println(struct sw_engine *engine, struct sw_buf *out, const struct sw_datum *args, size_t count);
bool sw_fmt_printf(struct sw_engine *engine, struct sw_buf *out, struct sw_str format, const struct sw_datum *args, size_t count);

/* What the value's String or Error method gives; false if its type has none. */
bool sw_fmt_stringer(struct sw_buf *out, struct sw_datum value);

/* Sprig's text of a value: a string is itself, anything else as by %v. */
bool sw_fmt_strval(struct sw_engine *engine, struct sw_buf *out, struct sw_datum value);

#endif
