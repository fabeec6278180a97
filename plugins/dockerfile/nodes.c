#include "plugins/dockerfile/realize.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "plugins/dockerfile/context.h"
#include "plugins/dockerfile/text.h"

struct maker {
    struct sw_df_planner *planner;
    struct sw_graph *graph;
    const struct sw_host_graph *table;
    const struct sw_df_nodes_request *request;
    struct sw_arena arena; /* of records that are being put together */
    sw_node *nodes;        /* by step number; SW_NODE_NONE: not yet */
    struct sw_error **error;
};

static sw_node node_of(struct maker *m, const struct sw_df_step *step);

static struct sw_op_note note_of(struct maker *m, const struct sw_df_step *step) {
    return (struct sw_op_note){.size = sizeof(struct sw_op_note),
                               .title = *step->title ? step->title : step->instruction,
                               .place = {.file = m->planner->document.dockerfile, .line = step->first, .end_line = step->last}};
}

static sw_node image_node(struct maker *m, const struct sw_df_step *step) {
    struct sw_op_note note = note_of(m, step);
    struct sw_op_image op = {.size = sizeof(op), .image = step->image};
    return m->table->add_image(m->graph, &op, &note, m->error);
}

static sw_node url_node(struct maker *m, const struct sw_df_step *step) {
    struct sw_op_note note = note_of(m, step);
    const struct sw_df_fetched *fetched = &m->request->fetched[step->number];
    if (fetched->folder) {
        struct sw_op_tree file = {
            .size = sizeof(file), .host_root = fetched->folder, .host_paths = {&fetched->name, 1}, .host_strip = ""};
        return m->table->add_tree(m->graph, &file, &note, m->error);
    }
    struct sw_op_tree op = {
        .size = sizeof(op), .url = step->url, .url_checksum = *step->checksum ? step->checksum : NULL, .url_filename = step->name};
    return m->table->add_tree(m->graph, &op, &note, m->error);
}

static sw_node git_node(struct maker *m, const struct sw_df_step *step) {
    const struct sw_df_git *git = &step->git;
    struct sw_op_note note = note_of(m, step);
    const struct sw_commit *commit = m->request->fetched[step->number].commit;
    if (commit) {
        struct sw_op_tree files = {.size = sizeof(files), .commit = commit, .scope = git->subdir};
        return m->table->add_tree(m->graph, &files, &note, m->error);
    }
    struct sw_op_tree op = {.size = sizeof(op),
                            .url = git->remote,
                            .url_checksum = *git->checksum ? git->checksum : NULL,
                            .url_is_git = 1,
                            .keep_git_dir = git->keep_git_dir == SW_DF_YES,
                            .url_ref = *git->ref ? git->ref : NULL,
                            .url_subdir = *git->subdir ? git->subdir : NULL};
    return m->table->add_tree(m->graph, &op, &note, m->error);
}

static sw_node inline_node(struct maker *m, const struct sw_df_step *step) {
    struct sw_op_note note = note_of(m, step);
    struct sw_inline_file file = {
        .size = sizeof(file), .mode = step->mode, .path = step->name, .content = {step->content, strlen(step->content)}};
    struct sw_op_tree op = {.size = sizeof(op), .inlines = &file, .inline_count = 1};
    return m->table->add_tree(m->graph, &op, &note, m->error);
}

static sw_node mkdir_node(struct maker *m, const struct sw_df_step *step) {
    struct sw_op_note note = note_of(m, step);
    sw_cleanup_free char *path = sw_path_clean(step->path);
    struct sw_file_action action = {
        .size = sizeof(action), .kind = SW_FILE_MKDIR, .path = path, .owner = *step->user ? step->user : NULL, .mode = 0755};
    struct sw_op_file op = {.size = sizeof(op), .input = node_of(m, step->input), .actions = &action, .action_count = 1};
    return op.input == SW_NODE_NONE ? SW_NODE_NONE : m->table->add_file(m->graph, &op, &note, m->error);
}

/* ---- RUN ---- */

