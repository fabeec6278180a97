/* strict_json.h - JSON from strangers.
 *
 * The parser proper is jansson's; what is added is what it does not refuse by itself: deep nesting (checked before anything is
 * built), and numbers that are no exact sizes. Duplicate keys, invalid UTF-8, NULs and bytes behind the end are refused. */
#ifndef PLUGINS_REGISTRY_STRICT_JSON_H
#define PLUGINS_REGISTRY_STRICT_JSON_H

#include <jansson.h>

#include "slipway/types.h"

/* An object, to be json_decref'ed; NULL and SW_ERROR_CORRUPT else. `what` names the document in the message. */
json_t *sw_strict_json(struct sw_bytes text, const char *what, struct sw_error **error);

/* The string member `key`, borrowed; NULL when it is missing or no string. */
const char *sw_json_text(const json_t *object, const char *key);

/* Whether member `key` is an integer from 0 to 2^53 - 1. */
bool sw_json_size(const json_t *object, const char *key, uint64_t *size);

#endif
