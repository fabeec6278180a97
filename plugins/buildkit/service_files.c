/* service_files.c - FileSync: sends a source's files, list first, contents as the daemon asks for them. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/ignore.h"
#include "plugins/buildkit/packet.h"
#include "plugins/buildkit/services.h"
#include "plugins/buildkit/sync_source.h"
#include "plugins/buildkit/wire.h"

enum {
    QUEUE_LIMIT = 512 * 1024, /* bytes on their way, above which nothing more is made */
    PIECE = 32 * 1024,
    BATCH = 512 * 1024, /* bytes that one job on a pool thread reads */
};

struct transfer {
    struct sw_served *served;
    struct sw_call *call; /* NULL: closed */
    struct sw_sync_source *source;
    uint32_t *ids; /* IDs of the items that are sent, in order: all, unless patterns leave some out */
    uint32_t id_count;
    uint32_t listed; /* items whose STAT was sent, in terms of `ids` */
    bool list_ended;
    uint8_t *wanted;  /* a bit map over `ids`, by their place in it */
    uint32_t pending; /* bits set */
    uint32_t cursor;  /* where the search for the next one begins */
    bool finished;

    /* The job on a pool thread, which alone touches these while `working`. */
    bool working;
    struct sw_tree_reader *reader;
    int64_t current;     /* place of the file that is read, or -1 */
    struct sw_vec batch; /* of struct batch_message */
    struct sw_buf bytes;
    struct sw_error *error;
    uint32_t *queue; /* places to read, in order */
    uint32_t queue_count, queue_at;
};

/* Where a message ends in `bytes`. */
struct batch_message {
    size_t end;
};

static void proceed(struct transfer *transfer);

static void free_transfer(struct transfer *transfer) {
    if (transfer->reader)
        transfer->served->host->graph->tree_close(transfer->reader);
    sw_vec_fini(&transfer->batch);
    sw_buf_fini(&transfer->bytes);
    sw_error_free(transfer->error);
    free(transfer->ids);
    free(transfer->wanted);
    free(transfer->queue);
    free(transfer);
}

static struct sw_sync_item *item_at(const struct transfer *transfer, uint32_t place) {
    return sw_vec_at(&transfer->source->items, transfer->ids[place]);
}

static void send_buf(struct transfer *transfer, const struct sw_buf *message) {
    sw_call_send(transfer->call, (struct sw_bytes){message->data ? message->data : "", message->len});
}

static void abort_transfer(struct transfer *transfer, struct sw_error *error) {
    sw_cleanup_buf struct sw_buf message = {0};
    sw_packet_put(&message, SW_PACKET_ERR, error->message);
    transfer->finished = true;
    struct sw_call *call = transfer->call;
    sw_cleanup_free char *text = sw_strdup(error->message);
    sw_served_fail(transfer->served, error);
    if (!call)
        return;
    send_buf(transfer, &message);
    sw_call_answer(call, SW_GRPC_INTERNAL, text);
}

/* ---- the list ---- */

static void send_stat(struct transfer *transfer, const struct sw_sync_item *item) {
    sw_cleanup_buf struct sw_buf message = {0};
    bool regular = item->type == SW_FILE_REGULAR, link = item->type == SW_FILE_SYMLINK;
    struct sw_packet_stat stat = {
        .path = item->path,
        .mode = (item->mode & 0777) | (link      ? SW_GO_MODE_SYMLINK
                                       : regular ? 0
                                                 : SW_GO_MODE_DIR),
        .uid = item->uid,
        .gid = item->gid,
        .size = regular ? (int64_t)item->bytes
                : link  ? (int64_t)strlen(item->target)
                        : 0,
        .mtime = item->mtime,
        .linkname = link ? item->target : NULL,
    };
    sw_packet_put_stat(&message, &stat);
    send_buf(transfer, &message);
}

static void send_list(struct transfer *transfer) {
    while (transfer->listed < transfer->id_count && sw_call_queued(transfer->call) < QUEUE_LIMIT)
        send_stat(transfer, item_at(transfer, transfer->listed++));
    if (transfer->listed < transfer->id_count || transfer->list_ended)
        return;
    transfer->list_ended = true;
    sw_call_send(transfer->call, (struct sw_bytes){"", 0});
}

