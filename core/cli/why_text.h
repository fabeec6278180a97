/* why_text.h - the answer of core/build/why.h for people. */
#ifndef CORE_CLI_WHY_TEXT_H
#define CORE_CLI_WHY_TEXT_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/buf.h"

/* Appends the text, with colours if `color` says so. */
void sw_why_text(const json_t *answer, bool color, struct sw_buf *out);

#endif
