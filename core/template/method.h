/* method.h - methods and fields of values that are no maps. */
#ifndef CORE_TEMPLATE_METHOD_H
#define CORE_TEMPLATE_METHOD_H

#include "core/template/function.h"

/* The method `name` of a type, or NULL. */
const struct sw_method *sw_method_find(enum sw_type type, struct sw_str name);

enum sw_field {
    SW_FIELD_NONE,
    SW_FIELD_OPEN,
    SW_FIELD_HIDDEN, /* not exported: it exists, but templates must not read it */
};

/* The field `name` of a struct (or of what a pointer points to); an open one is given in `*out`. */
enum sw_field sw_struct_field(struct sw_datum value, struct sw_str name, struct sw_datum *out);

/* Where the fields of a type are listed: names, in order, NULL-terminated; NULL for other types. */
const char *const *sw_struct_fields(enum sw_type type);

#endif