/* ---- contents, on a pool thread ---- */

static void end_message(struct transfer *transfer) {
    sw_vec_push(&transfer->batch, &(struct batch_message){transfer->bytes.len});
}

static bool seek(struct transfer *transfer, uint32_t place, struct sw_error **error) {
    const struct sw_host_graph *graph = transfer->served->host->graph;
    const struct sw_sync_item *item = item_at(transfer, place);
    struct sw_tree_entry entry = {.size = sizeof entry};
    if (!transfer->reader && !graph->tree_open(transfer->source->graph, transfer->source->node, &transfer->reader, error))
        return false;
    graph->tree_seek(transfer->reader, item->index);
    int got = graph->tree_next(transfer->reader, &entry, error);
    return got > 0 || (got == 0 && sw_fail(error, SW_ERROR_INTERNAL, "the file %s is gone from its tree", item->path));
}

/* Reads a piece of the current file; its end is an empty packet. */
static bool read_piece(struct transfer *transfer, struct sw_error **error) {
    char piece[PIECE];
    int64_t got = transfer->served->host->graph->tree_read(transfer->reader, piece, sizeof piece, error);
    if (got < 0)
        return false;
    sw_packet_put_data(&transfer->bytes, (uint32_t)transfer->current, (struct sw_bytes){piece, (size_t)got});
    end_message(transfer);
    if (got == 0)
        transfer->current = -1;
    return true;
}

static void read_batch(void *context) {
    struct transfer *transfer = context;
    bool ok = true;
    while (ok && transfer->bytes.len < BATCH) {
        if (transfer->current < 0) {
            if (transfer->queue_at >= transfer->queue_count)
                return;
            transfer->current = transfer->queue[transfer->queue_at++];
            ok = seek(transfer, (uint32_t)transfer->current, &transfer->error);
        }
        ok = ok && read_piece(transfer, &transfer->error);
    }
}

static void on_batch(void *context) {
    struct transfer *transfer = context;
    transfer->served->jobs--;
    if (!transfer->call) {
        free_transfer(transfer);
        return;
    }
    if (transfer->error) {
        transfer->working = false;
        abort_transfer(transfer, sw_steal(&transfer->error));
        return;
    }
    size_t start = 0;
    for (size_t i = 0; i < transfer->batch.len && !transfer->finished; i++) {
        const struct batch_message *message = sw_vec_at(&transfer->batch, i);
        sw_call_send(transfer->call, (struct sw_bytes){transfer->bytes.data + start, message->end - start});
        start = message->end;
    }
    transfer->batch.len = 0;
    sw_buf_truncate(&transfer->bytes, 0);
    transfer->working = false; /* not before: sending may call us again */
    proceed(transfer);
}

/* ---- what was asked for ---- */

/* Takes what is wanted now into the job's queue. */
static void fill_queue(struct transfer *transfer) {
    transfer->queue_at = transfer->queue_count = 0;
    transfer->queue = sw_resize(transfer->queue, transfer->pending, sizeof *transfer->queue);
    for (uint32_t place = 0; place < transfer->id_count && transfer->queue_count < transfer->pending; place++) {
        if (!(transfer->wanted[place / 8] & (1u << place % 8)))
            continue;
        transfer->wanted[place / 8] &= (uint8_t) ~(1u << place % 8);
        transfer->queue[transfer->queue_count++] = place;
    }
    transfer->pending = 0;
}

static void proceed(struct transfer *transfer) {
    if (transfer->finished || !transfer->call)
        return;
    send_list(transfer);
    bool more = transfer->current >= 0 || transfer->queue_at < transfer->queue_count;
    if (transfer->working || (!more && !transfer->pending) || sw_call_queued(transfer->call) >= QUEUE_LIMIT)
        return;
    if (!more)
        fill_queue(transfer);
    transfer->working = true;
    transfer->served->jobs++;
    transfer->served->host->pool->run(read_batch, on_batch, transfer);
}

