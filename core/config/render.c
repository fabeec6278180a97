#include "core/config/render.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "core/template/documents.h"
#include "core/template/template.h"

static const char MAIN_NAME[] = "werfConfig";

/* A template: its name in the set, its file, and where its lines begin. */
struct source {
    char *name;
    char *file;
    struct sw_buf text;
    struct sw_vec lines; /* of size_t, offsets */
};

/* What the callbacks of `.Files` work on. */
struct reader {
    const struct sw_project_files *files;
    const char *config;
    struct sw_diagnostics *list; /* takes warnings */
};

struct sw_rendering {
    struct sw_vec sources; /* of struct source; the main one is the last */
    struct sw_map by_name; /* to an index into `sources`, plus one */
    struct sw_template_output output;
    struct sw_vec origins; /* of struct sw_yaml_origin, one a line */
    struct sw_documents split;
    struct sw_yaml_text *documents;
};

static struct source *source_at(const struct sw_rendering *rendering, size_t index) {
    return sw_vec_at(&rendering->sources, index);
}

void sw_rendering_free(struct sw_rendering *rendering) {
    if (!rendering)
        return;
    for (size_t i = 0; i < rendering->sources.len; i++) {
        struct source *source = source_at(rendering, i);
        free(source->name);
        free(source->file);
        sw_buf_fini(&source->text);
        sw_vec_fini(&source->lines);
    }
    sw_vec_fini(&rendering->sources);
    sw_vec_fini(&rendering->origins);
    sw_map_fini(&rendering->by_name, NULL);
    sw_template_output_fini(&rendering->output);
    sw_documents_fini(&rendering->split);
    free(rendering->documents);
    free(rendering);
}

/* ---- sources ---- */

static void find_lines(struct source *source) {
    size_t start = 0;
    source->lines.width = sizeof start;
    do {
        sw_vec_push(&source->lines, &start);
        const char *feed = start < source->text.len ? memchr(source->text.data + start, '\n', source->text.len - start) : NULL;
        start = feed ? (size_t)(feed - source->text.data) + 1 : source->text.len;
    } while (start < source->text.len);
}

/* Adds a template. The first of a name stays. Takes all three arguments. */
static void add_source(struct sw_rendering *rendering, char *name, char *file, struct sw_buf text) {
    struct source source = {.name = name, .file = file, .text = text};
    if (sw_map_has(&rendering->by_name, name)) {
        free(name);
        free(file);
        sw_buf_fini(&text);
        return;
    }
    find_lines(&source);
    sw_vec_push(&rendering->sources, &source);
    sw_map_set(&rendering->by_name, name, (void *)(uintptr_t)rendering->sources.len);
}

static bool add_templates(struct sw_rendering *rendering, const struct sw_render_request *request, struct sw_error **error) {
    sw_cleanup_project_file_list struct sw_project_file_list list = {0};
    if (!sw_project_files_list(request->files, request->templates, "**/*.tmpl", SW_GATE_UNCOMMITTED_TEMPLATES, &list, error)) {
        if (error)
            sw_error_wrap(*error, "unable to read werf config templates");
        return false;
    }
    sw_cleanup_free char *folder = sw_path_clean(request->templates);
    size_t skip = strcmp(folder, ".") == 0 ? 0 : strlen(folder);
    for (size_t i = 0; i < list.len; i++) {
        char *file = sw_steal(&list.items[i].path);
        const char *name = sw_path_within(file, folder) ? file + skip : file;
        add_source(rendering, sw_strdup(name + (*name == '/')), file, list.items[i].bytes);
        list.items[i].bytes = (struct sw_buf){0};
    }
    return true;
}

/* Included files below the folder of templates are named by their whole path, whatever they are called. */
static bool add_included(struct sw_rendering *rendering, const struct sw_render_request *request, struct sw_error **error) {
    const struct sw_includes *includes = request->files->includes;
    sw_cleanup_free char *folder = sw_path_clean(request->templates);
    for (size_t i = 0; i < sw_includes_count(includes); i++) {
        const struct sw_included_file *file = sw_includes_at(includes, i);
        struct sw_buf text = {0};
        if (strcmp(folder, ".") != 0 && !sw_path_within(file->path, folder))
            continue;
        if (!sw_commit_read(file->commit, file->source, &text, error)) {
            sw_buf_fini(&text);
            return false;
        }
        add_source(rendering, sw_strdup(file->path), sw_strdup(file->path), text);
    }
    return true;
}

