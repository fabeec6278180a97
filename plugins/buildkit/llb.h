/* llb.h - a build definition in BuildKit's language, operation by operation, with canonical bytes.
 *
 * Equal operations are one. The bytes are what newer daemons would encode themselves, so that digests in progress messages are ours:
 * fields in ascending order, defaults left out, maps sorted by key. Knows nothing of our graph. Pure. */
#ifndef PLUGINS_BUILDKIT_LLB_H
#define PLUGINS_BUILDKIT_LLB_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/map.h"
#include "core/base/vec.h"
#include "plugins/buildkit/pack.h"

/* An output of an operation. `op` SIZE_MAX: the empty file system. */
struct sw_llb_value {
    size_t op;
    uint32_t output;
};
#define SW_LLB_SCRATCH ((struct sw_llb_value){SIZE_MAX, 0})

/* An operation as defined. */
struct sw_llb_op {
    const char *digest;
    struct sw_bytes bytes;
    struct sw_vec inputs; /* of struct sw_llb_value */
    const char *title;
    struct sw_strlist caps;
};

struct sw_llb {
    struct sw_arena arena;
    struct sw_vec ops; /* of struct sw_llb_op; inputs before users */
    struct sw_map by_digest;
    const char *platform; /* "os/arch[/variant]" of every operation; lives as long */
};

void sw_llb_fini(struct sw_llb *llb);

/* An operation that is being written. A zeroed one with `title` set is ready. */
struct sw_llb_draft {
    const char *title;
    const char *platform; /* NULL: the definition's */
    struct sw_vec inputs; /* of struct sw_llb_value */
    struct sw_strlist caps;
    struct sw_buf body; /* of the payload */
};

/* Number of `value` among the operation's inputs, -1 for the empty file system. */
int64_t sw_llb_input(struct sw_llb_draft *draft, struct sw_llb_value value);
void sw_llb_need(struct sw_llb_draft *draft, const char *cap);

enum sw_llb_payload { SW_LLB_EXEC = 2, SW_LLB_SOURCE = 3, SW_LLB_FILE = 4, SW_LLB_MERGE = 6, SW_LLB_DIFF = 7 };

/* Adds it, and ends the draft. */
struct sw_llb_value sw_llb_add(struct sw_llb *llb, struct sw_llb_draft *draft, enum sw_llb_payload payload);

/* Adds a source operation; `attrs` in any order. */
struct sw_llb_value sw_llb_source(struct sw_llb *llb, const char *title, const char *identifier, struct sw_pairs attrs,
                                  const char *cap);

/* The definition of `value` with what it needs, as a message in `arena` that borrows from `llb`. Empty for the empty file system. */
Sw__Definition *sw_llb_definition(const struct sw_llb *llb, struct sw_llb_value value, struct sw_arena *arena);

/* Writes the `platform` message of an operation. */
void sw_llb_platform(struct sw_buf *out, uint32_t field, const char *platform);

#endif
