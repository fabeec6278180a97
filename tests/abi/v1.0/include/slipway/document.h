/* document.h - reading a YAML document through the host.
 *
 * A value is a node of werf.yaml after templates ran. Every value knows its place. Values live as long as the build; a plugin
 * only borrows them. All functions are [any] and pure. */
#ifndef SLIPWAY_DOCUMENT_H
#define SLIPWAY_DOCUMENT_H

#include "slipway/types.h"

enum sw_value_kind {
    SW_VALUE_NULL = 0,
    SW_VALUE_BOOL = 1,
    SW_VALUE_INT = 2,
    SW_VALUE_FLOAT = 3,
    SW_VALUE_STRING = 4,
    SW_VALUE_LIST = 5,
    SW_VALUE_MAP = 6,
};

struct sw_host_document {
    uint32_t size;

    /* Kind of `value` (enum sw_value_kind); SW_VALUE_NULL for a NULL pointer. */
    uint32_t (*kind)(const struct sw_value *value);

    /* Number of items of a list or pairs of a map, else 0. */
    size_t (*count)(const struct sw_value *value);

    /* Item `index` of a list, or value of pair `index` of a map, in the document's order. NULL when out of range. */
    const struct sw_value *(*at)(const struct sw_value *value, size_t index);

    /* Key of pair `index` of a map, as a value, so that it has a place. NULL when out of range. */
    const struct sw_value *(*key_at)(const struct sw_value *map, size_t index);

    /* Value under `key` of a map; NULL when the key is absent or `map` is no map. */
    const struct sw_value *(*get)(const struct sw_value *map, const char *key);

    /* Text of a scalar: a string as it is, other scalars as Go's "%v" prints what YAML made of them (`3.10` is "3.1", `yes`
     * is "true", null is ""). NULL for lists and maps. For fields that werf decodes untyped (`args`). */
    const char *(*text)(const struct sw_value *value);

    /* Boolean of a scalar; `otherwise` when it is not one. */
    bool (*boolean)(const struct sw_value *value, bool otherwise);

    /* Where the value stands. Members of the result live as long as the value. */
    struct sw_place (*place)(const struct sw_value *value);

    /* Text of a scalar as it stands in the file: `3.10` is "3.10", `yes` is "yes", null is "". What every field that wants text
     * takes (`from`, `cacheVersion`, `target`, values of `imageSpec.config.env`). NULL for lists and maps. */
    const char *(*source)(const struct sw_value *value);

    /* What Go's "%v" prints of any value: as `text`, and `<nil>`, `[a b]`, `map[a:b c:d]`. Never NULL. */
    const char *(*printed)(const struct sw_value *value);

    /* Number of an integer, or of a float without a fraction; `otherwise` when it is neither. */
    int64_t (*integer)(const struct sw_value *value, int64_t otherwise);
};

#endif
