/* site.c - a builder for images that hold a folder of static files, and nothing else.
 *
 * One image, one stage: its digest is made of the files' checksum and of where they go, its nodes are the files on an empty image. */
#include <stdlib.h>
#include <string.h>

#include <slipway/plugin.h>

static const struct sw_host *host;

/* One image being planned. All strings live as long as the request, which is as long as the planner. */
struct planner {
    const struct sw_commit *commit;
    const char *folder; /* in the repository */
    const char *root;   /* in the image */
    struct sw_place place;
    int answered;
};

static const char *text_of(const struct sw_value *document, const char *key, const char *otherwise) {
    const char *text = host->document->text(host->document->get(document, key));
    return text && *text ? text : otherwise;
}

static void *site_plan(const struct sw_plan_request *request, struct sw_error **error) {
    const struct sw_value *site = host->document->get(request->document, "site");
    struct sw_place place = host->document->place(site);
    struct sw_file file;
    const char *folder = text_of(request->document, "site", "");
    if (!host->files->stat(request->commit, folder, &file, error))
        return NULL;
    if (file.type != SW_FILE_DIRECTORY) {
        *error = host->error->make(SW_ERROR_CONFIG, "`site` must name a folder of the repository",
                                   "commit the folder, or correct its name", &place);
        return NULL;
    }
    struct planner *planner = calloc(1, sizeof *planner);
    if (!planner)
        abort();
    planner->commit = request->commit;
    planner->folder = folder;
    planner->root = text_of(request->document, "root", "/srv/www");
    planner->place = place;
    return planner;
}

static void site_next(void *data, const struct sw_stage_view *previous, sw_stage_done done, void *context) {
    struct planner *planner = data;
    struct sw_error *error = NULL;
    char checksum[65];
    (void)previous;
    if (planner->answered++) { /* there is only one stage */
        done(context, NULL, NULL);
        return;
    }
    if (!host->files->checksum(planner->commit, planner->folder, NULL, 0, checksum, &error)) {
        done(context, NULL, error);
        return;
    }
    const struct sw_input inputs[] = {
        {.size = sizeof *inputs, .flags = SW_INPUT_SECRET_FREE, .name = "files", .value = {checksum, strlen(checksum)}},
        {.size = sizeof *inputs, .flags = SW_INPUT_SECRET_FREE, .name = "root", .value = {planner->root, strlen(planner->root)}},
    };
    struct sw_stage stage = {.size = sizeof stage, .name = "site", .inputs = inputs, .input_count = 2};
    done(context, &stage, NULL);
}

static void site_realize(void *data, struct sw_graph *graph, sw_node previous, sw_realize_done done, void *context) {
    struct planner *planner = data;
    struct sw_error *error = NULL;
    struct sw_op_note note = {.size = sizeof note, .title = "site", .place = planner->place};
    struct sw_op_tree tree = {.size = sizeof tree, .commit = planner->commit, .scope = planner->folder};
    (void)previous; /* the first stage has none */
    sw_node files = host->graph->add_tree(graph, &tree, &note, &error);
    if (files == SW_NODE_NONE) {
        done(context, SW_NODE_NONE, error);
        return;
    }
    struct sw_copy_source source = {.size = sizeof source,
                                    .flags = SW_COPY_CONTENTS | SW_COPY_DEST_DIR,
                                    .from = files,
                                    .path = "/",
                                    .dest = planner->root,
                                    .mtime = INT64_MIN};
    struct sw_op_copy copy = {.size = sizeof copy, .input = host->graph->add_scratch(graph), .sources = &source, .source_count = 1};
    sw_node node = host->graph->add_copy(graph, &copy, &note, &error);
    done(context, node, error);
}

static void site_close(void *data) {
    free(data);
}

static const char *const claims[] = {"site", NULL};

static const struct sw_builder builder = {
    .size = sizeof builder,
    .claims = claims,
    .schema = "{"
              "\"type\": \"object\","
              "\"required\": [\"site\"],"
              "\"properties\": {"
              "\"site\": {\"type\": \"string\", \"minLength\": 1},"
              "\"root\": {\"type\": \"string\", \"pattern\": \"^/\"}"
              "}}",
    .plan = site_plan,
    .next = site_next,
    .realize = site_realize,
    .close = site_close,
};

static const struct sw_plugin plugin = {
    .size = sizeof plugin,
    .abi_major = SW_ABI_MAJOR,
    .abi_minor = 0,
    .kind = SW_PLUGIN_BUILDER,
    .name = "site",
    .version = "0.1.0",
    .license = "Apache-2.0",
    .homepage = "",
    .summary = "Images of static files",
    .builder = &builder,
};

SW_EXPORT const struct sw_plugin *slipway_plugin_v1(const struct sw_host *given, const char **refusal);

SW_EXPORT const struct sw_plugin *slipway_plugin_v1(const struct sw_host *given, const char **refusal) {
    if (!given->document || !given->files || !given->graph) {
        *refusal = "this host cannot plan images";
        return NULL;
    }
    host = given;
    return &plugin;
}
