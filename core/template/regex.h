/* regex.h - regular expressions with RE2's syntax and messages, matched by PCRE2.
 *
 * A pattern is read and checked here, and written anew for PCRE2 so that it means there what it means in RE2. */
#ifndef CORE_TEMPLATE_REGEX_H
#define CORE_TEMPLATE_REGEX_H

#include "core/template/value.h"

struct sw_regex;

/* Byte offsets; -1 where a group took no part. */
struct sw_regex_span {
    ptrdiff_t start;
    ptrdiff_t end;
};

struct sw_regex_match {
    const struct sw_regex_span *groups; /* the whole match first; valid until the regex is used again */
    size_t count;
};

/* Compiles; NULL with Go's message ("error parsing regexp: …") in `error`. */
struct sw_regex *sw_regex_new(struct sw_str pattern, struct sw_buf *error);
void sw_regex_free(struct sw_regex *regex);

/* The leftmost match at or behind `start`. False, with a message, when the pattern takes too long on this text. */
bool sw_regex_find(struct sw_regex *regex, struct sw_str text, size_t start, struct sw_regex_match *match, bool *found,
                   struct sw_buf *error);

/* The number of a named group, or -1. */
int sw_regex_group(const struct sw_regex *regex, struct sw_str name);

#endif
