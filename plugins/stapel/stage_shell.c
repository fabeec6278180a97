/* stage_shell.c - the four steps of `shell`: commands that run in the image, after its git files were brought up to date. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/vec.h"
#include "plugins/stapel/git.h"
#include "plugins/stapel/imageconfig.h"
#include "plugins/stapel/mounts.h"

/* Longer scripts come through standard input: the kernel limits the length of an argument. */
enum { ARGUMENT_LIMIT = 100 * 1000 };

static const char by_argument[] = "if command -v bash >/dev/null 2>&1; then exec bash -e -c \"$1\"; fi\nexec sh -e -c \"$1\"\n";
static const char by_input[] = "if command -v bash >/dev/null 2>&1; then exec bash -e /dev/fd/3 3<&0 </dev/null; fi\n"
                               "exec sh -e /dev/fd/3 3<&0 </dev/null\n";
static const char default_path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static enum sw_stapel_step step_of(const struct sw_stapel_planner *planner) {
    return (enum sw_stapel_step)planner->kind->part;
}

/* --- the digest -------------------------------------------------------------------------------------------------------------------- */

/* Of the commands and cache versions of a step; "" when it has none of both. */
static const char *shell_checksum(struct sw_stapel_planner *planner, enum sw_stapel_step step) {
    const struct sw_stapel_shell *shell = &planner->image->shell;
    struct sw_strings commands = shell->commands[step];
    const char *versions[2];
    size_t version_count = 0;
    if (*shell->versions[step])
        versions[version_count++] = shell->versions[step];
    if (*shell->version)
        versions[version_count++] = shell->version;
    const char **items = sw_arena_new(planner->arena, (commands.count + 1) * sizeof *items);
    for (size_t i = 0; i < commands.count; i++)
        items[i] = commands.items[i];
    size_t count = commands.count;
    if (version_count)
        items[count++] = sw_stapel_hash(planner->arena, (struct sw_strings){versions, version_count});
    return count ? sw_stapel_hash(planner->arena, (struct sw_strings){items, count}) : "";
}

static void explain_commands(struct sw_stapel_planner *planner, enum sw_stapel_step step) {
    const struct sw_stapel_shell *shell = &planner->image->shell;
    for (size_t i = 0; i < shell->commands[step].count; i++)
        sw_stapel_input_detail(&planner->inputs, shell->commands[step].items[i], "command %s:%zu", planner->kind->name, i + 1);
    if (*shell->versions[step])
        sw_stapel_input_shown_detail(&planner->inputs, shell->versions[step], "%sCacheVersion", planner->kind->name);
    if (*shell->version)
        sw_stapel_input_shown_detail(&planner->inputs, shell->version, "shell cacheVersion");
}

/* What stageDependencies name in one mapping: their checksums, hashed together. */
static bool watch_mapping(struct sw_stapel_planner *planner, const struct sw_stapel_mapping *mapping, const char **out,
                          struct sw_error **error) {
    struct sw_strings watched = mapping->watched[step_of(planner)];
    sw_cleanup_buf struct sw_buf text = {0};
    *out = "";
    if (!watched.count || !mapping->handle)
        return true;
    for (size_t i = 0; i < watched.count; i++) {
        struct sw_filter filters[2] = {sw_stapel_git_filter(mapping), {.size = sizeof *filters, .base = mapping->scope}};
        char sum[65];
        filters[1].include = (struct sw_strings){&watched.items[i], 1};
        if (!sw_stapel_host->files->checksum(mapping->handle, mapping->scope, filters, 2, sum, error))
            return false;
        sw_buf_puts(&text, sum);
        sw_stapel_input_shown_detail(&planner->inputs, sw_arena_str(planner->arena, sum), "files %s of git %s%s", watched.items[i],
                                     mapping->url, mapping->files.add);
        sw_stapel_input_files(&planner->inputs, mapping->handle, mapping->scope, filters, 2, NULL);
    }
    char sum[65];
    sw_stapel_host->hash->sha256((struct sw_bytes){text.data, text.len}, sum);
    *out = sw_arena_str(planner->arena, sum);
    return true;
}

