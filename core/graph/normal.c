#include "core/graph/normal.h"

#include <string.h>

#include "core/base/hash.h"
#include "core/graph/graph.h"
#include "core/graph/image.h"

struct names {
    sw_input_name name;
    const void *context;
};

static json_t *input(const struct names *names, sw_node node) {
    return node == SW_NODE_NONE ? json_null() : json_string(names->name(names->context, node));
}

/* Members that hold nothing are left out, so that members added later do not change the keys of graphs without them. */
static void put(json_t *object, const char *key, const char *text) {
    if (text && *text)
        json_object_set_new(object, key, json_string(text));
}

static void put_number(json_t *object, const char *key, uint64_t number) {
    if (number)
        json_object_set_new(object, key, json_integer((json_int_t)number));
}

static void put_strings(json_t *object, const char *key, struct sw_strings strings) {
    if (!strings.count)
        return;
    json_t *list = json_array();
    for (size_t i = 0; i < strings.count; i++)
        json_array_append_new(list, json_string(strings.items[i]));
    json_object_set_new(object, key, list);
}

static void put_pairs(json_t *object, const char *key, struct sw_pairs pairs) {
    if (!pairs.count)
        return;
    json_t *list = json_array();
    for (size_t i = 0; i < pairs.count; i++)
        json_array_append_new(list, json_pack("[ss]", pairs.items[i].key, pairs.items[i].value));
    json_object_set_new(object, key, list);
}

static void put_bytes(json_t *object, const char *key, struct sw_bytes bytes) {
    if (!bytes.len)
        return;
    char hex[SW_SHA256_HEX];
    sw_sha256_hex(bytes.data, bytes.len, hex);
    json_object_set_new(object, key, json_string(hex));
}

static void image_form(json_t *form, const struct sw_op_image *op) {
    const struct sw_host_image *table = &sw_host_image_table;
    const char *digest = table->manifest_digest(op->image);
    if (digest) /* the reference is only a way to the manifest */
        put(form, "manifest", digest);
    else
        put(form, "reference", table->reference(op->image));
    put(form, "platform", table->platform(op->image));
}

static void tree_form(json_t *form, const struct sw_op_tree *op, const char *identity) {
    put(form, "files", identity);
    put(form, "url", op->url);
    put(form, "checksum", op->url_checksum);
    put(form, "filename", op->url_filename);
    put(form, "ref", op->url_ref);
    put(form, "subdir", op->url_subdir);
    put_number(form, "git", op->url_is_git);
    put_number(form, "keepGitDir", op->keep_git_dir);
}

static void patch_form(json_t *form, const struct sw_op_patch *op, const char *identity, const struct names *names) {
    json_object_set_new(form, "input", input(names, op->input));
    put(form, "files", identity);
    json_t *parts = json_array();
    for (size_t i = 0; i < op->part_count; i++) {
        json_t *part = json_object();
        put(part, "to", op->parts[i].mapping.to);
        put(part, "owner", op->parts[i].mapping.owner);
        put(part, "group", op->parts[i].mapping.group);
        json_array_append_new(parts, part);
    }
    json_object_set_new(form, "parts", parts);
}

static json_t *mount_form(const struct sw_mount *mount, const struct names *names) {
    static const char *const kinds[] = {"bind", "cache", "tmpfs", "secret", "ssh", "host"};
    json_t *form = json_object();
    put(form, "type", mount->kind < sizeof kinds / sizeof *kinds ? kinds[mount->kind] : "?");
    if (mount->from != SW_NODE_NONE)
        json_object_set_new(form, "from", input(names, mount->from));
    put(form, "source", mount->source);
    put(form, "target", mount->target);
    put(form, "id", mount->id);
    put(form, "env", mount->env);
    put_number(form, "sharing", mount->sharing);
    put_number(form, "bytes", mount->bytes);
    put_number(form, "mode", mount->mode);
    put_number(form, "uid", mount->uid);
    put_number(form, "gid", mount->gid);
    put_number(form, "readOnly", mount->read_only);
    put_number(form, "required", mount->required);
    return form;
}

static void exec_form(json_t *form, const struct sw_op_exec *op, const struct names *names) {
    json_object_set_new(form, "input", input(names, op->input));
    put_strings(form, "argv", op->argv);
    put_strings(form, "env", op->env);
    put(form, "cwd", op->cwd);
    put(form, "user", op->user);
    put(form, "hostname", op->hostname);
    put(form, "platform", op->platform);
    put_pairs(form, "hosts", op->extra_hosts);
    put_number(form, "network", op->network);
    put_number(form, "security", op->security);
    put_bytes(form, "stdin", op->stdin_bytes);
    json_t *mounts = json_array();
    for (size_t i = 0; i < op->mount_count; i++)
        json_array_append_new(mounts, mount_form(&op->mounts[i], names));
    if (op->mount_count)
        json_object_set(form, "mounts", mounts);
    json_decref(mounts);
}

