#include "plugins/dockerfile/failure.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"

enum { LINES_SHOWN = 12 };

bool sw_df_fail(struct sw_df_failure *failure, const char *format, ...) {
    va_list args;
    va_start(args, format);
    sw_cleanup_free char *text = sw_vformat(format, args);
    va_end(args);
    failure->text = sw_arena_str(failure->arena, text);
    return false;
}

bool sw_df_fail_prefix(struct sw_df_failure *failure, const char *format, ...) {
    va_list args;
    va_start(args, format);
    sw_cleanup_free char *text = sw_vformat(format, args);
    va_end(args);
    failure->text = sw_arena_format(failure->arena, "%s%s", text, failure->text);
    return false;
}

bool sw_df_fail_suffix(struct sw_df_failure *failure, const char *format, ...) {
    va_list args;
    va_start(args, format);
    sw_cleanup_free char *text = sw_vformat(format, args);
    va_end(args);
    failure->text = sw_arena_format(failure->arena, "%s%s", failure->text, text);
    return false;
}

static int compare_lines(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

bool sw_df_fail_at(struct sw_df_failure *failure, uint32_t first, uint32_t last) {
    if (last < first)
        last = first;
    size_t more = last - first + 1;
    uint32_t *lines = sw_arena_new(failure->arena, (failure->count + more) * sizeof(uint32_t));
    if (failure->count > 0)
        memcpy(lines, failure->lines, failure->count * sizeof(uint32_t));
    for (size_t i = 0; i < more; i++)
        lines[failure->count + i] = first + (uint32_t)i;
    size_t count = failure->count + more, kept = 0;
    qsort(lines, count, sizeof(uint32_t), compare_lines);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || lines[kept - 1] != lines[i])
            lines[kept++] = lines[i];
    failure->lines = lines;
    failure->count = kept;
    return false;
}

bool sw_df_fail_only_at(struct sw_df_failure *failure, uint32_t first, uint32_t last) {
    failure->count = 0;
    return sw_df_fail_at(failure, first, last);
}

/* The source lines from `first` to `last`, each with its number. */
static char *excerpt(struct sw_bytes file, uint32_t first, uint32_t last) {
    struct sw_buf out = {0};
    const char *p = file.data, *end = p + file.len;
    for (uint32_t line = 1; p < end && line <= last; line++) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        const char *next = stop ? stop + 1 : end;
        if (!stop)
            stop = end;
        if (line >= first) {
            size_t len = (size_t)(stop - p);
            if (len > 0 && p[len - 1] == '\r')
                len--;
            sw_buf_printf(&out, "%s%5u | %.*s", out.len > 0 ? "\n" : "", line, (int)(len > 200 ? 200 : len), p);
        }
        p = next;
    }
    return sw_buf_take(&out);
}

struct sw_error *sw_df_failure_error(const struct sw_df_failure *failure, const char *name, struct sw_bytes file) {
    struct sw_error *error = sw_error_new(SW_ERROR_CONFIG, "%s", failure->text);
    if (failure->count == 0)
        return sw_error_at(error, (struct sw_place){.file = name});
    uint32_t first = failure->lines[0], last = failure->lines[failure->count - 1];
    error = sw_error_at(error, (struct sw_place){.file = name, .line = first, .end_line = last});
    if (first > 0)
        error->excerpt = excerpt(file, first, last - first < LINES_SHOWN ? last : first + LINES_SHOWN);
    return error;
}
