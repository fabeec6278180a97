/* glob.h - doublestar patterns on slash-separated paths.
 *
 * The language of werf's includePaths, excludePaths and giterminism globs (doublestar v4, PathMatch): '*' any run inside one
 * component, leading dots included; '?' one character; [abc], [a-z], [!a], [^a]; {a,b} alternatives; '\' takes the next character as
 * it is; "**" as a whole component is zero or more components, and elsewhere the same as '*'. Characters are UTF-8. Nothing here
 * touches a file system; all functions are pure. */
#ifndef CORE_BASE_GLOB_H
#define CORE_BASE_GLOB_H

#include <stdbool.h>

#include "core/base/vec.h"

/* Whether `pattern` is well formed: classes and braces are closed, no '\' at the end. */
bool sw_glob_valid(const char *pattern);

/* Whether `path` as a whole matches. A malformed pattern matches nothing. */
bool sw_glob_match(const char *pattern, const char *path);

/* Whether `pattern` has no special characters, so that it matches its own text only. */
bool sw_glob_is_literal(const char *pattern);

/* Appends the patterns without braces that `pattern` stands for, in the order of its alternatives; at most 1,000. */
void sw_glob_expand(const char *pattern, struct sw_strlist *out);

#endif
