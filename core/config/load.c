#include "core/config/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "core/config/project_files.h"
#include "core/config/render.h"
#include "core/source/dev.h"

static const char GITERMINISM[] = "werf-giterminism.yaml";
static const char INCLUDES[] = "werf-includes.yaml";
static const char LOCK[] = "werf-includes.lock";

/* A load in progress. */
struct load {
    const struct sw_load_options *options;
    struct sw_config *config;
    struct sw_project_files files;
    char *cwd;
    char *cache;
    struct sw_rendering *rendering;
};

/* Adds an error without a line, at a file or at none. Returns false. */
static bool refuse(struct load *load, const char *file, struct sw_error *error) {
    sw_diagnostics_add(&load->config->diagnostics, SW_SEVERITY_ERROR, sw_error_at(error, (struct sw_place){.file = file}));
    return false;
}

static char *cache_folder(const char *asked) {
    const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (asked && *asked)
        return sw_strdup(asked);
    if (base && *base == '/')
        return sw_format("%s/slipway", base);
    return home && *home == '/' ? sw_format("%s/.cache/slipway", home) : sw_format("/var/tmp/slipway-%ld", (long)getuid());
}

/* ---- repository ---- */

static bool find_folder(struct load *load) {
    const char *asked = load->options->folder && *load->options->folder ? load->options->folder : ".";
    load->config->host_folder = realpath(asked, NULL);
    if (load->config->host_folder)
        return true;
    struct sw_error *error = NULL;
    sw_fail_errno(&error, errno, "the project's folder \"%s\"", asked);
    error->code = SW_ERROR_CONFIG;
    return refuse(load, NULL, error);
}

static bool open_repository(struct load *load) {
    struct sw_config *config = load->config;
    struct sw_error *error = NULL;
    const char *tree = load->options->work_tree;
    config->repository = tree && *tree ? sw_repository_open(tree, &error) : sw_repository_find(config->host_folder, &error);
    if (!config->repository)
        return refuse(load, NULL, error);
    sw_repository_set_cache(config->repository, load->cache);
    if (load->options->loose)
        sw_repository_set_strictness(config->repository, SW_LOOSE);
    const char *root = sw_repository_work_tree(config->repository);
    sw_cleanup_free char *real = root ? realpath(root, NULL) : NULL;
    if (root && (!real || !sw_path_within(config->host_folder, real))) {
        sw_fail(&error, SW_ERROR_CONFIG, "the project's folder %s is not inside the git work tree %s", config->host_folder, root);
        return refuse(load, NULL, error);
    }
    size_t skip = real ? strlen(real) : 0;
    const char *folder = real ? config->host_folder + skip + (config->host_folder[skip] == '/') : "";
    config->project_folder = sw_strdup(folder);
    return true;
}

static bool find_commit(struct load *load) {
    struct sw_config *config = load->config;
    struct sw_error *error = NULL;
    if (load->options->dev) {
        struct sw_dev_options dev = {.cache_folder = load->cache,
                                     .branch = load->options->dev_branch && *load->options->dev_branch ? load->options->dev_branch
                                                                                                       : "_werf-dev",
                                     .ignore = load->options->dev_ignore};
        config->commit = sw_dev_commit(config->repository, &dev, &error);
    } else {
        config->commit = sw_repository_head(config->repository, &error);
    }
    load->files = (struct sw_project_files){.repository = config->repository,
                                            .commit = config->commit,
                                            .folder = config->project_folder,
                                            .loose = load->options->loose};
    return config->commit || refuse(load, NULL, error);
}

/* ---- giterminism and includes ---- */

/* Reads a file that only loose mode takes from the work tree. False when there is none, or it cannot be read (an error). */
static bool read_committed(struct load *load, const char *path, struct sw_buf *bytes) {
    struct sw_error *error = NULL;
    if (sw_project_files_read(&load->files, path, SW_GATE_COUNT, bytes, &error))
        return true;
    if (error->code == SW_ERROR_NOT_FOUND)
        sw_error_free(error);
    else
        refuse(load, path, sw_error_wrap(error, "unable to read %s", path));
    return false;
}

