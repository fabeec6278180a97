#include "core/base/map.h"

#include <stdio.h>

#include "tests/unit/check.h"

static void keeps_every_key_through_growth_and_removal(void **state) {
    (void)state;
    struct sw_map map = {0};
    static int values[1000];
    char key[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "key%d", i);
        assert_null(sw_map_set(&map, key, &values[i]));
    }
    for (int i = 0; i < 1000; i += 2) {
        snprintf(key, sizeof key, "key%d", i);
        assert_ptr_equal(sw_map_remove(&map, key), &values[i]);
    }
    for (int i = 0; i < 1000; i += 2) {
        snprintf(key, sizeof key, "again%d", i);
        sw_map_set(&map, key, &values[i]);
    }
    assert_int_equal(map.count, 1000);
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "key%d", i);
        assert_ptr_equal(sw_map_get(&map, key), i % 2 ? &values[i] : NULL);
    }
    sw_map_fini(&map, NULL);
}

static void remembers_the_order_of_insertion(void **state) {
    (void)state;
    struct sw_map map = {0};
    sw_map_set(&map, "z", "1");
    sw_map_set(&map, "a", "2");
    assert_string_equal(sw_map_set(&map, "z", "3"), "1");
    assert_string_equal(map.entries[0].key, "z");
    assert_string_equal(map.entries[1].key, "a");
    assert_string_equal(sw_map_get(&map, "z"), "3");
    sw_map_fini(&map, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_every_key_through_growth_and_removal),
        cmocka_unit_test(remembers_the_order_of_insertion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
