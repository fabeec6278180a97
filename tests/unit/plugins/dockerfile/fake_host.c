#include "tests/unit/plugins/dockerfile/fake_host.h"

#include <string.h>

#include "core/base/hash.h"

static struct fake_host *the_fake;

static bool host_files_checksum(struct sw_plan *plan, struct sw_strings paths, const struct sw_filter *filters, size_t filter_count,
                                char out[65], struct sw_error **error) {
    (void)plan;
    return sw_host_files_checksum(the_fake->folder, paths, filters, filter_count, out, error);
}

static bool host_files_list(struct sw_plan *plan, struct sw_strings paths, sw_file_visit visit, void *context,
                            struct sw_error **error) {
    (void)plan;
    return sw_host_files_list(the_fake->folder, paths, visit, context, error);
}

static const struct sw_image *make_image(const char *reference) {
    static const char config[] =
        "{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":{\"Env\":[\"PATH=/bin\"],\"WorkingDir\":\"/base\"},\"rootfs\":"
        "{\"type\":\"layers\",\"diff_ids\":[\"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"]},"
        "\"history\":[{\"created_by\":\"base\"}]}";
    char digest[SW_SHA256_HEX];
    struct sw_error *error = NULL;
    sw_sha256_hex(config, strlen(config), digest);
    sw_cleanup_free char *manifest =
        sw_format("{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":{\"mediaType\":"
                  "\"application/vnd.oci.image.config.v1+json\",\"digest\":\"sha256:%s\",\"size\":%zu},\"layers\":[{\"mediaType\":"
                  "\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":"
                  "\"sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\",\"size\":5}]}",
                  digest, strlen(config));
    sw_sha256_hex(manifest, strlen(manifest), digest);
    sw_cleanup_free char *id = sw_format("sha256:%s", digest);
    struct sw_image_parts parts = {.reference = reference,
                                   .manifest_digest = id,
                                   .manifest = {manifest, strlen(manifest)},
                                   .config = {config, strlen(config)}};
    struct sw_image *image = sw_image_new(&parts, &error);
    assert_no_error(error);
    sw_vec_push(&the_fake->images, &image);
    return image;
}

static void resolve_image(struct sw_plan *plan, const char *reference, const char *platform,
                          void (*done)(void *context, const struct sw_image *image, struct sw_error *error), void *context) {
    (void)plan;
    struct sw_error *error = NULL;
    sw_strlist_take(&the_fake->resolved, sw_format("%s %s", reference, platform));
    if (strstr(reference, "missing"))
        sw_fail(&error, SW_ERROR_NOT_FOUND, "there is no image %s", reference);
    done(context, error ? NULL : make_image(reference), error);
}

static void project_image(struct sw_plan *plan, const char *name, const char *stage,
                          void (*done)(void *context, const struct sw_built_image *image, struct sw_error *error), void *context) {
    (void)plan;
    (void)stage;
    struct sw_built_image built = {.size = sizeof(built),
                                   .image = name,
                                   .name = "oci:/store:demo:tag-1",
                                   .repo = "oci:/store:demo",
                                   .tag = "tag-1",
                                   .digest = "sha256:dddd",
                                   .id = "sha256:cccc",
                                   .handle = make_image(name)};
    done(context, &built, NULL);
}

static void image_part(struct sw_plan *plan, const char *part,
                       void (*done)(void *context, const struct sw_built_image *image, struct sw_error *error), void *context) {
    project_image(plan, part, NULL, done, context);
}

static void warn(struct sw_plan *plan, const struct sw_place *place, const char *rule, const char *text) {
    (void)plan;
    (void)text;
    sw_strlist_take(&the_fake->warnings, sw_format("%s %u", rule, place->line));
}

static bool tree_identity(void *context, const struct sw_op_tree *op, char out[65], struct sw_error **error) {
    (void)context;
    (void)error;
    sw_cleanup_buf struct sw_buf text = {0};
    sw_buf_printf(&text, "%s %zu", op->scope ? op->scope : "", op->inline_count);
    for (size_t i = 0; i < op->filter_count; i++)
        for (size_t j = 0; j < op->filters[i].include.count; j++)
            sw_buf_printf(&text, " %s", op->filters[i].include.items[j]);
    for (size_t i = 0; i < op->inline_count; i++)
        sw_buf_printf(&text, " %s", op->inlines[i].path);
    sw_sha256_hex(sw_buf_text(&text), text.len, out);
    return true;
}

