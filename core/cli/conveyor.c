#include "core/cli/conveyor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/build/history.h"
#include "core/plugin/secrets.h"
#include "core/runtime/cancel.h"
#include "core/runtime/signals.h"
#include "core/source/commit.h"

/* ---- options ---- */

static bool read_epoch(const struct sw_app *app, int64_t *epoch, struct sw_error **error) {
    const char *text = getenv("SOURCE_DATE_EPOCH");
    char *end;
    *epoch = sw_commit_time(app->config->commit);
    if (!text || !*text)
        return true;
    errno = 0;
    *epoch = strtoll(text, &end, 10);
    return (!errno && !*end && *epoch >= 0) ||
           sw_fail(error, SW_ERROR_USAGE, "SOURCE_DATE_EPOCH: \"%s\" is no number of seconds", text);
}

static bool read_parallel(const struct sw_arguments *arguments, uint32_t *parallel, struct sw_error **error) {
    int64_t limit;
    if (!sw_argument_number(arguments, "parallel-tasks-limit", 5, &limit, error))
        return false;
    *parallel = limit > 0 ? (uint32_t)limit : 0;
    if (!sw_argument_flag(arguments, "parallel"))
        *parallel = 1;
    return true;
}

static bool read_entitlements(const struct sw_arguments *arguments, bool *insecure, struct sw_error **error) {
    struct sw_strings allowed = sw_argument_list(arguments, "allow");
    for (size_t i = 0; i < allowed.count; i++) {
        if (strcmp(allowed.items[i], "security.insecure") != 0)
            return sw_fail(error, SW_ERROR_USAGE, "--allow: unknown entitlement \"%s\" (there is security.insecure)",
                           allowed.items[i]);
        *insecure = true;
    }
    return true;
}

static bool read_leaks(const struct sw_arguments *arguments, bool *refuse, struct sw_error **error) {
    const char *choice = sw_argument(arguments, "leaked-secrets");
    *refuse = choice && strcmp(choice, "refuse") == 0;
    return !choice || *refuse || strcmp(choice, "warn") == 0 ||
           sw_fail(error, SW_ERROR_USAGE, "--leaked-secrets: \"%s\" is neither warn nor refuse", choice);
}

/* The commit must be a merge of one branch into another, as CI makes it to test a merge request. */
static bool read_merge(struct sw_conveyor *conveyor, const struct sw_arguments *arguments, struct sw_error **error) {
    const struct sw_commit *commit = conveyor->app.config->commit;
    struct sw_strings parents = sw_commit_parents(commit);
    if (!sw_argument_flag(arguments, "virtual-merge"))
        return true;
    if (sw_argument_flag(arguments, "dev"))
        return sw_fail(error, SW_ERROR_USAGE, "--virtual-merge and --dev exclude each other");
    if (parents.count != 2) {
        sw_fail(error, SW_ERROR_USAGE, "--virtual-merge: commit %s merges nothing: it has %zu parent%s, not two",
                sw_commit_id(commit), parents.count, parents.count == 1 ? "" : "s");
        if (error)
            sw_error_hint(*error, "build the commit that merges the branch, or leave the option away");
        return false;
    }
    conveyor->options.merge_into = parents.items[0];
    conveyor->options.merge_from = parents.items[1];
    return true;
}

static void read_records(struct sw_conveyor *conveyor, const struct sw_arguments *arguments) {
    const struct sw_project *project = conveyor->app.config->project;
    conveyor->options.no_image_records = project->no_cleanup;
    conveyor->options.no_commit_records = project->no_cleanup || project->no_history_cleanup || sw_argument_flag(arguments, "dev");
}

/* ---- plugins ---- */

static void collect_builders(struct sw_conveyor *conveyor) {
    struct sw_app *app = &conveyor->app;
    conveyor->builders = sw_new_array(app->builder_count, sizeof *conveyor->builders);
    for (size_t i = 0; i < app->builder_count; i++)
        conveyor->builders[i] = (struct sw_named_builder){
            app->builders[i].name, sw_plugins_find(app->plugins, SW_PLUGIN_BUILDER, app->builders[i].name)->builder};
    conveyor->options.builders = conveyor->builders;
    conveyor->options.builder_count = app->builder_count;
}

static bool find_extra_repo(const struct sw_app *app, const char *address, struct sw_extra_repo *repo, struct sw_error **error) {
    const struct sw_plugin *store = sw_plugins_store_of(app->plugins, address);
    if (!store)
        return sw_fail(error, SW_ERROR_USAGE, "no store plugin serves the address \"%s\"", address);
    *repo = (struct sw_extra_repo){address, address, store->store};
    return true;
}

