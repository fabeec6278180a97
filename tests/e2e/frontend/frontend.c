/* frontend.c - a front end of BuildKit for tests, as small as one can be: it speaks gRPC over its standard streams.
 *
 * Whatever the build file says, its image has a file /told with all options, and the context under /context. */
#include <nghttp2/nghttp2.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

struct text {
    uint8_t data[64 * 1024];
    size_t len, sent;
};

static struct text request, answer;
static int ended;

/* ---- protobuf ---- */

static void put_varint(struct text *out, uint64_t value) {
    do
        out->data[out->len++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    while (value >>= 7);
}

static void put_int(struct text *out, unsigned field, int64_t value) {
    put_varint(out, field << 3);
    put_varint(out, (uint64_t)value);
}

static void put_bytes(struct text *out, unsigned field, const void *data, size_t len) {
    put_varint(out, field << 3 | 2);
    put_varint(out, len);
    memcpy(out->data + out->len, data, len);
    out->len += len;
}

static void put_text(struct text *out, unsigned field, const char *text) {
    put_bytes(out, field, text, strlen(text));
}

static void put(struct text *out, unsigned field, const struct text *message) {
    put_bytes(out, field, message->data, message->len);
}

/* ---- the definition ---- */

static void put_input(struct text *op, const struct text *of) {
    static struct text input;
    unsigned char hash[SHA256_DIGEST_LENGTH];
    char digest[7 + 2 * SHA256_DIGEST_LENGTH + 1] = "sha256:";
    SHA256(of->data, of->len, hash);
    for (int i = 0; i < SHA256_DIGEST_LENGTH; i++)
        sprintf(digest + 7 + 2 * i, "%02x", hash[i]);
    input.len = 0;
    put_text(&input, 1, digest);
    put(op, 1, &input);
}

static void collect_options(struct text *out) {
    for (char **entry = environ; *entry; entry++)
        if (!strncmp(*entry, "BUILDKIT_FRONTEND_OPT_", 22) && strchr(*entry, '='))
            out->len += (size_t)sprintf((char *)out->data + out->len, "%s\n", strchr(*entry, '=') + 1);
}

static void put_definition(struct text *solve) {
    static struct text source, op1, copy, mkfile, action1, action2, file, op2, op3, definition, told;
    put_text(&source, 1, "local://context");
    put(&op1, 3, &source);
    put_text(&copy, 1, "/");
    put_text(&copy, 2, "/context");
    put_int(&copy, 4, -1);
    put_int(&copy, 6, 1);
    put_int(&copy, 8, 1);
    put_int(&copy, 11, -1);
    put_int(&action1, 1, -1);
    put_int(&action1, 3, -1);
    put(&action1, 4, &copy);
    collect_options(&told);
    put_text(&mkfile, 1, "/told");
    put_int(&mkfile, 2, 0644);
    put(&mkfile, 3, &told);
    put_int(&mkfile, 5, -1);
    put_int(&action2, 1, 1);
    put_int(&action2, 2, -1);
    put(&action2, 5, &mkfile);
    put(&file, 2, &action1);
    put(&file, 2, &action2);
    put_input(&op2, &op1);
    put(&op2, 4, &file);
    put_input(&op3, &op2);
    put(&definition, 1, &op1);
    put(&definition, 1, &op2);
    put(&definition, 1, &op3);
    put(solve, 1, &definition);
}

/* ---- calls ---- */

static ssize_t read_request(nghttp2_session *session, int32_t id, uint8_t *buffer, size_t len, uint32_t *flags,
                            nghttp2_data_source *source, void *context) {
    (void)session, (void)id, (void)source, (void)context;
    size_t part = request.len - request.sent < len ? request.len - request.sent : len;
    memcpy(buffer, request.data + request.sent, part);
    request.sent += part;
    if (request.sent == request.len)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)part;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data, size_t len, void *context) {
    (void)session, (void)flags, (void)id, (void)context;
    if (answer.len + len > sizeof answer.data)
        exit(4);
    memcpy(answer.data + answer.len, data, len);
    answer.len += len;
    return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t code, void *context) {
    (void)session, (void)id, (void)code, (void)context;
    ended = 1;
    return 0;
}

static void flush(nghttp2_session *session) {
    const uint8_t *data;
    ssize_t len;
    while ((len = nghttp2_session_mem_send(session, &data)) > 0)
        if (write(1, data, (size_t)len) != len)
            exit(5);
}

/* Sends `message`; the answer's message is in `answer` behind five bytes. */
static void ask(nghttp2_session *session, const char *path, const struct text *message) {
#define HEADER(name, value) {(uint8_t *)(name), (uint8_t *)(value), strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE}
    nghttp2_nv headers[] = {HEADER(":method", "POST"), HEADER(":scheme", "http"),
                            HEADER(":path", path),     HEADER(":authority", "localhost"),
                            HEADER("te", "trailers"),  HEADER("content-type", "application/grpc")};
    nghttp2_data_provider provider = {.read_callback = read_request};
    uint8_t head[5] = {0, (uint8_t)(message->len >> 24), (uint8_t)(message->len >> 16), (uint8_t)(message->len >> 8),
                       (uint8_t)message->len};
    uint8_t buffer[16384];
    ssize_t len;
    request.len = request.sent = answer.len = 0;
    memcpy(request.data, head, sizeof head);
    memcpy(request.data + sizeof head, message->data, message->len);
    request.len = sizeof head + message->len;
    ended = 0;
    nghttp2_submit_request(session, NULL, headers, sizeof headers / sizeof *headers, &provider, NULL);
    for (flush(session); !ended; flush(session)) {
        if ((len = read(0, buffer, sizeof buffer)) <= 0)
            exit(3);
        nghttp2_session_mem_recv(session, buffer, (size_t)len);
    }
}

int main(void) {
    static const char config[] = "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Env\":[\"BY=frontend\"],"
                                 "\"Labels\":{\"of\":\"frontend\"}},\"rootfs\":{\"type\":\"layers\"}}";
    static struct text solve, result, entry, giving;
    nghttp2_session_callbacks *callbacks;
    nghttp2_session *session;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_session_client_new(&session, callbacks, NULL);
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, NULL, 0);
    put_definition(&solve);
    put_int(&solve, 5, 1);
    put_int(&solve, 6, 1);
    ask(session, "/moby.buildkit.v1.frontend.LLBBridge/Solve", &solve);
    if (answer.len < 8 || answer.data[5] != (3 << 3 | 2))
        return 2; /* no result */
    size_t at = 6;
    while (answer.data[at++] & 0x80)
        ;
    memcpy(result.data, answer.data + at, answer.len - at);
    result.len = answer.len - at;
    put_text(&entry, 1, "containerimage.config");
    put_text(&entry, 2, config);
    put(&result, 10, &entry);
    put(&giving, 1, &result);
    ask(session, "/moby.buildkit.v1.frontend.LLBBridge/Return", &giving);
    return 0;
}
