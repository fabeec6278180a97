/* fixture.h - golden values that tests of this folder read. */
#ifndef TESTS_UNIT_PLUGINS_DOCKERFILE_FIXTURE_H
#define TESTS_UNIT_PLUGINS_DOCKERFILE_FIXTURE_H

#include <jansson.h>

#include "core/base/alloc.h"
#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "tests/unit/check.h"

/* The JSON of a file under tests/fixtures. */
static inline json_t *read_fixture(const char *name) {
    sw_cleanup_free char *path = sw_format("%s/%s", TEST_FIXTURES, name);
    json_error_t where;
    json_t *root = json_load_file(path, 0, &where);
    if (!root)
        fail_msg("%s: %s", path, where.text);
    return root;
}

/* Text of a member, "" when it is absent or null. */
static inline const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* An array of texts; null gives none. */
static inline struct sw_strings texts_of(struct sw_arena *arena, const json_t *array) {
    const char **items = sw_arena_new(arena, (json_array_size(array) + 1) * sizeof(char *));
    for (size_t i = 0; i < json_array_size(array); i++)
        items[i] = json_string_value(json_array_get(array, i));
    return (struct sw_strings){items, json_array_size(array)};
}

#endif
