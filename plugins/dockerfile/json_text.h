/* json_text.h - text of any encoding as JSON: what is no UTF-8 becomes U+FFFD. */
#ifndef PLUGINS_DOCKERFILE_JSON_TEXT_H
#define PLUGINS_DOCKERFILE_JSON_TEXT_H

#include <jansson.h>

#include "slipway/types.h"

/* New values. */
json_t *sw_df_json_text(const char *text);
json_t *sw_df_json_list(struct sw_strings strings);

#endif
