#include "core/cli/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/build/build.h"
#include "core/build/remotes.h"
#include "core/graph/image.h"
#include "core/plugin/credentials.h"
#include "core/plugin/host.h"
#include "core/plugin/secrets.h"
#include "core/plugin/settings.h"
#include "core/plugin/tokens.h"
#include "core/runtime/cancel.h"
#include "core/runtime/color.h"
#include "core/runtime/log.h"
#include "core/runtime/loop.h"
#include "core/runtime/progress.h"
#include "core/runtime/signals.h"
#include "core/runtime/undo.h"

/* ---- starting ---- */

static char *default_store(void) {
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    if (geteuid() == 0)
        return sw_strdup("/var/lib/slipway");
    if (data && *data == '/')
        return sw_format("%s/slipway", data);
    return sw_format("%s/.local/share/slipway", home ? home : "");
}

static char *absolute(const char *path) {
    sw_cleanup_free char *cwd = getcwd(NULL, 0);
    return *path == '/' || !cwd ? sw_strdup(path) : sw_format("%s/%s", cwd, path);
}

static char *store_folder(const struct sw_app *app) {
    const char *asked = sw_argument(app->arguments, "store");
    if (!asked)
        asked = app->host_config.store;
    return asked ? absolute(asked) : default_store();
}

static bool set_color(const char *mode, struct sw_error **error) {
    if (!mode || strcmp(mode, "auto") == 0)
        return true;
    if (strcmp(mode, "on") != 0 && strcmp(mode, "off") != 0)
        return sw_fail(error, SW_ERROR_USAGE, "--log-color-mode: \"%s\" is none of auto, on, off", mode);
    sw_color_set(strcmp(mode, "on") == 0 ? SW_COLOR_ON : SW_COLOR_OFF);
    return true;
}

static bool start_messages(const struct sw_arguments *arguments, struct sw_error **error) {
    const char *form = sw_argument(arguments, "log-format"), *mode_name = sw_argument(arguments, "progress");
    enum sw_log_level level = sw_argument_flag(arguments, "log-debug")   ? SW_LOG_DEBUG
                              : sw_argument_flag(arguments, "log-quiet") ? SW_LOG_ERROR
                                                                         : SW_LOG_INFO;
    struct sw_progress_options progress = {.mode = SW_PROGRESS_AUTO, .fd = STDERR_FILENO};
    if (form && strcmp(form, "text") != 0 && strcmp(form, "json") != 0)
        return sw_fail(error, SW_ERROR_USAGE, "--log-format: \"%s\" is neither text nor json", form);
    if (mode_name && !sw_progress_parse(mode_name, &progress.mode))
        return sw_fail(error, SW_ERROR_USAGE, "--progress: \"%s\" is none of auto, tty, plain, json, quiet", mode_name);
    int64_t width;
    if (!set_color(sw_argument(arguments, "log-color-mode"), error) ||
        !sw_argument_number(arguments, "log-terminal-width", 0, &width, error))
        return false;
    progress.width = width > 0 ? (uint32_t)width : 0;
    if (!mode_name && level == SW_LOG_ERROR)
        progress.mode = SW_PROGRESS_QUIET;
    sw_log_set(level, form && strcmp(form, "json") == 0 ? SW_LOG_JSON : SW_LOG_TEXT);
    sw_progress_start(&progress);
    return true;
}

static bool forces_staged(void) {
    const char *staged = getenv("WERF_FORCE_STAGED_DOCKERFILE");
    return staged && (strcmp(staged, "1") == 0 || strcmp(staged, "true") == 0);
}

static bool set_staged(struct sw_error **error) {
    const char *version = getenv("WERF_STAGED_DOCKERFILE_VERSION");
    if (forces_staged())
        sw_settings_set("dockerfile", "force-staged", "true");
    if (!version || !*version)
        return true;
    if (strcmp(version, "v1") != 0 && strcmp(version, "v2") != 0)
        return sw_fail(error, SW_ERROR_USAGE, "WERF_STAGED_DOCKERFILE_VERSION: \"%s\" is neither v1 nor v2", version);
    sw_settings_set("dockerfile", "staged-version", version);
    return true;
}

