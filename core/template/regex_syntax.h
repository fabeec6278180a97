/* regex_syntax.h - RE2's syntax: checked, and written anew for PCRE2. */
#ifndef CORE_TEMPLATE_REGEX_SYNTAX_H
#define CORE_TEMPLATE_REGEX_SYNTAX_H

#include "core/base/vec.h"
#include "core/template/value.h"

/* Appends to `out` a pattern for PCRE2 (in UTF mode, newline LF, with ALT_CIRCUMFLEX) that matches what `pattern` matches in RE2.
 * `names` (struct sw_str, borrowed from `pattern`) gets each capturing group's name, "" for none. False with Go's message. */
bool sw_regex_translate(struct sw_str pattern, struct sw_buf *out, struct sw_vec *names, struct sw_buf *error);

#endif
