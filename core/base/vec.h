/* vec.h - a growing array of elements of one size. A zeroed one with `width` set is empty and ready:
 *
 *     struct sw_vec lines = {.width = sizeof(struct line)}; */
#ifndef CORE_BASE_VEC_H
#define CORE_BASE_VEC_H

#include <stddef.h>

#include "slipway/types.h"

struct sw_vec {
    void *data;
    size_t len;
    size_t cap;
    size_t width;
};

void sw_vec_fini(struct sw_vec *vec); /* frees the array, not what elements point to */
#define sw_cleanup_vec __attribute__((cleanup(sw_vec_fini)))

/* Appends a copy of `*element`; NULL appends a zeroed one. Returns the new element, valid until the next change. */
void *sw_vec_push(struct sw_vec *vec, const void *element);

/* Element `index`; asserts that it is there. */
void *sw_vec_at(const struct sw_vec *vec, size_t index);

/* A growing list of owned strings. A zeroed one is empty and ready. */
struct sw_strlist {
    char **items;
    size_t len;
    size_t cap;
};

void sw_strlist_fini(struct sw_strlist *list); /* frees the strings too */
#define sw_cleanup_strlist __attribute__((cleanup(sw_strlist_fini)))
void sw_strlist_add(struct sw_strlist *list, const char *text); /* copies */
void sw_strlist_take(struct sw_strlist *list, char *text);      /* takes ownership */
void sw_strlist_copy(struct sw_strlist *list, struct sw_strings strings);
void sw_strlist_sort(struct sw_strlist *list); /* bytewise */
bool sw_strlist_has(const struct sw_strlist *list, const char *text);
struct sw_strings sw_strlist_view(const struct sw_strlist *list); /* borrowed until the next change */

/* Joins strings with `separator`; to be freed. */
char *sw_strings_join(struct sw_strings strings, const char *separator);

#endif
