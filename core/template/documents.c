#include "core/template/documents.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/vec.h"

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_separator(const char *line, size_t len) {
    if (len < 3 || memcmp(line, "---", 3) != 0)
        return false;
    size_t i = 3;
    while (i < len && is_blank(line[i]))
        i++;
    if (i == len)
        return true;
    return line[i] == '#' && !memchr(line + i, '-', len - i);
}

/* Whether there is nothing but blanks, line breaks and comments; a '#' begins one wherever it stands. */
static bool is_void(const char *text, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '#') {
            const char *end = memchr(text + i, '\n', len - i);
            if (!end)
                return true;
            i = (size_t)(end - text);
        } else if (!is_blank(text[i]) && text[i] != '\n') {
            return false;
        }
    }
    return true;
}

static void add(struct sw_vec *documents, const char *text, size_t len, uint32_t line) {
    if (!is_void(text, len))
        sw_vec_push(documents, &(struct sw_document){text, len, line});
}

void sw_documents_split(const char *text, size_t len, struct sw_documents *documents) {
    struct sw_vec found = {.width = sizeof(struct sw_document)};
    size_t start = 0;
    uint32_t line = 0, start_line = 0;
    for (size_t i = 0; i < len; line++) {
        const char *end = memchr(text + i, '\n', len - i);
        size_t next = end ? (size_t)(end - text) + 1 : len;
        if (is_separator(text + i, next - i - (end != NULL))) {
            add(&found, text + start, i - start, start_line);
            start = next;
            start_line = line + 1;
        }
        i = next;
    }
    add(&found, text + start, len - start, start_line);
    documents->items = found.data;
    documents->count = found.len;
}

void sw_documents_fini(struct sw_documents *documents) {
    free(documents->items);
    *documents = (struct sw_documents){0};
}
