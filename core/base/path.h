/* path.h - work on the text of slash-separated paths; nothing here touches a file system. */
#ifndef CORE_BASE_PATH_H
#define CORE_BASE_PATH_H

#include <stdbool.h>

/* The shortest equal path, as Go's path.Clean: "." for "", no trailing slash, ".." resolved where it can be. To be freed. */
char *sw_path_clean(const char *path);

/* a "/" b, cleaned, as Go's path.Join: empty parts are left out. To be freed. */
char *sw_path_join(const char *a, const char *b);

/* Last component: "/" for "/", "." for "". To be freed. */
char *sw_path_base(const char *path);

/* All but the last component, cleaned: "." for "a". To be freed. */
char *sw_path_dir(const char *path);

/* Whether cleaned `path` is cleaned `folder` or lies below it. */
bool sw_path_within(const char *path, const char *folder);

/* Clean relative `path` as seen from clean relative `folder`, with ".." where it leads out; "" when they are equal. To be freed. */
char *sw_path_relative(const char *path, const char *folder);

/* Go's path.Match: '*', '?', '[…]' and '\'. Returns 1, 0, or -1 when the pattern is malformed. */
int sw_path_match(const char *pattern, const char *path);

/* Whether `name` can be one file name: not "", ".", "..", and without '/'. */
bool sw_path_is_name(const char *name);

#endif
