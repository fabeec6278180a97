/* listing.h - what `config list`, `config graph` and `config schema` print. */
#ifndef CORE_CLI_LISTING_H
#define CORE_CLI_LISTING_H

#include "core/base/buf.h"
#include "core/config/project.h"

/* The names of the chosen images, one a line, as werf orders them; the nameless one is "~". */
void sw_listing_names(struct sw_buf *out, const struct sw_project *project, const bool *chosen);

/* Which of the chosen images need which, as YAML in the form of `werf config graph`. */
void sw_listing_graph(struct sw_buf *out, const struct sw_project *project, const bool *chosen);

/* The JSON Schema of a document of werf.yaml: the meta document, or an image of one of the builders. */
void sw_listing_schema(struct sw_buf *out, const struct sw_config_builder *builders, size_t count);

#endif
