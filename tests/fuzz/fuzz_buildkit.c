/* The small formats of a daemon: file packets, heads of HTTP/1 answers, a call's status. The first byte chooses. */
#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/base/arena.h"
#include "core/base/error.h"
#include "plugins/buildkit/grpc_status.h"
#include "plugins/buildkit/http1.h"
#include "plugins/buildkit/packet.h"

static void statuses(struct sw_bytes bytes) {
    sw_cleanup_arena struct sw_arena arena = {0};
    struct sw_grpc_status status = {0};
    const char *text = sw_arena_strn(&arena, bytes.data, bytes.len);
    struct sw_pair pairs[] = {{"grpc-status", "2"}, {"grpc-message", text}, {"grpc-status-details-bin", text}};
    sw_grpc_status_read((struct sw_pairs){pairs, 3}, &status);
    sw_error_free(sw_grpc_error(&status, "x", "y"));
    sw_grpc_status_fini(&status);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    if (!len)
        return 0;
    struct sw_bytes rest = {data + 1, len - 1};
    struct sw_packet packet;
    struct sw_http1_head head;
    switch (data[0] % 3) {
    case 0:
        sw_packet_read(rest, &packet);
        break;
    case 1:
        sw_http1_read_head(rest, &head);
        break;
    default:
        statuses(rest);
    }
    return 0;
}