static bool add_main(struct sw_rendering *rendering, const struct sw_render_request *request, struct sw_error **error) {
    struct sw_buf text = {0};
    if (!sw_project_files_read(request->files, request->config, SW_GATE_UNCOMMITTED_CONFIG, &text, error)) {
        sw_buf_fini(&text);
        if (error)
            sw_error_wrap(*error, "unable to read werf config");
        return false;
    }
    sw_map_remove(&rendering->by_name, MAIN_NAME); /* a template file of that name is hidden */
    add_source(rendering, sw_strdup(MAIN_NAME), sw_strdup(request->config), text);
    return true;
}

/* ---- .Files ---- */

static bool files_get(void *context, const char *path, char **content, size_t *len, struct sw_error **error) {
    struct sw_buf bytes = {0};
    struct sw_error *cause = NULL;
    if (!sw_project_files_read(((struct reader *)context)->files, path, SW_GATE_UNCOMMITTED_FILES, &bytes, &cause)) {
        sw_buf_fini(&bytes);
        return sw_pass(error, sw_error_wrap(cause, "{{ .Files.Get \"%s\" }}", path));
    }
    *len = bytes.len;
    *content = sw_buf_take(&bytes);
    return true;
}

/* The part of a pattern before its first component with a special character. To be freed; `*rest` is what follows. */
static char *plain_base(const char *pattern, const char **rest) {
    size_t base = 0, special = strcspn(pattern, "*?[{\\");
    for (size_t i = 0; i < special && pattern[i]; i++)
        if (pattern[i] == '/')
            base = i + 1;
    if (!pattern[special])
        base = special;
    *rest = pattern + base;
    return sw_strndup(pattern, base);
}

static void add_included_matches(const struct sw_project_files *files, const char *base, const char *glob,
                                 struct sw_template_found *found, const struct sw_map *known) {
    sw_cleanup_free char *folder = sw_matcher_path(base);
    struct sw_filter filter = {.size = sizeof filter, .base = folder, .include = {&glob, *glob != 0}};
    sw_cleanup_matcher struct sw_matcher *matcher = sw_matcher_new("", &filter, 1, NULL);
    for (size_t i = 0; matcher && i < sw_includes_count(files->includes); i++) {
        const struct sw_included_file *file = sw_includes_at(files->includes, i);
        sw_cleanup_buf struct sw_buf bytes = {0};
        if (sw_map_has(known, file->path) || !sw_matcher_matched(matcher, file->path) ||
            !sw_commit_read(file->commit, file->source, &bytes, NULL))
            continue;
        sw_template_found_add(found, file->path, (struct sw_bytes){sw_buf_text(&bytes), bytes.len});
    }
}

static bool files_glob(void *context, const char *pattern, struct sw_template_found *found, struct sw_error **error) {
    const struct sw_project_files *files = ((struct reader *)context)->files;
    sw_cleanup_project_file_list struct sw_project_file_list list = {0};
    const char *rest;
    struct sw_error *cause = NULL;
    sw_cleanup_free char *base = plain_base(pattern + strspn(pattern, "/"), &rest);
    if (!sw_project_files_list(files, base, *rest ? rest : NULL, SW_GATE_UNCOMMITTED_FILES, &list, &cause))
        return sw_pass(error, sw_error_wrap(cause, "{{ .Files.Glob \"%s\" }}", pattern));
    struct sw_map known = {0};
    for (size_t i = 0; i < list.len; i++) {
        sw_template_found_add(found, list.items[i].path,
                              (struct sw_bytes){sw_buf_text(&list.items[i].bytes), list.items[i].bytes.len});
        sw_map_set(&known, list.items[i].path, &known);
    }
    add_included_matches(files, base, rest, found, &known);
    sw_map_fini(&known, NULL);
    return true;
}

