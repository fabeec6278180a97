#include "plugins/dockerfile/explain_graph.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/ignore.h"
#include "core/base/path.h"
#include "plugins/dockerfile/number.h"
#include "plugins/dockerfile/text.h"

struct printer {
    const struct sw_df_evaluation *evaluation;
    const struct sw_df_explain_options *options;
    json_t *vertices;
    json_t *ids; /* from what a vertex stands for to its id */
};

/* Inputs of the vertex being made: names in order, each once. */
struct inputs {
    json_t *list;
};

static const char *visit(struct printer *p, const struct sw_df_step *step);

static json_t *text_json(const char *text) {
    json_t *value = json_string(text);
    return value ? value : json_string("");
}

static json_t *list_json(struct sw_strings strings) {
    json_t *array = json_array();
    for (size_t i = 0; i < strings.count; i++)
        json_array_append_new(array, text_json(strings.items[i]));
    return array;
}

/* Index of `id` among the inputs; -1 for an empty one. */
static int add_input(struct inputs *inputs, const char *id) {
    if (!id)
        return -1;
    sw_cleanup_free char *name = sw_format("%s:0", id);
    for (size_t i = 0; i < json_array_size(inputs->list); i++)
        if (strcmp(json_string_value(json_array_get(inputs->list, i)), name) == 0)
            return (int)i;
    json_array_append_new(inputs->list, text_json(name));
    return (int)json_array_size(inputs->list) - 1;
}

