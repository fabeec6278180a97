/* custom_tags.h - tags that users choose for final images: --add-custom-tag. */
#ifndef CORE_BUILD_CUSTOM_TAGS_H
#define CORE_BUILD_CUSTOM_TAGS_H

#include "core/build/session.h"

/* Fills in %image%, %image_slug%, %image_safe_slug% and %image_content_based_tag%; to be freed. NULL and SW_ERROR_USAGE, which calls the
 * text `what`, when it is malformed. */
char *sw_fill_shortcuts(const char *what, const char *text, const char *image, const char *content_tag, struct sw_error **error);

/* The same for a custom tag: what comes out can be a tag. */
char *sw_custom_tag(const char *text, const char *image, const char *content_tag, struct sw_error **error);

/* Sets all custom tags on the final images that the user chose, in the final repository where there is one; when nothing may be published,
 * checks that they are there and name these images. [loop] */
void sw_custom_tags_publish(struct sw_build *build, sw_done done, void *context);

#endif