static void watch_all(void *context) {
    struct sw_stapel_planner *planner = context;
    const struct sw_stapel_image *image = planner->image;
    const char **sums = sw_arena_new(planner->arena, (image->mapping_count + 1) * sizeof *sums);
    if (!sw_stapel_git_remake_bases(planner))
        return;
    sw_stapel_input(&planner->inputs, shell_checksum(planner, step_of(planner)), "commands %s", planner->kind->name);
    explain_commands(planner, step_of(planner));
    size_t at = planner->inputs.count;
    sw_stapel_input(&planner->inputs, "", "stageDependencies %s", planner->kind->name);
    for (size_t i = 0; i < image->mapping_count; i++)
        if (!watch_mapping(planner, &image->mappings[i], &sums[i], &planner->work_error))
            return;
    const char *sum = sw_stapel_hash(planner->arena, (struct sw_strings){sums, image->mapping_count});
    planner->inputs.items[at].value = (struct sw_bytes){sum, strlen(sum)};
}

static void on_watched(void *context) {
    struct sw_stapel_planner *planner = context;
    if (planner->work_error) {
        struct sw_error *error = planner->work_error;
        planner->work_error = NULL;
        sw_stapel_fail(planner, error);
        return;
    }
    sw_stapel_mount_labels(planner);
    sw_stapel_git_answer(planner);
}

static void warn_unmatched(struct sw_stapel_planner *planner) {
    static const char empty[] = "files ";
    for (size_t i = 0; i < planner->inputs.count; i++) {
        const struct sw_input *input = &planner->inputs.items[i];
        if (!(input->flags & SW_INPUT_DETAIL) || input->value.len || strncmp(input->name, empty, sizeof empty - 1) != 0)
            continue;
        struct sw_place place = sw_stapel_host->document->place(sw_stapel_given(planner->request->document, "git"));
        sw_stapel_host->plan->warn(planner->request->plan, &place, NULL,
                                   sw_arena_format(planner->arena, "stageDependencies of %s: nothing matches %s",
                                                   planner->kind->name, input->name + sizeof empty - 1));
    }
}

static void on_watched_in_pool(void *context) {
    if (!((struct sw_stapel_planner *)context)->work_error)
        warn_unmatched(context);
    on_watched(context);
}

static void watch_in_pool(struct sw_stapel_planner *planner) {
    sw_stapel_git_read_bases(planner);
    sw_stapel_host->pool->run(watch_all, on_watched_in_pool, planner);
}

void sw_stapel_shell_begin(struct sw_stapel_planner *planner) {
    const char *checksum = shell_checksum(planner, step_of(planner));
    if (!planner->image->shell.exists || !*checksum) {
        sw_stapel_skip(planner);
        return;
    }
    if (step_of(planner) != SW_STAPEL_BEFORE_INSTALL) {
        if (planner->image->mapping_count) {
            sw_stapel_git_open(planner, watch_in_pool);
        } else {
            watch_all(planner);
            on_watched(planner);
        }
        return;
    }
    sw_stapel_input(&planner->inputs, checksum, "commands %s", planner->kind->name);
    explain_commands(planner, step_of(planner));
    planner->flags |= SW_STAGE_INPUTS_VERBATIM;
    sw_stapel_mount_labels(planner);
    sw_stapel_answer(planner);
}

/* --- nodes ------------------------------------------------------------------------------------------------------------------------- */

static bool network_of(const struct sw_stapel_planner *planner, uint32_t *network, struct sw_error **error) {
    const char *text = planner->request->network;
    *network = SW_NETWORK_DEFAULT;
    if (!strcmp(text, "none"))
        *network = SW_NETWORK_NONE;
    else if (!strcmp(text, "host"))
        *network = SW_NETWORK_HOST;
    else if (*text && strcmp(text, "default") != 0) {
        sw_fail(error, SW_ERROR_CONFIG, "network \"%s\" is not known: use default, host or none", text);
        if (error)
            *error = sw_error_at(*error, sw_stapel_host->document->place(sw_stapel_given(planner->request->document, "network")));
        return false;
    }
    return true;
}

/* The image's environment, and the commit's. */
static struct sw_strings environment_of(struct sw_stapel_planner *planner) {
    const json_t *env = json_object_get(json_object_get(planner->config, "config"), "Env");
    const char **items = sw_arena_new(planner->arena, (json_array_size(env) + 1) * sizeof *items);
    size_t count = 0, i;
    json_t *item;
    json_array_foreach(env, i, item) {
        if (json_is_string(item))
            items[count++] = sw_arena_str(planner->arena, json_string_value(item));
    }
    if (!sw_stapel_config_env(planner->config, "PATH"))
        items[count++] = default_path;
    return (struct sw_strings){items, count};
}

