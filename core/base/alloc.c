#include "core/base/alloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *checked(void *memory) {
    static const char text[] = "slipway: out of memory\n";
    if (memory)
        return memory;
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    abort();
}

void *sw_new(size_t size) {
    return checked(calloc(1, size ? size : 1));
}

void *sw_new_array(size_t count, size_t size) {
    return checked(calloc(count ? count : 1, size ? size : 1));
}

void *sw_resize(void *array, size_t count, size_t size) {
    return checked(reallocarray(array, count ? count : 1, size ? size : 1));
}

char *sw_strdup(const char *text) {
    return text ? checked(strdup(text)) : NULL;
}

char *sw_strndup(const char *text, size_t len) {
    char *copy = checked(malloc(len + 1));
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

void *sw_memdup(const void *data, size_t len) {
    void *copy = checked(malloc(len ? len : 1));
    if (len)
        memcpy(copy, data, len);
    return copy;
}

char *sw_format(const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *text = sw_vformat(format, args);
    va_end(args);
    return text;
}

char *sw_vformat(const char *format, va_list args) {
    char *text = NULL;
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    return checked(text);
}
