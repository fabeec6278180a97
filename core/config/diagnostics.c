#include "core/config/diagnostics.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/config/document.h"
#include "core/config/yaml.h"

enum { MOST_KEPT = 2000 };

void sw_diagnostics_fini(struct sw_diagnostics *list) {
    for (size_t i = 0; i < list->len; i++)
        sw_error_free(list->items[i].error);
    free(list->items);
    *list = (struct sw_diagnostics){0};
}

struct sw_error *sw_diagnostics_add(struct sw_diagnostics *list, enum sw_severity severity, struct sw_error *error) {
    if (severity == SW_SEVERITY_ERROR)
        list->error_count++;
    if (list->len == MOST_KEPT) { /* the last one kept makes room: callers want a finding to put a hint on */
        sw_error_free(list->items[--list->len].error);
    } else if (list->len == list->cap) {
        list->cap = list->cap ? list->cap * 2 : 16;
        list->items = sw_resize(list->items, list->cap, sizeof *list->items);
    }
    list->items[list->len++] = (struct sw_diagnostic){.severity = severity, .error = error};
    return error;
}

static struct sw_error *vdiagnose(struct sw_diagnostics *list, enum sw_severity severity, struct sw_place place, const char *format,
                                  va_list args) {
    struct sw_error *error = sw_error_at(sw_error_vnew(SW_ERROR_CONFIG, format, args), place);
    return sw_diagnostics_add(list, severity, error);
}

struct sw_error *sw_diagnose(struct sw_diagnostics *list, struct sw_place place, const char *format, ...) {
    va_list args;
    va_start(args, format);
    struct sw_error *error = vdiagnose(list, SW_SEVERITY_ERROR, place, format, args);
    va_end(args);
    return error;
}

struct sw_error *sw_diagnose_warning(struct sw_diagnostics *list, struct sw_place place, const char *format, ...) {
    va_list args;
    va_start(args, format);
    struct sw_error *error = vdiagnose(list, SW_SEVERITY_WARNING, place, format, args);
    va_end(args);
    return error;
}

static const struct sw_yaml_text *text_of_line(const struct sw_diagnostics *list, const struct sw_value *value) {
    for (size_t i = list->text_count; i-- > 0;)
        if (list->texts[i].first_line <= value->rendered_line)
            return &list->texts[i];
    return NULL;
}

static void add_excerpt(const struct sw_diagnostics *list, const struct sw_value *value, struct sw_error *error) {
    const struct sw_yaml_text *text = text_of_line(list, value);
    if (text && !error->excerpt)
        error->excerpt = sw_yaml_excerpt(text, value->rendered_line, value->rendered_column);
}

static struct sw_error *vdiagnose_value(struct sw_diagnostics *list, enum sw_severity severity, const struct sw_value *value,
                                        const char *format, va_list args) {
    struct sw_place place = value ? value->place : (struct sw_place){0};
    struct sw_error *error = vdiagnose(list, severity, place, format, args);
    if (value)
        add_excerpt(list, value, error);
    return error;
}

struct sw_error *sw_diagnose_value(struct sw_diagnostics *list, const struct sw_value *value, const char *format, ...) {
    va_list args;
    va_start(args, format);
    struct sw_error *error = vdiagnose_value(list, SW_SEVERITY_ERROR, value, format, args);
    va_end(args);
    return error;
}

struct sw_error *sw_diagnose_value_warning(struct sw_diagnostics *list, const struct sw_value *value, const char *format, ...) {
    va_list args;
    va_start(args, format);
    struct sw_error *error = vdiagnose_value(list, SW_SEVERITY_WARNING, value, format, args);
    va_end(args);
    return error;
}

static int compare_text(const char *a, const char *b) {
    if (!a || !b)
        return !!a - !!b;
    return strcmp(a, b);
}

static int compare_number(uint32_t a, uint32_t b) {
    return (a > b) - (a < b);
}

static int compare_findings(const void *a, const void *b, void *first_file) {
    const struct sw_diagnostic *left = a, *right = b;
    const struct sw_error *x = left->error, *y = right->error;
    int order = compare_text(x->file, y->file);
    if (order && first_file) {
        if (x->file && strcmp(x->file, first_file) == 0)
            return -1;
        if (y->file && strcmp(y->file, first_file) == 0)
            return 1;
    }
    if (!order)
        order = compare_number(x->line, y->line);
    if (!order)
        order = compare_number(x->column, y->column);
    if (!order)
        order = (int)left->severity - (int)right->severity;
    if (!order)
        order = compare_text(x->message, y->message);
    return order;
}

static bool equal_findings(const struct sw_diagnostic *a, const struct sw_diagnostic *b) {
    return compare_findings(a, b, NULL) == 0;
}

void sw_diagnostics_sort(struct sw_diagnostics *list, const char *first_file) {
    if (list->len < 2)
        return;
    qsort_r(list->items, list->len, sizeof *list->items, compare_findings, (void *)first_file);
    size_t kept = 1;
    for (size_t i = 1; i < list->len; i++) {
        if (!equal_findings(&list->items[kept - 1], &list->items[i])) {
            list->items[kept++] = list->items[i];
            continue;
        }
        if (list->items[i].severity == SW_SEVERITY_ERROR)
            list->error_count--;
        sw_error_free(list->items[i].error);
    }
    list->len = kept;
}

static void add_finding(struct sw_buf *text, const struct sw_diagnostic *finding) {
    sw_cleanup_free char *line = NULL;
    if (finding->severity == SW_SEVERITY_WARNING) {
        struct sw_error *copy = sw_error_copy(finding->error);
        char *message = sw_format("warning: %s", copy->message);
        free(copy->message);
        copy->message = message;
        line = sw_error_text(copy);
        sw_error_free(copy);
    } else {
        line = sw_error_text(finding->error);
    }
    sw_buf_puts(text, line);
    sw_buf_putc(text, '\n');
}

char *sw_diagnostics_text(const struct sw_diagnostics *list) {
    struct sw_buf text = {0};
    for (size_t i = 0; i < list->len; i++)
        add_finding(&text, &list->items[i]);
    return sw_buf_take(&text);
}

struct sw_error *sw_diagnostics_error(const struct sw_diagnostics *list) {
    const struct sw_error *first = NULL;
    struct sw_buf rest = {0};
    size_t count = 0;
    for (size_t i = 0; i < list->len; i++) {
        if (list->items[i].severity != SW_SEVERITY_ERROR)
            continue;
        if (!first)
            first = list->items[i].error;
        sw_cleanup_free char *text = sw_error_text(list->items[i].error);
        sw_buf_printf(&rest, "%s%s", count++ ? "\n" : "", text);
    }
    struct sw_error *error = NULL;
    if (count == 1)
        error = sw_error_copy(first);
    else if (count)
        error = sw_error_new(first->code, "%s\n%zu errors in the configuration", sw_buf_text(&rest), count);
    sw_buf_fini(&rest);
    return error;
}
