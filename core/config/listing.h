/* listing.h - what the `config` commands print of a project, as text. Pure. */
#ifndef CORE_CONFIG_LISTING_H
#define CORE_CONFIG_LISTING_H

#include "core/base/buf.h"
#include "core/config/project.h"

/* Names of the chosen images in werf's order, one a line; "~" is the one without a name. `chosen` is by image; NULL: all. */
void sw_listing_names(struct sw_buf *out, const struct sw_project *project, const bool *chosen);

/* YAML in the form of `werf config graph`: which images of the project each chosen one needs, by `from`, `import`, `dependencies`. */
void sw_listing_graph(struct sw_buf *out, const struct sw_project *project, const bool *chosen);

/* JSON Schema (draft 2020-12) of a document of werf.yaml: the project's, or an image of one of the builders. */
void sw_listing_schema(struct sw_buf *out, const struct sw_config_builder *builders, size_t builder_count);

#endif
