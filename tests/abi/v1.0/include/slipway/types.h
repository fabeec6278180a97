/* types.h - the plain types that every other header of the ABI uses.
 *
 * Rules of the whole ABI, said once:
 *  - Text is `const char *`, UTF-8 and NUL-terminated. Bytes that may hold NULs are `struct sw_bytes`.
 *  - Tables and records that may grow begin with `uint32_t size`, set by whoever made them to the sizeof of the definition it
 *    was compiled with. A reader checks `size` before it touches a member that a later minor version added.
 *  - Whoever allocates something frees it. A pointer handed to a call is borrowed for that call, unless the function says more.
 *  - `[loop]` functions are called on the loop's thread only and never block; `[pool]` ones on any other thread (of the host's pool,
 *    or of the plugin's own), and may block; `[any]` ones on all.
 *  - A function named `…_done` is called exactly once, on the loop's thread, never from inside the call that asked for it.
 *  - Enumerations name values only: members that hold them are fixed-width integers. */
#ifndef SLIPWAY_TYPES_H
#define SLIPWAY_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SW_ABI_MAJOR 1
#define SW_ABI_MINOR 0

/* Borrowed bytes; `data` may be NULL when `len` is 0. */
struct sw_bytes {
    const void *data;
    size_t len;
};

/* A borrowed list of strings; not NULL-terminated. */
struct sw_strings {
    const char *const *items;
    size_t count;
};

struct sw_pair {
    const char *key;
    const char *value;
};

/* A borrowed list of pairs, in an order that means something to its owner. */
struct sw_pairs {
    const struct sw_pair *items;
    size_t count;
};

/* What kind of failure an error is. It decides the program's exit code and whether trying again can help. */
enum sw_error_code {
    SW_ERROR_INTERNAL = 1,    /* a defect of ours or of a plugin */
    SW_ERROR_USAGE = 2,       /* the command line */
    SW_ERROR_CONFIG = 3,      /* werf.yaml, a Dockerfile, giterminism */
    SW_ERROR_BUILD = 4,       /* a step failed */
    SW_ERROR_UNAVAILABLE = 5, /* a backend, registry or network did not answer as it must */
    SW_ERROR_AUTH = 6,        /* credentials missing or refused */
    SW_ERROR_NOT_FOUND = 7,   /* what was named does not exist */
    SW_ERROR_CORRUPT = 8,     /* bytes that do not match their digest or format */
    SW_ERROR_NO_SPACE = 9,    /* disk or quota */
    SW_ERROR_DENIED = 10,     /* refused by policy: giterminism, an entitlement, file permissions */
    SW_ERROR_UNSUPPORTED = 11,
    SW_ERROR_CANCELLED = 12,
    SW_ERROR_IO = 13,
};

/* A failure as a value. Made where the cause is known; whoever receives one owns it and ends it with `error->destroy(error)`.
 * Members that do not apply are NULL or 0. All strings belong to the error. */
struct sw_error {
    uint32_t size;
    uint32_t code;   /* enum sw_error_code */
    char *message;   /* for a person, no final newline, no place in it */
    char *hint;      /* what to do next */
    char *file;      /* place of the cause, relative to the project */
    uint32_t line;   /* 1-based */
    uint32_t column; /* 1-based, in bytes */
    uint32_t end_line;
    int32_t exit_status; /* of a failed step */
    char *excerpt;       /* source lines or the step's last output, may have several lines */
    void (*destroy)(struct sw_error *error);
};

/* Ends an asynchronous call. `error` is NULL on success; the callee owns it. */
typedef void (*sw_done)(void *context, struct sw_error *error);

/* A place in a configuration or build file. */
struct sw_place {
    const char *file;
    uint32_t line;
    uint32_t column;
    uint32_t end_line;
};

/* Handles, all opaque. Which table makes and which ends each is said in the header of that table. */
struct sw_value;  /* a node of a YAML document: document.h */
struct sw_commit; /* a repository at a commit: files.h */
struct sw_image;  /* a container image whose manifest and config are known: image.h */
struct sw_graph;  /* a build graph: graph.h */
struct sw_plan;   /* one image of the project being planned: builder.h */
struct sw_cancel; /* says that a request is no longer wanted: host.h */
struct sw_vertex; /* a line of progress: host.h */

#ifdef __cplusplus
}
#endif

#endif
