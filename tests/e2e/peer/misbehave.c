/* misbehave.c - what a daemon can do wrong with a call. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/peer/call.h"

/* Splits "CODE:MESSAGE"; returns the message. */
static const char *split_status(const char *detail, char code[8]) {
    size_t len = strcspn(detail, ":");
    snprintf(code, 8, "%.*s", (int)len, detail);
    return detail[len] ? detail + len + 1 : "";
}

static void end_with_status(struct call *call, const char *detail) {
    char code[8];
    const char *message = split_status(detail, code);
    respond(call);
    finish(call, code, message);
}

static void refuse_with_status(struct call *call, const char *detail) {
    char code[8];
    const char *message = split_status(detail, code);
    refuse(call, code, message);
}

static void reset(struct call *call, const char *code) {
    nghttp2_submit_rst_stream(call->session, NGHTTP2_FLAG_NONE, call->id, (uint32_t)atoi(code));
}

static void say_goodbye(struct call *call, const char *code) {
    nghttp2_session_terminate_session(call->session, (uint32_t)atoi(code));
}

static void hang_up(struct call *call, const char *detail) {
    (void)detail;
    call->connection->over = true;
}

static void be_late(struct call *call, const char *milliseconds) {
    call->due = peer_now() + strtoull(milliseconds, NULL, 10);
}

static void break_trailers(struct call *call, const char *detail) {
    (void)detail;
    respond(call);
    finish(call, "banana", NULL);
}

static void end_without_status(struct call *call, const char *detail) {
    (void)detail;
    respond(call);
    finish(call, "", NULL);
}

static void send_frame(struct call *call, uint8_t compressed, size_t size) {
    respond(call);
    put_header(call, compressed, size);
    sw_buf_puts(&call->out, "ten bytes.");
    resume(call);
}

static void cut_message(struct call *call, const char *detail) {
    (void)detail;
    send_frame(call, 0, 1000);
    finish(call, "0", NULL);
}

static void compress(struct call *call, const char *detail) {
    (void)detail;
    send_frame(call, 1, 10);
}

static void promise_too_much(struct call *call, const char *detail) {
    (void)detail;
    send_frame(call, 0, UINT32_MAX);
}

static void talk_nonsense(struct call *call, const char *detail) {
    sw_cleanup_buf struct sw_buf nonsense = {0};
    (void)detail;
    sw_buf_add(&nonsense, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12);
    answer(call, &nonsense);
}

/* What is no HTTP/2 at all, in the middle of it. */
static void send_garbage(struct call *call, const char *detail) {
    (void)detail;
    sw_buf_puts(&call->connection->out, "this is no frame, and whoever reads on is lost in the woods of bytes");
}

static void answer_by_http(struct call *call, const char *status) {
    nghttp2_nv headers[] = {header(":status", status), header("content-type", "text/html")};
    nghttp2_submit_response(call->session, call->id, headers, 2, NULL);
}

static void say_nothing(struct call *call, const char *detail) {
    (void)call;
    (void)detail;
}

static const struct {
    const char *kind;
    void (*act)(struct call *call, const char *detail);
} kinds[] = {
    {"status", end_with_status},
    {"refuse", refuse_with_status},
    {"reset", reset},
    {"goaway", say_goodbye},
    {"close", hang_up},
    {"late", be_late},
    {"silent", say_nothing},
    {"trailers", break_trailers},
    {"no-status", end_without_status},
    {"cut", cut_message},
    {"compressed", compress},
    {"endless", promise_too_much},
    {"nonsense", talk_nonsense},
    {"garbage", send_garbage},
    {"http", answer_by_http},
};

static void misbehave(struct call *call, const struct behaviour *how) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(kinds[i].kind, how->kind))
            kinds[i].act(call, how->detail);
}

bool is_misbehaved(struct call *call) {
    for (const struct behaviour *how = call->connection->plan->behaviours; how->method; how++) {
        if (!is(call, how->method))
            continue;
        misbehave(call, how);
        return true;
    }
    return false;
}