static json_t *copy_source_form(const struct sw_copy_source *source, const struct names *names) {
    json_t *form = json_object();
    json_object_set_new(form, "from", input(names, source->from));
    put_number(form, "flags", source->flags);
    put_number(form, "includeStyle", source->include_style);
    put(form, "path", source->path);
    put(form, "dest", source->dest);
    put_strings(form, "include", source->include);
    put_strings(form, "exclude", source->exclude);
    put(form, "owner", source->owner);
    put(form, "mode", source->mode);
    if (source->mtime != INT64_MIN)
        json_object_set_new(form, "mtime", json_integer(source->mtime));
    return form;
}

static void copy_form(json_t *form, const struct sw_op_copy *op, const struct names *names) {
    json_object_set_new(form, "input", input(names, op->input));
    put_number(form, "link", op->link);
    json_t *sources = json_array();
    for (size_t i = 0; i < op->source_count; i++)
        json_array_append_new(sources, copy_source_form(&op->sources[i], names));
    json_object_set_new(form, "sources", sources);
}

static void file_form(json_t *form, const struct sw_op_file *op, const struct names *names) {
    static const char *const kinds[] = {"mkdir", "remove", "symlink", "write", "empty"};
    json_object_set_new(form, "input", input(names, op->input));
    json_t *actions = json_array();
    for (size_t i = 0; i < op->action_count; i++) {
        const struct sw_file_action *action = &op->actions[i];
        json_t *one = json_object();
        put(one, "action", action->kind < sizeof kinds / sizeof *kinds ? kinds[action->kind] : "?");
        put(one, "path", action->path);
        put(one, "target", action->target);
        put(one, "owner", action->owner);
        put_number(one, "mode", action->mode);
        put_number(one, "flags", action->flags);
        put_bytes(one, "content", action->content);
        json_array_append_new(actions, one);
    }
    json_object_set_new(form, "actions", actions);
}

static void config_form(json_t *form, const struct sw_op_config *op, const struct names *names) {
    json_object_set_new(form, "input", input(names, op->input));
    json_object_set_new(form, "config", json_loads(op->config, 0, NULL));
}

static void merge_form(json_t *form, const struct sw_op_merge *op, const struct names *names) {
    json_t *inputs = json_array();
    for (uint32_t i = 0; i < op->input_count; i++)
        json_array_append_new(inputs, input(names, op->inputs[i]));
    json_object_set_new(form, "inputs", inputs);
}

static void diff_form(json_t *form, const struct sw_op_diff *op, const struct names *names) {
    json_object_set_new(form, "lower", input(names, op->lower));
    json_object_set_new(form, "upper", input(names, op->upper));
}

/* The order of options means nothing to the program. */
static void frontend_form(json_t *form, const struct sw_op_frontend *op, const struct names *names) {
    json_t *options = json_object(), *inputs = json_object();
    put(form, "source", op->source);
    for (size_t i = 0; i < op->options.count; i++)
        json_object_set_new(options, op->options.items[i].key, json_string(op->options.items[i].value));
    for (size_t i = 0; i < op->input_count; i++)
        json_object_set_new(inputs, op->inputs[i].name, input(names, op->inputs[i].node));
    json_object_set_new(form, "options", options);
    json_object_set_new(form, "context", input(names, op->context));
    json_object_set_new(form, "buildFile", input(names, op->build_file));
    json_object_set_new(form, "inputs", inputs);
    put_number(form, "hostNetwork", op->host_network);
}

json_t *sw_normal_form(uint32_t kind, const void *record, const char *identity, sw_input_name name, const void *context) {
    const struct names names = {name, context};
    json_t *form = json_object();
    json_object_set_new(form, "op", json_string(sw_op_name(kind)));
    switch (kind) {
    case SW_OP_IMAGE:
        image_form(form, record);
        break;
    case SW_OP_TREE:
        tree_form(form, record, identity);
        break;
    case SW_OP_PATCH:
        patch_form(form, record, identity, &names);
        break;
    case SW_OP_EXEC:
        exec_form(form, record, &names);
        break;
    case SW_OP_COPY:
        copy_form(form, record, &names);
        break;
    case SW_OP_FILE:
        file_form(form, record, &names);
        break;
    case SW_OP_CONFIG:
        config_form(form, record, &names);
        break;
    case SW_OP_MERGE:
        merge_form(form, record, &names);
        break;
    case SW_OP_DIFF:
        diff_form(form, record, &names);
        break;
    case SW_OP_FRONTEND:
        frontend_form(form, record, &names);
        break;
    default:
        break;
    }
    return form;
}
