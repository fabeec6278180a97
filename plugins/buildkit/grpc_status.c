#include "plugins/buildkit/grpc_status.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"

enum {
    H2_REFUSED_STREAM = 7,
    H2_CANCEL = 8,
    H2_CONNECT_ERROR = 10,
    H2_ENHANCE_YOUR_CALM = 11,
    H2_NO_ERROR = 0,
    DETAILS_LIMIT = 1024 * 1024,
};

static const char *const names[] = {
    "OK",       "Canceled",        "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",   "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",      "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated",
};

const char *sw_grpc_code_name(uint32_t code) {
    static char unknown[32];
    if (code < sizeof names / sizeof *names)
        return names[code];
    snprintf(unknown, sizeof unknown, "code %u", code);
    return unknown;
}

void sw_grpc_status_fini(struct sw_grpc_status *status) {
    free(status->message);
    sw_buf_fini(&status->details);
    *status = (struct sw_grpc_status){0};
}

void sw_grpc_status_set(struct sw_grpc_status *status, enum sw_grpc_code code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *message = sw_vformat(format, args);
    va_end(args);
    sw_grpc_status_fini(status);
    status->code = code;
    status->message = message;
}

/* ---- reading ---- */

static int hex_digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Sequences that are not percent-encoded stay as they are. */
static char *unescape(const char *text) {
    struct sw_buf plain = {0};
    for (; *text; text++) {
        int high = *text == '%' ? hex_digit(text[1]) : -1;
        int low = high >= 0 ? hex_digit(text[2]) : -1;
        if (low < 0 || high + low == 0) {
            sw_buf_putc(&plain, *text);
            continue;
        }
        sw_buf_putc(&plain, (char)(high << 4 | low));
        text += 2;
    }
    return sw_buf_take(&plain);
}

char *sw_grpc_escape(const char *text) {
    struct sw_buf escaped = {0};
    for (; *text; text++) {
        if (*text >= ' ' && *text <= '~' && *text != '%')
            sw_buf_putc(&escaped, *text);
        else
            sw_buf_printf(&escaped, "%%%02X", (unsigned char)*text);
    }
    return sw_buf_take(&escaped);
}

/* base64 with or without padding; what is malformed is no details. */
static void read_details(const char *text, struct sw_buf *details) {
    size_t len = strlen(text);
    while (len && text[len - 1] == '=')
        len--;
    if (!len || len > DETAILS_LIMIT || len % 4 == 1)
        return;
    sw_cleanup_buf struct sw_buf padded = {0};
    sw_buf_add(&padded, text, len);
    size_t padding = (4 - len % 4) % 4;
    sw_buf_add(&padded, "===", padding);
    sw_cleanup_free uint8_t *bytes = sw_new(padded.len);
    int got = EVP_DecodeBlock(bytes, (const uint8_t *)padded.data, (int)padded.len);
    if (got > (int)padding)
        sw_buf_add(details, bytes, (size_t)got - padding);
}

bool sw_grpc_status_read(struct sw_pairs headers, struct sw_grpc_status *status) {
    const char *code = NULL, *message = NULL, *details = NULL;
    for (size_t i = 0; i < headers.count; i++) {
        const struct sw_pair *pair = &headers.items[i];
        if (!strcmp(pair->key, "grpc-status"))
            code = pair->value;
        else if (!strcmp(pair->key, "grpc-message"))
            message = pair->value;
        else if (!strcmp(pair->key, "grpc-status-details-bin"))
            details = pair->value;
    }
    if (!code)
        return false;
    sw_grpc_status_fini(status);
    char *end = NULL;
    unsigned long number = strtoul(code, &end, 10);
    if (!isdigit((unsigned char)*code) || *end || number > 1000) {
        sw_grpc_status_set(status, SW_GRPC_INTERNAL, "the daemon ended a call with a malformed status \"%.40s\"", code);
        return true;
    }
    status->code = (uint32_t)number;
    status->message = message ? unescape(message) : NULL;
    if (details)
        read_details(details, &status->details);
    return true;
}

void sw_grpc_status_of_reset(uint32_t h2_code, struct sw_grpc_status *status) {
    switch (h2_code) {
    case H2_CANCEL:
        sw_grpc_status_set(status, SW_GRPC_CANCELLED, "the daemon cancelled the call");
        break;
    case H2_REFUSED_STREAM:
        sw_grpc_status_set(status, SW_GRPC_UNAVAILABLE, "the daemon refused the call");
        break;
    case H2_CONNECT_ERROR:
        sw_grpc_status_set(status, SW_GRPC_UNAVAILABLE, "the connection was lost");
        break;
    case H2_ENHANCE_YOUR_CALM:
        sw_grpc_status_set(status, SW_GRPC_RESOURCE_EXHAUSTED, "the daemon has too much to do");
        break;
    case H2_NO_ERROR:
        sw_grpc_status_set(status, SW_GRPC_INTERNAL, "the daemon ended a call without a status");
        break;
    default:
        sw_grpc_status_set(status, SW_GRPC_INTERNAL, "the daemon reset a call (HTTP/2 error %u)", h2_code);
    }
}

