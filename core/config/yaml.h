/* yaml.h - from YAML text to documents, as Go's yaml.v2 reads it in strict mode.
 *
 * libyaml gives the events; everything that makes the dialect is here: YAML 1.1 scalars with the source text kept, merge keys,
 * duplicate keys, anchors that do not cross documents, limits on depth and on what aliases multiply. The text is one document, as
 * the template room splits them; a second document inside it is an error. */
#ifndef CORE_CONFIG_YAML_H
#define CORE_CONFIG_YAML_H

#include "core/base/arena.h"
#include "core/config/diagnostics.h"
#include "core/config/document.h"

/* Where a line of rendered text came from. */
struct sw_yaml_origin {
    const char *file; /* relative to the project */
    uint32_t line;    /* 1-based */
    bool verbatim;    /* the line of the file and the rendered line are the same text, so columns agree */
};

/* A piece of rendered text. */
struct sw_yaml_text {
    const char *file; /* named in errors when there is no origin */
    const char *data;
    size_t len;
    uint32_t first_line; /* of `data` in the rendered text, 1-based */
    /* Origin of rendered line `line` (1-based); NULL: `file` is the text itself. */
    struct sw_yaml_origin (*origin)(void *context, uint32_t line);
    void *context;
};

/* Parses one document into `arena`. NULL, and at least one error in `list`, when the text is no YAML; otherwise a value, although
 * errors such as duplicate keys may have been added. Empty text is a null value. */
struct sw_value *sw_yaml_parse(struct sw_arena *arena, const struct sw_yaml_text *text, struct sw_diagnostics *list);

/* As sw_yaml_parse, for files that werf reads through JSON (werf-giterminism.yaml, werf-includes.yaml): of equal keys the last
 * wins, with a warning. */
struct sw_value *sw_yaml_parse_lenient(struct sw_arena *arena, const struct sw_yaml_text *text, struct sw_diagnostics *list);

/* Rendered line `line` of `text`, with a caret line below it; the line of the template is added when it differs. NULL when the text
 * has no such line. To be freed. */
char *sw_yaml_excerpt(const struct sw_yaml_text *text, uint32_t line, uint32_t column);

#endif