static void read_giterminism(struct load *load) {
    const struct sw_load_options *options = load->options;
    const char *path = options->giterminism && *options->giterminism ? options->giterminism : GITERMINISM;
    sw_cleanup_buf struct sw_buf bytes = {0};
    bool found = read_committed(load, path, &bytes);
    struct sw_yaml_text text = {.file = path, .data = sw_buf_text(&bytes), .len = bytes.len, .first_line = 1};
    struct sw_giterminism *policy =
        sw_giterminism_parse(found ? &text : NULL, options->project.home, load->cwd, &load->config->diagnostics);
    if (options->loose) {
        sw_giterminism_free(policy);
        return;
    }
    load->config->giterminism = policy;
    load->files.policy = policy;
}

/* `update`: refs are resolved now, whatever the lock says. */
static void read_includes(struct load *load, bool update) {
    struct sw_config *config = load->config;
    sw_cleanup_buf struct sw_buf bytes = {0}, lock_bytes = {0};
    if (!read_committed(load, INCLUDES, &bytes) || !bytes.len)
        return;
    bool locked = !update && read_committed(load, LOCK, &lock_bytes);
    struct sw_yaml_text text = {.file = INCLUDES, .data = sw_buf_text(&bytes), .len = bytes.len, .first_line = 1};
    struct sw_yaml_text lock = {.file = LOCK, .data = sw_buf_text(&lock_bytes), .len = lock_bytes.len, .first_line = 1};
    sw_cleanup_free char *folder = sw_format("%s/includes", load->cache);
    config->remotes = sw_remotes_new(folder);
    struct sw_includes_request request = {.config = &text,
                                          .lock = locked ? &lock : NULL,
                                          .update = update,
                                          .remotes = config->remotes,
                                          .home = load->options->project.home};
    config->includes = sw_includes_load(&request, &config->diagnostics);
    load->files.includes = config->includes;
}

/* ---- werf.yaml ---- */

/* The path of a command-line option, relative to the current directory, as a path from the project's folder. NULL and an error when
 * it is not in the work tree. */
static char *project_path(struct load *load, const char *asked, const char *what) {
    sw_cleanup_free char *absolute = *asked == '/' ? sw_path_clean(asked) : sw_path_join(load->cwd, asked);
    sw_cleanup_free char *folder = sw_path_dir(absolute), *name = sw_path_base(absolute);
    sw_cleanup_free char *real_folder = realpath(folder, NULL);
    sw_cleanup_free char *path = sw_path_join(real_folder ? real_folder : folder, name);
    const char *root = sw_repository_work_tree(load->config->repository);
    sw_cleanup_free char *real = root ? realpath(root, NULL) : NULL;
    if (!real || !sw_path_within(path, real)) {
        refuse(load, NULL,
               sw_error_new(SW_ERROR_CONFIG, "the werf %s \"%s\" must be in the project git work tree \"%s\"", what, asked,
                            root ? root : ""));
        return NULL;
    }
    const char *host = load->config->host_folder;
    if (sw_path_within(path, host))
        return sw_strdup(strcmp(path, host) == 0 ? "." : path + strlen(host) + (host[1] != 0));
    struct sw_buf up = {0};
    for (const char *c = load->config->project_folder; *c; c += strcspn(c, "/"), c += *c == '/')
        sw_buf_puts(&up, "../");
    sw_buf_puts(&up, path + strlen(real) + 1);
    return sw_buf_take(&up);
}

/* werf.yaml, else werf.yml when there is no such file. */
static char *find_config(struct load *load) {
    static const char *const names[] = {"werf.yaml", "werf.yml"};
    if (load->options->config && *load->options->config)
        return project_path(load, load->options->config, "config");
    for (size_t i = 0; i < 2; i++) {
        sw_cleanup_buf struct sw_buf bytes = {0};
        sw_cleanup_error struct sw_error *error = NULL;
        if (sw_project_files_read(&load->files, names[i], SW_GATE_UNCOMMITTED_CONFIG, &bytes, &error) ||
            error->code != SW_ERROR_NOT_FOUND)
            return sw_strdup(names[i]);
    }
    return sw_strdup(names[0]);
}

static char *find_templates(struct load *load) {
    if (load->options->templates && *load->options->templates)
        return project_path(load, load->options->templates, "configuration templates directory");
    return sw_strdup(".werf");
}

