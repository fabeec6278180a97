/* tags.h - listing all tags of a repository, page by page, however the registry pages. [loop] */
#ifndef PLUGINS_REGISTRY_TAGS_H
#define PLUGINS_REGISTRY_TAGS_H

#include "core/base/map.h"
#include "plugins/registry/endpoint.h"

typedef void (*sw_tags_done)(void *context, struct sw_strings tags, struct sw_error *error);

/* A repository that does not exist has none. `tags` are valid during `done`, which comes exactly once, never from inside the call. */
void sw_tags_list(struct sw_endpoint *endpoint, const char *path, struct sw_cancel *cancel, sw_tags_done done, void *context);

/* Adds the tags of a page to `tags`; names that are none are left out. `added` counts the new ones, `total` all. */
bool sw_tags_read_page(struct sw_bytes body, struct sw_map *tags, size_t *added, size_t *total, struct sw_error **error);

#endif
