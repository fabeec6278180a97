/* suggest.h - "did you mean …?" */
#ifndef CORE_BASE_SUGGEST_H
#define CORE_BASE_SUGGEST_H

#include "slipway/types.h"

/* The candidate nearest to `word` by edit distance, when it is near enough to be a likely slip; else NULL. Borrowed from
 * `candidates`. */
const char *sw_suggest(const char *word, struct sw_strings candidates);

#endif