static bool find_extra_repos(const struct sw_app *app, const char *option, struct sw_extra_repo **repos, size_t *count,
                             struct sw_error **error) {
    struct sw_strings addresses = sw_argument_list(app->arguments, option);
    *repos = sw_new_array(addresses.count + 1, sizeof **repos);
    *count = addresses.count;
    for (size_t i = 0; i < addresses.count; i++)
        if (!find_extra_repo(app, addresses.items[i], &(*repos)[i], error))
            return false;
    return true;
}

static bool choose_extra_repos(struct sw_conveyor *conveyor, struct sw_error **error) {
    const struct sw_app *app = &conveyor->app;
    struct sw_build_options *options = &conveyor->options;
    const char *final_repo = sw_argument(app->arguments, "final-repo");
    if (final_repo && *final_repo) {
        if (!options->remote) {
            sw_fail(error, SW_ERROR_USAGE, "--final-repo needs --repo: what is kept on this host alone is copied nowhere");
            return false;
        }
        if (!find_extra_repo(app, final_repo, &conveyor->final_repo, error))
            return false;
        options->final_repo = &conveyor->final_repo;
    }
    bool found = find_extra_repos(app, "secondary-repo", &conveyor->secondaries, &options->secondary_count, error) &&
                 find_extra_repos(app, "cache-repo", &conveyor->caches, &options->cache_count, error);
    options->secondaries = conveyor->secondaries;
    options->caches = conveyor->caches;
    return found;
}

/* A store may take as long to load as the project: it can do so at the same time. */
static void prepare_store(const struct sw_conveyor *conveyor) {
    const char *repo = sw_argument(conveyor->app.arguments, "repo");
    const struct sw_plugin *plugin = repo ? sw_plugins_store_of(conveyor->app.plugins, repo) : NULL;
    const struct sw_store *store = plugin && conveyor->options.mode != SW_BUILD_PRINT ? plugin->store : NULL;
    const struct sw_store_prepare *table = store && store->get_extension ? store->get_extension(SW_EXT_PREPARE) : NULL;
    if (table)
        table->prepare(repo);
}

static bool choose_stores(struct sw_conveyor *conveyor, struct sw_error **error) {
    struct sw_app *app = &conveyor->app;
    struct sw_build_options *options = &conveyor->options;
    const char *repo = sw_argument(app->arguments, "repo");
    const struct sw_plugin *bases = sw_plugins_store_of(app->plugins, "localhost/any");
    options->base_images = bases ? bases->store : NULL;
    options->remote = repo && strcmp(repo, ":local") != 0;
    if (options->remote) {
        conveyor->repo = sw_strdup(repo);
        conveyor->repo_name = sw_strdup(repo);
        options->remote = strncmp(repo, "oci:", 4) != 0;
    } else {
        conveyor->repo = sw_format("oci:%s:%s", app->store, options->project->name);
        conveyor->repo_name = sw_strdup(options->project->name);
    }
    options->repo = conveyor->repo;
    options->repo_name = conveyor->repo_name;
    if (options->mode == SW_BUILD_PRINT)
        return true;
    const struct sw_plugin *store = sw_plugins_store_of(app->plugins, conveyor->repo);
    if (!store)
        return sw_fail(error, SW_ERROR_USAGE, "no store plugin serves the address \"%s\"", conveyor->repo);
    options->store = store->store;
    return choose_extra_repos(conveyor, error);
}

static bool choose_backend(struct sw_conveyor *conveyor, struct sw_error **error) {
    struct sw_build_options *options = &conveyor->options;
    const struct sw_app *app = &conveyor->app;
    options->capabilities.size = sizeof options->capabilities;
    options->build_platform = app->default_platform;
    options->backend_name = sw_app_backend_name(app, app->default_platform);
    if (options->mode == SW_BUILD_PRINT || options->mode == SW_BUILD_WHY)
        return true;
    const struct sw_plugin *backend = sw_app_plugin(app, SW_PLUGIN_BACKEND, options->backend_name, error);
    if (!backend)
        return false;
    options->backend = backend->backend;
    struct sw_error *cause = NULL;
    if (!backend->backend->capabilities(&options->capabilities, &cause))
        return sw_pass(error, sw_error_wrap(cause, "backend \"%s\"", options->backend_name));
    if (options->capabilities.platforms.count)
        options->build_platform = options->capabilities.platforms.items[0];
    return true;
}

/* ---- secrets ---- */

static void give_secrets(const struct sw_project_image *image, const char *platform) {
    sw_cleanup_free char *plan_id = sw_format("%s@%s", image->name, platform);
    static const enum sw_secret_origin origins[] = {SW_SECRET_FROM_ENV, SW_SECRET_FROM_FILE, SW_SECRET_FROM_TEXT};
    for (size_t i = 0; i < image->secret_count; i++)
        sw_secrets_add(plan_id, image->secrets[i].id, origins[image->secrets[i].source], image->secrets[i].text);
    const char *agent = getenv("SSH_AUTH_SOCK");
    if (agent && *agent)
        sw_secrets_add_ssh(plan_id, "default", agent);
}

