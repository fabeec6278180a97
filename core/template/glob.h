/* glob.h - what `.Files.Glob` patterns match: '*', '?', '[a-z]', '{a,b}', '**', and everything below what they match. */
#ifndef CORE_TEMPLATE_GLOB_H
#define CORE_TEMPLATE_GLOB_H

#include <stdbool.h>

/* Whether a file's path matches a doublestar pattern. A malformed pattern matches nothing. */
bool sw_glob_match(const char *pattern, const char *path);

/* Whether `.Files.Glob` with `pattern` finds `path`: it matches the cleaned pattern, or lies below what that matches. */
bool sw_glob_finds(const char *pattern, const char *path);

#endif