static bool render(struct load *load) {
    struct sw_config *config = load->config;
    config->config_file = find_config(load);
    sw_cleanup_free char *templates = config->config_file ? find_templates(load) : NULL;
    if (!templates)
        return false;
    struct sw_render_request request = {.files = &load->files,
                                        .config = config->config_file,
                                        .templates = templates,
                                        .env = load->options->env,
                                        .debug = load->options->debug_templates,
                                        .log = load->options->log,
                                        .log_context = load->options->log_context};
    load->rendering = sw_render(&request, &config->diagnostics);
    if (!load->rendering)
        return false;
    struct sw_bytes text = sw_rendering_text(load->rendering);
    config->rendered = sw_strndup(text.data, text.len);
    config->rendered_len = text.len;
    return true;
}

static void parse(struct load *load) {
    struct sw_project_options options = load->options->project;
    size_t count;
    const struct sw_yaml_text *documents = sw_rendering_documents(load->rendering, &count);
    sw_cleanup_free char *name = sw_path_base(load->config->host_folder);
    options.giterminism = load->config->giterminism;
    options.cwd = load->cwd;
    if (!options.suggested_name)
        options.suggested_name = name;
    load->config->project = sw_project_parse(documents, count, &options, &load->config->diagnostics);
}

/* What cannot go on without the step before it. */
static void run(struct load *load) {
    if (!find_folder(load) || !open_repository(load) || !find_commit(load))
        return;
    read_giterminism(load);
    bool update = load->options->allow_includes_update;
    if (update && load->config->giterminism && !sw_giterminism_allows(load->config->giterminism, SW_GATE_INCLUDES_UPDATE, NULL))
        refuse(load, NULL, sw_giterminism_refusal(SW_GATE_INCLUDES_UPDATE, NULL));
    if (!load->config->diagnostics.error_count)
        read_includes(load, update);
    if (load->config->diagnostics.error_count)
        return;
    if (render(load))
        parse(load);
}

static struct load new_load(const struct sw_load_options *options) {
    struct load load = {.options = options,
                        .config = sw_new(sizeof *load.config),
                        .cwd = getcwd(NULL, 0),
                        .cache = cache_folder(options->cache_folder)};
    if (!load.cwd)
        load.cwd = sw_strdup("/");
    return load;
}

/* What is missing makes a project wrongly configured. */
static void settle_codes(const struct sw_diagnostics *list) {
    for (size_t i = 0; i < list->len; i++)
        if (list->items[i].error->code == SW_ERROR_NOT_FOUND)
            list->items[i].error->code = SW_ERROR_CONFIG;
}

static struct sw_config *end_load(struct load *load) {
    settle_codes(&load->config->diagnostics);
    sw_diagnostics_sort(&load->config->diagnostics, load->config->config_file);
    sw_rendering_free(load->rendering);
    free(load->cwd);
    free(load->cache);
    return load->config;
}

struct sw_config *sw_config_load(const struct sw_load_options *options) {
    struct load load = new_load(options);
    run(&load);
    return end_load(&load);
}

static bool write_text(const char *path, const char *text, struct sw_error **error) {
    FILE *file = fopen(path, "we");
    bool good = file && fputs(text, file) >= 0;
    if (file && fclose(file) != 0)
        good = false;
    return good || sw_fail_errno(error, errno, "%s", path);
}

bool sw_config_update_includes(const struct sw_load_options *options, char **path, struct sw_error **error) {
    struct load load = new_load(options);
    if (find_folder(&load) && open_repository(&load) && find_commit(&load))
        read_includes(&load, true);
    struct sw_config *config = end_load(&load);
    struct sw_error *failure = sw_diagnostics_error(&config->diagnostics);
    if (!failure && !config->includes)
        failure = sw_error_new(SW_ERROR_CONFIG, "there is no %s in the commit, or it is empty", INCLUDES);
    sw_cleanup_free char *text = failure ? NULL : sw_includes_lock_text(config->includes);
    *path = failure ? NULL : sw_format("%s/%s", config->host_folder, LOCK);
    sw_config_free(config);
    if (failure)
        return sw_pass(error, failure);
    if (write_text(*path, text, error))
        return true;
    free(*path);
    *path = NULL;
    return false;
}

void sw_config_free(struct sw_config *config) {
    if (!config)
        return;
    sw_project_free(config->project);
    sw_includes_free(config->includes);
    sw_remotes_free(config->remotes);
    sw_giterminism_free(config->giterminism);
    sw_diagnostics_fini(&config->diagnostics);
    sw_repository_free(config->repository);
    free(config->rendered);
    free(config->config_file);
    free(config->project_folder);
    free(config->host_folder);
    free(config);
}
