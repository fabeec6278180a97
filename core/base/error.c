#include "core/base/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"

struct sw_error *sw_error_vnew(enum sw_error_code code, const char *format, va_list args) {
    struct sw_error *error = sw_new(sizeof *error);
    error->size = sizeof *error;
    error->code = code;
    error->message = sw_vformat(format, args);
    error->destroy = sw_error_free;
    return error;
}

struct sw_error *sw_error_new(enum sw_error_code code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    struct sw_error *error = sw_error_vnew(code, format, args);
    va_end(args);
    return error;
}

void sw_error_free(struct sw_error *error) {
    if (!error)
        return;
    if (error->destroy && error->destroy != sw_error_free) { /* another module's memory */
        error->destroy(error);
        return;
    }
    free(error->message);
    free(error->hint);
    free(error->file);
    free(error->excerpt);
    free(error);
}

void sw_error_free_p(struct sw_error **error) {
    sw_error_free(*error);
    *error = NULL;
}

bool sw_pass(struct sw_error **error, struct sw_error *cause) {
    if (error)
        *error = cause;
    else
        sw_error_free(cause);
    return false;
}

bool sw_fail(struct sw_error **error, enum sw_error_code code, const char *format, ...) {
    if (!error)
        return false;
    va_list args;
    va_start(args, format);
    *error = sw_error_vnew(code, format, args);
    va_end(args);
    return false;
}

static enum sw_error_code code_of_errno(int number) {
    switch (number) {
    case ENOSPC:
    case EDQUOT:
        return SW_ERROR_NO_SPACE;
    case EACCES:
    case EPERM:
    case EROFS:
        return SW_ERROR_DENIED;
    case ENOENT:
    case ENOTDIR:
        return SW_ERROR_NOT_FOUND;
    case ECONNREFUSED:
    case ETIMEDOUT:
    case EHOSTUNREACH:
        return SW_ERROR_UNAVAILABLE;
    default:
        return SW_ERROR_IO;
    }
}

bool sw_fail_errno(struct sw_error **error, int number, const char *format, ...) {
    if (!error)
        return false;
    va_list args;
    va_start(args, format);
    sw_cleanup_free char *what = sw_vformat(format, args);
    va_end(args);
    *error = sw_error_new(code_of_errno(number), "%s: %s", what, strerror(number));
    return false;
}

/* Errors of another module cannot be changed in place, since their strings are that module's to free: this gives one of ours. */
static struct sw_error *own(struct sw_error *error) {
    if (!error || error->destroy == sw_error_free)
        return error;
    struct sw_error *copy = sw_error_copy(error);
    error->destroy(error);
    return copy;
}

struct sw_error *sw_error_wrap(struct sw_error *error, const char *format, ...) {
    if (!(error = own(error)))
        return NULL;
    va_list args;
    va_start(args, format);
    sw_cleanup_free char *context = sw_vformat(format, args);
    va_end(args);
    char *message = sw_format("%s: %s", context, error->message);
    free(error->message);
    error->message = message;
    return error;
}

struct sw_error *sw_error_at(struct sw_error *error, struct sw_place place) {
    if (!(error = own(error)) || error->file || !place.file)
        return error;
    error->file = sw_strdup(place.file);
    error->line = place.line;
    error->column = place.column;
    error->end_line = place.end_line;
    return error;
}

struct sw_error *sw_error_hint(struct sw_error *error, const char *format, ...) {
    if (!(error = own(error)))
        return NULL;
    va_list args;
    va_start(args, format);
    free(error->hint);
    error->hint = sw_vformat(format, args);
    va_end(args);
    return error;
}

struct sw_error *sw_error_copy(const struct sw_error *error) {
    if (!error)
        return NULL;
    struct sw_error *copy = sw_new(sizeof *copy);
    *copy = *error;
    copy->size = sizeof *copy;
    copy->message = sw_strdup(error->message);
    copy->hint = sw_strdup(error->hint);
    copy->file = sw_strdup(error->file);
    copy->excerpt = sw_strdup(error->excerpt);
    copy->destroy = sw_error_free;
    return copy;
}

char *sw_error_text(const struct sw_error *error) {
    struct sw_buf text = {0};
    if (error->file) {
        sw_buf_printf(&text, "%s:", error->file);
        if (error->line)
            sw_buf_printf(&text, "%u:", error->line);
        if (error->column)
            sw_buf_printf(&text, "%u:", error->column);
        sw_buf_putc(&text, ' ');
    }
    sw_buf_puts(&text, error->message ? error->message : "unknown error");
    if (error->excerpt && *error->excerpt)
        sw_buf_printf(&text, "\n%s", error->excerpt);
    if (error->hint && *error->hint)
        sw_buf_printf(&text, "\nhint: %s", error->hint);
    return sw_buf_take(&text);
}

int sw_error_exit_code(uint32_t code) {
    switch (code) {
    case SW_ERROR_USAGE:
        return 2;
    case SW_ERROR_CONFIG:
    case SW_ERROR_DENIED:
        return 3;
    case SW_ERROR_UNAVAILABLE:
    case SW_ERROR_AUTH:
        return 4;
    default:
        return 1;
    }
}
