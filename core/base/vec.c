#include "core/base/vec.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"

void sw_vec_fini(struct sw_vec *vec) {
    free(vec->data);
    *vec = (struct sw_vec){.width = vec->width};
}

void *sw_vec_push(struct sw_vec *vec, const void *element) {
    assert(vec->width > 0);
    if (vec->len == vec->cap) {
        vec->cap = vec->cap ? vec->cap * 2 : 8;
        vec->data = sw_resize(vec->data, vec->cap, vec->width);
    }
    char *slot = (char *)vec->data + vec->len++ * vec->width;
    if (element)
        memcpy(slot, element, vec->width);
    else
        memset(slot, 0, vec->width);
    return slot;
}

void *sw_vec_at(const struct sw_vec *vec, size_t index) {
    assert(index < vec->len);
    return (char *)vec->data + index * vec->width;
}

void sw_strlist_fini(struct sw_strlist *list) {
    for (size_t i = 0; i < list->len; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct sw_strlist){0};
}

void sw_strlist_add(struct sw_strlist *list, const char *text) {
    sw_strlist_take(list, sw_strdup(text));
}

void sw_strlist_take(struct sw_strlist *list, char *text) {
    if (list->len == list->cap) {
        list->cap = list->cap ? list->cap * 2 : 8;
        list->items = sw_resize(list->items, list->cap, sizeof *list->items);
    }
    list->items[list->len++] = text;
}

void sw_strlist_copy(struct sw_strlist *list, struct sw_strings strings) {
    for (size_t i = 0; i < strings.count; i++)
        sw_strlist_add(list, strings.items[i]);
}

static int compare(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void sw_strlist_sort(struct sw_strlist *list) {
    if (list->len > 1)
        qsort(list->items, list->len, sizeof *list->items, compare);
}

bool sw_strlist_has(const struct sw_strlist *list, const char *text) {
    for (size_t i = 0; i < list->len; i++)
        if (strcmp(list->items[i], text) == 0)
            return true;
    return false;
}

struct sw_strings sw_strlist_view(const struct sw_strlist *list) {
    return (struct sw_strings){(const char *const *)list->items, list->len};
}

char *sw_strings_join(struct sw_strings strings, const char *separator) {
    struct sw_buf joined = {0};
    for (size_t i = 0; i < strings.count; i++) {
        if (i)
            sw_buf_puts(&joined, separator);
        sw_buf_puts(&joined, strings.items[i]);
    }
    return sw_buf_take(&joined);
}