/* ---- for people ---- */

const char *sw_grpc_plain_message(const char *message) {
    static const char prefix[] = "rpc error: code = ", separator[] = " desc = ";
    while (message && !strncmp(message, prefix, strlen(prefix))) {
        const char *rest = strstr(message, separator);
        if (!rest)
            break;
        message = rest + strlen(separator);
    }
    return message;
}

static const struct meaning {
    enum sw_error_code code;
    const char *says;
    const char *hint;
} meanings[] = {
    /* What we cancel ourselves is never asked about. */
    [SW_GRPC_CANCELLED] = {SW_ERROR_UNAVAILABLE, "gave up",
                           "it was stopped or restarted, or somebody cancelled the build there: look at its log"},
    [SW_GRPC_UNKNOWN] = {SW_ERROR_BUILD, NULL, NULL},
    [SW_GRPC_INVALID_ARGUMENT] = {SW_ERROR_BUILD, "does not accept the request", NULL},
    [SW_GRPC_DEADLINE_EXCEEDED] = {SW_ERROR_UNAVAILABLE, "did not answer in time",
                                   "the daemon may be overloaded, or something on the way swallows its answers: look at its log"},
    [SW_GRPC_NOT_FOUND] = {SW_ERROR_NOT_FOUND, NULL, NULL},
    [SW_GRPC_ALREADY_EXISTS] = {SW_ERROR_INTERNAL, NULL, NULL},
    [SW_GRPC_PERMISSION_DENIED] = {SW_ERROR_DENIED, "does not allow that",
                                   "entitlements are given in the daemon's own configuration (buildkitd.toml)"},
    [SW_GRPC_RESOURCE_EXHAUSTED] = {SW_ERROR_UNAVAILABLE, "has no room for that",
                                    "it has too much to do, or its disk is full: look at its log, try again, or add a daemon"},
    [SW_GRPC_FAILED_PRECONDITION] = {SW_ERROR_BUILD, NULL, NULL},
    [SW_GRPC_ABORTED] = {SW_ERROR_UNAVAILABLE, "gave up", "look at the daemon's log"},
    [SW_GRPC_OUT_OF_RANGE] = {SW_ERROR_BUILD, NULL, NULL},
    [SW_GRPC_UNIMPLEMENTED] = {SW_ERROR_UNSUPPORTED, "does not know that call",
                               "the daemon is too old, or what listens at that address is not BuildKit"},
    [SW_GRPC_INTERNAL] = {SW_ERROR_UNAVAILABLE, "has an internal error",
                          "look at the daemon's log; a proxy on the way that does not know gRPC does this too"},
    [SW_GRPC_UNAVAILABLE] = {SW_ERROR_UNAVAILABLE, "is not available", "look whether the daemon is running, and at its log"},
    [SW_GRPC_DATA_LOSS] = {SW_ERROR_CORRUPT, "lost data", "look at the daemon's log and its disk"},
    [SW_GRPC_UNAUTHENTICATED] = {SW_ERROR_AUTH, "does not accept who we are", "check the client's certificate and key"},
};

struct sw_error *sw_grpc_error(const struct sw_grpc_status *status, const char *name, const char *what) {
    static const struct meaning unknown = {SW_ERROR_UNAVAILABLE, "ended a call with a status that nobody knows", NULL};
    if (status->code == SW_GRPC_OK)
        return NULL;
    const struct meaning *meaning = status->code < sizeof meanings / sizeof *meanings ? &meanings[status->code] : &unknown;
    const char *message = sw_grpc_plain_message(status->message);
    if (!message || !*message)
        message = sw_grpc_code_name(status->code);
    struct sw_error *error = meaning->says ? sw_error_new(meaning->code, "the BuildKit daemon at %s %s when asked %s: %s", name,
                                                          meaning->says, what, message)
                                           : sw_error_new(meaning->code, "%s", message);
    if (status->code == SW_GRPC_RESOURCE_EXHAUSTED && strstr(message, "larger than max"))
        return sw_error_hint(error, "a message was larger than the daemon takes: 4 MiB before BuildKit 0.14, 16 MiB since");
    return meaning->hint ? sw_error_hint(error, "%s", meaning->hint) : error;
}
