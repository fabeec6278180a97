/* lower_exec.c - steps that run a program. */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/buildkit/lower.h"
#include "plugins/buildkit/wire.h"

enum { BIND = 0, SECRET = 1, SSH = 2, CACHE = 3, TMPFS = 4 };

/* Folder for what a step needs and its image must not keep: below /dev, which is never part of a snapshot. */
#define ROOM "/dev/slipway/"

struct stepping {
    struct sw_lower *lower;
    const struct sw_op_exec *op;
    struct sw_llb_draft draft;
    struct sw_buf mounts;      /* fields 2 of ExecOp */
    struct sw_buf secret_envs; /* fields 5 */
    struct sw_buf prologue;    /* of the shell that starts the program, where one is needed */
};

/* ---- mounts ---- */

struct mount {
    int64_t input;
    const char *selector;
    const char *dest;
    int64_t output;
    bool read_only;
    uint32_t type;
    uint32_t option_field; /* 0: none */
    struct sw_buf option;
};

static void put_mount(struct stepping *stepping, struct mount *mount) {
    sw_cleanup_buf struct sw_buf message = {0};
    sw_wire_int(&message, 1, mount->input);
    sw_wire_text(&message, 2, mount->selector);
    sw_wire_text(&message, 3, mount->dest);
    sw_wire_int(&message, 4, mount->output);
    sw_wire_bool(&message, 5, mount->read_only);
    sw_wire_uint(&message, 6, mount->type);
    if (mount->option_field)
        sw_wire_message(&message, mount->option_field, &mount->option);
    sw_wire_message(&stepping->mounts, 2, &message);
    sw_buf_fini(&mount->option);
}

static void put_root(struct stepping *stepping) {
    struct mount root = {.input = sw_llb_input(&stepping->draft, sw_lower_value(stepping->lower, stepping->op->input)),
                         .dest = "/"};
    put_mount(stepping, &root);
}

/* "/" is no selector. */
static const char *selector_of(const char *source) {
    return source && strcmp(source, "/") && strcmp(source, ".") ? source : NULL;
}

static void put_bind(struct stepping *stepping, const struct sw_mount *from) {
    struct mount mount = {.input = sw_llb_input(&stepping->draft, sw_lower_value(stepping->lower, from->from)),
                          .selector = selector_of(from->source),
                          .dest = from->target,
                          .output = -1,
                          .read_only = from->read_only};
    sw_llb_need(&stepping->draft, "exec.mount.bind");
    put_mount(stepping, &mount);
}

/* A new cache's folder has the mode and owner that were asked for, which a snapshot must bring. */
static struct sw_llb_value cache_content(struct stepping *stepping, const struct sw_mount *from) {
    struct sw_lower_actions actions;
    struct sw_buf body = {0};
    sw_cleanup_free char *owner = sw_format("%u:%u", from->uid, from->gid);
    sw_lower_actions_init(&actions, NULL, SW_LLB_SCRATCH);
    sw_wire_text(&body, 1, "/cache");
    sw_wire_uint(&body, 2, from->mode ? from->mode : 0755);
    sw_lower_owner(&actions, &body, 4, owner);
    sw_wire_int(&body, 5, -1);
    sw_lower_act(&actions, 6, NULL, &body);
    return sw_lower_actions_add(stepping->lower, &actions);
}

static void put_cache(struct stepping *stepping, const struct sw_mount *from) {
    bool plain = (!from->mode || from->mode == 0755) && !from->uid && !from->gid;
    struct mount mount = {
        .input = -1, .dest = from->target, .output = -1, .read_only = from->read_only, .type = CACHE, .option_field = 20};
    if (from->from != SW_NODE_NONE) {
        mount.input = sw_llb_input(&stepping->draft, sw_lower_value(stepping->lower, from->from));
        mount.selector = selector_of(from->source);
    } else if (!plain) {
        mount.input = sw_llb_input(&stepping->draft, cache_content(stepping, from));
        mount.selector = "/cache";
    }
    sw_wire_text(&mount.option, 1, from->id && *from->id ? from->id : from->target);
    sw_wire_uint(&mount.option, 2, from->sharing);
    sw_llb_need(&stepping->draft, "exec.mount.cache");
    sw_llb_need(&stepping->draft, "exec.mount.cache.sharing");
    put_mount(stepping, &mount);
}

