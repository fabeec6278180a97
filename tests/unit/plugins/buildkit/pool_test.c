/* Which daemon of a pool builds which image. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "plugins/buildkit/pool.h"
#include "tests/unit/check.h"

enum { IMAGES = 200 };

static const char *addresses;

static const char *setting(const char *plugin, const char *name) {
    (void)plugin;
    return strcmp(name, "buildkit-addr") ? NULL : addresses;
}

static const struct sw_host host = {.size = sizeof host, .setting = setting};

static struct sw_pool *pool_of(const char *list) {
    addresses = list;
    struct sw_pool *pool = sw_pool_new(&host, NULL);
    assert_non_null(pool);
    return pool;
}

/* Address of the first daemon for image number `image`; borrowed from the pool. */
static const char *first_of(const struct sw_pool *pool, int image) {
    size_t order[8];
    sw_cleanup_free char *name = sw_format("image-%d", image);
    sw_pool_rank(pool, name, order);
    return sw_pool_endpoint(pool, order[0])->address;
}

static void an_image_goes_to_the_same_daemon_in_whatever_order_they_are_named(void **state) {
    (void)state;
    struct sw_pool *one = pool_of("tcp://a:1,tcp://b:1,tcp://c:1"), *other = pool_of("tcp://c:1,tcp://a:1,tcp://b:1");
    for (int image = 0; image < IMAGES; image++)
        assert_string_equal(first_of(one, image), first_of(other, image));
    sw_pool_free(one);
    sw_pool_free(other);
}

static void every_daemon_gets_its_share(void **state) {
    (void)state;
    struct sw_pool *pool = pool_of("tcp://a:1,tcp://b:1,tcp://c:1");
    int counts[3] = {0};
    for (int image = 0; image < IMAGES; image++)
        counts[first_of(pool, image)[strlen("tcp://")] - 'a']++;
    for (int i = 0; i < 3; i++)
        assert_in_range(counts[i], IMAGES / 6, IMAGES / 2);
    sw_pool_free(pool);
}

static void a_daemon_that_is_taken_away_moves_its_own_images_only(void **state) {
    (void)state;
    struct sw_pool *all = pool_of("tcp://a:1,tcp://b:1,tcp://c:1"), *rest = pool_of("tcp://a:1,tcp://c:1");
    for (int image = 0; image < IMAGES; image++)
        if (strcmp(first_of(all, image), "tcp://b:1"))
            assert_string_equal(first_of(all, image), first_of(rest, image));
    sw_pool_free(all);
    sw_pool_free(rest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_goes_to_the_same_daemon_in_whatever_order_they_are_named),
        cmocka_unit_test(every_daemon_gets_its_share),
        cmocka_unit_test(a_daemon_that_is_taken_away_moves_its_own_images_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
