/* Stands in for render.c where core/template is not built: werf.yaml is taken as it is, cut at its lines of three hyphens. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "core/config/render.h"

struct sw_rendering {
    struct sw_buf text;
    char *file;
    struct sw_vec documents; /* of struct sw_yaml_text */
};

void sw_rendering_free(struct sw_rendering *rendering) {
    if (!rendering)
        return;
    sw_buf_fini(&rendering->text);
    sw_vec_fini(&rendering->documents);
    free(rendering->file);
    free(rendering);
}

static bool has_content(const struct sw_yaml_text *text) {
    const char *end = text->data + text->len;
    for (const char *at = text->data; at < end; at++) {
        if (*at == '#')
            at = memchr(at, '\n', (size_t)(end - at)) ? memchr(at, '\n', (size_t)(end - at)) : end - 1;
        else if (!strchr(" \t\r\n", *at))
            return true;
    }
    return false;
}

static void cut(struct sw_rendering *rendering) {
    const char *at = sw_buf_text(&rendering->text), *end = at + rendering->text.len;
    struct sw_yaml_text now = {.file = rendering->file, .data = at, .first_line = 1};
    for (uint32_t line = 1; at <= end; line++) {
        const char *feed = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
        const char *next = feed ? feed + 1 : end;
        if (at == end || (next - at >= 3 && strncmp(at, "---", 3) == 0 && strspn(at + 3, " \t\r\n") == (size_t)(next - at - 3))) {
            now.len = (size_t)(at - now.data);
            if (has_content(&now))
                sw_vec_push(&rendering->documents, &now);
            now = (struct sw_yaml_text){.file = rendering->file, .data = next, .first_line = line + 1};
        }
        at = at == end ? end + 1 : next;
    }
}

struct sw_rendering *sw_render(const struct sw_render_request *request, struct sw_diagnostics *list) {
    struct sw_rendering *rendering = sw_new(sizeof *rendering);
    struct sw_error *error = NULL;
    rendering->file = sw_strdup(request->config);
    rendering->documents.width = sizeof(struct sw_yaml_text);
    if (sw_project_files_read(request->files, request->config, SW_GATE_UNCOMMITTED_CONFIG, &rendering->text, &error)) {
        cut(rendering);
        return rendering;
    }
    sw_error_wrap(error, "unable to read werf config");
    if (error->code == SW_ERROR_NOT_FOUND)
        error->code = SW_ERROR_CONFIG; /* a project without it is wrongly configured */
    sw_diagnostics_add(list, SW_SEVERITY_ERROR, sw_error_at(error, (struct sw_place){.file = request->config}));
    sw_rendering_free(rendering);
    return NULL;
}

struct sw_bytes sw_rendering_text(const struct sw_rendering *rendering) {
    return (struct sw_bytes){sw_buf_text(&rendering->text), rendering->text.len};
}

const struct sw_yaml_text *sw_rendering_documents(const struct sw_rendering *rendering, size_t *count) {
    *count = rendering->documents.len;
    return rendering->documents.data;
}