static void put_tmpfs(struct stepping *stepping, const struct sw_mount *from) {
    struct mount mount = {.input = -1, .dest = from->target, .output = -1, .type = TMPFS};
    sw_llb_need(&stepping->draft, "exec.mount.tmpfs");
    if (from->bytes && sw_lower_has(stepping->lower, "exec.mount.tmpfs.size")) {
        mount.option_field = 19;
        sw_wire_uint(&mount.option, 1, from->bytes);
        sw_llb_need(&stepping->draft, "exec.mount.tmpfs.size");
    }
    put_mount(stepping, &mount);
}

/* A secret's or agent's file. */
static void put_private(struct stepping *stepping, const struct sw_mount *from, uint32_t type, const char *target) {
    struct mount mount = {.input = -1, .dest = target, .output = -1, .type = type, .option_field = type == SECRET ? 21 : 22};
    sw_wire_text(&mount.option, 1, from->id);
    sw_wire_uint(&mount.option, 2, from->uid);
    sw_wire_uint(&mount.option, 3, from->gid);
    sw_wire_uint(&mount.option, 4, from->mode ? from->mode : type == SECRET ? 0400 : 0600);
    sw_wire_bool(&mount.option, 5, !from->required);
    sw_llb_need(&stepping->draft, type == SECRET ? "exec.mount.secret" : "exec.mount.ssh");
    put_mount(stepping, &mount);
}

/* A secret as an environment variable. Daemons that do not know that would leave it empty: there a shell reads it from a file. */
static void put_secret_env(struct stepping *stepping, const struct sw_mount *from, size_t number) {
    if (sw_lower_has(stepping->lower, "exec.secretenv")) {
        sw_cleanup_buf struct sw_buf env = {0};
        sw_wire_text(&env, 1, from->id);
        sw_wire_text(&env, 2, from->env);
        sw_wire_bool(&env, 3, !from->required);
        sw_wire_message(&stepping->secret_envs, 5, &env);
        sw_llb_need(&stepping->draft, "exec.secretenv");
        return;
    }
    sw_cleanup_free char *path = sw_format(ROOM "secret-%zu", number);
    struct sw_mount file = *from;
    file.mode = 0444; /* the step's user must be able to read it, as it can its environment */
    put_private(stepping, &file, SECRET, path);
    sw_buf_printf(&stepping->prologue, "if [ -f %s ]; then %s=$(cat %s; echo .); export %s=\"${%s%%.}\"; fi; ", path, from->env,
                  path, from->env, from->env);
}

static bool put_mounts(struct stepping *stepping, struct sw_error **error) {
    put_root(stepping);
    for (size_t i = 0; i < stepping->op->mount_count; i++) {
        const struct sw_mount *mount = &stepping->op->mounts[i];
        switch (mount->kind) {
        case SW_MOUNT_BIND:
            put_bind(stepping, mount);
            break;
        case SW_MOUNT_CACHE:
            put_cache(stepping, mount);
            break;
        case SW_MOUNT_TMPFS:
            put_tmpfs(stepping, mount);
            break;
        case SW_MOUNT_SECRET:
            if (mount->target)
                put_private(stepping, mount, SECRET, mount->target);
            if (mount->env)
                put_secret_env(stepping, mount, i);
            break;
        case SW_MOUNT_SSH:
            put_private(stepping, mount, SSH, mount->target);
            break;
        default:
            sw_fail(error, SW_ERROR_UNSUPPORTED,
                    "a folder of this host (%s) cannot be mounted in a step that a BuildKit daemon runs", mount->source);
            if (error)
                *error = sw_error_hint(*error, "use a cache (`from: tmp_dir` or `build_dir`), or --backend local");
            return false;
        }
    }
    return true;
}

/* ---- the program ---- */

/* Standard input comes from a file, since the protocol has no other way. */
static void put_stdin(struct stepping *stepping) {
    struct sw_lower_actions actions;
    struct sw_buf body = {0};
    sw_lower_actions_init(&actions, NULL, SW_LLB_SCRATCH);
    sw_wire_text(&body, 1, "/stdin");
    sw_wire_uint(&body, 2, 0444);
    sw_wire_bytes(&body, 3, stepping->op->stdin_bytes);
    sw_wire_int(&body, 5, -1);
    sw_lower_act(&actions, 5, NULL, &body);
    struct mount mount = {.input = sw_llb_input(&stepping->draft, sw_lower_actions_add(stepping->lower, &actions)),
                          .selector = "/stdin",
                          .dest = ROOM "stdin",
                          .output = -1,
                          .read_only = true};
    put_mount(stepping, &mount);
    sw_buf_puts(&stepping->prologue, "exec <" ROOM "stdin; ");
}