/* Mounts of the image, its secrets, and the user's ssh agent when there is one. */
static bool mounts_of(struct sw_stapel_planner *planner, struct sw_op_exec *exec, struct sw_error **error) {
    struct sw_mount *folders = NULL;
    size_t count = 0;
    struct sw_strings ids = sw_stapel_host->plan->secret_ids(planner->request->plan);
    if (!sw_stapel_mounts(planner, &folders, &count, error))
        return false;
    struct sw_mount *mounts = sw_arena_new(planner->arena, (count + ids.count + 1) * sizeof *mounts);
    if (count)
        memcpy(mounts, folders, count * sizeof *mounts);
    for (size_t i = 0; i < ids.count; i++)
        mounts[count++] = (struct sw_mount){.size = sizeof *mounts,
                                            .kind = SW_MOUNT_SECRET,
                                            .from = SW_NODE_NONE,
                                            .id = ids.items[i],
                                            .target = sw_arena_format(planner->arena, "/run/secrets/%s", ids.items[i]),
                                            .mode = 0400,
                                            .required = 1};
    mounts[count++] = (struct sw_mount){.size = sizeof *mounts,
                                        .kind = SW_MOUNT_SSH,
                                        .from = SW_NODE_NONE,
                                        .id = "default",
                                        .target = "/run/ssh-agent.sock",
                                        .mode = 0600};
    exec->mounts = mounts;
    exec->mount_count = count;
    return true;
}

/* Folders of the image's volumes are there while its steps run, and stay. */
static bool make_volumes(struct sw_stapel_planner *planner) {
    struct sw_strings volumes = sw_stapel_config_volumes(planner->arena, planner->config);
    struct sw_error *error = NULL;
    if (!volumes.count)
        return true;
    struct sw_file_action *actions = sw_arena_new(planner->arena, volumes.count * sizeof *actions);
    for (size_t i = 0; i < volumes.count; i++)
        actions[i] =
            (struct sw_file_action){.size = sizeof *actions, .kind = SW_FILE_MKDIR, .path = volumes.items[i], .mode = 0755};
    struct sw_op_file op = {.size = sizeof op, .input = planner->node, .actions = actions, .action_count = volumes.count};
    struct sw_op_note note = {.size = sizeof note, .title = sw_arena_format(planner->arena, "%s: volumes", planner->kind->name)};
    sw_node node = sw_stapel_host->graph->add_file(planner->graph, &op, &note, &error);
    return sw_stapel_layer(planner, node, error, sw_stapel_history_line(planner, "volumes"));
}

static bool run_commands(struct sw_stapel_planner *planner) {
    const struct sw_stapel_shell *shell = &planner->image->shell;
    struct sw_strings commands = shell->commands[step_of(planner)];
    struct sw_error *error = NULL;
    if (!commands.count)
        return true;
    if (!make_volumes(planner))
        return false;
    sw_cleanup_free char *script = sw_strings_join(commands, "\n");
    size_t len = strlen(script);
    bool is_long = len > ARGUMENT_LIMIT;
    const char *argv[] = {"/bin/sh", "-c", is_long ? by_input : by_argument, "sh", script};
    struct sw_op_exec exec = {.size = sizeof exec,
                              .input = planner->node,
                              .argv = {argv, is_long ? 3 : 5},
                              .env = environment_of(planner),
                              .cwd = "/",
                              .user = "",
                              .stdin_bytes = {is_long ? script : NULL, is_long ? len : 0}};
    struct sw_op_note note = {.size = sizeof note, .title = planner->kind->name, .place = shell->places[step_of(planner)]};
    sw_node node = SW_NODE_NONE;
    if (network_of(planner, &exec.network, &error) && mounts_of(planner, &exec, &error))
        node = sw_stapel_host->graph->add_exec(planner->graph, &exec, &note, &error);
    return sw_stapel_layer(planner, node, error, sw_stapel_history_line(planner, script));
}

void sw_stapel_shell_realize(struct sw_stapel_planner *planner) {
    bool patched = step_of(planner) == SW_STAPEL_BEFORE_INSTALL || sw_stapel_git_add_patch(planner);
    if (!patched)
        return;
    sw_stapel_planner_set_commit(planner);
    if (run_commands(planner))
        sw_stapel_realized(planner);
}