/* A file of the commit that differs in the work tree counts as absent: that surprises, so it is said. */
static void warn_refused(const struct reader *reader, const char *question, const char *path) {
    sw_cleanup_free char *full = sw_project_files_path(reader->files, path);
    struct sw_file file = {0};
    if (!full || !sw_commit_stat(reader->files->commit, full, &file, NULL) || file.type == SW_FILE_NONE)
        return;
    struct sw_error *warning =
        sw_diagnose_warning(reader->list, (struct sw_place){.file = reader->config},
                            "{{ .Files.%s \"%s\" }} is false, because what is there is not committed", question, path);
    sw_error_hint(warning, "commit it, or try it out with --dev");
}

static bool files_exists(void *context, const char *path, bool *answer, struct sw_error **error) {
    const struct reader *reader = context;
    (void)error;
    *answer = sw_project_files_exists(reader->files, path, SW_GATE_UNCOMMITTED_FILES);
    if (!*answer)
        warn_refused(reader, "Exists", path);
    return true;
}

static bool files_is_dir(void *context, const char *path, bool *answer, struct sw_error **error) {
    const struct reader *reader = context;
    (void)error;
    *answer = sw_project_files_is_folder(reader->files, path, SW_GATE_UNCOMMITTED_FILES);
    return true;
}

static const char *environ_get(void *context, const char *name) {
    (void)context;
    return getenv(name);
}

/* ---- rendering ---- */

static const struct source *find_source(const struct sw_rendering *rendering, const char *name) {
    uintptr_t index = name ? (uintptr_t)sw_map_get(&rendering->by_name, name) : 0;
    return index ? source_at(rendering, index - 1) : NULL;
}

static struct sw_bytes line_of(const struct source *source, uint32_t line) {
    if (!line || line > source->lines.len)
        return (struct sw_bytes){0};
    size_t start = *(size_t *)sw_vec_at(&source->lines, line - 1);
    size_t end = line < source->lines.len ? *(size_t *)sw_vec_at(&source->lines, line) - 1 : source->text.len;
    while (end > start && (source->text.data[end - 1] == '\n' || source->text.data[end - 1] == '\r'))
        end--;
    return (struct sw_bytes){source->text.data + start, end - start};
}

/* Gives a fault of a template its file's place, its line, and what would allow a variable. */
static struct sw_error *explain(const struct sw_rendering *rendering, struct sw_error *error) {
    static const char refused[] = "env name \"";
    const struct source *source = find_source(rendering, error->file);
    if (source) {
        struct sw_yaml_text text = {
            .file = source->file, .data = sw_buf_text(&source->text), .len = source->text.len, .first_line = 1};
        free(error->file);
        error->file = sw_strdup(source->file);
        if (!error->column)
            error->column = 1; /* errors of parsing have none */
        if (!error->excerpt)
            error->excerpt = sw_yaml_excerpt(&text, error->line, error->column);
    }
    const char *name = strstr(error->message, refused);
    if (name && strstr(name, "not allowed by giterminism")) {
        name += strlen(refused);
        sw_cleanup_free char *variable = sw_strndup(name, strcspn(name, "\""));
        sw_cleanup_free char *snippet = sw_giterminism_snippet(SW_GATE_ENV, variable);
        error->code = SW_ERROR_DENIED;
        sw_error_hint(error, "to allow it, add to werf-giterminism.yaml:\n%s", snippet);
    }
    return error;
}

