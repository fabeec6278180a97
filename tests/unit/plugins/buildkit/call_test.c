/* Calls between a client and a server of ours, joined in memory: HTTP/2, header compression, gRPC's framing and its ends. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "plugins/buildkit/call.h"
#include "tests/unit/check.h"

/* Timers that only fire when told to. */
static void (*timer_fire)(void *context);
static void *timer_context;

static struct sw_timer *after(uint64_t ms, void (*fire)(void *context), void *context) {
    (void)ms;
    timer_fire = fire;
    timer_context = context;
    return (struct sw_timer *)&timer_fire;
}

static void stop(struct sw_timer *timer) {
    (void)timer;
    timer_fire = NULL;
}

static const struct sw_host_timers timers = {.size = sizeof timers, .after = after, .stop = stop};
static const struct sw_host host = {.size = sizeof host, .timers = &timers};

/* One end of the wire. */
struct end {
    struct sw_h2 *h2;
    struct sw_buf sent;
};

static struct end client, server;
static void (*answer)(struct sw_call *call);
static struct sw_buf asked; /* all that the server was sent */

static void end_write(void *context, struct sw_bytes bytes) {
    struct end *end = context;
    sw_buf_add(&end->sent, bytes.data, bytes.len);
}

static size_t end_pending(void *context) {
    (void)context;
    return 0;
}

static void deliver(struct end *from, struct end *to) {
    struct sw_buf bytes = from->sent;
    from->sent = (struct sw_buf){0};
    for (size_t i = 0; i < bytes.len; i += 7) /* in pieces that fit nothing */
        sw_h2_receive(to->h2, (struct sw_bytes){bytes.data + i, bytes.len - i < 7 ? bytes.len - i : 7});
    sw_buf_fini(&bytes);
}

static void run(void) {
    sw_h2_pump(client.h2);
    sw_h2_pump(server.h2);
    while (client.sent.len || server.sent.len) {
        deliver(&client, &server);
        deliver(&server, &client);
    }
}

static void on_server_message(void *context, struct sw_bytes message) {
    (void)context;
    sw_buf_add(&asked, message.data, message.len);
}

static void on_server_half_closed(void *context) {
    answer(*(struct sw_call **)context);
}

static void on_server_closed(void *context, const struct sw_grpc_status *status) {
    (void)status;
    free(context);
}

static const struct sw_call_events server_events = {
    .message = on_server_message, .half_closed = on_server_half_closed, .closed = on_server_closed};

static void on_accept(void *context, struct sw_h2_stream *stream, struct sw_pairs headers) {
    struct sw_call **call = sw_new(sizeof *call);
    (void)context;
    *call = sw_call_accept(&host, stream, headers, &server_events, call);
    if (!*call)
        free(call);
}

static int set_up(void **state) {
    (void)state;
    client.h2 = sw_h2_new(SW_H2_CLIENT, &(struct sw_h2_carrier){end_write, end_pending, &client}, NULL, NULL, NULL);
    server.h2 = sw_h2_new(SW_H2_SERVER, &(struct sw_h2_carrier){end_write, end_pending, &server}, on_accept, NULL, NULL);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    sw_h2_free(client.h2);
    sw_h2_free(server.h2);
    sw_buf_fini(&client.sent);
    sw_buf_fini(&server.sent);
    sw_buf_fini(&asked);
    return 0;
}

/* What the client got. */
static unsigned ended;
static uint32_t code;
static struct sw_buf got, message;

static void on_answered(void *context, const struct sw_grpc_status *status, struct sw_bytes bytes) {
    (void)context;
    ended++;
    code = status->code;
    sw_buf_truncate(&got, 0);
    sw_buf_truncate(&message, 0);
    sw_buf_add(&got, bytes.data ? bytes.data : "", bytes.len);
    sw_buf_puts(&message, status->message ? status->message : "");
}

static struct sw_call *ask(const char *request, size_t len) {
    ended = 0;
    return sw_call_ask(&host, client.h2, "/service/Method", (struct sw_pairs){0}, 5, (struct sw_bytes){request, len}, on_answered,
                       NULL);
}

static void say_back(struct sw_call *call) {
    sw_call_send(call, (struct sw_bytes){asked.data, asked.len});
    sw_call_answer(call, SW_GRPC_OK, NULL);
}

static void a_question_gets_its_answer_whatever_its_size(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 16384, 300000};
    answer = say_back;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *request = sw_new(sizes[i] + 1);
        memset(request, 'x', sizes[i]);
        sw_buf_truncate(&asked, 0);
        ask(request, sizes[i]);
        run();
        assert_int_equal(ended, 1);
        assert_int_equal(code, SW_GRPC_OK);
        assert_int_equal(got.len, sizes[i]);
        free(request);
    }
    sw_buf_fini(&got);
    sw_buf_fini(&message);
}

static void refuse(struct sw_call *call) {
    sw_call_answer(call, SW_GRPC_NOT_FOUND, "nothing at 100 % \xc3\xa4");
}

static void a_refusal_keeps_its_code_and_text(void **state) {
    (void)state;
    answer = refuse;
    ask("x", 1);
    run();
    assert_int_equal(code, SW_GRPC_NOT_FOUND);
    assert_string_equal(sw_buf_text(&message), "nothing at 100 % \xc3\xa4");
    sw_buf_fini(&got);
    sw_buf_fini(&message);
}

static void say_nothing(struct sw_call *call) {
    (void)call;
}

static void a_call_without_an_answer_ends_at_its_deadline(void **state) {
    (void)state;
    answer = say_nothing;
    ask("x", 1);
    run();
    assert_int_equal(ended, 0);
    void (*fire)(void *context) = timer_fire;
    assert_non_null(fire);
    fire(timer_context);
    run();
    assert_int_equal(ended, 1);
    assert_int_equal(code, SW_GRPC_DEADLINE_EXCEEDED);
    sw_buf_fini(&got);
    sw_buf_fini(&message);
}

static void reset(struct sw_call *call) {
    sw_call_cancel(call);
}

static void a_reset_call_is_cancelled(void **state) {
    (void)state;
    answer = reset;
    ask("x", 1);
    run();
    assert_int_equal(ended, 1);
    assert_int_equal(code, SW_GRPC_CANCELLED);
    sw_buf_fini(&got);
    sw_buf_fini(&message);
}

static void a_lost_connection_ends_all_calls_and_begins_none(void **state) {
    (void)state;
    answer = say_nothing;
    ask("x", 1);
    run();
    sw_h2_lose(client.h2);
    assert_int_equal(ended, 1);
    assert_int_equal(code, SW_GRPC_UNAVAILABLE);
    ask("x", 1);
    assert_int_equal(ended, 0);
    timer_fire(timer_context);
    assert_int_equal(ended, 1);
    assert_int_equal(code, SW_GRPC_UNAVAILABLE);
    sw_buf_fini(&got);
    sw_buf_fini(&message);
}

static void bytes_that_are_no_http2_end_the_connection(void **state) {
    (void)state;
    ask("x", 1);
    sw_h2_receive(client.h2, (struct sw_bytes){"HTTP/1.1 400 Bad Request\r\n\r\n", 28});
    assert_true(sw_h2_is_lost(client.h2));
    assert_int_equal(ended, 1);
    sw_buf_fini(&got);
    sw_buf_fini(&message);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_question_gets_its_answer_whatever_its_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refusal_keeps_its_code_and_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_call_without_an_answer_ends_at_its_deadline, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reset_call_is_cancelled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lost_connection_ends_all_calls_and_begins_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bytes_that_are_no_http2_end_the_connection, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