/* Adds a vertex under `key`, which stands for the same thing always. Takes `inputs` and `detail`. */
static const char *add_vertex(struct printer *p, const char *key, const struct sw_df_step *step, const char *op, json_t *inputs,
                              json_t *detail) {
    sw_cleanup_free char *id = sw_format("v%zu", json_array_size(p->vertices) + 1);
    json_t *vertex = json_object();
    json_object_set_new(vertex, "id", text_json(id));
    if (*step->title)
        json_object_set_new(vertex, "name", text_json(step->title));
    bool placed = step->kind == SW_DF_STEP_IMAGE || step->kind == SW_DF_STEP_RUN;
    if (placed && *step->platform)
        json_object_set_new(vertex, "platform", text_json(step->platform));
    if (json_array_size(inputs) > 0)
        json_object_set(vertex, "inputs", inputs);
    json_decref(inputs);
    if (step->no_cache)
        json_object_set_new(vertex, "noCache", json_true());
    json_object_set_new(vertex, "op", text_json(op));
    json_object_set_new(vertex, "detail", detail);
    json_array_append_new(p->vertices, vertex);
    json_object_set_new(p->ids, key, text_json(id));
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

static const char *image_vertex(struct printer *p, const struct sw_df_step *step, const char *key) {
    /* The digest that was found takes the place of one that was asked for. */
    size_t len = step->digest ? strcspn(step->reference, "@") : strlen(step->reference);
    sw_cleanup_free char *identifier =
        sw_format("docker-image://%.*s%s%s", (int)len, step->reference, step->digest ? "@" : "", step->digest ? step->digest : "");
    return add_vertex(p, key, step, "source", json_array(), source_json(identifier));
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
    for (size_t i = 0; i < step->run.mount_count; i++)
        if (step->run.mounts[i].from == context)
            follow(paths, step->run.mounts[i].source);
}

static json_t *followed_paths(struct printer *p, const struct sw_df_step *context) {
    sw_cleanup_strlist struct sw_strlist paths = {0};
    for (size_t i = 0; i < p->evaluation->steps.len; i++)
        follow_step(&paths, *(struct sw_df_step **)sw_vec_at(&p->evaluation->steps, i), context);
    if (paths.len == 0 || sw_strlist_has(&paths, "/"))
        return NULL;
    qsort(paths.items, paths.len, sizeof(char *), compare_strings);
    return list_json(sw_strlist_view(&paths));
}

static void put_dumped(json_t *object, const char *key, json_t *value) {
    if (value) {
        sw_cleanup_free char *text = json_dumps(value, JSON_COMPACT);
        json_object_set_new(object, key, text_json(text));
    }
    json_decref(value);
}

static const char *context_vertex(struct printer *p, const struct sw_df_step *step, const char *key) {
    bool main = !*step->name;
    sw_cleanup_free char *identifier = sw_format("local://%s", main ? "context" : step->url);
    sw_cleanup_free char *hint = main ? sw_strdup("context") : sw_format("context:%s-", step->name);
    json_t *detail = source_json(identifier), *attrs = attributes(detail);
    const char *ignore = p->options->options.ignore;
    if (main && ignore) {
        sw_cleanup_strlist struct sw_strlist lines = {0};
        sw_ignore_split((struct sw_bytes){ignore, strlen(ignore)}, &lines);
        put_dumped(attrs, "local.excludepatterns", lines.len > 0 ? list_json(sw_strlist_view(&lines)) : NULL);
    }
    put_dumped(attrs, "local.followpaths", followed_paths(p, step));
    json_object_set_new(attrs, "local.sharedkeyhint", text_json(hint));
    return add_vertex(p, key, step, "source", json_array(), detail);
}

static const char *url_vertex(struct printer *p, const struct sw_df_step *step, const char *key) {
    json_t *detail = source_json(step->url), *attrs = attributes(detail);
    if (*step->checksum)
        json_object_set_new(attrs, "http.checksum", text_json(step->checksum));
    json_object_set_new(attrs, "http.filename", text_json(step->name));
    return add_vertex(p, key, step, "source", json_array(), detail);
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

static const char *git_vertex(struct printer *p, const struct sw_df_step *step, const char *key) {
    const struct sw_df_git *git = &step->git;
    sw_cleanup_free char *location = git_location(git->remote);
    sw_cleanup_buf struct sw_buf identifier = {0};
    sw_buf_printf(&identifier, "git://%s", location);
    if (*git->ref || *git->subdir)
        sw_buf_printf(&identifier, "#%s%s%s", git->ref, *git->subdir ? ":" : "", git->subdir);
    json_t *detail = source_json(sw_buf_text(&identifier)), *attrs = attributes(detail);
    bool ssh = !strstr(git->remote, "://") || sw_df_has_prefix(git->remote, "ssh://");
    json_object_set_new(attrs, "git.authheadersecret", text_json("GIT_AUTH_HEADER"));
    json_object_set_new(attrs, "git.authtokensecret", text_json("GIT_AUTH_TOKEN"));
    if (*git->checksum)
        json_object_set_new(attrs, "git.checksum", text_json(git->checksum));
    json_object_set_new(attrs, "git.fullurl", text_json(git->remote));
    if (git->keep_git_dir == SW_DF_YES)
        json_object_set_new(attrs, "git.keepgitdir", text_json("true"));
    if (ssh)
        json_object_set_new(attrs, "git.mountsshsock", text_json("default"));
    if (git->submodules == SW_DF_NO)
        json_object_set_new(attrs, "git.skipsubmodules", text_json("true"));
    if (git->fetch_by_commit)
        json_object_set_new(attrs, "git.fetchbycommit", text_json("true"));
    return add_vertex(p, key, step, "source", json_array(), detail);
}

/* One action of a `file` vertex; indices of -1 say that there is no such input. */
static json_t *action_json(const char *kind, json_t *action, int input, int second, int output) {
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

static json_t *actions_json(json_t *action) {
    json_t *detail = json_object(), *actions = json_array();
    if (action)
        json_array_append_new(actions, action);
    json_object_set_new(detail, "actions", actions);
    return detail;
}

static const char *inline_vertex(struct printer *p, const struct sw_df_step *step, const char *key) {
    sw_cleanup_free char *path = sw_path_join("/", step->name);
    json_t *file = json_object();
    json_object_set_new(file, "data", text_json(step->content));
    json_object_set_new(file, "mode", json_integer(step->mode));
    json_object_set_new(file, "path", text_json(path));
    return add_vertex(p, key, step, "file", json_array(), actions_json(action_json("mkfile", file, -1, -1, 0)));
}

static json_t *id_json(const char *name, int base) {
    int64_t id;
    if (strcmp(name, "root") == 0)
        return json_pack("{s:i}", "byID", 0);
    if (sw_df_signed(name, INT32_MAX, &id) == SW_DF_NUMBER_OK || !*name)
        return json_pack("{s:I}", "byID", (json_int_t)(*name ? id : 0));
    json_t *by_name = json_pack("{s:o}", "name", text_json(name));
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

static const char *mkdir_vertex(struct printer *p, const struct sw_df_step *step, const char *key) {
    struct inputs inputs = {json_array()};
    int base = add_input(&inputs, visit(p, step->input));
    sw_cleanup_free char *path = sw_path_clean(step->path);
    json_t *folder = json_object();
    json_object_set_new(folder, "makeParents", json_true());
    json_object_set_new(folder, "mode", json_integer(0755));
    json_object_set_new(folder, "path", text_json(path));
    if (step->created)
        json_object_set_new(folder, "timestamp", json_sprintf("%lld000000000", (long long)step->created));
    put_owner(folder, step->user, base);
    return add_vertex(p, key, step, "file", inputs.list, actions_json(action_json("mkdir", folder, base, -1, 0)));
}

static void put_mode(json_t *object, const char *mode) {
    uint64_t octal;
    if (!*mode)
        json_object_set_new(object, "mode", json_integer(-1));
    else if (sw_df_unsigned(mode, 8, UINT32_MAX, &octal) == SW_DF_NUMBER_OK)
        json_object_set_new(object, "mode", json_integer((json_int_t)octal));
    else
        json_object_set_new(object, "modeStr", text_json(mode));
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
    json_object_set_new(copy, "dest", text_json(dest));
    json_object_set_new(copy, "src", text_json(from));
    if (source->local) {
        json_object_set_new(copy, "allowEmptyWildcard", json_true());
        json_object_set_new(copy, "allowWildcard", json_true());
        json_object_set_new(copy, "dirCopyContents", json_true());
        json_object_set_new(copy, "followSymlink", json_true());
    }
    if (source->unpack)
        json_object_set_new(copy, "attemptUnpackDockerCompatibility", json_true());
    if (step->copy.excludes.count > 0)
        json_object_set_new(copy, "excludePatterns", list_json(step->copy.excludes));
    if (source->include)
        json_object_set_new(copy, "includePatterns", list_json((struct sw_strings){&source->include, 1}));
    if (source->required)
        json_object_set_new(copy, "requiredPaths", list_json((struct sw_strings){&source->required, 1}));
    put_mode(copy, step->copy.mode);
    put_owner(copy, step->copy.owner, base);
    return copy;
}

/* The actions of COPY on top of `base` (NULL: nothing), inputs in `inputs`. */
static json_t *copy_actions(struct printer *p, const struct sw_df_step *step, const char *base, struct inputs *inputs) {
    json_t *detail = actions_json(NULL), *actions = json_object_get(detail, "actions");
    size_t count = step->copy.source_count;
    int root = add_input(inputs, base), input = root, *seconds = sw_new_array(count + 1, sizeof(int));
    for (size_t i = 0; i < count; i++)
        seconds[i] = add_input(inputs, visit(p, step->copy.sources[i].from));
    int offset = (int)json_array_size(inputs->list);
    for (size_t i = 0; i < count; i++) {
        int output = i + 1 < count ? -1 : 0;
        json_array_append_new(actions,
                              action_json("copy", copy_json(step, &step->copy.sources[i], root), input, seconds[i], output));
        input = offset + (int)i;
    }
    free(seconds);
    return detail;
}

static const char *copy_vertex(struct printer *p, const struct sw_df_step *step, const char *key) {
    const char *base = visit(p, step->input);
    struct inputs inputs = {json_array()};
    if (!step->copy.link) {
        json_t *detail = copy_actions(p, step, base, &inputs);
        return add_vertex(p, key, step, "file", inputs.list, detail);
    }
    sw_cleanup_free char *layer_key = sw_format("layer of %s", key);
    json_t *detail = copy_actions(p, step, NULL, &inputs);
    const char *layer = add_vertex(p, layer_key, step, "file", inputs.list, detail);
    if (!base)
        return layer;
    struct inputs both = {json_array()};
    add_input(&both, base);
    add_input(&both, layer);
    return add_vertex(p, key, step, "merge", both.list, json_pack("{s:[{},{s:s}]}", "inputs", "input", "1"));
}

/* The folder that a cache mount begins with when its owner or mode is given. */
static const char *folder_vertex(struct printer *p, const struct sw_df_run_mount *mount) {
    const struct sw_df_mount *m = &mount->mount;
    const char *base = mount->from ? visit(p, mount->from) : NULL;
    sw_cleanup_free char *key = sw_format("folder %s %o %u %u", base ? base : "", m->mode, m->uid, m->gid);
    if (json_object_get(p->ids, key))
        return json_string_value(json_object_get(p->ids, key));
    struct inputs inputs = {json_array()};
    int input = add_input(&inputs, base);
    json_t *folder = json_pack("{s:i,s:s,s:{s:{s:I},s:{s:I}}}", "mode", (int)m->mode & 0777, "path", "/cache", "owner", "group",
                               "byID", (json_int_t)m->gid, "user", "byID", (json_int_t)m->uid);
    struct sw_df_step step = {.kind = SW_DF_STEP_MKDIR, .title = "[internal] setting cache mount permissions", .platform = ""};
    return add_vertex(p, key, &step, "file", inputs.list, actions_json(action_json("mkdir", folder, input, -1, 0)));
}

static json_t *mount_base(const struct sw_df_mount *mount, const char *type, int input) {
    json_t *object = json_object();
    json_object_set_new(object, "dest", text_json(mount->target));
    if (input != 0)
        json_object_set_new(object, "input", json_sprintf("%d", input));
    if (type)
        json_object_set_new(object, "mountType", text_json(type));
    return object;
}

static json_t *file_owner(const struct sw_df_mount *mount, const char *id) {
    json_t *object = json_object();
    if (*id)
        json_object_set_new(object, "ID", text_json(id));
    json_object_set_new(object, "mode", json_integer(mount->mode));
    if (!mount->required)
        json_object_set_new(object, "optional", json_true());
    if (mount->uid)
        json_object_set_new(object, "uid", json_integer(mount->uid));
    if (mount->gid)
        json_object_set_new(object, "gid", json_integer(mount->gid));
    return object;
}

static json_t *cache_options(const struct sw_df_mount *mount) {
    json_t *object = json_object();
    json_object_set_new(object, "ID", text_json(mount->id));
    if (strcmp(mount->sharing, "private") == 0)
        json_object_set_new(object, "sharing", text_json("PRIVATE"));
    if (strcmp(mount->sharing, "locked") == 0)
        json_object_set_new(object, "sharing", text_json("LOCKED"));
    return object;
}

static json_t *tmpfs_options(int64_t bytes) {
    json_t *object = json_object();
    if (bytes)
        json_object_set_new(object, "size", json_sprintf("%lld", (long long)bytes));
    return object;
}

/* A mount of files, whose content comes from input `input`. */
static json_t *file_mount_json(const struct sw_df_run_mount *mount, int input) {
    const struct sw_df_mount *m = &mount->mount;
    const char *type = m->kind == SW_MOUNT_CACHE ? "CACHE" : m->kind == SW_MOUNT_TMPFS ? "TMPFS" : NULL;
    json_t *object = mount_base(m, type, input);
    json_object_set_new(object, "output", text_json("-1"));
    if (m->read_only)
        json_object_set_new(object, "readonly", json_true());
    if (m->kind == SW_MOUNT_CACHE)
        json_object_set_new(object, "cacheOpt", cache_options(m));
    if (m->kind == SW_MOUNT_TMPFS)
        json_object_set_new(object, "TmpfsOpt", tmpfs_options(m->bytes));
    bool script = strcmp(m->target, "/dev/pipes/") == 0;
    if (mount->initial_folder)
        json_object_set_new(object, "selector", text_json("/cache"));
    else if (m->kind != SW_MOUNT_TMPFS && (strcmp(mount->source, "/") != 0 || script))
        json_object_set_new(object, "selector", text_json(mount->source));
    return object;
}

static int compare_targets(const void *a, const void *b) {
    const struct sw_df_run_mount *x = *(const struct sw_df_run_mount *const *)a, *y = *(const struct sw_df_run_mount *const *)b;
    int order = strcmp(x->mount.target, y->mount.target);
    return order ? order : (x > y) - (x < y);
}

/* Mounts of files in order of their targets, then secrets, then ssh. */
static json_t *mounts_json(struct printer *p, const struct sw_df_step *step, struct inputs *inputs, json_t *secret_env) {
    const struct sw_df_run_step *run = &step->run;
    json_t *array = json_array(), *root = json_object();
    int base = add_input(inputs, visit(p, step->input));
    json_object_set_new(root, "dest", text_json("/"));
    if (base != 0)
        json_object_set_new(root, "input", json_sprintf("%d", base));
    json_array_append_new(array, root);
    const struct sw_df_run_mount **files = sw_new_array(run->mount_count + 1, sizeof(*files));
    size_t count = 0;
    for (size_t i = 0; i < run->mount_count; i++)
        if (run->mounts[i].mount.kind <= SW_MOUNT_TMPFS)
            files[count++] = &run->mounts[i];
    qsort(files, count, sizeof(*files), compare_targets);
    for (size_t i = 0; i < count; i++) {
        const char *id = files[i]->initial_folder ? folder_vertex(p, files[i]) : files[i]->from ? visit(p, files[i]->from) : NULL;
        json_array_append_new(array, file_mount_json(files[i], add_input(inputs, id)));
    }
    free(files);
    if (p->options->run.shm_bytes > 0) {
        struct sw_df_run_mount shm = {.mount = {.kind = SW_MOUNT_TMPFS, .target = "/dev/shm", .bytes = p->options->run.shm_bytes}};
        json_array_append_new(array, file_mount_json(&shm, -1));
    }
    for (size_t i = 0; i < run->mount_count; i++) {
        const struct sw_df_mount *m = &run->mounts[i].mount;
        if (m->kind != SW_MOUNT_SECRET)
            continue;
        if (m->env) {
            json_t *entry = json_object();
            json_object_set_new(entry, "ID", text_json(m->id));
            json_object_set_new(entry, "name", text_json(m->env));
            if (!m->required)
                json_object_set_new(entry, "optional", json_true());
            json_array_append_new(secret_env, entry);
        }
        if (*m->target) {
            json_t *mount = mount_base(m, "SECRET", -1);
            json_object_set_new(mount, "secretOpt", file_owner(m, m->id));
            json_array_append_new(array, mount);
        }
    }
    for (size_t i = 0; i < run->mount_count; i++) {
        const struct sw_df_mount *m = &run->mounts[i].mount;
        if (m->kind != SW_MOUNT_SSH)
            continue;
        json_t *mount = mount_base(m, "SSH", -1);
        json_object_set_new(mount, "SSHOpt", file_owner(m, strcmp(m->id, "default") == 0 ? "" : m->id));
        json_array_append_new(array, mount);
    }
    return array;
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
                json_object_set_new(object, known[j].member, text_json(proxies.items[i] + strlen(known[j].name)));
    if (json_object_size(object) > 0)
        json_object_set(meta, "proxyEnv", object);
    json_decref(object);
}

static void put_host_options(json_t *meta, const struct sw_df_run_attributes *run) {
    json_t *hosts = json_array(), *limits = json_array();
    for (size_t i = 0; i < run->hosts.count; i++)
        json_array_append_new(hosts, json_pack("{s:s,s:s}", "Host", run->hosts.items[i].key, "IP", run->hosts.items[i].value));
    for (size_t i = 0; i < run->ulimits.count; i++) {
        sw_cleanup_free char *text = sw_strdup(run->ulimits.items[i]);
        char *equals = strchr(text, '='), *colon = equals ? strchr(equals, ':') : NULL;
        if (!equals)
            continue;
        *equals = '\0';
        if (colon)
            *colon = '\0';
        json_array_append_new(limits,
                              json_pack("{s:s,s:s,s:s}", "Name", text, "Soft", equals + 1, "Hard", colon ? colon + 1 : equals + 1));
    }
    if (json_array_size(hosts) > 0)
        json_object_set(meta, "extraHosts", hosts);
    if (json_array_size(limits) > 0)
        json_object_set(meta, "ulimit", limits);
    json_decref(hosts);
    json_decref(limits);
    if (*run->hostname)
        json_object_set_new(meta, "hostname", text_json(run->hostname));
    if (*run->cgroup_parent)
        json_object_set_new(meta, "cgroupParent", text_json(run->cgroup_parent));
}

static json_t *meta_json(struct printer *p, const struct sw_df_step *step) {
    const struct sw_df_run_step *run = &step->run;
    json_t *meta = json_object();
    json_object_set_new(meta, "args", list_json(run->argv));
    json_object_set_new(meta, "cwd", text_json(run->cwd));
    json_object_set_new(meta, "env", list_json(run->env));
    json_object_set_new(meta, "removeMountStubsRecursive", json_true());
    if (*run->user)
        json_object_set_new(meta, "user", text_json(run->user));
    put_proxies(meta, run->proxies);
    put_host_options(meta, &p->options->run);
    return meta;
}

static void put_network(json_t *detail, const char *own, const char *forced) {
    const char *network = strcmp(own, "default") == 0 ? forced : own;
    if (strcmp(network, "host") == 0)
        json_object_set_new(detail, "network", text_json("HOST"));
    if (strcmp(network, "none") == 0)
        json_object_set_new(detail, "network", text_json("NONE"));
}

static const char *run_vertex(struct printer *p, const struct sw_df_step *step, const char *key) {
    const struct sw_df_run_step *run = &step->run;
    struct inputs inputs = {json_array()};
    json_t *detail = json_object(), *secret_env = json_array(), *devices = json_array();
    json_object_set_new(detail, "meta", meta_json(p, step));
    json_object_set_new(detail, "mounts", mounts_json(p, step, &inputs, secret_env));
    put_network(detail, run->network, p->options->run.network);
    if (strcmp(run->security, "insecure") == 0)
        json_object_set_new(detail, "security", text_json("INSECURE"));
    for (size_t i = 0; i < run->device_count; i++) {
        json_t *device = json_object();
        json_object_set_new(device, "name", text_json(run->devices[i].name));
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
    return add_vertex(p, key, step, "exec", inputs.list, detail);
}

/* What makes two sources the same; other steps are themselves only. */
static char *key_of(const struct sw_df_step *step) {
    if (step->kind == SW_DF_STEP_IMAGE)
        return sw_format("image %s %s", step->reference, step->platform);
    if (step->kind == SW_DF_STEP_CONTEXT)
        return sw_format("context %s", step->name);
    if (step->kind == SW_DF_STEP_URL)
        return sw_format("url %s %s %s", step->url, step->name, step->checksum);
    if (step->kind == SW_DF_STEP_INLINE)
        return sw_format("file %s %o %s", step->name, step->mode, step->content);
    return sw_format("step %u", step->number);
}

static const char *visit(struct printer *p, const struct sw_df_step *step) {
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

json_t *sw_df_graph_json(const struct sw_df_evaluation *evaluation, const struct sw_df_explain_options *options, char **result) {
    struct printer printer = {evaluation, options, json_array(), json_object()};
    const char *last = visit(&printer, evaluation->result);
    *result = last ? sw_format("%s:0", last) : NULL;
    json_decref(printer.ids);
    return printer.vertices;
}
