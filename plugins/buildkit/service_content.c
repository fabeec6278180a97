/* service_content.c - the content service: blobs of base images that only this host has ("oci-layout://" sources). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/buildkit/image_blob.h"
#include "plugins/buildkit/pack.h"
#include "plugins/buildkit/services.h"

enum { PIECE = 256 * 1024, QUEUE_LIMIT = 1024 * 1024 };

/* ---- Info ---- */

static void answer_info(struct sw_question *question, struct sw_bytes request) {
    Sw__ContentInfoRequest *asked = sw__content_info_request__unpack(NULL, request.len, request.data);
    const struct sw_image_blob *blob = asked ? sw_map_get(&question->served->images, asked->digest) : NULL;
    if (!blob) {
        sw_question_refuse(question, SW_GRPC_NOT_FOUND, "no such blob");
    } else {
        Sw__ContentInfo info = SW__CONTENT_INFO__INIT;
        Sw__ContentInfoResponse response = SW__CONTENT_INFO_RESPONSE__INIT;
        info.digest = (char *)blob->digest;
        info.size = (int64_t)blob->bytes;
        response.info = &info;
        sw_question_answer(question, &response.base);
    }
    if (asked)
        sw__content_info_request__free_unpacked(asked, NULL);
}

void sw_serve_content_info(struct sw_served *served, struct sw_call *call) {
    sw_question_take(served, call, answer_info);
}

/* ---- Read ---- */

struct reading {
    struct sw_served *served;
    struct sw_call *call; /* NULL: closed */
    struct sw_buf request;
    struct sw_image_blob *blob;
    uint64_t offset, end;
    bool opening;
    bool ended;
};

static void end(struct reading *reading, enum sw_grpc_code code, const char *message) {
    reading->ended = true;
    sw_call_answer(reading->call, code, message);
}

/* Bytes at `offset`: 0 or less on failure. */
static ssize_t read_at(const struct sw_image_blob *blob, char *piece, size_t len, uint64_t offset) {
    if (blob->text) {
        memcpy(piece, blob->text + offset, len);
        return (ssize_t)len;
    }
    ssize_t got;
    do
        got = pread(blob->fd, piece, len, (off_t)offset);
    while (got < 0 && errno == EINTR);
    return got;
}

static void send_more(struct reading *reading) {
    sw_cleanup_free char *piece = sw_new(PIECE);
    while (!reading->ended && reading->offset < reading->end && sw_call_queued(reading->call) < QUEUE_LIMIT) {
        uint64_t left = reading->end - reading->offset;
        ssize_t got = read_at(reading->blob, piece, left < PIECE ? (size_t)left : PIECE, reading->offset);
        if (got <= 0) {
            end(reading, SW_GRPC_DATA_LOSS, "the blob cannot be read");
            return;
        }
        Sw__ContentReadResponse response = SW__CONTENT_READ_RESPONSE__INIT;
        sw_cleanup_buf struct sw_buf packed = {0};
        response.offset = (int64_t)reading->offset;
        response.data = (ProtobufCBinaryData){(size_t)got, (uint8_t *)piece};
        sw_pack(&response.base, &packed);
        reading->offset += (uint64_t)got;
        sw_call_send(reading->call, (struct sw_bytes){packed.data, packed.len});
    }
    if (!reading->ended && reading->offset >= reading->end)
        end(reading, SW_GRPC_OK, NULL);
}

static void free_reading(struct reading *reading) {
    sw_buf_fini(&reading->request);
    free(reading);
}

static void on_opened(void *context, int fd, struct sw_error *error) {
    struct reading *reading = context;
    reading->opening = false;
    reading->served->jobs--;
    if (fd >= 0 && reading->blob->fd < 0)
        reading->blob->fd = fd;
    else
        sw_close(&fd);
    if (error)
        sw_served_fail(reading->served, error);
    if (!reading->call)
        free_reading(reading);
    else if (reading->blob->fd < 0)
        end(reading, SW_GRPC_NOT_FOUND, "the layer cannot be had");
    else
        send_more(reading);
}

static void on_message(void *context, struct sw_bytes message) {
    struct reading *reading = context;
    sw_buf_add(&reading->request, message.data, message.len);
}

static void begin(struct reading *reading, const Sw__ContentReadRequest *asked) {
    struct sw_image_blob *blob = asked ? sw_map_get(&reading->served->images, asked->digest) : NULL;
    if (!blob || asked->offset < 0 || asked->size < 0 || (uint64_t)asked->offset > blob->bytes) {
        end(reading, SW_GRPC_NOT_FOUND, "no such blob");
        return;
    }
    reading->blob = blob;
    reading->offset = (uint64_t)asked->offset;
    reading->end = asked->size && (uint64_t)asked->size < blob->bytes - reading->offset ? reading->offset + (uint64_t)asked->size
                                                                                        : blob->bytes;
    if (blob->text || blob->fd >= 0) {
        send_more(reading);
        return;
    }
    reading->opening = true;
    reading->served->jobs++;
    reading->served->host->blob->open_layer(blob->image, blob->index, reading->served->cancel, NULL, on_opened, reading);
}

static void on_half_closed(void *context) {
    struct reading *reading = context;
    if (reading->blob || reading->ended)
        return;
    Sw__ContentReadRequest *asked =
        sw__content_read_request__unpack(NULL, reading->request.len, (const uint8_t *)reading->request.data);
    begin(reading, asked);
    if (asked)
        sw__content_read_request__free_unpacked(asked, NULL);
}

static void on_drained(void *context) {
    struct reading *reading = context;
    if (reading->blob && !reading->opening)
        send_more(reading);
}

static void on_closed(void *context, const struct sw_grpc_status *status) {
    struct reading *reading = context;
    (void)status;
    reading->call = NULL;
    if (!reading->opening)
        free_reading(reading);
}

static const struct sw_call_events read_events = {
    .message = on_message, .half_closed = on_half_closed, .drained = on_drained, .closed = on_closed};

void sw_serve_content_read(struct sw_served *served, struct sw_call *call) {
    struct reading *reading = sw_new(sizeof *reading);
    *reading = (struct reading){.served = served, .call = call};
    sw_call_listen(call, &read_events, reading);
}
