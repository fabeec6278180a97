/* grpc_status.h - how a call ended, and how that is said to a person. Pure. */
#ifndef PLUGINS_BUILDKIT_GRPC_STATUS_H
#define PLUGINS_BUILDKIT_GRPC_STATUS_H

#include "core/base/buf.h"
#include "slipway/types.h"

enum sw_grpc_code {
    SW_GRPC_OK = 0,
    SW_GRPC_CANCELLED = 1,
    SW_GRPC_UNKNOWN = 2,
    SW_GRPC_INVALID_ARGUMENT = 3,
    SW_GRPC_DEADLINE_EXCEEDED = 4,
    SW_GRPC_NOT_FOUND = 5,
    SW_GRPC_ALREADY_EXISTS = 6,
    SW_GRPC_PERMISSION_DENIED = 7,
    SW_GRPC_RESOURCE_EXHAUSTED = 8,
    SW_GRPC_FAILED_PRECONDITION = 9,
    SW_GRPC_ABORTED = 10,
    SW_GRPC_OUT_OF_RANGE = 11,
    SW_GRPC_UNIMPLEMENTED = 12,
    SW_GRPC_INTERNAL = 13,
    SW_GRPC_UNAVAILABLE = 14,
    SW_GRPC_DATA_LOSS = 15,
    SW_GRPC_UNAUTHENTICATED = 16,
};

/* A zeroed one is "OK". */
struct sw_grpc_status {
    uint32_t code; /* enum sw_grpc_code, or a number we do not know */
    char *message;
    struct sw_buf details; /* a packed google.rpc.Status, or empty */
};

void sw_grpc_status_fini(struct sw_grpc_status *status);

/* Reads grpc-status, grpc-message and grpc-status-details-bin. False when there is no grpc-status among them. A malformed value
 * makes the status INTERNAL, and says so. */
bool sw_grpc_status_read(struct sw_pairs headers, struct sw_grpc_status *status);

/* The status of a stream that ended without saying one, by its HTTP/2 error code. */
void sw_grpc_status_of_reset(uint32_t h2_code, struct sw_grpc_status *status);

/* Sets it to `code` with a formatted message. */
void sw_grpc_status_set(struct sw_grpc_status *status, enum sw_grpc_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Percent-encodes for grpc-message; to be freed. */
char *sw_grpc_escape(const char *text);

/* "Unavailable"; "code 99" for what is not known. Static or borrowed until the next call. */
const char *sw_grpc_code_name(uint32_t code);

/* What it means for the user who asked daemon `name` for `what` ("to build"). A new error; NULL for OK. */
struct sw_error *sw_grpc_error(const struct sw_grpc_status *status, const char *name, const char *what);

/* The message without the "rpc error: code = X desc = " that daemons put before what they pass on; borrowed from `message`. */
const char *sw_grpc_plain_message(const char *message);

#endif
