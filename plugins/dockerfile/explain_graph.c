#include "plugins/dockerfile/explain_graph.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/ignore.h"
#include "core/base/path.h"
#include "plugins/dockerfile/explain_vertex.h"
#include "plugins/dockerfile/json_text.h"
#include "plugins/dockerfile/number.h"
#include "plugins/dockerfile/text.h"

int sw_df_input_add(struct sw_df_inputs *inputs, const char *id) {
    if (!id)
        return -1;
    sw_cleanup_free char *name = sw_format("%s:0", id);
    for (size_t i = 0; i < json_array_size(inputs->list); i++)
        if (strcmp(json_string_value(json_array_get(inputs->list, i)), name) == 0)
            return (int)i;
    json_array_append_new(inputs->list, sw_df_json_text(name));
    return (int)json_array_size(inputs->list) - 1;
}

/* The platform without what is in parentheses. */
static json_t *plain_platform(const char *platform) {
    const char *open = strchr(platform, '('), *close = open ? strchr(open, ')') : NULL;
    if (!close)
        return sw_df_json_text(platform);
    sw_cleanup_free char *text = sw_format("%.*s%s", (int)(open - platform), platform, close + 1);
    return sw_df_json_text(text);
}

/* Steps that do the same with the same are one vertex, wherever they stand in the file. */
static const char *known_vertex(struct sw_df_printer *p, const json_t *vertex) {
    sw_cleanup_free char *text = json_dumps(vertex, JSON_COMPACT | JSON_SORT_KEYS);
    sw_cleanup_free char *content = sw_format("content %s", text);
    const char *known = json_string_value(json_object_get(p->ids, content));
    if (!known)
        json_object_set_new(p->ids, content, json_sprintf("v%zu", json_array_size(p->vertices) + 1));
    return known;
}

const char *sw_df_vertex_add(struct sw_df_printer *p, const char *key, const struct sw_df_step *step, const char *op,
                             json_t *inputs, json_t *detail) {
    json_t *vertex = json_object();
    bool placed = step->kind == SW_DF_STEP_IMAGE || step->kind == SW_DF_STEP_RUN;
    if (placed && *step->platform)
        json_object_set_new(vertex, "platform", plain_platform(step->platform));
    if (json_array_size(inputs) > 0)
        json_object_set(vertex, "inputs", inputs);
    json_decref(inputs);
    if (step->no_cache)
        json_object_set_new(vertex, "noCache", json_true());
    json_object_set_new(vertex, "op", sw_df_json_text(op));
    json_object_set_new(vertex, "detail", detail);
    const char *known = known_vertex(p, vertex);
    sw_cleanup_free char *id = known ? sw_strdup(known) : sw_format("v%zu", json_array_size(p->vertices) + 1);
    json_object_set_new(vertex, "id", sw_df_json_text(id));
    if (*step->title)
        json_object_set_new(vertex, "name", sw_df_json_text(step->title));
    if (!known)
        json_array_append(p->vertices, vertex);
    json_decref(vertex);
    json_object_set_new(p->ids, key, sw_df_json_text(id));
    return json_string_value(json_object_get(p->ids, key));
}

static json_t *source_json(const char *identifier) {
    return json_pack("{s:s}", "identifier", identifier);
}

static json_t *attributes(json_t *detail) {
    json_t *attrs = json_object();
    json_object_set_new(detail, "attrs", attrs);
    return attrs;
}

/* An image of a layout that the client has, under the name by which the file knows it. */
static const char *layout_vertex(struct sw_df_printer *p, const struct sw_df_step *step, const char *key, json_t *detail) {
    sw_cleanup_free char *identifier = sw_format("oci-layout://%s", step->reference);
    json_object_set_new(detail, "identifier", sw_df_json_text(identifier));
    json_object_set_new(attributes(detail), "oci.store", sw_df_json_text(step->layout));
    return sw_df_vertex_add(p, key, step, "source", json_array(), detail);
}

