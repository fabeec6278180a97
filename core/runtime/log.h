/* log.h - what the program says beside its progress: one line a message, on standard error, as text or as JSON.
 *
 * While progress is shown, lines go through it, so that they do not tear a live display. Values of secrets are masked. */
#ifndef CORE_RUNTIME_LOG_H
#define CORE_RUNTIME_LOG_H

#include "core/base/buf.h"
#include "slipway/host.h"

enum sw_log_format { SW_LOG_TEXT, SW_LOG_JSON };

/* Sets what is shown and how; at first it is text from SW_LOG_INFO on. [loop] */
void sw_log_set(enum sw_log_level least, enum sw_log_format format);

/* Says a line; `source` names who speaks, NULL: the core. [any] */
void sw_log(enum sw_log_level level, const char *source, const char *format, ...) __attribute__((format(printf, 3, 4)));
void sw_log_text(uint32_t level, const char *source, const char *text);

/* Where lines go, already masked; NULL: standard error. [loop] */
void sw_log_set_sink(void (*sink)(uint32_t level, const char *source, const char *text));

/* Appends a message as it is shown, with its line end. [any] */
void sw_log_render(struct sw_buf *out, enum sw_log_format format, uint32_t level, const char *source, const char *text);

/* Writes all to `fd`, also when it is slow or non-blocking. What cannot be written is lost. [any] */
void sw_log_write(int fd, const char *data, size_t len);

#endif
