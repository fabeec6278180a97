/* schema.h - JSON Schemas (draft 2020-12) checked against documents, with errors for people.
 *
 * The keywords that count: $ref ("#", "#/$defs/…"), $defs, type, enum, const, properties, patternProperties, additionalProperties,
 * required, dependentRequired, items, minItems, maxItems, minLength, maxLength, minimum, maximum, pattern, oneOf, anyOf, allOf, not,
 * deprecated, and of editors' own: deprecationMessage, errorMessage (replaces every message of its place), patternErrorMessage, and
 * "x-elsewhere" (of an object: what to say of a key that does not belong there) and "x-own-check" (true: the code checks it with better
 * words). Others are ignored.
 *
 * Types are those that YAML made of the values. A field that takes any scalar as text therefore says
 * ["string", "number", "boolean", "null"], and what `pattern`, lengths and text in `enum` look at is the text as written. */
#ifndef CORE_CONFIG_SCHEMA_H
#define CORE_CONFIG_SCHEMA_H

#include <jansson.h>

#include "core/config/diagnostics.h"
#include "core/config/document.h"

struct sw_schema;

/* Reads a schema. NULL and `error` when it is no JSON object, a pattern is malformed, or a $ref leads nowhere. */
struct sw_schema *sw_schema_new(const char *name, const char *text, struct sw_error **error);
void sw_schema_free(struct sw_schema *schema); /* takes NULL */

/* Name that it was made with: of the builder, or "core". */
const char *sw_schema_name(const struct sw_schema *schema);

/* Whether objects of this schema have the property `key`. */
bool sw_schema_has(const struct sw_schema *schema, const char *key);

/* Who else knows keys that are unknown here: for "only dockerfile images have it". */
struct sw_schema_others {
    const struct sw_schema *const *schemas;
    size_t count;
};

/* Checks a map against several schemas that share its keys: each key is checked by the first one that has it. `subject` begins each
 * message ("image \"web\""; "" for none). Returns whether nothing was wrong. */
bool sw_schema_check(const struct sw_schema *const *schemas, size_t count, const struct sw_value *map, const char *subject,
                     const struct sw_schema_others *others, struct sw_diagnostics *list);

/* Checks a map against one schema; of unknown keys it only warns. For files in which werf ignores them. */
bool sw_schema_check_lax(const struct sw_schema *schema, const struct sw_value *map, const char *subject,
                         struct sw_diagnostics *list);

/* Whether `word` may well be a slip for `key`. */
bool sw_schema_similar(const char *word, const char *key);

/* The schema's JSON, borrowed. */
const json_t *sw_schema_json(const struct sw_schema *schema);

/* Schemas of this room: of the meta document, and of the keys that all image documents share. Static text. */
extern const char sw_schema_meta_text[];
extern const char sw_schema_image_text[];
extern const char sw_schema_giterminism_text[];
extern const char sw_schema_includes_text[];

#endif
