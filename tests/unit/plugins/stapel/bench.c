#include "tests/unit/plugins/stapel/bench.h"

const char *bench_images = "";
const char *bench_tag = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-1700000000000";

static struct sw_image *image;

static void pool_run(void (*work)(void *context), void (*after)(void *context), void *context) {
    work(context);
    after(context);
}

static void sha256(struct sw_bytes bytes, char out[65]) {
    sw_sha256_hex(bytes.data, bytes.len, out);
}

static struct sw_image *some_image(void) {
    if (!image)
        image = sw_image_unresolved("registry.example.org/x:1", "linux/amd64");
    return image;
}

static void resolve_image(struct sw_plan *plan, const char *reference, const char *platform,
                          void (*done)(void *context, const struct sw_image *image, struct sw_error *error), void *context) {
    (void)plan;
    (void)reference;
    (void)platform;
    done(context, some_image(), NULL);
}

static bool is_project_image(struct sw_plan *plan, const char *name) {
    (void)plan;
    sw_cleanup_free char *padded = sw_format(" %s ", bench_images);
    sw_cleanup_free char *wanted = sw_format(" %s ", name);
    return *name && strstr(padded, wanted) != NULL;
}

static void project_image(struct sw_plan *plan, const char *name, const char *stage,
                          void (*done)(void *context, const struct sw_built_image *image, struct sw_error *error), void *context) {
    (void)plan;
    (void)stage;
    sw_cleanup_free char *full = sw_format("registry.example.org/app:%s", bench_tag);
    struct sw_built_image built = {.size = sizeof built,
                                   .image = name,
                                   .name = full,
                                   .repo = "registry.example.org/app",
                                   .tag = bench_tag,
                                   .digest = "sha256:1111111111111111111111111111111111111111111111111111111111111111",
                                   .id = "sha256:2222222222222222222222222222222222222222222222222222222222222222",
                                   .content_digest = "cccccccccccccccccccccccccccccccccccccccccccccccccccccccc",
                                   .handle = some_image()};
    done(context, &built, NULL);
}

static void import_checksum(struct sw_plan *plan, const struct sw_import *import,
                            void (*done)(void *context, const char *checksum, const char *source, struct sw_error *error),
                            void *context) {
    (void)plan;
    done(context, "0123456789abcdef0123456789abcdef", import->external ? "external-image:x" : bench_tag, NULL);
}

static struct sw_strings secret_ids(struct sw_plan *plan) {
    static const char *const ids[] = {"token"};
    (void)plan;
    return (struct sw_strings){ids, 1};
}

static void warn(struct sw_plan *plan, const struct sw_place *place, const char *rule, const char *text) {
    (void)plan;
    (void)place;
    (void)rule;
    (void)text;
}

static const struct sw_host *bench_host(void) {
    static const struct sw_host_pool pool = {.size = sizeof pool, .run = pool_run};
    static const struct sw_host_hash hash = {sizeof hash, sha256, sw_join256, sw_join224};
    static const struct sw_host_plan plan = {
        sizeof plan, resolve_image, is_project_image, project_image, import_checksum, secret_ids, warn, NULL};
    static struct sw_host host;
    host = (struct sw_host){.size = sizeof host,
                            .document = &sw_document_table,
                            .files = &sw_host_files_table,
                            .image = &sw_host_image_table,
                            .graph = &sw_host_graph_table,
                            .pool = &pool,
                            .hash = &hash,
                            .plan = &plan};
    return &host;
}

static bool no_identity(void *context, const struct sw_op_tree *op, char out[65], struct sw_error **error) {
    (void)context;
    (void)op;
    (void)error;
    memset(out, '0', 64);
    out[64] = '\0';
    return true;
}

static bool no_patch_identity(void *context, const struct sw_op_patch *op, char out[65], struct sw_error **error) {
    (void)op;
    return no_identity(context, NULL, out, error);
}

void bench_open(struct bench *bench, const char *document, const struct sw_commit *commit) {
    *bench = (struct bench){0};
    struct sw_yaml_text text = {.file = "werf.yaml", .data = document, .len = strlen(document), .first_line = 1};
    struct sw_graph_files files = {no_identity, no_patch_identity, NULL};
    sw_stapel_host = bench_host();
    bench->request = (struct sw_plan_request){.size = sizeof bench->request,
                                              .project = "project",
                                              .image = "app",
                                              .platform = "linux/amd64",
                                              .build_platform = "linux/amd64",
                                              .document = sw_yaml_parse(&bench->arena, &text, &bench->diagnostics),
                                              .commit = commit,
                                              .project_folder = "",
                                              .cache_version = "",
                                              .network = ""};
    bench->graph = sw_graph_new(&files);
    bench->planner = sw_stapel_planner_new(&bench->request, &bench->error);
}

void bench_close(struct bench *bench) {
    if (bench->planner)
        sw_stapel_planner_close(bench->planner);
    for (size_t i = 0; i < bench->count; i++)
        free(bench->stages[i].deps);
    sw_graph_free(bench->graph);
    sw_error_free(bench->error);
    sw_diagnostics_fini(&bench->diagnostics);
    sw_arena_fini(&bench->arena);
    sw_image_free(image);
    image = NULL;
}

static void on_stage(void *context, const struct sw_stage *stage, struct sw_error *error) {
    struct bench *bench = context;
    bench->ended = !stage;
    bench->error = error;
    if (!stage)
        return;
    struct bench_stage *taken = &bench->stages[bench->count++];
    *taken = (struct bench_stage){.deps = sw_stage_dependencies(stage->inputs, stage->input_count, stage->flags),
                                  .flags = stage->flags,
                                  .selection = stage->selection,
                                  .labels = sw_arena_pairs(&bench->arena, stage->labels),
                                  .commit_count = stage->commit_count,
                                  .node = SW_NODE_NONE};
    snprintf(taken->name, sizeof taken->name, "%s", stage->name);
}

bool bench_next(struct bench *bench, struct sw_pairs labels) {
    struct sw_stage_view view = {.size = sizeof view, .name = "before", .labels = labels, .config = "{}"};
    sw_stapel_planner_next(bench->planner, bench->count ? &view : NULL, on_stage, bench);
    return !bench->ended && !bench->error;
}

static void on_node(void *context, sw_node node, struct sw_error *error) {
    struct bench *bench = context;
    bench->stages[bench->count - 1].node = node;
    bench->error = error;
}

void bench_realize(struct bench *bench) {
    sw_node below = bench->count > 1 ? bench->stages[bench->count - 2].node : SW_NODE_NONE;
    sw_stapel_planner_realize(bench->planner, bench->graph, below, on_node, bench);
}

void bench_run(struct bench *bench) {
    struct sw_vec labels = {.width = sizeof(struct sw_pair)};
    while (bench_next(bench, (struct sw_pairs){labels.data, labels.len})) {
        struct bench_stage *stage = &bench->stages[bench->count - 1];
        for (size_t i = 0; i < stage->labels.count; i++)
            sw_vec_push(&labels, &stage->labels.items[i]);
        bench_realize(bench);
        if (bench->error)
            break;
    }
    sw_vec_fini(&labels);
}

const struct bench_stage *bench_find(const struct bench *bench, const char *name) {
    for (size_t i = 0; i < bench->count; i++)
        if (!strcmp(bench->stages[i].name, name))
            return &bench->stages[i];
    return NULL;
}

const char *bench_label(const struct bench_stage *stage, const char *name) {
    for (size_t i = 0; i < stage->labels.count; i++)
        if (!strcmp(stage->labels.items[i].key, name))
            return stage->labels.items[i].value;
    return NULL;
}
