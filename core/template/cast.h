/* cast.h - numbers out of anything, as the library spf13/cast makes them: never an error, but 0. */
#ifndef CORE_TEMPLATE_CAST_H
#define CORE_TEMPLATE_CAST_H

#include "core/template/value.h"

int64_t sw_cast_int(struct sw_datum value);
double sw_cast_float(struct sw_datum value);

/* A float cut to an integer; what does not fit is the least one. */
int64_t sw_cut_float(double real);

#endif