static void put_args(const struct stepping *stepping, struct sw_buf *meta) {
    if (stepping->prologue.len) {
        sw_cleanup_free char *script = sw_format("%sexec \"$@\"", sw_buf_text(&stepping->prologue));
        sw_wire_text_always(meta, 1, "/bin/sh");
        sw_wire_text_always(meta, 1, "-c");
        sw_wire_text_always(meta, 1, script);
        sw_wire_text_always(meta, 1, "sh");
    }
    for (size_t i = 0; i < stepping->op->argv.count; i++)
        sw_wire_text_always(meta, 1, stepping->op->argv.items[i]);
}

static void put_meta(struct stepping *stepping, struct sw_buf *meta) {
    const struct sw_op_exec *op = stepping->op;
    put_args(stepping, meta);
    for (size_t i = 0; i < op->env.count; i++)
        sw_wire_text_always(meta, 2, op->env.items[i]);
    sw_wire_text(meta, 3, op->cwd && *op->cwd ? op->cwd : "/");
    sw_wire_text(meta, 4, op->user);
    for (size_t i = 0; i < op->extra_hosts.count; i++) {
        sw_cleanup_buf struct sw_buf address = {0};
        sw_wire_text(&address, 1, op->extra_hosts.items[i].key);
        sw_wire_text(&address, 2, op->extra_hosts.items[i].value);
        sw_wire_message(meta, 6, &address);
    }
    sw_wire_text(meta, 7, op->hostname);
    /* What was made to mount on goes again, with the folders above: no daemon tells that it knows this, those that do not skip it. */
    sw_wire_bool(meta, 11, true);
    sw_llb_need(&stepping->draft, "exec.meta.base");
}

static bool put_rights(struct stepping *stepping, struct sw_error **error) {
    const struct sw_op_exec *op = stepping->op;
    static const uint32_t networks[] = {[SW_NETWORK_DEFAULT] = 0, [SW_NETWORK_NONE] = 2, [SW_NETWORK_HOST] = 1};
    sw_wire_uint(&stepping->draft.body, 3, networks[op->network]);
    sw_wire_uint(&stepping->draft.body, 4, op->security == SW_SECURITY_INSECURE);
    if (op->network) {
        sw_llb_need(&stepping->draft, "exec.meta.network");
        stepping->lower->host_network = stepping->lower->host_network || op->network == SW_NETWORK_HOST;
    }
    if (op->security != SW_SECURITY_INSECURE)
        return true;
    sw_llb_need(&stepping->draft, "exec.meta.security");
    stepping->lower->insecure = true;
    return stepping->lower->solve->insecure_allowed ||
           sw_fail(error, SW_ERROR_DENIED, "the step wants all rights, which must be allowed on the command line");
}

bool sw_lower_exec(struct sw_lower *lower, sw_node node, struct sw_llb_value *value, struct sw_error **error) {
    struct stepping stepping = {
        .lower = lower, .op = sw_lower_record(lower, node), .draft = {.title = sw_lower_title(lower, node)}};
    sw_cleanup_buf struct sw_buf meta = {0};
    bool ok = put_mounts(&stepping, error);
    if (ok && stepping.op->stdin_bytes.len)
        put_stdin(&stepping);
    put_meta(&stepping, &meta);
    sw_wire_message(&stepping.draft.body, 1, &meta);
    sw_buf_add(&stepping.draft.body, stepping.mounts.data, stepping.mounts.len);
    ok = ok && put_rights(&stepping, error);
    if (stepping.secret_envs.len)
        sw_buf_add(&stepping.draft.body, stepping.secret_envs.data, stepping.secret_envs.len);
    stepping.draft.platform = stepping.op->platform;
    *value = sw_llb_add(&lower->llb, &stepping.draft, SW_LLB_EXEC);
    sw_buf_fini(&stepping.mounts);
    sw_buf_fini(&stepping.secret_envs);
    sw_buf_fini(&stepping.prologue);
    return ok;
}