static void on_request(struct transfer *transfer, uint32_t id) {
    if (id >= transfer->listed || item_at(transfer, id)->type != SW_FILE_REGULAR) {
        abort_transfer(transfer, sw_error_new(SW_ERROR_INTERNAL, "the daemon asked for file %u, which it was not told of", id));
        return;
    }
    if (transfer->wanted[id / 8] & (1u << id % 8))
        return;
    transfer->wanted[id / 8] |= (uint8_t)(1u << id % 8);
    transfer->pending++;
    proceed(transfer);
}

static void on_message(void *context, struct sw_bytes message) {
    struct transfer *transfer = context;
    struct sw_packet packet;
    if (transfer->finished)
        return;
    if (!sw_packet_read(message, &packet)) {
        abort_transfer(transfer, sw_error_new(SW_ERROR_INTERNAL, "the daemon sent a malformed packet while files were sent to it"));
        return;
    }
    sw_cleanup_buf struct sw_buf answer = {0};
    switch (packet.type) {
    case SW_PACKET_REQ:
        on_request(transfer, packet.id);
        break;
    case SW_PACKET_FIN:
        transfer->finished = true;
        sw_packet_put(&answer, SW_PACKET_FIN, NULL);
        send_buf(transfer, &answer);
        sw_call_answer(transfer->call, SW_GRPC_OK, NULL);
        break;
    case SW_PACKET_ERR:
        transfer->finished = true;
        sw_served_fail(transfer->served,
                       sw_error_new(SW_ERROR_BUILD, "the daemon could not take the files: %.*s",
                                    (int)(packet.data.len > 4096 ? 4096 : packet.data.len), (const char *)packet.data.data));
        sw_call_answer(transfer->call, SW_GRPC_ABORTED, "as you said");
        break;
    default:
        break;
    }
}

static void on_drained(void *context) {
    proceed(context);
}

static void on_half_closed(void *context) {
    struct transfer *transfer = context;
    if (transfer->finished)
        return;
    transfer->finished = true;
    sw_call_answer(transfer->call, SW_GRPC_OK, NULL);
}

static void on_closed(void *context, const struct sw_grpc_status *status) {
    struct transfer *transfer = context;
    (void)status;
    transfer->call = NULL;
    if (!transfer->working)
        free_transfer(transfer);
}

static const struct sw_call_events transfer_events = {
    .message = on_message, .half_closed = on_half_closed, .drained = on_drained, .closed = on_closed};

/* ---- the beginning ---- */

/* Which items pass the patterns that the call came with; front ends have read .dockerignore for us. */
static bool choose(struct transfer *transfer, struct sw_error **error) {
    struct sw_vec patterns = {.width = sizeof(const char *)};
    sw_call_metadata_all(transfer->call, "exclude-patterns", &patterns);
    sw_cleanup_ignore struct sw_ignore *ignore = sw_ignore_new((struct sw_strings){patterns.data, patterns.len}, error);
    sw_vec_fini(&patterns);
    if (!ignore)
        return false;
    size_t count = transfer->source->items.len;
    transfer->ids = sw_new_array(count + 1, sizeof *transfer->ids);
    for (size_t i = 0; i < count; i++) {
        const struct sw_sync_item *item = sw_vec_at(&transfer->source->items, i);
        /* A folder stays: a pattern with '!' may take something below it back in. */
        if (item->type != SW_FILE_DIRECTORY && !sw_ignore_is_empty(ignore) && sw_ignore_match_or_parent(ignore, item->path))
            continue;
        transfer->ids[transfer->id_count++] = (uint32_t)i;
    }
    transfer->wanted = sw_new_array(transfer->id_count / 8 + 1, 1);
    return true;
}

void sw_serve_files(struct sw_served *served, struct sw_call *call) {
    const char *name = sw_call_metadata(call, "dir-name");
    struct sw_sync_source *source = name ? sw_map_get(&served->sources, name) : NULL;
    if (!source) {
        sw_call_answer(call, SW_GRPC_NOT_FOUND, "no such folder");
        return;
    }
    struct transfer *transfer = sw_new(sizeof *transfer);
    *transfer = (struct transfer){
        .served = served, .call = call, .source = source, .current = -1, .batch = {.width = sizeof(struct batch_message)}};
    sw_call_listen(call, &transfer_events, transfer);
    struct sw_error *error = NULL;
    if (choose(transfer, &error))
        proceed(transfer);
    else
        abort_transfer(transfer, error);
}
