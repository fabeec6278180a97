#include "plugins/local/members.h"

#include <errno.h>
#include <libdeflate.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "plugins/local/copyfile.h"

enum slot_state { SLOT_FILLING, SLOT_READY, SLOT_DONE };

struct slot {
    enum slot_state state;
    struct sw_buf plain;
    uint8_t *packed;
    size_t packed_cap;
    size_t packed_len;
};

struct sw_members {
    int fd;
    int level;

    pthread_mutex_t lock;
    pthread_cond_t ready; /* there is work */
    pthread_cond_t done;  /* work has ended */
    bool stop;
    /* Members [written, begun) are in the ring; `begun` is the one being filled, `claimed` the next to be compressed. */
    uint64_t written, claimed, begun;
    struct slot *slots;
    size_t slot_count;

    pthread_t *threads;
    size_t thread_count;

    struct sw_sha256 *plain_hash;
    struct sw_sha256 *packed_hash;
    uint64_t plain_bytes;
    uint64_t bytes;
};

static struct slot *slot_at(struct sw_members *members, uint64_t number) {
    return &members->slots[number % members->slot_count];
}

static void pack(struct libdeflate_compressor *compressor, struct slot *slot) {
    size_t bound = libdeflate_gzip_compress_bound(compressor, slot->plain.len);
    if (bound > slot->packed_cap) {
        free(slot->packed);
        slot->packed = sw_new(bound);
        slot->packed_cap = bound;
    }
    slot->packed_len = libdeflate_gzip_compress(compressor, slot->plain.data, slot->plain.len, slot->packed, slot->packed_cap);
}

static void *compress_members(void *context) {
    struct sw_members *members = context;
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(members->level);
    if (!compressor)
        abort(); /* no memory: see alloc.h */
    pthread_mutex_lock(&members->lock);
    for (;;) {
        while (!members->stop && members->claimed == members->begun)
            pthread_cond_wait(&members->ready, &members->lock);
        if (members->stop)
            break;
        struct slot *slot = slot_at(members, members->claimed++);
        pthread_mutex_unlock(&members->lock);
        pack(compressor, slot);
        pthread_mutex_lock(&members->lock);
        slot->state = SLOT_DONE;
        pthread_cond_signal(&members->done);
    }
    pthread_mutex_unlock(&members->lock);
    libdeflate_free_compressor(compressor);
    return NULL;
}

struct sw_members *sw_members_new(int fd, int level, uint32_t threads, struct sw_error **error) {
    uint32_t wanted = threads ? threads : 1;
    sw_cleanup_members struct sw_members *members = sw_new(sizeof *members);
    members->fd = fd;
    members->level = level;
    members->slot_count = wanted + 2;
    members->slots = sw_new_array(members->slot_count, sizeof *members->slots);
    members->threads = sw_new_array(wanted, sizeof *members->threads);
    members->plain_hash = sw_sha256_new();
    members->packed_hash = sw_sha256_new();
    pthread_mutex_init(&members->lock, NULL);
    pthread_cond_init(&members->ready, NULL);
    pthread_cond_init(&members->done, NULL);
    while (members->thread_count < wanted) {
        int failed = pthread_create(&members->threads[members->thread_count], NULL, compress_members, members);
        if (failed && members->thread_count == 0) {
            sw_fail_errno(error, failed, "cannot start a thread");
            return NULL;
        }
        if (failed)
            break; /* fewer do as well */
        members->thread_count++;
    }
    return sw_steal(&members);
}

void sw_members_free(struct sw_members *members) {
    if (!members)
        return;
    pthread_mutex_lock(&members->lock);
    members->stop = true;
    pthread_cond_broadcast(&members->ready);
    pthread_mutex_unlock(&members->lock);
    for (size_t i = 0; i < members->thread_count; i++)
        pthread_join(members->threads[i], NULL);
    pthread_cond_destroy(&members->done);
    pthread_cond_destroy(&members->ready);
    pthread_mutex_destroy(&members->lock);
    for (size_t i = 0; i < members->slot_count; i++) {
        sw_buf_fini(&members->slots[i].plain);
        free(members->slots[i].packed);
    }
    sw_sha256_free(members->plain_hash);
    sw_sha256_free(members->packed_hash);
    free(members->slots);
    free(members->threads);
    free(members);
}

void sw_members_free_p(struct sw_members **members) {
    sw_members_free(*members);
    *members = NULL;
}

struct sw_buf *sw_members_current(struct sw_members *members) {
    return &slot_at(members, members->begun)->plain;
}

/* Waits for the oldest member in the ring and writes it. */
static bool write_oldest(struct sw_members *members, struct sw_error **error) {
    struct slot *slot = slot_at(members, members->written);
    pthread_mutex_lock(&members->lock);
    while (slot->state != SLOT_DONE)
        pthread_cond_wait(&members->done, &members->lock);
    pthread_mutex_unlock(&members->lock);
    if (slot->packed_len == 0)
        return sw_fail(error, SW_ERROR_INTERNAL, "a part of a layer does not fit into its compressed bound");
    sw_sha256_add(members->packed_hash, slot->packed, slot->packed_len);
    if (sw_copyfile_write(members->fd, slot->packed, slot->packed_len) < 0)
        return sw_fail_errno(error, errno, "cannot write a layer");
    members->bytes += slot->packed_len;
    members->written++;
    slot->state = SLOT_FILLING;
    sw_buf_truncate(&slot->plain, 0);
    return true;
}

bool sw_members_cut(struct sw_members *members, struct sw_error **error) {
    struct slot *slot = slot_at(members, members->begun);
    if (slot->plain.len == 0)
        return true;
    sw_sha256_add(members->plain_hash, slot->plain.data, slot->plain.len);
    members->plain_bytes += slot->plain.len;
    pthread_mutex_lock(&members->lock);
    slot->state = SLOT_READY;
    members->begun++;
    pthread_cond_signal(&members->ready);
    pthread_mutex_unlock(&members->lock);
    return members->begun - members->written < members->slot_count || write_oldest(members, error);
}

bool sw_members_finish(struct sw_members *members, struct sw_members_sum *sum, struct sw_error **error) {
    if (!sw_members_cut(members, error))
        return false;
    while (members->written < members->begun)
        if (!write_oldest(members, error))
            return false;
    memcpy(sum->digest, "sha256:", 8);
    memcpy(sum->diff_id, "sha256:", 8);
    sw_sha256_final_hex(members->packed_hash, sum->digest + 7);
    sw_sha256_final_hex(members->plain_hash, sum->diff_id + 7);
    sum->bytes = members->bytes;
    sum->plain_bytes = members->plain_bytes;
    return true;
}
