/* alloc.h - memory that is always there.
 *
 * A build cannot go on without memory, and a message about it would need some: these end the process when there is none (the
 * on-disk state survives that, as it survives kill -9). Everything is released with free(). */
#ifndef CORE_BASE_ALLOC_H
#define CORE_BASE_ALLOC_H

#include <stdarg.h>
#include <stddef.h>

/* Zeroed memory for one object of `size` bytes. */
void *sw_new(size_t size);

/* Zeroed memory for `count` objects of `size` bytes; checks for overflow. */
void *sw_new_array(size_t count, size_t size);

/* Grows or shrinks an array; new memory is not zeroed. */
void *sw_resize(void *array, size_t count, size_t size);

char *sw_strdup(const char *text); /* NULL stays NULL */
char *sw_strndup(const char *text, size_t len);
void *sw_memdup(const void *data, size_t len);
char *sw_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *sw_vformat(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

#endif