static bool run(struct sw_rendering *rendering, const struct sw_render_request *request, struct sw_diagnostics *list,
                struct sw_error **error) {
    const struct sw_project_files *files = request->files;
    struct reader reader = {files, request->config, list};
    struct sw_template_files callbacks = {&reader, files_get, files_glob, files_exists, files_is_dir};
    struct sw_template_environ environment = {
        .get = environ_get, .allowed = sw_giterminism_entries(files->policy, SW_GATE_ENV), .loose = files->loose};
    sw_cleanup_free char *human = sw_commit_human_time(files->commit);
    sw_cleanup_free char *unix_time = sw_format("%lld", (long long)sw_commit_author_time(files->commit));
    struct sw_template_text *named = sw_new_array(rendering->sources.len + 1, sizeof *named);
    for (size_t i = 0; i < rendering->sources.len; i++) {
        const struct source *source = source_at(rendering, i);
        named[i] = (struct sw_template_text){source->name, {sw_buf_text(&source->text), source->text.len}};
    }
    size_t last = rendering->sources.len - 1;
    struct sw_template_input input = {.main = named[last],
                                      .named = named,
                                      .named_count = last,
                                      .env_name = request->env ? request->env : "",
                                      .commit = {sw_commit_id(files->commit), human, unix_time},
                                      .files = &callbacks,
                                      .environ = &environment,
                                      .include_alone = true,
                                      .debug = request->debug,
                                      .log = request->log,
                                      .log_context = request->log_context};
    struct sw_error *cause = NULL;
    bool good = sw_template_render(&input, &rendering->output, &cause);
    free(named);
    return good || sw_pass(error, explain(rendering, cause));
}

/* ---- lines ---- */

static bool same_line(struct sw_bytes a, struct sw_bytes b) {
    return a.len == b.len && (!a.len || memcmp(a.data, b.data, a.len) == 0);
}

static void find_origins(struct sw_rendering *rendering) {
    const struct sw_template_output *output = &rendering->output;
    const char *at = output->text, *end = output->text + output->len, *name = NULL;
    const struct source *source = NULL;
    for (size_t i = 0; i < output->line_count && at <= end; i++) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((feed ? feed : end) - at);
        struct sw_yaml_origin origin = {.line = output->lines[i].line};
        if (output->lines[i].name != name) {
            name = output->lines[i].name;
            source = find_source(rendering, name);
        }
        if (source) {
            origin.file = source->file;
            origin.verbatim =
                same_line(line_of(source, origin.line), (struct sw_bytes){at, len && at[len - 1] == '\r' ? len - 1 : len});
        }
        sw_vec_push(&rendering->origins, &origin);
        at = feed ? feed + 1 : end + 1;
    }
}

static struct sw_yaml_origin origin_of(void *context, uint32_t line) {
    const struct sw_rendering *rendering = context;
    if (!line || line > rendering->origins.len)
        return (struct sw_yaml_origin){0};
    return *(struct sw_yaml_origin *)sw_vec_at(&rendering->origins, line - 1);
}

static void cut(struct sw_rendering *rendering) {
    sw_documents_split(rendering->output.text, rendering->output.len, &rendering->split);
    rendering->documents = sw_new_array(rendering->split.count + 1, sizeof *rendering->documents);
    const struct source *main_source = source_at(rendering, rendering->sources.len - 1);
    for (size_t i = 0; i < rendering->split.count; i++)
        rendering->documents[i] = (struct sw_yaml_text){.file = main_source->file,
                                                        .data = rendering->split.items[i].text,
                                                        .len = rendering->split.items[i].len,
                                                        .first_line = rendering->split.items[i].line + 1,
                                                        .origin = origin_of,
                                                        .context = rendering};
}

struct sw_rendering *sw_render(const struct sw_render_request *request, struct sw_diagnostics *list) {
    struct sw_rendering *rendering = sw_new(sizeof *rendering);
    struct sw_error *error = NULL;
    rendering->sources.width = sizeof(struct source);
    rendering->origins.width = sizeof(struct sw_yaml_origin);
    if (add_templates(rendering, request, &error) && add_included(rendering, request, &error) &&
        add_main(rendering, request, &error) && run(rendering, request, list, &error)) {
        find_origins(rendering);
        cut(rendering);
        return rendering;
    }
    sw_diagnostics_add(list, SW_SEVERITY_ERROR, sw_error_at(error, (struct sw_place){.file = request->config}));
    sw_rendering_free(rendering);
    return NULL;
}

struct sw_bytes sw_rendering_text(const struct sw_rendering *rendering) {
    return (struct sw_bytes){rendering->output.text, rendering->output.len};
}

const struct sw_yaml_text *sw_rendering_documents(const struct sw_rendering *rendering, size_t *count) {
    *count = rendering->split.count;
    return rendering->documents;
}
