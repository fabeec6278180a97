#include "plugins/stapel/mounts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "core/base/vec.h"
#include "plugins/stapel/imageconfig.h"

static const char tmp_label[] = "werf-mount-type-tmp-dir";
static const char build_label[] = "werf-mount-type-build-dir";
static const char custom_prefix[] = "werf-mount-type-custom-dir-";

/* "/a/b" as it stands in a label's name, and back. */
static char *replace_all(const char *text, const char *from, const char *to) {
    sw_cleanup_buf struct sw_buf out = {0};
    size_t len = strlen(from);
    for (const char *p = text; *p;) {
        if (!strncmp(p, from, len)) {
            sw_buf_puts(&out, to);
            p += len;
        } else {
            sw_buf_putc(&out, *p++);
        }
    }
    return sw_buf_take(&out);
}

static char *label_of(const struct sw_stapel_mount *mount) {
    if (!strcmp(mount->type, "tmp_dir"))
        return sw_strdup(tmp_label);
    if (!strcmp(mount->type, "build_dir"))
        return sw_strdup(build_label);
    sw_cleanup_free char *from = replace_all(mount->from, "/", "--");
    return sw_format("%s%s", custom_prefix, from);
}

static bool listed(const char *points, const char *point) {
    size_t len = strlen(point);
    for (const char *p = points; *p; p += strcspn(p, ";"), p += *p == ';')
        if (strcspn(p, ";") == len && !strncmp(p, point, len))
            return true;
    return false;
}

static struct sw_pair *find_label(struct sw_stapel_planner *planner, const char *name) {
    for (size_t i = 0; i < planner->labels.len; i++) {
        struct sw_pair *pair = sw_vec_at(&planner->labels, i);
        if (!strcmp(pair->key, name))
            return pair;
    }
    return NULL;
}

void sw_stapel_mount_labels(struct sw_stapel_planner *planner) {
    for (size_t i = 0; i < planner->image->mount_count; i++) {
        const struct sw_stapel_mount *mount = &planner->image->mounts[i];
        sw_cleanup_free char *name = label_of(mount);
        struct sw_pair *label = find_label(planner, name);
        if (!label) {
            const char *before = sw_stapel_previous_label(planner, name);
            sw_stapel_label(planner, name, before ? before : "");
            label = find_label(planner, name);
        }
        if (!listed(label->value, mount->to))
            label->value = sw_arena_format(planner->arena, "%s%s%s", label->value, *label->value ? ";" : "", mount->to);
    }
}

/* --- for a step -------------------------------------------------------------------------------------------------------------------- */

static bool make_folders(const char *path, struct sw_error **error) {
    sw_cleanup_free char *copy = sw_strdup(path);
    for (char *p = copy + 1;; p++) {
        if (*p && *p != '/')
            continue;
        char was = *p;
        *p = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST)
            return sw_fail_errno(error, errno, "cannot make the folder \"%s\" for a mount", copy);
        *p = was;
        if (!was)
            return true;
    }
}

/* A path of the host as the user means it: "~" is the home folder, relative ones start in the current folder. To be freed. */
static char *host_path(const char *text) {
    const char *home = getenv("HOME");
    if (text[0] == '~' && (text[1] == '/' || !text[1]) && home)
        return sw_path_join(home, text + 1);
    if (text[0] == '/')
        return sw_path_clean(text);
    sw_cleanup_free char *here = getcwd(NULL, 0);
    return sw_path_join(here ? here : "/", text);
}

static bool has_target(const struct sw_vec *mounts, const char *to) {
    for (size_t i = 0; i < mounts->len; i++)
        if (!strcmp(((struct sw_mount *)sw_vec_at(mounts, i))->target, to))
            return true;
    return false;
}

static bool add_mount(struct sw_stapel_planner *planner, struct sw_vec *mounts, const char *type, const char *host, const char *to,
                      struct sw_error **error) {
    struct sw_mount mount = {.size = sizeof mount, .from = SW_NODE_NONE, .target = sw_arena_str(planner->arena, to), .mode = 0755};
    if (has_target(mounts, to))
        return true;
    if (!strcmp(type, "tmp_dir")) {
        mount.kind = SW_MOUNT_TMPFS;
    } else if (!strcmp(type, "build_dir")) {
        mount.kind = SW_MOUNT_CACHE;
        mount.id = sw_arena_format(planner->arena, "stapel/%s%s", planner->request->project, to);
    } else {
        sw_cleanup_free char *path = host_path(host);
        mount.kind = SW_MOUNT_HOST;
        mount.source = sw_arena_str(planner->arena, path);
        if (!planner->request->offline && !make_folders(path, error))
            return false;
    }
    sw_vec_push(mounts, &mount);
    return true;
}

static bool add_points(struct sw_stapel_planner *planner, struct sw_vec *mounts, const char *type, const char *host,
                       const char *points, struct sw_error **error) {
    for (const char *p = points; *p; p += strcspn(p, ";"), p += *p == ';') {
        sw_cleanup_free char *to = sw_strndup(p, strcspn(p, ";"));
        if (*to == '/' && !add_mount(planner, mounts, type, host, to, error))
            return false;
    }
    return true;
}

static bool add_labelled(struct sw_stapel_planner *planner, struct sw_vec *mounts, struct sw_error **error) {
    json_t *labels = json_object_get(json_object_get(planner->config, "config"), "Labels");
    const char *name;
    json_t *value;
    json_object_foreach(labels, name, value) {
        const char *points = json_string_value(value) ? json_string_value(value) : "";
        bool ok = true;
        if (!strcmp(name, tmp_label)) {
            ok = add_points(planner, mounts, "tmp_dir", NULL, points, error);
        } else if (!strcmp(name, build_label)) {
            ok = add_points(planner, mounts, "build_dir", NULL, points, error);
        } else if (!strncmp(name, custom_prefix, sizeof custom_prefix - 1)) {
            sw_cleanup_free char *host = replace_all(name + sizeof custom_prefix - 1, "--", "/");
            ok = add_points(planner, mounts, "custom_dir", host, points, error);
        }
        if (!ok)
            return false;
    }
    return true;
}

bool sw_stapel_mounts(struct sw_stapel_planner *planner, struct sw_mount **mounts, size_t *count, struct sw_error **error) {
    sw_cleanup_vec struct sw_vec list = {.width = sizeof(struct sw_mount)};
    for (size_t i = 0; i < planner->image->mount_count; i++) {
        const struct sw_stapel_mount *mount = &planner->image->mounts[i];
        if (!add_mount(planner, &list, mount->type, mount->host, mount->to, error))
            return false;
    }
    if (!add_labelled(planner, &list, error))
        return false;
    *count = list.len;
    *mounts = list.len ? sw_arena_copy(planner->arena, list.data, list.len * list.width) : NULL;
    return true;
}
