#include "plugins/dockerfile/document.h"

#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "core/base/vec.h"
#include "plugins/dockerfile/text.h"

const char sw_df_document_schema[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":\"Dockerfile images\",\"type\":\"object\","
    "\"additionalProperties\":false,\"properties\":{"
    "\"dockerfile\":{\"$ref\":\"#/$defs/text\",\"description\":\"Path of the Dockerfile, relative to the context.\"},"
    "\"context\":{\"$ref\":\"#/$defs/text\",\"description\":\"Folder of the build context, relative to the project.\"},"
    "\"contextAddFiles\":{\"$ref\":\"#/$defs/texts\",\"description\":\"Files that the context has besides those of the commit.\"},"
    "\"contextAddFile\":{\"$ref\":\"#/$defs/texts\",\"description\":\"An older spelling of contextAddFiles.\"},"
    "\"target\":{\"$ref\":\"#/$defs/text\",\"description\":\"Stage of the Dockerfile to build.\"},"
    "\"args\":{\"type\":[\"object\",\"null\"],\"description\":\"Values of ARG instructions.\"},"
    "\"addHost\":{\"$ref\":\"#/$defs/texts\",\"description\":\"Entries of /etc/hosts during the build: name:ip.\"},"
    "\"ssh\":{\"$ref\":\"#/$defs/text\",\"description\":\"SSH agent or keys for steps that mount them.\"},"
    "\"staged\":{\"type\":[\"boolean\",\"null\"],\"description\":\"Whether each instruction is a stage of its own.\"}},"
    "\"$defs\":{\"text\":{\"type\":[\"string\",\"number\",\"boolean\",\"null\"]},"
    "\"texts\":{\"oneOf\":[{\"type\":[\"string\",\"null\"]},{\"type\":\"array\",\"items\":{\"type\":\"string\"}}]}}}";

/* What the functions below work on. */
struct reader {
    const struct sw_host *host;
    const struct sw_plan_request *request;
    struct sw_arena *arena;
    struct sw_df_document *out;
};

static const struct sw_value *get(struct reader *r, const char *key) {
    return r->host->document->get(r->request->document, key);
}

static const char *text_of(struct reader *r, const struct sw_value *value) {
    const char *text = r->host->document->source(value);
    return text ? text : "";
}

static const char *join(struct sw_arena *arena, const char *a, const char *b) {
    sw_cleanup_free char *path = sw_path_join(a, b);
    return sw_arena_str(arena, strcmp(path, ".") == 0 ? "" : path);
}

/* A text, or a list of them. */
static struct sw_strings texts_of(struct reader *r, const struct sw_value *value) {
    const struct sw_host_document *document = r->host->document;
    bool list = document->kind(value) == SW_VALUE_LIST;
    size_t count = list ? document->count(value) : value && *text_of(r, value) ? 1 : 0;
    const char **items = sw_arena_new(r->arena, (count + 1) * sizeof(char *));
    for (size_t i = 0; i < count; i++)
        items[i] = sw_arena_str(r->arena, text_of(r, list ? document->at(value, i) : value));
    return (struct sw_strings){items, count};
}

static void read_args(struct reader *r) {
    const struct sw_host_document *document = r->host->document;
    const struct sw_value *args = get(r, "args");
    size_t count = document->count(args);
    struct sw_pair *items = sw_arena_new(r->arena, (count + 1) * sizeof(*items));
    for (size_t i = 0; i < count; i++) {
        items[i].key = sw_arena_str(r->arena, text_of(r, document->key_at(args, i)));
        items[i].value = sw_arena_str(r->arena, document->printed(document->at(args, i)));
    }
    r->out->args = (struct sw_pairs){items, count};
}

static bool read_hosts(struct reader *r, struct sw_error **error) {
    const struct sw_value *value = get(r, "addHost");
    struct sw_strings hosts = r->out->hosts = texts_of(r, value);
    struct sw_pair *pairs = sw_arena_new(r->arena, (hosts.count + 1) * sizeof(*pairs));
    for (size_t i = 0; i < hosts.count; i++) {
        const char *colon = strchr(hosts.items[i], ':');
        if (!colon || colon == hosts.items[i] || !colon[1]) {
            sw_fail(error, SW_ERROR_CONFIG, "addHost: \"%s\" is not of the form name:ip", hosts.items[i]);
            if (error)
                *error = sw_error_at(*error, r->host->document->place(value));
            return false;
        }
        pairs[i] = (struct sw_pair){sw_arena_strn(r->arena, hosts.items[i], (size_t)(colon - hosts.items[i])), colon + 1};
    }
    r->out->host_pairs = (struct sw_pairs){pairs, hosts.count};
    return true;
}

static void read_imports(struct reader *r) {
    const struct sw_host_document *document = r->host->document;
    const struct sw_value *dependencies = get(r, "dependencies");
    struct sw_vec found = {.width = sizeof(struct sw_df_import)};
    for (size_t i = 0; i < document->count(dependencies); i++) {
        const struct sw_value *dependency = document->at(dependencies, i), *imports = document->get(dependency, "imports");
        for (size_t j = 0; j < document->count(imports); j++) {
            const struct sw_value *item = document->at(imports, j);
            struct sw_df_import import = {.image = sw_arena_str(r->arena, text_of(r, document->get(dependency, "image"))),
                                          .type = sw_arena_str(r->arena, text_of(r, document->get(item, "type"))),
                                          .build_arg = sw_arena_str(r->arena, text_of(r, document->get(item, "targetBuildArg"))),
                                          .place = document->place(item)};
            if (*import.build_arg)
                sw_vec_push(&found, &import);
        }
    }
    r->out->imports = sw_arena_copy(r->arena, found.data, found.len * found.width);
    r->out->import_count = found.len;
    sw_vec_fini(&found);
}

/* `staged` of the image, or else of the project. */
static bool read_staged(struct reader *r) {
    const struct sw_host_document *document = r->host->document;
    const struct sw_value *build = document->get(r->request->meta, "build");
    const struct sw_value *own = NULL;
    for (size_t i = 0; i < document->count(r->request->document); i++)
        if (strcmp(text_of(r, document->key_at(r->request->document, i)), "staged") == 0)
            own = document->key_at(r->request->document, i);
    const char *forced = r->host->setting ? r->host->setting("dockerfile", "force-staged") : NULL;
    if (forced && *forced)
        return true;
    if (own)
        return document->boolean(get(r, "staged"), false);
    return document->boolean(document->get(build, "staged"), false);
}

static void read_added(struct reader *r) {
    struct sw_strings files = texts_of(r, get(r, "contextAddFiles"));
    if (files.count == 0)
        files = texts_of(r, get(r, "contextAddFile"));
    const char **items = sw_df_clone(r->arena, files);
    for (size_t i = 0; i < files.count; i++)
        items[i] = join(r->arena, r->out->project_context, items[i]);
    r->out->added = (struct sw_strings){items, files.count};
}

bool sw_df_document_read(const struct sw_host *host, const struct sw_plan_request *request, struct sw_arena *arena,
                         struct sw_df_document *out, struct sw_error **error) {
    struct reader r = {host, request, arena, out};
    const struct sw_value *dockerfile = get(&r, "dockerfile");
    out->place = host->document->place(dockerfile);
    if (!*text_of(&r, dockerfile)) {
        sw_fail(error, SW_ERROR_CONFIG, "dockerfile: the path of a Dockerfile is needed, relative to the context");
        if (error)
            *error = sw_error_at(*error, out->place);
        return false;
    }
    out->project_context = join(arena, text_of(&r, get(&r, "context")), "");
    out->context = join(arena, request->project_folder, out->project_context);
    out->dockerfile = join(arena, out->context, text_of(&r, dockerfile));
    out->target = sw_arena_str(arena, text_of(&r, get(&r, "target")));
    out->target_place = host->document->place(get(&r, "target"));
    out->network = request->network ? request->network : "";
    out->staged = read_staged(&r);
    read_args(&r);
    read_imports(&r);
    read_added(&r);
    return read_hosts(&r, error);
}
