/* case_words.h - snakecase, kebabcase and camelcase, as the library xstrings cuts texts into words. */
#ifndef CORE_TEMPLATE_CASE_WORDS_H
#define CORE_TEMPLATE_CASE_WORDS_H

#include "core/template/value.h"

/* Words in lower case, joined by `joiner`. */
void sw_case_join(struct sw_buf *out, struct sw_str text, char joiner);

/* Words without connectors between them, each with its first letter in upper case. */
void sw_case_camel(struct sw_buf *out, struct sw_str text);

#endif
