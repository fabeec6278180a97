/* service_output.c - FileSend: what an exporter makes, as one stream of bytes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "plugins/buildkit/services.h"
#include "plugins/buildkit/wire.h"

struct output {
    struct sw_served *served;
    struct sw_call *call;
};

static bool write_all(int fd, struct sw_bytes bytes) {
    const char *data = bytes.data;
    while (bytes.len) {
        ssize_t put = write(fd, data, bytes.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        data += put;
        bytes.len -= (size_t)put;
    }
    return true;
}

static void on_message(void *context, struct sw_bytes message) {
    struct output *output = context;
    struct sw_wire_field field;
    while (sw_wire_next(&message, &field) > 0) {
        if (field.number != 1 || field.type != SW_WIRE_BYTES || write_all(output->served->sink, field.bytes))
            continue;
        struct sw_error *error = NULL;
        sw_fail_errno(&error, errno, "cannot keep what the daemon made");
        sw_served_fail(output->served, error);
        sw_call_answer(output->call, SW_GRPC_RESOURCE_EXHAUSTED, "no room");
        return;
    }
}

static void on_half_closed(void *context) {
    struct output *output = context;
    sw_call_answer(output->call, SW_GRPC_OK, NULL);
}

static void on_closed(void *context, const struct sw_grpc_status *status) {
    (void)status;
    free(context);
}

static const struct sw_call_events output_events = {.message = on_message, .half_closed = on_half_closed, .closed = on_closed};

void sw_serve_output(struct sw_served *served, struct sw_call *call) {
    if (served->sink < 0) {
        sw_call_answer(call, SW_GRPC_PERMISSION_DENIED, "no output was asked for");
        return;
    }
    struct output *output = sw_new(sizeof *output);
    *output = (struct output){served, call};
    sw_call_listen(call, &output_events, output);
}