static void set_settings(const struct sw_arguments *arguments) {
    static const char *const passed[] = {"oci-runtime",       "insecure-registry", "skip-tls-verify-registry", "buildkit-tls-ca",
                                         "buildkit-tls-cert", "buildkit-tls-key",  "buildkit-tls-name",        "buildkit-tls-dir"};
    for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
        if (sw_argument(arguments, passed[i]))
            sw_settings_set(NULL, passed[i], sw_argument(arguments, passed[i]));
    if (sw_argument_flag(arguments, "import-by-source-image-tag"))
        sw_settings_set("stapel", "import-by-source-image-tag", "true");
    static const char *const lists[] = {"buildkit-addr", "container-registry-mirror"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        sw_cleanup_free char *joined = sw_strings_join(sw_argument_list(arguments, lists[i]), ",");
        if (*joined)
            sw_settings_set(NULL, lists[i], joined);
    }
    static const char *const lines[] = {"cache-from", "cache-to"}; /* values may hold commas */
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        sw_cleanup_free char *joined = sw_strings_join(sw_argument_list(arguments, lines[i]), "\n");
        if (*joined)
            sw_settings_set(NULL, lines[i], joined);
    }
    sw_credentials_set_folder(sw_argument(arguments, "docker-config"));
}

static void collect_builders(struct sw_app *app) {
    app->builders = sw_new_array(sw_plugins_count(app->plugins), sizeof *app->builders);
    for (size_t i = 0; i < sw_plugins_count(app->plugins); i++) {
        const struct sw_plugin *plugin = sw_plugins_at(app->plugins, i);
        if (plugin->kind == SW_PLUGIN_BUILDER)
            app->builders[app->builder_count++] =
                (struct sw_config_builder){plugin->name, plugin->builder->claims, plugin->builder->schema};
    }
}

static void load_plugins(struct sw_app *app) {
    sw_cleanup_free char *cache = sw_format("%s/git", app->store);
    app->graph_table = sw_graph_table();
    app->files_table = sw_files_table(cache);
    struct sw_host_parts parts = {
        .store_folder = app->store,
        .document = &sw_document_table,
        .files = &app->files_table,
        .image = &sw_host_image_table,
        .graph = &app->graph_table,
        .blob = &sw_blob_table,
        .plan = &sw_plan_table,
    };
    app->host = sw_host_make(&parts);
    app->plugins = sw_plugins_new(app->host);
    sw_tokens_use(app->plugins);
    sw_plugins_load_all(app->plugins, sw_strlist_view(&app->host_config.plugins));
    for (size_t i = 0; i < sw_plugins_refused_count(app->plugins); i++) {
        struct sw_plugin_refusal refusal = sw_plugins_refused_at(app->plugins, i);
        sw_log(SW_LOG_WARN, NULL, "plugin %s is not used: %s", refusal.path, refusal.reason);
    }
    collect_builders(app);
}

static char *host_platform(void) {
    static const char *const machines[][2] = {{"x86_64", "amd64"}, {"aarch64", "arm64"}, {"armv7l", "arm/v7"}, {"i686", "386"}};
    struct utsname name;
    if (uname(&name) < 0)
        return sw_strdup("linux/amd64");
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
        if (strcmp(name.machine, machines[i][0]) == 0)
            return sw_format("linux/%s", machines[i][1]);
    return sw_format("linux/%s", name.machine);
}

bool sw_app_start(struct sw_app *app, const struct sw_arguments *arguments, struct sw_error **error) {
    *app = (struct sw_app){.arguments = arguments};
    if (!sw_loop_start(error))
        return false;
    sw_signals_start(_exit);
    if (!start_messages(arguments, error) || !sw_host_config_load(&app->host_config, error) || !set_staged(error)) {
        sw_app_end(app);
        return false;
    }
    app->store = store_folder(app);
    app->default_platform = host_platform();
    set_settings(arguments);
    load_plugins(app);
    return true;
}

/* ---- the project ---- */

static void show_warnings(const struct sw_diagnostics *list) {
    for (size_t i = 0; i < list->len; i++) {
        if (list->items[i].severity != SW_SEVERITY_WARNING)
            continue;
        sw_cleanup_free char *text = sw_error_text(list->items[i].error);
        sw_log(SW_LOG_WARN, NULL, "%s", text);
    }
}

