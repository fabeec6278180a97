#include "core/runtime/cancel.h"

#include "core/base/error.h"
#include "core/runtime/loop.h"
#include "tests/unit/check.h"

static int fired;

static void on_fire(void *context) {
    (void)context;
    fired++;
}

static void cancelling_reaches_all_below_and_nothing_beside(void **state) {
    (void)state;
    struct sw_cancel *parent = sw_cancel_new(NULL), *child = sw_cancel_new(parent), *grandchild = sw_cancel_new(child);
    struct sw_cancel *other = sw_cancel_new(NULL);
    struct sw_cancel_watch *watch = sw_cancel_watch(grandchild, on_fire, NULL);
    sw_cancel_watch(other, on_fire, NULL);
    sw_cancel_fire(parent);
    assert_true(sw_cancelled(parent) && sw_cancelled(child) && sw_cancelled(grandchild));
    assert_false(sw_cancelled(other) || sw_cancelled(sw_cancel_root()));
    assert_int_equal(fired, 0);
    sw_loop_run();
    assert_int_equal(fired, 1);
    sw_cancel_fire(parent);
    sw_loop_run();
    assert_int_equal(fired, 1);
    sw_cancel_unwatch(watch);
    sw_cancel_free(grandchild);
    sw_cancel_free(child);
    sw_cancel_free(parent);
    sw_cancel_free(other);
}

static void a_watch_of_a_cancelled_token_fires_later(void **state) {
    (void)state;
    struct sw_cancel *cancel = sw_cancel_new(NULL);
    sw_cancel_fire(cancel);
    sw_cancel_watch(cancel, on_fire, NULL);
    assert_int_equal(fired, 0);
    sw_loop_run();
    assert_int_equal(fired, 1);
    sw_cancel_free(cancel);
}

static void a_new_token_below_a_cancelled_one_is_cancelled(void **state) {
    (void)state;
    sw_cancel_fire(sw_cancel_root());
    struct sw_cancel *cancel = sw_cancel_new(NULL);
    sw_cleanup_error struct sw_error *error = NULL;
    assert_true(sw_cancelled_error(cancel, &error));
    assert_int_equal(error->code, SW_ERROR_CANCELLED);
    sw_cancel_free(cancel);
}

static void a_token_outlives_its_parent(void **state) {
    (void)state;
    struct sw_cancel *parent = sw_cancel_new(NULL), *child = sw_cancel_new(parent);
    sw_cancel_free(parent);
    assert_false(sw_cancelled(child));
    sw_cancel_fire(sw_cancel_root());
    assert_true(sw_cancelled(child));
    sw_cancel_free(child);
}

static struct sw_cancel_watch *victim;

static void remove_victim(void *context) {
    (void)context;
    fired++;
    sw_cancel_unwatch(victim);
    victim = NULL;
}

static void a_watch_may_end_another_while_they_fire(void **state) {
    (void)state;
    struct sw_cancel *cancel = sw_cancel_new(NULL);
    victim = sw_cancel_watch(cancel, on_fire, NULL);
    sw_cancel_watch(cancel, remove_victim, NULL); /* the newest fires first */
    sw_cancel_fire(cancel);
    sw_loop_run();
    assert_int_equal(fired, 1);
    sw_cancel_free(cancel);
}

static void no_token_is_never_cancelled(void **state) {
    (void)state;
    assert_false(sw_cancelled(NULL));
    assert_null(sw_cancel_watch(NULL, on_fire, NULL));
    sw_cancel_unwatch(NULL);
    sw_cancel_free(NULL);
}

static int start_loop(void **state) {
    (void)state;
    fired = 0;
    return sw_loop_start(NULL) ? 0 : -1;
}

static int end_loop(void **state) {
    (void)state;
    sw_cancel_reset_root();
    sw_loop_end();
    return 0;
}

#define ON_A_LOOP(test) cmocka_unit_test_setup_teardown(test, start_loop, end_loop)

int main(void) {
    const struct CMUnitTest tests[] = {
        ON_A_LOOP(cancelling_reaches_all_below_and_nothing_beside), ON_A_LOOP(a_watch_of_a_cancelled_token_fires_later),
        ON_A_LOOP(a_new_token_below_a_cancelled_one_is_cancelled),  ON_A_LOOP(a_token_outlives_its_parent),
        ON_A_LOOP(a_watch_may_end_another_while_they_fire),         ON_A_LOOP(no_token_is_never_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
