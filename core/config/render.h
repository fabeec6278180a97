/* render.h - from werf.yaml and its templates to YAML documents whose lines know where they came from.
 *
 * Collects the texts through project_files.h, has core/template render them, and keeps, for each line of the result, the file and line
 * that made it. */
#ifndef CORE_CONFIG_RENDER_H
#define CORE_CONFIG_RENDER_H

#include "core/config/project_files.h"
#include "core/config/yaml.h"

struct sw_render_request {
    const struct sw_project_files *files;
    const char *config;    /* path of werf.yaml, as sw_project_files_read takes it */
    const char *templates; /* folder of templates, the same */
    const char *env;       /* .Env */
    bool debug;
    void (*log)(void *context, struct sw_bytes text);
    void *log_context;
};

struct sw_rendering;

/* NULL after adding the error to `list`: a file that cannot be read, or a template that fails (with the place of the fault). */
struct sw_rendering *sw_render(const struct sw_render_request *request, struct sw_diagnostics *list);
void sw_rendering_free(struct sw_rendering *rendering); /* takes NULL */

/* The rendered text, and its documents. They live as long as the rendering. */
struct sw_bytes sw_rendering_text(const struct sw_rendering *rendering);
const struct sw_yaml_text *sw_rendering_documents(const struct sw_rendering *rendering, size_t *count);

#endif
