/* load.h - from a folder on the host to a project: finds, reads, renders and checks the configuration.
 *
 * Files come from the commit through core/source, under the rules of werf-giterminism.yaml and with the files of
 * werf-includes.yaml below them; core/template renders them; core/config/project.h checks the result. */
#ifndef CORE_CONFIG_LOAD_H
#define CORE_CONFIG_LOAD_H

#include "core/config/includes.h"
#include "core/config/project.h"
#include "core/source/repository.h"

struct sw_repository;

struct sw_load_options {
    struct sw_project_options project; /* `giterminism` is filled in by the loader */
    const char *folder;                /* --dir; NULL: the current directory */
    const char *work_tree;             /* --git-work-tree; NULL: searched upwards */
    const char *config;                /* --config, relative to the current directory; NULL: werf.yaml, werf.yml */
    const char *templates;             /* --config-templates-dir; NULL: .werf */
    const char *giterminism;           /* --giterminism-config, relative to the project; NULL: werf-giterminism.yaml */
    const char *env;                   /* --env */
    bool dev;                          /* --dev */
    bool loose;                        /* --loose-giterminism */
    bool allow_includes_update;        /* --allow-includes-update */
    struct sw_strings dev_ignore;
    const char *dev_branch; /* NULL: _werf-dev */
    const char
        *cache_folder;    /* for commits of --dev, remotes of includes, submodules; NULL: slipway below the user's cache folder */
    bool debug_templates; /* --debug-templates */
    void (*log)(void *context, struct sw_bytes text); /* takes what the debug functions of templates print */
    void *log_context;
};

/* A loaded configuration: the project and all that its values and rules live in. */
struct sw_config {
    struct sw_project *project;         /* NULL when there are errors */
    struct sw_giterminism *giterminism; /* NULL in loose mode */
    struct sw_diagnostics diagnostics;
    char *rendered; /* text of werf.yaml after templates; NULL when it could not be rendered */
    size_t rendered_len;
    char *config_file; /* path of werf.yaml, relative to the project */

    /* Where all that came from. The repository owns the commit; under --dev it is the work tree's synthetic one. */
    struct sw_repository *repository;
    struct sw_remotes *remotes;   /* that includes were fetched through; NULL when there are none */
    struct sw_includes *includes; /* NULL: none */
    const struct sw_commit *commit;
    char *project_folder; /* of werf.yaml in the repository; "" is the root */
    char *host_folder;    /* the same on the host, absolute */
};

/* Loads a project. Never NULL: whoever asks looks at `project` and `diagnostics`. */
struct sw_config *sw_config_load(const struct sw_load_options *options);
void sw_config_free(struct sw_config *config); /* takes NULL */

/* Writes werf-includes.lock anew: what the branches and tags of werf-includes.yaml stand for now. `*path` (to be freed) is the file. */
bool sw_config_update_includes(const struct sw_load_options *options, char **path, struct sw_error **error);

#endif
