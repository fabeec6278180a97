/* The mounts of a RUN, as explain_graph.h prints them. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "plugins/dockerfile/explain_vertex.h"
#include "plugins/dockerfile/json_text.h"

/* The folder that a cache mount begins with when its owner or mode is given. */
static const char *folder_vertex(struct sw_df_printer *p, const struct sw_df_run_mount *mount) {
    const struct sw_df_mount *m = &mount->mount;
    const char *base = mount->from ? sw_df_vertex_of(p, mount->from) : NULL;
    sw_cleanup_free char *key = sw_format("folder %s %o %u %u", base ? base : "", m->mode, m->uid, m->gid);
    if (json_object_get(p->ids, key))
        return json_string_value(json_object_get(p->ids, key));
    struct sw_df_inputs inputs = {json_array()};
    int input = sw_df_input_add(&inputs, base);
    json_t *folder = json_pack("{s:i,s:s,s:{s:{s:I},s:{s:I}}}", "mode", (int)m->mode & 0777, "path", "/cache", "owner", "group",
                               "byID", (json_int_t)m->gid, "user", "byID", (json_int_t)m->uid);
    struct sw_df_step step = {.kind = SW_DF_STEP_MKDIR, .title = "[internal] setting cache mount permissions", .platform = ""};
    return sw_df_vertex_add(p, key, &step, "file", inputs.list,
                            sw_df_actions_json(sw_df_action_json("mkdir", folder, input, -1, 0)));
}

static json_t *mount_base(const struct sw_df_mount *mount, const char *type, int input) {
    json_t *object = json_object();
    json_object_set_new(object, "dest", sw_df_json_text(mount->target));
    if (input != 0)
        json_object_set_new(object, "input", json_sprintf("%d", input));
    if (type)
        json_object_set_new(object, "mountType", sw_df_json_text(type));
    return object;
}

static json_t *file_owner(const struct sw_df_mount *mount, const char *id) {
    json_t *object = json_object();
    if (*id)
        json_object_set_new(object, "ID", sw_df_json_text(id));
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
    json_object_set_new(object, "ID", sw_df_json_text(mount->id));
    if (strcmp(mount->sharing, "private") == 0)
        json_object_set_new(object, "sharing", sw_df_json_text("PRIVATE"));
    if (strcmp(mount->sharing, "locked") == 0)
        json_object_set_new(object, "sharing", sw_df_json_text("LOCKED"));
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
    json_object_set_new(object, "output", sw_df_json_text("-1"));
    if (m->read_only)
        json_object_set_new(object, "readonly", json_true());
    if (m->kind == SW_MOUNT_CACHE)
        json_object_set_new(object, "cacheOpt", cache_options(m));
    if (m->kind == SW_MOUNT_TMPFS)
        json_object_set_new(object, "TmpfsOpt", tmpfs_options(m->bytes));
    bool script = strcmp(m->target, "/dev/pipes/") == 0;
    if (mount->initial_folder)
        json_object_set_new(object, "selector", sw_df_json_text("/cache"));
    else if (m->kind != SW_MOUNT_TMPFS && (strcmp(mount->source, "/") != 0 || script))
        json_object_set_new(object, "selector", sw_df_json_text(mount->source));
    return object;
}

static int compare_targets(const void *a, const void *b) {
    const struct sw_df_run_mount *x = *(const struct sw_df_run_mount *const *)a, *y = *(const struct sw_df_run_mount *const *)b;
    int order = strcmp(x->mount.target, y->mount.target);
    return order ? order : (x > y) - (x < y);
}

/* Mounts of files in order of their targets, then secrets, then ssh. */
json_t *sw_df_mounts_json(struct sw_df_printer *p, const struct sw_df_step *step, struct sw_df_inputs *inputs, json_t *secret_env) {
    const struct sw_df_run_step *run = &step->run;
    json_t *array = json_array(), *root = json_object();
    int base = sw_df_input_add(inputs, sw_df_vertex_of(p, step->input));
    json_object_set_new(root, "dest", sw_df_json_text("/"));
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
        const char *id = files[i]->initial_folder ? folder_vertex(p, files[i])
                         : files[i]->from         ? sw_df_vertex_of(p, files[i]->from)
                                                  : NULL;
        json_array_append_new(array, file_mount_json(files[i], sw_df_input_add(inputs, id)));
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
            json_object_set_new(entry, "ID", sw_df_json_text(m->id));
            json_object_set_new(entry, "name", sw_df_json_text(m->env));
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
