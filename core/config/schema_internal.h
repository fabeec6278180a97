/* schema_internal.h - what the files of the schema checker share. */
#ifndef CORE_CONFIG_SCHEMA_INTERNAL_H
#define CORE_CONFIG_SCHEMA_INTERNAL_H

#include "core/base/buf.h"
#include "core/base/map.h"
#include "core/config/schema.h"

struct sw_schema {
    char *name;
    json_t *root;
    struct sw_map patterns; /* text of a pattern to its pcre2_code */
};

/* A step on the way from the document to a value. */
struct sw_schema_step {
    const struct sw_schema_step *parent;
    const char *key; /* NULL: an item of a list */
    size_t index;
    const json_t *node; /* schema of the map that `key` stands in; NULL for an item */
};

/* One run of a check. */
struct sw_schema_run {
    const struct sw_schema *schema; /* whose nodes are being followed */
    const char *subject;
    struct sw_diagnostics *list; /* NULL: only say whether it is valid */
    bool lax;                    /* unknown keys are warnings */
    unsigned refs;               /* followed without going deeper into the value */
};

/* Follows $ref. NULL when it leads nowhere or in a circle. */
const json_t *sw_schema_follow(const struct sw_schema *schema, const json_t *node);

/* Compiled form of a pattern; NULL when it is not known. */
bool sw_schema_match(const struct sw_schema *schema, const char *pattern, const char *text);

/* Whether a value has one of the types that `node` names; true when it names none. */
bool sw_schema_type_fits(const json_t *node, const struct sw_value *value);

/* "a list of texts", "true or false", "a text or a list of texts": what a node wants. */
void sw_schema_expected(const struct sw_schema *schema, const json_t *node, struct sw_buf *out);

/* Subject and way to a value, as they begin a message: `image "web" › import[1] › before`. */
void sw_schema_way(const char *subject, const struct sw_schema_step *step, struct sw_buf *out);

/* Says of an unknown key of `map` what it might have been. `nodes` are the schemas of the map. */
void sw_schema_unknown_key(const struct sw_schema_run *run, const json_t *const *nodes, size_t count, const struct sw_value *map,
                           const struct sw_value *key, const struct sw_schema_step *step, const struct sw_schema_others *others);

#endif