struct sw_load_options sw_app_load_options(const struct sw_app *app) {
    const struct sw_arguments *arguments = app->arguments;
    return (struct sw_load_options){
        .project =
            {
                .builders = app->builders,
                .builder_count = app->builder_count,
                .platforms = sw_argument_list(arguments, "platform"),
                .default_platform = app->default_platform,
                .project_name = sw_argument(arguments, "project-name"),
                .home = getenv("HOME"),
                .force_staged = forces_staged(),
            },
        .folder = sw_argument(arguments, "dir"),
        .work_tree = sw_argument(arguments, "git-work-tree"),
        .config = sw_argument(arguments, "config"),
        .templates = sw_argument(arguments, "config-templates-dir"),
        .giterminism = sw_argument(arguments, "giterminism-config"),
        .env = sw_argument(arguments, "env"),
        .dev = sw_argument_flag(arguments, "dev"),
        .loose = sw_argument_flag(arguments, "loose-giterminism"),
        .allow_includes_update = sw_argument_flag(arguments, "allow-includes-update"),
        .dev_ignore = sw_argument_list(arguments, "dev-ignore"),
        .dev_branch = sw_argument(arguments, "dev-branch"),
    };
}

bool sw_app_load_project(struct sw_app *app, struct sw_error **error) {
    struct sw_load_options options = sw_app_load_options(app);
    app->config = sw_config_load(&options);
    show_warnings(&app->config->diagnostics);
    if (app->config->project) {
        app->build_files = sw_build_files_new(app->config);
        sw_files_replace(app->config->commit, app->build_files);
        return true;
    }
    return sw_pass(error, sw_diagnostics_error(&app->config->diagnostics));
}

/* ---- waiting and ending ---- */

bool sw_app_wait(struct sw_app *app, struct sw_error **error) {
    if (!app->finished)
        sw_loop_run();
    if (!app->finished)
        return sw_fail(error, SW_ERROR_INTERNAL, "the work has stopped before its end: an answer that was due never came");
    app->finished = false;
    return true;
}

void sw_app_finish(struct sw_app *app) {
    app->finished = true;
    sw_loop_stop();
}

void sw_app_end(struct sw_app *app) {
    sw_progress_end();
    sw_tokens_use(NULL);
    sw_plugins_free(app->plugins);
    sw_config_free(app->config);
    sw_files_end();
    sw_build_files_free(app->build_files);
    sw_secrets_end();
    sw_credentials_end();
    sw_settings_end();
    sw_host_end();
    sw_host_config_fini(&app->host_config);
    sw_signals_stop();
    sw_loop_end();
    sw_undo_all();
    free(app->builders);
    free(app->default_platform);
    free(app->store);
    *app = (struct sw_app){0};
}

/* ---- choosing plugins ---- */

const struct sw_plugin *sw_app_plugin(const struct sw_app *app, uint32_t kind, const char *name, struct sw_error **error) {
    static const char *const kinds[] = {"", "builder", "backend", "store"};
    const struct sw_plugin *plugin = sw_plugins_find(app->plugins, kind, name);
    if (plugin)
        return plugin;
    sw_cleanup_buf struct sw_buf names = {0};
    for (size_t i = 0; i < sw_plugins_count(app->plugins); i++)
        if (sw_plugins_at(app->plugins, i)->kind == kind)
            sw_buf_printf(&names, "%s%s", names.len ? ", " : "", sw_plugins_at(app->plugins, i)->name);
    sw_fail(error, SW_ERROR_USAGE, "there is no %s \"%s\"", kinds[kind], name);
    if (error)
        *error = sw_error_hint(*error, "installed: %s; \"slipway plugins\" shows where they were looked for",
                               names.len ? names.data : "none");
    return NULL;
}

const char *sw_app_backend_name(const struct sw_app *app, const char *platform) {
    const char *asked = sw_argument(app->arguments, "backend");
    if (asked)
        return asked;
    asked = sw_map_get(&app->host_config.backends, platform);
    if (!asked)
        asked = app->host_config.backend;
    return asked ? asked : "local";
}
