/* error.h - making failures (struct sw_error of the ABI).
 *
 * A function that can fail returns bool (or NULL) and fills `*error`, which may be NULL when the caller does not care. */
#ifndef CORE_BASE_ERROR_H
#define CORE_BASE_ERROR_H

#include <stdarg.h>

#include "slipway/types.h"

struct sw_error *sw_error_new(enum sw_error_code code, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct sw_error *sw_error_vnew(enum sw_error_code code, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* Takes NULL. */
void sw_error_free(struct sw_error *error);
void sw_error_free_p(struct sw_error **error);
#define sw_cleanup_error __attribute__((cleanup(sw_error_free_p)))

/* Sets `*error` (unless `error` is NULL) and returns false, for `return sw_fail(error, …);`. */
bool sw_fail(struct sw_error **error, enum sw_error_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* As sw_fail, with ": <strerror>" behind it; the code follows from errno (ENOSPC, EACCES, ENOENT…), else SW_ERROR_IO. */
bool sw_fail_errno(struct sw_error **error, int number, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Hands an error on: sets `*error` or frees it. Returns false. */
bool sw_pass(struct sw_error **error, struct sw_error *cause);

/* Puts "…: " before the message; adds a place unless there is one; sets the hint. All of these take `error`, which may be NULL, and return
 * what it has become: an error of another module is replaced by one of ours, so only what was made here may be
 * changed without a look at the result. */
struct sw_error *sw_error_wrap(struct sw_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct sw_error *sw_error_at(struct sw_error *error, struct sw_place place);
struct sw_error *sw_error_hint(struct sw_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct sw_error *sw_error_copy(const struct sw_error *error); /* a new one */

/* The error as it is shown: "FILE:LINE:COL: MESSAGE", then excerpt and hint on lines of their own. To be freed. */
char *sw_error_text(const struct sw_error *error);

/* Exit code of the program for an error code: see docs/exit-codes.md. */
int sw_error_exit_code(uint32_t code);

#endif
