/* Looking whether files are committed, on a thread that the tests can watch. */
#include "plugins/dockerfile/checks.h"

#include <pthread.h>
#include <unistd.h>

#include "core/base/error.h"
#include "tests/unit/check.h"

/* A pool of one thread, whose loop comes by when the test says so. */
static struct {
    pthread_t thread;
    void (*work)(void *context);
    void (*after)(void *context);
    void *context;
} job;

static void *on_thread(void *unused) {
    (void)unused;
    usleep(20000);
    job.work(job.context);
    return NULL;
}

static void run(void (*work)(void *context), void (*after)(void *context), void *context) {
    job.work = work;
    job.after = after;
    job.context = context;
    assert_int_equal(pthread_create(&job.thread, NULL, on_thread, NULL), 0);
}

static void loop_comes_by(void) {
    pthread_join(job.thread, NULL);
    job.after(job.context);
}

static unsigned looks;

/* What "dirty" is the base of is not committed. */
static bool require_committed(const struct sw_commit *commit, const char *scope, const struct sw_filter *filters, size_t count,
                              struct sw_error **error) {
    (void)commit;
    looks++;
    assert_string_equal(scope, "context");
    assert_int_equal(count, 2);
    return filters[1].base[0] != 'd' || sw_fail(error, SW_ERROR_DENIED, "%s must be committed", filters[1].base);
}

static const struct sw_host_pool pool = {.run = run};
static const struct sw_host_files files = {.require_committed = require_committed};
static const struct sw_host host = {.pool = &pool, .files = &files};

static struct sw_df_checks *start(const char *first, const char *second) {
    struct sw_df_checks *checks = sw_df_checks_new(&host, NULL, "context");
    looks = 0;
    sw_df_checks_add(checks, (struct sw_filter[2]){{.base = "context"}, {.base = first}});
    sw_df_checks_add(checks, (struct sw_filter[2]){{.base = "context"}, {.base = second}});
    sw_df_checks_start(checks);
    return checks;
}

struct answer {
    unsigned times;
    struct sw_error *error;
};

static void on_answer(void *context, struct sw_error *error) {
    struct answer *answer = context;
    answer->times++;
    answer->error = error;
}

static void the_answer_comes_whether_asked_for_before_or_after_the_look(void **state) {
    (void)state;
    for (int dirty = 0; dirty < 2; dirty++) {
        for (int early = 0; early < 2; early++) {
            struct answer answer = {0};
            struct sw_df_checks *checks = start("a", dirty ? "dirty" : "b");
            if (early)
                sw_df_checks_wait(checks, on_answer, &answer);
            assert_int_equal(answer.times, 0);
            loop_comes_by();
            if (!early)
                sw_df_checks_wait(checks, on_answer, &answer);
            assert_int_equal(answer.times, 1);
            assert_int_equal(looks, 2);
            assert_int_equal(answer.error != NULL, dirty);
            if (dirty)
                assert_string_equal(answer.error->message, "dirty must be committed");
            sw_error_free(answer.error);
            sw_df_checks_free(checks);
        }
    }
}

static void the_first_refusal_ends_the_look(void **state) {
    (void)state;
    struct answer answer = {0};
    struct sw_df_checks *checks = start("dirty first", "dirty second");
    loop_comes_by();
    sw_df_checks_wait(checks, on_answer, &answer);
    assert_int_equal(looks, 1);
    assert_string_equal(answer.error->message, "dirty first must be committed");
    sw_error_free(answer.error);
    sw_df_checks_free(checks);
}

static void freeing_waits_for_the_thread_and_nobody_is_told(void **state) {
    (void)state;
    struct answer answer = {0};
    struct sw_df_checks *checks = start("a", "dirty");
    sw_df_checks_wait(checks, on_answer, &answer);
    sw_df_checks_free(checks);
    assert_int_equal(looks, 2);
    loop_comes_by();
    assert_int_equal(answer.times, 0);
}

static void an_answer_that_nobody_asked_for_is_dropped(void **state) {
    (void)state;
    struct sw_df_checks *checks = start("dirty", "b");
    loop_comes_by();
    sw_df_checks_free(checks);
    sw_df_checks_free(sw_df_checks_new(&host, NULL, "context"));
    sw_df_checks_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_comes_whether_asked_for_before_or_after_the_look),
        cmocka_unit_test(the_first_refusal_ends_the_look),
        cmocka_unit_test(freeing_waits_for_the_thread_and_nobody_is_told),
        cmocka_unit_test(an_answer_that_nobody_asked_for_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
