/* documents.h - splitting rendered text into YAML documents, as werf does before any YAML is parsed. */
#ifndef CORE_TEMPLATE_DOCUMENTS_H
#define CORE_TEMPLATE_DOCUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sw_document {
    const char *text; /* part of the text that was split; not NUL-terminated */
    size_t len;
    uint32_t line; /* of its first line, from 0 */
};

struct sw_documents {
    struct sw_document *items;
    size_t count;
};

/* Splits at lines that hold "---" at their start and nothing else but blanks and a comment. Documents of nothing but blanks and
 * comments are left out. (A comment with a '-' in it undoes a separator, as in werf.) The documents borrow `text`. */
void sw_documents_split(const char *text, size_t len, struct sw_documents *documents);

void sw_documents_fini(struct sw_documents *documents);

#endif