/* ---- the whole ---- */

static bool set_up(struct sw_conveyor *conveyor, const struct sw_arguments *arguments, struct sw_strings patterns,
                   struct sw_error **error) {
    struct sw_build_options *options = &conveyor->options;
    prepare_store(conveyor);
    if (!sw_ssh_agent_start(&conveyor->agent, &conveyor->app, sw_argument_list(arguments, "ssh-key"), error) ||
        !sw_app_load_project(&conveyor->app, error))
        return false;
    const struct sw_config *config = conveyor->app.config;
    bool final_only = sw_argument_flag(arguments, "final-images-only");
    if (!sw_select_images(config->project, patterns, final_only, &conveyor->selection, error))
        return false;
    options->project = config->project;
    options->commit = config->commit;
    options->project_folder = config->project_folder;
    options->host_project_folder = config->host_folder;
    options->wanted = conveyor->selection.needed;
    options->chosen = conveyor->selection.chosen;
    options->host = conveyor->app.host;
    options->network = "";
    options->cancel = sw_cancel_root();
    options->any_ancestry = sw_argument_flag(arguments, "disable-git-commit-ancestry-check");
    options->permissions_in_checksums = sw_argument_flag(arguments, "stapel-import-permissions");
    read_records(conveyor, arguments);
    collect_builders(conveyor);
    if (!read_merge(conveyor, arguments, error))
        return false;
    if (options->mode != SW_BUILD_PRINT) {
        const char *network = sw_argument(arguments, "backend-network");
        options->network = network ? network : "";
        options->keep_going = sw_argument_flag(arguments, "keep-going");
        options->skip_image_spec = sw_argument_flag(arguments, "skip-image-spec-stage");
        options->custom_tags = sw_argument_list(arguments, "add-custom-tag");
        if (options->custom_tags.count && !sw_giterminism_allows(config->giterminism, SW_GATE_CUSTOM_TAGS, NULL))
            return sw_pass(error, sw_giterminism_refusal(SW_GATE_CUSTOM_TAGS, NULL));
        if (!read_parallel(arguments, &options->parallel, error) || !read_entitlements(arguments, &options->insecure, error) ||
            !read_leaks(arguments, &options->refuse_leaks, error))
            return false;
    }
    if (options->mode != SW_BUILD_PRINT && !sw_history_require(options, error))
        return false;
    if (!read_epoch(&conveyor->app, &options->epoch, error) || !choose_stores(conveyor, error) || !choose_backend(conveyor, error))
        return false;
    for (size_t i = 0; i < config->project->image_count; i++)
        for (size_t j = 0; j < config->project->images[i].platforms.count; j++)
            give_secrets(&config->project->images[i], config->project->images[i].platforms.items[j]);
    conveyor->build = sw_build_new(options);
    return true;
}

bool sw_conveyor_start(struct sw_conveyor *conveyor, const struct sw_arguments *arguments, enum sw_build_mode mode,
                       struct sw_strings patterns, struct sw_error **error) {
    *conveyor = (struct sw_conveyor){.options.mode = mode};
    if (!sw_app_start(&conveyor->app, arguments, error))
        return false;
    if (set_up(conveyor, arguments, patterns, error))
        return true;
    sw_conveyor_end(conveyor);
    return false;
}

static void on_done(void *context, struct sw_error *error) {
    struct sw_conveyor *conveyor = context;
    conveyor->error = error;
    sw_app_finish(&conveyor->app);
}

bool sw_conveyor_run(struct sw_conveyor *conveyor, struct sw_error **error) {
    sw_build_run(conveyor->build, on_done, conveyor);
    if (!sw_app_wait(&conveyor->app, error))
        return false;
    struct sw_error *cause = conveyor->error;
    conveyor->error = NULL;
    if (cause && sw_signals_exit_code())
        cause->code = SW_ERROR_CANCELLED;
    return !cause || sw_pass(error, cause);
}

void sw_conveyor_end(struct sw_conveyor *conveyor) {
    sw_build_free(conveyor->build);
    sw_selection_result_fini(&conveyor->selection);
    free(conveyor->builders);
    free(conveyor->repo);
    free(conveyor->repo_name);
    free(conveyor->secondaries);
    free(conveyor->caches);
    sw_ssh_agent_end(&conveyor->agent);
    sw_app_end(&conveyor->app);
    *conveyor = (struct sw_conveyor){0};
}