/* The tree that a mount shows: of the context, only the part it names. */
static bool mount_source(struct maker *m, const struct sw_df_step *step, const struct sw_df_run_mount *mount, sw_node *from) {
    struct sw_op_note note = note_of(m, step);
    *from = SW_NODE_NONE;
    if (!mount->from || mount->initial_folder || (mount->from->kind == SW_DF_STEP_SCRATCH && mount->mount.kind == SW_MOUNT_CACHE))
        return true;
    *from = mount->from->kind == SW_DF_STEP_CONTEXT
                ? sw_df_context_node(m->planner, m->graph, (struct sw_strings){&mount->source, 1}, &note, m->error)
                : node_of(m, mount->from);
    return *from != SW_NODE_NONE;
}

static uint32_t sharing_of(const char *name) {
    return strcmp(name, "locked") == 0 ? SW_CACHE_LOCKED : strcmp(name, "private") == 0 ? SW_CACHE_PRIVATE : SW_CACHE_SHARED;
}

static bool add_mount(struct maker *m, const struct sw_df_step *step, const struct sw_df_run_mount *in, struct sw_mount *out) {
    const struct sw_df_mount *mount = &in->mount;
    /* Of secrets and sockets it may be relative. */
    sw_cleanup_free char *target = *mount->target == '/' ? sw_strdup(mount->target) : sw_path_join(step->run.cwd, mount->target);
    *out = (struct sw_mount){.size = sizeof(*out),
                             .kind = mount->kind,
                             .sharing = sharing_of(mount->sharing),
                             .source = in->source,
                             .target = *mount->target ? sw_arena_str(&m->arena, target) : NULL,
                             .id = *mount->id ? mount->id : NULL,
                             .env = mount->env,
                             .bytes = (uint64_t)mount->bytes,
                             .mode = mount->mode,
                             .uid = mount->uid,
                             .gid = mount->gid,
                             .read_only = mount->read_only,
                             .required = mount->required};
    if (mount->kind == SW_MOUNT_CACHE && !in->initial_folder)
        out->mode = 0755;
    return mount_source(m, step, in, &out->from);
}

static bool check_devices(struct maker *m, const struct sw_df_step *step) {
    for (size_t i = 0; i < step->run.device_count; i++) {
        if (!step->run.devices[i].required)
            continue;
        struct sw_op_note note = note_of(m, step);
        sw_fail(m->error, SW_ERROR_UNSUPPORTED, "RUN needs the device \"%s\", and no backend here can give one",
                step->run.devices[i].name);
        if (m->error)
            *m->error = sw_error_at(*m->error, note.place);
        return false;
    }
    return true;
}

static uint32_t network_of(struct maker *m, const char *name) {
    if (strcmp(name, "default") == 0)
        name = m->planner->document.network;
    return strcmp(name, "host") == 0 ? SW_NETWORK_HOST : strcmp(name, "none") == 0 ? SW_NETWORK_NONE : SW_NETWORK_DEFAULT;
}

/* The environment; proxies are behind what the image sets, and do not replace it. */
static struct sw_strings environment(struct maker *m, const struct sw_df_run_step *run) {
    const char **items = sw_arena_new(&m->arena, (run->env.count + run->proxies.count + 1) * sizeof(char *));
    size_t count = 0;
    for (; count < run->env.count; count++)
        items[count] = run->env.items[count];
    for (size_t i = 0; i < run->proxies.count; i++) {
        size_t name = strcspn(run->proxies.items[i], "=") + 1;
        bool set = false;
        for (size_t j = 0; j < run->env.count; j++)
            set = set || strncmp(run->env.items[j], run->proxies.items[i], name) == 0;
        if (!set)
            items[count++] = run->proxies.items[i];
    }
    return (struct sw_strings){items, count};
}

static sw_node run_node(struct maker *m, const struct sw_df_step *step) {
    const struct sw_df_run_step *run = &step->run;
    struct sw_op_note note = note_of(m, step);
    struct sw_mount *mounts = sw_arena_new(&m->arena, (run->mount_count + 1) * sizeof(*mounts));
    sw_node input = node_of(m, step->input);
    if (input == SW_NODE_NONE || !check_devices(m, step))
        return SW_NODE_NONE;
    for (size_t i = 0; i < run->mount_count; i++)
        if (!add_mount(m, step, &run->mounts[i], &mounts[i]))
            return SW_NODE_NONE;
    struct sw_op_exec op = {.size = sizeof(op),
                            .input = input,
                            .argv = run->argv,
                            .env = environment(m, run),
                            .cwd = run->cwd,
                            .user = run->user,
                            .mounts = mounts,
                            .mount_count = run->mount_count,
                            .extra_hosts = m->planner->document.host_pairs,
                            .network = network_of(m, run->network),
                            .security = strcmp(run->security, "insecure") == 0 ? SW_SECURITY_INSECURE : SW_SECURITY_SANDBOX,
                            .platform = step->platform};
    return m->table->add_exec(m->graph, &op, &note, m->error);
}