static const char *image_vertex(struct sw_df_printer *p, const struct sw_df_step *step, const char *key) {
    /* The digest that was found takes the place of one that was asked for. */
    size_t len = step->digest ? strcspn(step->reference, "@") : strlen(step->reference);
    sw_cleanup_free char *identifier =
        sw_format("docker-image://%.*s%s%s", (int)len, step->reference, step->digest ? "@" : "", step->digest ? step->digest : "");
    json_t *detail = source_json(identifier);
    if (step->layout)
        return layout_vertex(p, step, key, detail);
    if (*p->options->run.resolve_mode)
        json_object_set_new(attributes(detail), "image.resolvemode", sw_df_json_text(p->options->run.resolve_mode));
    return sw_df_vertex_add(p, key, step, "source", json_array(), detail);
}

static int compare_strings(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void follow(struct sw_strlist *paths, const char *path) {
    sw_cleanup_free char *clean = sw_path_join("/", path);
    const char *relative = clean[1] ? clean + 1 : "/";
    if (!sw_strlist_has(paths, relative))
        sw_strlist_add(paths, relative);
}

/* Paths of the context that all steps together use. */
static void follow_step(struct sw_strlist *paths, const struct sw_df_step *step, const struct sw_df_step *context) {
    for (size_t i = 0; i < step->copy.source_count; i++) {
        const struct sw_df_copy_source *source = &step->copy.sources[i];
        /* "git@host:path" might be a path as well. */
        if (source->from->kind == SW_DF_STEP_GIT && !*context->name && !sw_df_has_prefix(source->from->url, "http"))
            follow(paths, source->from->url);
        if (source->from != context)
            continue;
        sw_cleanup_free char *path = sw_path_join(source->path, source->include ? source->include : "");
        follow(paths, path);
    }
    for (size_t i = 0; i < step->run.mount_count; i++) {
        if (step->run.mounts[i].from == context)
            follow(paths, step->run.mounts[i].source);
        if (step->run.mounts[i].mount.kind == SW_MOUNT_TMPFS && !*context->name) /* BuildKit counts them as using all */
            follow(paths, "/");
    }
}

static json_t *followed_paths(struct sw_df_printer *p, const struct sw_df_step *context) {
    sw_cleanup_strlist struct sw_strlist paths = {0};
    for (size_t i = 0; i < p->evaluation->steps.len; i++)
        follow_step(&paths, *(struct sw_df_step **)sw_vec_at(&p->evaluation->steps, i), context);
    if (paths.len == 0 || sw_strlist_has(&paths, "/"))
        return NULL;
    qsort(paths.items, paths.len, sizeof(char *), compare_strings);
    return sw_df_json_list(sw_strlist_view(&paths));
}

static void put_dumped(json_t *object, const char *key, json_t *value) {
    if (value) {
        sw_cleanup_free char *text = json_dumps(value, JSON_COMPACT);
        json_object_set_new(object, key, sw_df_json_text(text));
    }
    json_decref(value);
}

static const char *context_vertex(struct sw_df_printer *p, const struct sw_df_step *step, const char *key) {
    bool main = !*step->name;
    sw_cleanup_free char *identifier = sw_format("local://%s", main ? "context" : step->url);
    sw_cleanup_free char *hint = main ? sw_strdup("context") : sw_format("context:%s-", step->name);
    json_t *detail = source_json(identifier), *attrs = attributes(detail);
    const char *ignore = main ? p->options->options.ignore : p->options->ignore;
    if (ignore) {
        sw_cleanup_strlist struct sw_strlist lines = {0};
        sw_ignore_split((struct sw_bytes){ignore, strlen(ignore)}, &lines);
        put_dumped(attrs, "local.excludepatterns", lines.len > 0 ? sw_df_json_list(sw_strlist_view(&lines)) : NULL);
    }
    put_dumped(attrs, "local.followpaths", followed_paths(p, step));
    json_object_set_new(attrs, "local.sharedkeyhint", sw_df_json_text(hint));
    return sw_df_vertex_add(p, key, step, "source", json_array(), detail);
}

static const char *url_vertex(struct sw_df_printer *p, const struct sw_df_step *step, const char *key) {
    json_t *detail = source_json(step->url), *attrs = attributes(detail);
    if (*step->checksum)
        json_object_set_new(attrs, "http.checksum", sw_df_json_text(step->checksum));
    json_object_set_new(attrs, "http.filename", sw_df_json_text(step->name));
    return sw_df_vertex_add(p, key, step, "source", json_array(), detail);
}

/* "host/path" of a remote, without scheme and user. */
static char *git_location(const char *remote) {
    const char *scheme = strstr(remote, "://"), *at = strchr(remote, '@');
    char *text = sw_strdup(at ? at + 1 : scheme ? scheme + 3 : remote);
    char *colon = scheme ? NULL : strchr(text, ':');
    if (colon)
        *colon = '/';
    return text;
}

static const char *git_vertex(struct sw_df_printer *p, const struct sw_df_step *step, const char *key) {
    const struct sw_df_git *git = &step->git;
    sw_cleanup_free char *location = git_location(git->remote);
    sw_cleanup_buf struct sw_buf identifier = {0};
    sw_buf_printf(&identifier, "git://%s", location);
    if (*git->ref || *git->subdir)
        sw_buf_printf(&identifier, "#%s%s%s", git->ref, *git->subdir ? ":" : "", git->subdir);
    json_t *detail = source_json(sw_buf_text(&identifier)), *attrs = attributes(detail);
    bool ssh = !strstr(git->remote, "://") || sw_df_has_prefix(git->remote, "ssh://");
    json_object_set_new(attrs, "git.authheadersecret", sw_df_json_text("GIT_AUTH_HEADER"));
    json_object_set_new(attrs, "git.authtokensecret", sw_df_json_text("GIT_AUTH_TOKEN"));
    if (*git->checksum)
        json_object_set_new(attrs, "git.checksum", sw_df_json_text(git->checksum));
    json_object_set_new(attrs, "git.fullurl", sw_df_json_text(git->remote));
    if (git->keep_git_dir == SW_DF_YES)
        json_object_set_new(attrs, "git.keepgitdir", sw_df_json_text("true"));
    if (ssh)
        json_object_set_new(attrs, "git.mountsshsock", sw_df_json_text("default"));
    if (git->submodules == SW_DF_NO)
        json_object_set_new(attrs, "git.skipsubmodules", sw_df_json_text("true"));
    if (git->fetch_by_commit)
        json_object_set_new(attrs, "git.fetchbycommit", sw_df_json_text("true"));
    return sw_df_vertex_add(p, key, step, "source", json_array(), detail);
}

json_t *sw_df_action_json(const char *kind, json_t *action, int input, int second, int output) {
    json_t *object = json_object();
    json_object_set_new(object, kind, action);
    if (input != 0)
        json_object_set_new(object, "input", json_sprintf("%d", input));
    if (output != 0)
        json_object_set_new(object, "output", json_sprintf("%d", output));
    if (second != 0)
        json_object_set_new(object, "secondaryInput", json_sprintf("%d", second));
    return object;
}

json_t *sw_df_actions_json(json_t *action) {
    json_t *detail = json_object(), *actions = json_array();
    if (action)
        json_array_append_new(actions, action);
    json_object_set_new(detail, "actions", actions);
    return detail;
}

static const char *inline_vertex(struct sw_df_printer *p, const struct sw_df_step *step, const char *key) {
    sw_cleanup_free char *path = sw_path_join("/", step->name);
    json_t *file = json_object();
    if (*step->content)
        json_object_set_new(file, "data", sw_df_json_text(step->content));
    json_object_set_new(file, "mode", json_integer(step->mode));
    json_object_set_new(file, "path", sw_df_json_text(path));
    return sw_df_vertex_add(p, key, step, "file", json_array(), sw_df_actions_json(sw_df_action_json("mkfile", file, -1, -1, 0)));
}

static json_t *id_json(const char *name, int base) {
    int64_t id;
    if (strcmp(name, "root") == 0)
        return json_pack("{s:i}", "byID", 0);
    if (sw_df_signed(name, INT32_MAX, &id) == SW_DF_NUMBER_OK || !*name)
        return json_pack("{s:I}", "byID", (json_int_t)(*name ? id : 0));
    json_t *by_name = json_pack("{s:o}", "name", sw_df_json_text(name));
    if (base != 0)
        json_object_set_new(by_name, "input", json_sprintf("%d", base));
    return json_pack("{s:o}", "byName", by_name);
}

/* An owner; names are looked up in input `base`. */
static void put_owner(json_t *object, const char *owner, int base) {
    if (!*owner)
        return;
    const char *colon = strchrnul(owner, ':');
    sw_cleanup_free char *user = sw_strndup(owner, (size_t)(colon - owner));
    json_t *value = json_object();
    json_object_set_new(value, "user", id_json(user, base));
    if (*colon && colon[1])
        json_object_set_new(value, "group", id_json(colon + 1, base));
    json_object_set_new(object, "owner", value);
}

static const char *mkdir_vertex(struct sw_df_printer *p, const struct sw_df_step *step, const char *key) {
    struct sw_df_inputs inputs = {json_array()};
    int base = sw_df_input_add(&inputs, sw_df_vertex_of(p, step->input));
    sw_cleanup_free char *path = sw_path_clean(step->path);
    json_t *folder = json_object();
    json_object_set_new(folder, "makeParents", json_true());
    json_object_set_new(folder, "mode", json_integer(0755));
    json_object_set_new(folder, "path", sw_df_json_text(path));
    if (step->created)
        json_object_set_new(folder, "timestamp", json_sprintf("%lld000000000", (long long)step->created));
    put_owner(folder, step->user, base);
    return sw_df_vertex_add(p, key, step, "file", inputs.list, sw_df_actions_json(sw_df_action_json("mkdir", folder, base, -1, 0)));
}

static void put_mode(json_t *object, const char *mode) {
    uint64_t octal;
    if (!*mode)
        json_object_set_new(object, "mode", json_integer(-1));
    else if (sw_df_unsigned(mode, 8, UINT32_MAX, &octal) == SW_DF_NUMBER_OK)
        octal ? json_object_set_new(object, "mode", json_integer((json_int_t)octal)) : 0;
    else
        json_object_set_new(object, "modeStr", sw_df_json_text(mode));
}

/* Cleans a path, but keeps what says that it is a folder. */
static char *clean_dest(const char *path) {
    sw_cleanup_free char *clean = sw_path_join("/", path);
    if (!clean[1])
        return sw_strdup(sw_df_has_suffix(path, "/.") ? "/." : "/");
    if (sw_df_has_suffix(path, "/."))
        return sw_format("%s/.", clean);
    return sw_format("%s%s", clean, sw_df_has_suffix(path, "/") ? "/" : "");
}

static json_t *copy_json(const struct sw_df_step *step, const struct sw_df_copy_source *source, int base) {
    sw_cleanup_free char *dest = clean_dest(source->dest), *from = sw_path_join("/", source->path);
    json_t *copy = json_object();
    json_object_set_new(copy, "createDestPath", json_true());
    json_object_set_new(copy, "dest", sw_df_json_text(dest));
    json_object_set_new(copy, "src", sw_df_json_text(from));
    if (source->local) {
        json_object_set_new(copy, "allowEmptyWildcard", json_true());
        json_object_set_new(copy, "allowWildcard", json_true());
        json_object_set_new(copy, "dirCopyContents", json_true());
        json_object_set_new(copy, "followSymlink", json_true());
    }
    if (source->unpack)
        json_object_set_new(copy, "attemptUnpackDockerCompatibility", json_true());
    if (step->copy.excludes.count > 0)
        json_object_set_new(copy, "excludePatterns", sw_df_json_list(step->copy.excludes));
    if (source->include)
        json_object_set_new(copy, "includePatterns", sw_df_json_list((struct sw_strings){&source->include, 1}));
    if (source->required)
        json_object_set_new(copy, "requiredPaths", sw_df_json_list((struct sw_strings){&source->required, 1}));
    put_mode(copy, step->copy.mode);
    put_owner(copy, step->copy.owner, base);
    return copy;
}

/* The actions of COPY on top of `base` (NULL: nothing), inputs in `inputs`. */
static json_t *copy_actions(struct sw_df_printer *p, const struct sw_df_step *step, const char *base, struct sw_df_inputs *inputs) {
    json_t *detail = sw_df_actions_json(NULL), *actions = json_object_get(detail, "actions");
    size_t count = step->copy.source_count;
    int root = sw_df_input_add(inputs, base), input = root, *seconds = sw_new_array(count + 1, sizeof(int));
    for (size_t i = 0; i < count; i++)
        seconds[i] = sw_df_input_add(inputs, sw_df_vertex_of(p, step->copy.sources[i].from));
    int offset = (int)json_array_size(inputs->list);
    for (size_t i = 0; i < count; i++) {
        int output = i + 1 < count ? -1 : 0;
        json_array_append_new(actions,
                              sw_df_action_json("copy", copy_json(step, &step->copy.sources[i], root), input, seconds[i], output));
        input = offset + (int)i;
    }
    free(seconds);
    return detail;
}

static const char *copy_vertex(struct sw_df_printer *p, const struct sw_df_step *step, const char *key) {
    const char *base = sw_df_vertex_of(p, step->input);
    struct sw_df_inputs inputs = {json_array()};
    if (!step->copy.link) {
        json_t *detail = copy_actions(p, step, base, &inputs);
        return sw_df_vertex_add(p, key, step, "file", inputs.list, detail);
    }
    sw_cleanup_free char *layer_key = sw_format("layer of %s", key);
    json_t *detail = copy_actions(p, step, NULL, &inputs);
    const char *layer = sw_df_vertex_add(p, layer_key, step, "file", inputs.list, detail);
    if (!base)
        return layer;
    struct sw_df_inputs both = {json_array()};
    sw_df_input_add(&both, base);
    sw_df_input_add(&both, layer);
    return sw_df_vertex_add(p, key, step, "merge", both.list, json_pack("{s:[{},{s:s}]}", "inputs", "input", "1"));
}

static void put_proxies(json_t *meta, struct sw_strings proxies) {
    static const struct {
        const char *name;
        const char *member;
    } known[] = {{"HTTP_PROXY=", "httpProxy"},
                 {"HTTPS_PROXY=", "httpsProxy"},
                 {"FTP_PROXY=", "ftpProxy"},
                 {"NO_PROXY=", "noProxy"},
                 {"ALL_PROXY=", "allProxy"}};
    json_t *object = json_object();
    for (size_t i = 0; i < proxies.count; i++)
        for (size_t j = 0; j < sizeof(known) / sizeof(known[0]); j++)
            if (sw_df_has_prefix(proxies.items[i], known[j].name))
                json_object_set_new(object, known[j].member, sw_df_json_text(proxies.items[i] + strlen(known[j].name)));
    if (json_object_size(object) > 0)
        json_object_set(meta, "proxyEnv", object);
    json_decref(object);
}

static void put_host_options(json_t *meta, const struct sw_df_run_attributes *run) {
    json_t *hosts = json_array(), *limits = json_array();
    for (size_t i = 0; i < run->hosts.count; i++)
        json_array_append_new(hosts, json_pack("{s:s,s:s}", "Host", run->hosts.items[i].key, "IP", run->hosts.items[i].value));
    for (size_t i = 0; i < run->ulimit_count; i++) {
        sw_cleanup_free char *soft = sw_format("%lld", (long long)run->ulimits[i].soft);
        sw_cleanup_free char *hard = sw_format("%lld", (long long)run->ulimits[i].hard);
        json_array_append_new(limits, json_pack("{s:s,s:s,s:s}", "Name", run->ulimits[i].name, "Soft", soft, "Hard", hard));
    }
    if (json_array_size(hosts) > 0)
        json_object_set(meta, "extraHosts", hosts);
    if (json_array_size(limits) > 0)
        json_object_set(meta, "ulimit", limits);
    json_decref(hosts);
    json_decref(limits);
    if (*run->hostname)
        json_object_set_new(meta, "hostname", sw_df_json_text(run->hostname));
    if (*run->cgroup_parent)
        json_object_set_new(meta, "cgroupParent", sw_df_json_text(run->cgroup_parent));
}

static json_t *meta_json(struct sw_df_printer *p, const struct sw_df_step *step) {
    const struct sw_df_run_step *run = &step->run;
    json_t *meta = json_object();
    json_object_set_new(meta, "args", sw_df_json_list(run->argv));
    json_object_set_new(meta, "cwd", sw_df_json_text(run->cwd));
    if (run->env.count > 0)
        json_object_set_new(meta, "env", sw_df_json_list(run->env));
    json_object_set_new(meta, "removeMountStubsRecursive", json_true());
    if (*run->user)
        json_object_set_new(meta, "user", sw_df_json_text(run->user));
    put_proxies(meta, run->proxies);
    put_host_options(meta, &p->options->run);
    return meta;
}

static void put_network(json_t *detail, const char *own, const char *forced) {
    const char *network = strcmp(own, "default") == 0 ? forced : own;
    if (strcmp(network, "host") == 0)
        json_object_set_new(detail, "network", sw_df_json_text("HOST"));
    if (strcmp(network, "none") == 0)
        json_object_set_new(detail, "network", sw_df_json_text("NONE"));
}

static const char *run_vertex(struct sw_df_printer *p, const struct sw_df_step *step, const char *key) {
    const struct sw_df_run_step *run = &step->run;
    struct sw_df_inputs inputs = {json_array()};
    json_t *detail = json_object(), *secret_env = json_array(), *devices = json_array();
    json_object_set_new(detail, "meta", meta_json(p, step));
    json_object_set_new(detail, "mounts", sw_df_mounts_json(p, step, &inputs, secret_env));
    put_network(detail, run->network, p->options->run.network);
    if (strcmp(run->security, "insecure") == 0)
        json_object_set_new(detail, "security", sw_df_json_text("INSECURE"));
    for (size_t i = 0; i < run->device_count; i++) {
        json_t *device = json_object();
        json_object_set_new(device, "name", sw_df_json_text(run->devices[i].name));
        if (!run->devices[i].required)
            json_object_set_new(device, "optional", json_true());
        json_array_append_new(devices, device);
    }
    if (json_array_size(devices) > 0)
        json_object_set(detail, "cdiDevices", devices);
    if (json_array_size(secret_env) > 0)
        json_object_set(detail, "secretenv", secret_env);
    json_decref(devices);
    json_decref(secret_env);
    return sw_df_vertex_add(p, key, step, "exec", inputs.list, detail);
}

/* What makes two sources the same; other steps are themselves only. */
static char *key_of(const struct sw_df_step *step) {
    if (step->kind == SW_DF_STEP_IMAGE)
        return sw_format("image %s %s %s", step->reference, step->digest ? step->digest : "", step->platform);
    if (step->kind == SW_DF_STEP_URL)
        return sw_format("url %s %s %s", step->url, step->name, step->checksum);
    if (step->kind == SW_DF_STEP_INLINE)
        return sw_format("file %s %o %s", step->name, step->mode, step->content);
    return sw_format("step %u", step->number);
}

/* Makes the vertex of a step whose input has its own already. */
static const char *make_vertex(struct sw_df_printer *p, const struct sw_df_step *step) {
    if (!step || step->kind == SW_DF_STEP_SCRATCH)
        return NULL;
    sw_cleanup_free char *key = key_of(step);
    const char *known = json_string_value(json_object_get(p->ids, key));
    if (known)
        return known;
    switch (step->kind) {
    case SW_DF_STEP_IMAGE:
        return image_vertex(p, step, key);
    case SW_DF_STEP_CONTEXT:
        return context_vertex(p, step, key);
    case SW_DF_STEP_URL:
        return url_vertex(p, step, key);
    case SW_DF_STEP_GIT:
        return git_vertex(p, step, key);
    case SW_DF_STEP_INLINE:
        return inline_vertex(p, step, key);
    case SW_DF_STEP_RUN:
        return run_vertex(p, step, key);
    case SW_DF_STEP_COPY:
        return copy_vertex(p, step, key);
    case SW_DF_STEP_MKDIR:
        return mkdir_vertex(p, step, key);
    case SW_DF_STEP_SCRATCH:
        break;
    }
    return NULL;
}

/* Long chains of steps are made from their start on, so that they need no deep stack. */
const char *sw_df_vertex_of(struct sw_df_printer *p, const struct sw_df_step *step) {
    size_t depth = 0;
    for (const struct sw_df_step *s = step; s && s->kind != SW_DF_STEP_SCRATCH; s = s->input) {
        sw_cleanup_free char *key = key_of(s);
        depth++;
        if (json_object_get(p->ids, key))
            break;
    }
    const struct sw_df_step **chain = sw_new_array(depth + 1, sizeof(*chain));
    for (size_t i = depth; i-- > 0; step = step->input)
        chain[i] = step;
    const char *id = NULL;
    for (size_t i = 0; i < depth; i++)
        id = make_vertex(p, chain[i]);
    free(chain);
    return id;
}

json_t *sw_df_graph_json(const struct sw_df_evaluation *evaluation, const struct sw_df_explain_options *options, char **result) {
    struct sw_df_printer printer = {evaluation, options, json_array(), json_object()};
    const char *last = sw_df_vertex_of(&printer, evaluation->result);
    *result = last ? sw_format("%s:0", last) : NULL;
    json_decref(printer.ids);
    return printer.vertices;
}
