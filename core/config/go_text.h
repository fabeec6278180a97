/* go_text.h - texts that Go reads by rules of its own: durations and regular expressions. */
#ifndef CORE_CONFIG_GO_TEXT_H
#define CORE_CONFIG_GO_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/* Go's time.ParseDuration: "168h", "1h30m", "-1.5s". False when `text` is none. */
bool sw_go_duration(const char *text, int64_t *nanoseconds);

/* Entries that are `/re/` or a plain text: whether the regular expression is valid RE2. On false `*problem` (to be freed) says what
 * is wrong. A plain text is always valid. */
bool sw_go_pattern_valid(const char *entry, char **problem);

/* Whether an entry matches `text`: equal, or `/re/` matching it as a whole. */
bool sw_go_pattern_matches(const char *entry, const char *text);

#endif
