/* members.h - a gzip stream of independent members, compressed by several threads.
 *
 * The caller appends bytes and says where members end; the result depends on these alone, never on the number of threads. Members
 * go through a ring, so memory is bounded by their size. */
#ifndef PLUGINS_LOCAL_MEMBERS_H
#define PLUGINS_LOCAL_MEMBERS_H

#include "core/base/buf.h"
#include "slipway/types.h"

struct sw_members;

/* Compresses to `fd` at its current offset. */
struct sw_members *sw_members_new(int fd, int level, uint32_t threads, struct sw_error **error);

/* The member being filled: append to it. */
struct sw_buf *sw_members_current(struct sw_members *members);

/* Ends the current member (an empty one is no member) and begins the next. May wait for a compressor and write. */
bool sw_members_cut(struct sw_members *members, struct sw_error **error);

struct sw_members_sum {
    char digest[72];  /* of what was written, "sha256:…" */
    char diff_id[72]; /* of what was appended */
    uint64_t bytes;
    uint64_t plain_bytes;
};

/* Ends the last member and waits for all. */
bool sw_members_finish(struct sw_members *members, struct sw_members_sum *sum, struct sw_error **error);

/* Stops the threads, finished or not. */
void sw_members_free(struct sw_members *members);
void sw_members_free_p(struct sw_members **members);
#define sw_cleanup_members __attribute__((cleanup(sw_members_free_p)))

#endif
