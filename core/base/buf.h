/* buf.h - a growing run of bytes. A zeroed one is empty and ready; `data` is NUL-terminated whenever it is not NULL. */
#ifndef CORE_BASE_BUF_H
#define CORE_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct sw_buf {
    char *data;
    size_t len;
    size_t cap;
};

void sw_buf_fini(struct sw_buf *buf);
#define sw_cleanup_buf __attribute__((cleanup(sw_buf_fini)))

/* Makes room for `more` bytes behind the end, and one for the NUL. */
void sw_buf_reserve(struct sw_buf *buf, size_t more);
void sw_buf_add(struct sw_buf *buf, const void *data, size_t len);
void sw_buf_puts(struct sw_buf *buf, const char *text);
void sw_buf_putc(struct sw_buf *buf, char c);
void sw_buf_printf(struct sw_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Cuts the content to its first `len` bytes. */
void sw_buf_truncate(struct sw_buf *buf, size_t len);

/* The content as a string that never is NULL; borrowed until the next change. */
const char *sw_buf_text(const struct sw_buf *buf);

/* Gives the content away (to be freed) and leaves an empty buffer. Never NULL. */
char *sw_buf_take(struct sw_buf *buf);

#endif
