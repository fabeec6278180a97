/* scope.h - the rights that a token is asked for: "repository:NAME:pull,push".
 *
 * Scopes that a registry sent are opaque text: they are compared, never interpreted beyond the list of actions at their end. */
#ifndef PLUGINS_REGISTRY_SCOPE_H
#define PLUGINS_REGISTRY_SCOPE_H

#include "core/base/vec.h"

/* "repository:PATH:ACTIONS". To be freed. */
char *sw_scope_repository(const char *path, const char *actions);

/* Whether a token for `held` may be used where `wanted` is needed. */
bool sw_scopes_cover(struct sw_strings held, struct sw_strings wanted);

/* Puts the blank-separated scopes of `text` that `scopes` does not hold yet in front of it. Returns whether there were any. */
bool sw_scopes_add(struct sw_strlist *scopes, const char *text);

#endif
