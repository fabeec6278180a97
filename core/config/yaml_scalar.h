/* yaml_scalar.h - what a YAML scalar means: the resolution rules of Go's yaml.v2 (YAML 1.1 with its own corners). */
#ifndef CORE_CONFIG_YAML_SCALAR_H
#define CORE_CONFIG_YAML_SCALAR_H

#include "core/base/arena.h"
#include "core/config/document.h"

/* Fills kind, number, `source` and `text` of `value` from a scalar's text. `tag` is the long form or "" and `plain` says that it
 * has no quotes. Returns NULL, or what is wrong with it (in `arena`): a tag that does not fit, base64 that is none. */
const char *sw_yaml_resolve(struct sw_arena *arena, struct sw_value *value, const char *tag, const char *text, bool plain);

/* Prints a float as Go's "%v" does: `1000`, `1e+06`, `+Inf`. */
void sw_yaml_print_float(double number, char out[40]);

#endif
