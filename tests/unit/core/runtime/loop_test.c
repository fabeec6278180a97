#include "core/runtime/loop.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/runtime/pool.h"
#include "core/runtime/timer.h"
#include "core/runtime/watch.h"
#include "tests/unit/check.h"

static int order[16];
static int order_len;

static void note(void *context) {
    assert_true(sw_loop_is_here());
    order[order_len++] = (int)(intptr_t)context;
}

static void note_and_ask_again(void *context) {
    note(context);
    sw_loop_later(note, (void *)9);
}

static void later_calls_come_in_order_and_never_from_inside(void **state) {
    (void)state;
    sw_loop_later(note_and_ask_again, (void *)1);
    sw_loop_later(note, (void *)2);
    assert_int_equal(order_len, 0);
    sw_loop_run();
    assert_int_equal(order_len, 3);
    assert_int_equal(order[0], 1);
    assert_int_equal(order[1], 2);
    assert_int_equal(order[2], 9);
}

static void a_loop_without_anything_to_do_ends(void **state) {
    (void)state;
    sw_loop_run();
    assert_int_equal(order_len, 0);
}

struct job {
    pthread_t thread;
    int worked, ended;
};

static void work(void *context) {
    struct job *job = context;
    job->thread = pthread_self();
    assert_false(sw_loop_is_here());
    sw_loop_later(note, (void *)7);
    job->worked++;
}

static void after(void *context) {
    struct job *job = context;
    assert_true(sw_loop_is_here());
    job->ended++;
}

static void pool_work_runs_elsewhere_and_completes_here(void **state) {
    (void)state;
    struct job jobs[8] = {0};
    for (int i = 0; i < 8; i++)
        sw_pool_run(work, after, &jobs[i]);
    sw_loop_run();
    for (int i = 0; i < 8; i++) {
        assert_int_equal(jobs[i].worked, 1);
        assert_int_equal(jobs[i].ended, 1);
        assert_false(pthread_equal(jobs[i].thread, pthread_self()));
    }
    assert_int_equal(order_len, 8);
}

static void the_pool_leaves_no_trace_in_the_environment(void **state) {
    (void)state;
    assert_null(getenv("UV_THREADPOOL_SIZE"));
    assert_true(sw_pool_width() > 0);
}

static void timers_fire_in_order_of_time_unless_stopped(void **state) {
    (void)state;
    uint64_t begin = sw_loop_now();
    sw_timer_after(60, note, (void *)3);
    sw_timer_after(10, note, (void *)1);
    struct sw_timer *stopped = sw_timer_after(20, note, (void *)2);
    sw_timer_stop(stopped);
    sw_loop_run();
    assert_int_equal(order_len, 2);
    assert_int_equal(order[0], 1);
    assert_int_equal(order[1], 3);
    assert_true(sw_loop_now() - begin >= 59);
}

static void a_background_timer_does_not_hold_the_loop(void **state) {
    (void)state;
    uint64_t begin = sw_loop_now();
    sw_timer_background(sw_timer_after(60000, note, NULL));
    sw_loop_run();
    assert_true(sw_loop_now() - begin < 5000);
}

static void stop(void *context) {
    (void)context;
    sw_loop_stop();
}

static void stopping_leaves_what_is_due_for_the_next_run(void **state) {
    (void)state;
    sw_loop_later(stop, NULL);
    sw_timer_after(30, note, (void *)1);
    sw_loop_run();
    assert_int_equal(order_len, 0);
    sw_loop_run();
    assert_int_equal(order_len, 1);
}

struct watched {
    int fd;
    struct sw_fd_watch *watch;
    char text[16];
    size_t len;
};

static void on_ready(void *context, uint32_t events) {
    struct watched *watched = context;
    assert_true(events & SW_FD_READ);
    ssize_t len = read(watched->fd, watched->text + watched->len, 3); /* less than there is: the event comes again */
    if (len > 0) {
        watched->len += (size_t)len;
        return;
    }
    sw_fd_unwatch(watched->watch);
}

static void a_descriptor_is_reported_as_long_as_it_is_ready(void **state) {
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct watched watched = {.fd = ends[0]};
    watched.watch = sw_fd_watch(ends[0], SW_FD_READ, on_ready, &watched);
    assert_non_null(watched.watch);
    assert_int_equal(write(ends[1], "abcdefgh", 8), 8);
    close(ends[1]);
    sw_loop_run();
    assert_int_equal(watched.len, 8);
    assert_memory_equal(watched.text, "abcdefgh", 8);
    close(ends[0]);
}

static void on_never(void *context, uint32_t events) {
    (void)context, (void)events;
    fail();
}

static void a_descriptor_can_be_watched_again_at_once(void **state) {
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    sw_fd_unwatch(sw_fd_watch(ends[0], SW_FD_READ, on_never, NULL));
    struct watched watched = {.fd = ends[0]};
    watched.watch = sw_fd_watch(ends[0], 0, on_ready, &watched);
    assert_non_null(watched.watch);
    sw_fd_change(watched.watch, SW_FD_READ);
    close(ends[1]);
    sw_loop_run();
    close(ends[0]);
}

static void a_regular_file_cannot_be_watched(void **state) {
    (void)state;
    FILE *file = tmpfile();
    assert_null(sw_fd_watch(fileno(file), SW_FD_READ, on_never, NULL));
    fclose(file);
}

static int start_loop(void **state) {
    (void)state;
    order_len = 0;
    return sw_loop_start(NULL) ? 0 : -1;
}

static int end_loop(void **state) {
    (void)state;
    sw_loop_end();
    return 0;
}

#define ON_A_LOOP(test) cmocka_unit_test_setup_teardown(test, start_loop, end_loop)

int main(void) {
    const struct CMUnitTest tests[] = {
        ON_A_LOOP(later_calls_come_in_order_and_never_from_inside), ON_A_LOOP(a_loop_without_anything_to_do_ends),
        ON_A_LOOP(pool_work_runs_elsewhere_and_completes_here),     ON_A_LOOP(the_pool_leaves_no_trace_in_the_environment),
        ON_A_LOOP(timers_fire_in_order_of_time_unless_stopped),     ON_A_LOOP(a_background_timer_does_not_hold_the_loop),
        ON_A_LOOP(stopping_leaves_what_is_due_for_the_next_run),    ON_A_LOOP(a_descriptor_is_reported_as_long_as_it_is_ready),
        ON_A_LOOP(a_descriptor_can_be_watched_again_at_once),       ON_A_LOOP(a_regular_file_cannot_be_watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