static void run_at_once(void (*work)(void *context), void (*after)(void *context), void *context) {
    work(context);
    after(context);
}

static const struct sw_host_pool pool = {.run = run_at_once};

void fake_host_open(struct fake_host *fake, const char *script, const char *document) {
    struct sw_error *error = NULL;
    the_fake = fake;
    *fake = (struct fake_host){.files = sw_host_files_table,
                               .plan = {.size = sizeof(fake->plan),
                                        .resolve_image = resolve_image,
                                        .project_image = project_image,
                                        .warn = warn,
                                        .image_part = image_part},
                               .images = {.width = sizeof(struct sw_image *)}};
    fake->files.host_files_checksum = host_files_checksum;
    fake->files.host_files_list = host_files_list;
    fake->host = (struct sw_host){.size = sizeof(fake->host),
                                  .pool = &pool,
                                  .document = &sw_document_table,
                                  .files = &fake->files,
                                  .image = &sw_host_image_table,
                                  .graph = &sw_host_graph_table,
                                  .plan = &fake->plan};
    fake->folder = make_folder();
    sw_cleanup_free char *whole = sw_format("git init -q -b main . && { %s\n} && git add -A && git commit -q -m x", script);
    run_in(fake->folder, whole);
    fake->repository = sw_repository_open(fake->folder, &error);
    assert_no_error(error);
    struct sw_yaml_text text = {.file = "werf.yaml", .data = document, .len = strlen(document), .first_line = 1};
    fake->request = (struct sw_plan_request){.size = sizeof(fake->request),
                                             .project = "demo",
                                             .image = "app",
                                             .platform = "linux/amd64",
                                             .build_platform = "linux/amd64",
                                             .document = sw_yaml_parse(&fake->arena, &text, &fake->list),
                                             .commit = sw_repository_head(fake->repository, &error),
                                             .project_folder = "",
                                             .host_project_folder = fake->folder,
                                             .cache_version = "",
                                             .network = ""};
    assert_no_error(error);
    assert_non_null(fake->request.document);
    struct sw_graph_files files = {.tree_identity = tree_identity};
    fake->graph = sw_graph_new(&files);
}

void fake_host_close(struct fake_host *fake) {
    sw_graph_free(fake->graph);
    for (size_t i = 0; i < fake->images.len; i++)
        sw_image_free(*(struct sw_image **)sw_vec_at(&fake->images, i));
    sw_vec_fini(&fake->images);
    sw_strlist_fini(&fake->resolved);
    sw_strlist_fini(&fake->warnings);
    sw_diagnostics_fini(&fake->list);
    sw_repository_free(fake->repository);
    drop_folder(fake->folder);
    sw_arena_fini(&fake->arena);
}

void fake_stage_fini(struct fake_stage *stage) {
    sw_error_free(stage->error);
    free(stage->name);
    sw_strlist_fini(&stage->names);
    sw_strlist_fini(&stage->values);
}

void on_fake_stage(void *context, const struct sw_stage *stage, struct sw_error *error) {
    struct fake_stage *out = context;
    assert_false(out->called);
    out->called = true;
    out->error = error;
    out->end = !stage;
    out->name = stage ? sw_strdup(stage->name) : NULL;
    for (size_t i = 0; stage && i < stage->input_count; i++) {
        sw_strlist_add(&out->names, stage->inputs[i].name);
        sw_strlist_take(&out->values, sw_strndup(stage->inputs[i].value.data, stage->inputs[i].value.len));
    }
}

void on_fake_node(void *context, sw_node node, struct sw_error *error) {
    struct fake_node *out = context;
    assert_false(out->called);
    *out = (struct fake_node){true, node, error};
}

sw_node find_node(const struct fake_host *fake, uint32_t kind, const char *part) {
    const struct sw_host_graph *table = &sw_host_graph_table;
    for (sw_node node = 0; node < table->count(fake->graph); node++) {
        const struct sw_op_note *note = table->note(fake->graph, node);
        if (table->kind(fake->graph, node) == kind && note && note->title && strstr(note->title, part))
            return node;
    }
    fail_msg("no %s node \"%s\"", sw_op_name(kind), part);
    return SW_NODE_NONE;
}