/* ---- COPY and ADD ---- */

static bool has_wildcards(const char *path) {
    return strpbrk(path, "*?[") != NULL;
}

/* Path of a source as the graph has it: absolute, with the pivot of --parents in place. */
static const char *source_path(struct maker *m, const struct sw_df_copy_source *source) {
    sw_cleanup_free char *path = sw_path_join("/", source->path);
    if (!source->include)
        return sw_arena_str(&m->arena, path);
    sw_cleanup_free char *include = sw_path_join("/", source->include);
    return sw_arena_format(&m->arena, "%s/.%s", strcmp(path, "/") == 0 ? "" : path, include);
}

static uint32_t copy_flags(const struct sw_df_step *step, const struct sw_df_copy_source *source, const char *path) {
    uint32_t flags = 0;
    if (source->local) {
        flags |= SW_COPY_CONTENTS | SW_COPY_FOLLOW_SOURCE;
        if (has_wildcards(path))
            flags |= SW_COPY_WILDCARD | SW_COPY_ALLOW_EMPTY;
    }
    if (source->from && source->from->kind == SW_DF_STEP_GIT)
        flags |= SW_COPY_CONTENTS;
    if (source->unpack)
        flags |= SW_COPY_UNPACK;
    if (step->copy.parents && source->include)
        flags |= SW_COPY_PARENTS;
    if (sw_df_has_suffix(source->dest, "/") || sw_df_has_suffix(source->dest, "/."))
        flags |= SW_COPY_DEST_DIR;
    return flags;
}

/* One tree for all that an instruction takes from the context. */
static sw_node context_of(struct maker *m, const struct sw_df_step *step) {
    struct sw_op_note note = note_of(m, step);
    const char **paths = sw_arena_new(&m->arena, (step->copy.source_count + 1) * sizeof(char *));
    size_t count = 0;
    for (size_t i = 0; i < step->copy.source_count; i++) {
        const struct sw_df_copy_source *source = &step->copy.sources[i];
        if (source->from->kind != SW_DF_STEP_CONTEXT)
            continue;
        sw_cleanup_free char *path = sw_path_join(source->path, source->include ? source->include : "");
        paths[count++] = sw_arena_str(&m->arena, path);
    }
    return sw_df_context_node(m->planner, m->graph, (struct sw_strings){paths, count}, &note, m->error);
}

static bool copy_source(struct maker *m, const struct sw_df_step *step, const struct sw_df_copy_source *in, sw_node *context,
                        struct sw_copy_source *out) {
    bool from_context = in->from->kind == SW_DF_STEP_CONTEXT;
    if (from_context && *context == SW_NODE_NONE)
        *context = context_of(m, step);
    sw_cleanup_free char *dest = sw_path_clean(in->dest);
    *out = (struct sw_copy_source){.size = sizeof(*out),
                                   .from = from_context ? *context : node_of(m, in->from),
                                   .path = source_path(m, in),
                                   .dest = sw_arena_str(&m->arena, dest),
                                   .exclude = step->copy.excludes,
                                   .owner = *step->copy.owner ? step->copy.owner : NULL,
                                   .mode = *step->copy.mode ? step->copy.mode : NULL,
                                   .mtime = INT64_MIN};
    out->flags = copy_flags(step, in, out->path);
    if (in->from->kind == SW_DF_STEP_URL) {
        /* What is downloaded is its owner's alone (symbolic: folders that are made are not meant), and as old as the server says. */
        const struct sw_df_fetched *fetched = &m->request->fetched[in->from->number];
        if (!out->mode && !in->unpack)
            out->mode = "u=rw,go=";
        if (fetched->folder)
            out->mtime = fetched->mtime;
    }
    return out->from != SW_NODE_NONE;
}

