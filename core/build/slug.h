/* slug.h - names made fit for tags, as werf makes them. */
#ifndef CORE_BUILD_SLUG_H
#define CORE_BUILD_SLUG_H

#include <stdbool.h>
#include <stddef.h>

/* Lower-case letters, digits and single dashes. To be freed, as the next two. */
char *sw_slug(const char *text);

/* `text` itself when it is a slug of at most `limit` bytes, else a cut slug with a hash of it. */
char *sw_limited_slug(const char *text, size_t limit);

/* `text` itself when it can be a tag, else a slug with a hash of it. */
char *sw_tag_slug(const char *text);

/* Whether `text` can be a tag of an image. */
bool sw_is_tag(const char *text);

#endif
