/* yaml.h - YAML as Go's yaml.v2 reads and writes it, for toYaml and fromYaml. */
#ifndef CORE_TEMPLATE_YAML_H
#define CORE_TEMPLATE_YAML_H

#include "core/template/value.h"

struct sw_engine;

/* What a plain scalar without tag is: a bool, number or nil, a timestamp (which stays a text), or a text. */
enum sw_template_yaml_kind { SW_YAML_STR, SW_YAML_BOOL, SW_YAML_INT, SW_YAML_FLOAT, SW_YAML_NULL, SW_YAML_TIMESTAMP };
enum sw_template_yaml_kind sw_template_yaml_resolve(struct sw_arena *arena, struct sw_str text, struct sw_datum *out);

/* Reads the first document, a mapping, into a map[string]interface {} (NULL for a null one). False with Go's message. */
bool sw_template_yaml_parse(struct sw_engine *engine, struct sw_str text, struct sw_datum *out, struct sw_buf *error);

/* Appends a value's YAML without a final newline. False with a message for what has none. */
bool sw_template_yaml_write(struct sw_engine *engine, struct sw_buf *out, struct sw_datum value, struct sw_buf *error);

#endif
