/* expand.h - variables in a word, by the rules of Dockerfiles: $NAME, ${NAME}, ${NAME:-word}, ${NAME:+word}; quotes are taken away and
 * a backslash takes the meaning of what follows it. */
#ifndef CORE_BUILD_EXPAND_H
#define CORE_BUILD_EXPAND_H

#include <jansson.h>

#include "slipway/types.h"

/* `env` is a JSON array of "K=V"; a variable that it lacks is empty. To be freed; NULL when a substitution is malformed. */
char *sw_expand_word(const char *word, const json_t *env, struct sw_error **error);

#endif