static sw_node copy_node(struct maker *m, const struct sw_df_step *step) {
    struct sw_op_note note = note_of(m, step);
    size_t count = step->copy.source_count;
    struct sw_copy_source *sources = sw_arena_new(&m->arena, (count + 1) * sizeof(*sources));
    sw_node input = node_of(m, step->input), context = SW_NODE_NONE;
    if (input == SW_NODE_NONE)
        return SW_NODE_NONE;
    for (size_t i = 0; i < count; i++)
        if (!copy_source(m, step, &step->copy.sources[i], &context, &sources[i]))
            return SW_NODE_NONE;
    struct sw_op_copy op = {.size = sizeof(op), .input = input, .sources = sources, .source_count = count, .link = step->copy.link};
    return m->table->add_copy(m->graph, &op, &note, m->error);
}

/* ---- all steps ---- */

static sw_node add_node(struct maker *m, const struct sw_df_step *step) {
    switch (step->kind) {
    case SW_DF_STEP_SCRATCH:
        return m->table->add_scratch(m->graph);
    case SW_DF_STEP_IMAGE:
        return image_node(m, step);
    case SW_DF_STEP_CONTEXT:
        return sw_df_context_node(m->planner, m->graph, (struct sw_strings){0}, NULL, m->error);
    case SW_DF_STEP_URL:
        return url_node(m, step);
    case SW_DF_STEP_GIT:
        return git_node(m, step);
    case SW_DF_STEP_INLINE:
        return inline_node(m, step);
    case SW_DF_STEP_RUN:
        return run_node(m, step);
    case SW_DF_STEP_COPY:
        return copy_node(m, step);
    case SW_DF_STEP_MKDIR:
        return mkdir_node(m, step);
    }
    return SW_NODE_NONE;
}

/* Long chains of steps are made from their start on, so that they need no deep stack. */
static sw_node node_of(struct maker *m, const struct sw_df_step *step) {
    if (m->nodes[step->number] != SW_NODE_NONE)
        return m->nodes[step->number];
    size_t depth = 0;
    for (const struct sw_df_step *s = step; s && m->nodes[s->number] == SW_NODE_NONE; s = s->input)
        depth++;
    const struct sw_df_step **chain = sw_new_array(depth, sizeof(*chain));
    const struct sw_df_step *below = step;
    for (size_t i = depth; i-- > 0; below = below->input)
        chain[i] = below;
    for (size_t i = 0; i < depth; i++) {
        m->nodes[chain[i]->number] = add_node(m, chain[i]);
        if (m->nodes[chain[i]->number] == SW_NODE_NONE)
            break;
    }
    free(chain);
    return m->nodes[step->number];
}

static sw_node config_node(struct maker *m, sw_node input) {
    json_t *json = m->request->config;
    struct sw_op_note note = {.size = sizeof(note), .title = "image config", .place = {.file = m->planner->document.dockerfile}};
    json_object_del(json, "rootfs");
    json_object_del(json, "created");
    sw_cleanup_free char *text = json_dumps(json, JSON_COMPACT);
    struct sw_op_config op = {.size = sizeof(op), .input = input, .config = text};
    return m->table->add_config(m->graph, &op, &note, m->error);
}

sw_node sw_df_nodes_add(struct sw_df_planner *planner, struct sw_graph *graph, const struct sw_df_nodes_request *request,
                        struct sw_error **error) {
    size_t count = request->evaluation->steps.len + 1;
    struct maker m = {.planner = planner,
                      .graph = graph,
                      .table = planner->host->graph,
                      .request = request,
                      .nodes = sw_new_array(count, sizeof(sw_node)),
                      .error = error};
    for (size_t i = 0; i < count; i++)
        m.nodes[i] = SW_NODE_NONE;
    for (size_t i = 0; i < request->known_count; i++) {
        const struct sw_df_known_step *known = &request->known[i];
        struct sw_op_image op = {.size = sizeof(op), .image = known->image};
        struct sw_op_note note = {.size = sizeof(note), .title = known->title};
        m.nodes[known->step->number] = m.table->add_image(graph, &op, &note, error);
    }
    if (request->below)
        m.nodes[request->below->number] = request->below_node;
    sw_node node = node_of(&m, request->result);
    if (node != SW_NODE_NONE)
        node = config_node(&m, node);
    free(m.nodes);
    sw_arena_fini(&m.arena);
    return node;
}
