/* The planner of a Dockerfile image: one stage, whose digest needs no base image; they are looked up when it has to be built. */
#include "plugins/dockerfile/planner.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/ignore.h"
#include "core/base/path.h"
#include "plugins/dockerfile/digest.h"
#include "plugins/dockerfile/external.h"
#include "plugins/dockerfile/staged.h"
#include "plugins/dockerfile/text.h"

/* ---- reading files ---- */

/* A file of the commit as text; NULL without an error when it is not there. */
static const char *read_file(struct sw_df_planner *p, const char *path, size_t *len, struct sw_error **error) {
    const struct sw_host_files *files = p->host->files;
    struct sw_file file = {.size = sizeof(file)};
    struct sw_bytes bytes;
    *len = 0;
    if (!files->stat(p->request->commit, path, &file, error) || file.type != SW_FILE_REGULAR)
        return NULL;
    if (!files->read(p->request->commit, path, &bytes, error))
        return NULL;
    const char *text = sw_arena_strn(&p->arena, bytes.data, bytes.len);
    *len = bytes.len;
    files->free_bytes(&bytes);
    return text;
}

/* Under a project file that must be committed, giterminism wants the work tree's file to be the commit's. */
static bool require_committed(struct sw_df_planner *p, const char *path, struct sw_error **error) {
    return p->host->files->require_committed(p->request->commit, path, NULL, 0, error);
}

static bool no_dockerfile(struct sw_df_planner *p, struct sw_error **error) {
    sw_fail(error, SW_ERROR_CONFIG, "there is no file \"%s\" in the commit", p->document.dockerfile);
    if (error) {
        *error = sw_error_at(*error, p->document.place);
        *error = sw_error_hint(*error, "`dockerfile` is relative to `context`; a new file must be committed first");
    }
    return false;
}

static bool read_dockerfile(struct sw_df_planner *p, struct sw_error **error) {
    struct sw_error *cause = NULL;
    sw_cleanup_free char *base = sw_path_base(p->document.dockerfile), *folder = sw_path_dir(p->document.dockerfile);
    if (!require_committed(p, p->document.dockerfile, error))
        return false;
    p->file.data = read_file(p, p->document.dockerfile, &p->file.len, &cause);
    if (!p->file.data && !cause && strcmp(base, "Dockerfile") == 0) {
        sw_cleanup_free char *lower = sw_path_join(folder, "dockerfile");
        p->file.data = read_file(p, lower, &p->file.len, &cause);
        if (p->file.data)
            p->document.dockerfile = sw_arena_str(&p->arena, lower);
    }
    if (cause)
        return sw_pass(error, cause);
    return p->file.data || no_dockerfile(p, error);
}

/* The ignore file beside the Dockerfile, or else the context's. */
static bool read_ignore(struct sw_df_planner *p, struct sw_error **error) {
    struct sw_error *cause = NULL;
    size_t len;
    const char *own = sw_arena_format(&p->arena, "%s.dockerignore", p->document.dockerfile);
    sw_cleanup_free char *common = sw_path_join(p->document.context, ".dockerignore");
    p->ignore_name = own;
    p->ignore = read_file(p, own, &len, &cause);
    if (!p->ignore && !cause) {
        p->ignore_name = sw_arena_str(&p->arena, common);
        p->ignore = read_file(p, common, &len, &cause);
    }
    if (cause)
        return sw_pass(error, cause);
    if (!p->ignore)
        return true;
    if (!require_committed(p, p->ignore_name, error))
        return false;
    sw_cleanup_strlist struct sw_strlist lines = {0};
    sw_ignore_split((struct sw_bytes){p->ignore, len}, &lines);
    sw_cleanup_ignore struct sw_ignore *set = sw_ignore_new(sw_strlist_view(&lines), &cause);
    if (!set)
        return sw_pass(error, sw_error_at(cause, (struct sw_place){.file = p->ignore_name}));
    p->own_lines = sw_arena_strings(&p->arena, sw_strlist_view(&lines));
    /* The Dockerfile is part of what the digest is made of, whatever the file says. */
    size_t skip = *p->document.context ? strlen(p->document.context) + 1 : 0;
    const char *inside = p->document.dockerfile + skip;
    if (sw_ignore_match(set, inside))
        sw_strlist_take(&lines, sw_format("!%s", inside));
    p->ignore_lines = sw_arena_strings(&p->arena, sw_strlist_view(&lines));
    return true;
}

/* ---- errors and warnings ---- */

struct sw_error *sw_df_planner_error(struct sw_df_planner *p, const struct sw_df_failure *failure) {
    return sw_df_failure_error(failure, p->document.dockerfile, p->file);
}

static bool planner_fail(struct sw_df_planner *p, const struct sw_df_failure *failure, struct sw_error **error) {
    return sw_pass(error, sw_df_planner_error(p, failure));
}

static const char *given_arg(struct sw_df_planner *p, const char *name) {
    for (size_t i = 0; i < p->document.args.count; i++)
        if (strcmp(p->document.args.items[i].key, name) == 0)
            return p->document.args.items[i].value;
    return NULL;
}

bool sw_df_planner_find_frontend(struct sw_df_planner *p, struct sw_df_failure *failure) {
    return sw_df_frontend_find(p->file.data, given_arg(p, "BUILDKIT_SYNTAX"), &p->frontend, failure);
}

static bool understand(struct sw_df_planner *p, struct sw_error **error) {
    struct sw_df_failure failure = {.arena = &p->arena};
    struct sw_df_file file;
    struct sw_df_lint silent;
    if (p->file.len == 0) {
        sw_df_fail(&failure, "the Dockerfile cannot be empty");
        return planner_fail(p, &failure, error);
    }
    if (!sw_df_planner_find_frontend(p, &failure))
        return planner_fail(p, &failure, error);
    if (p->frontend.image)
        return sw_df_external_check(p, error);
    sw_df_lint_init(&silent, &p->arena);
    silent.silent = true;
    bool ok = sw_df_parse(p->file, &file, &failure) && sw_df_program_parse(&file, &silent, &p->program, &failure);
    if (ok && p->program.stage_count == 0)
        ok = sw_df_fail(&failure, "dockerfile contains no stages to build");
    sw_df_lint_fini(&silent);
    p->escape = ok ? file.escape : '\\';
    if (!ok)
        return planner_fail(p, &failure, error);
    size_t target;
    if (sw_df_digest_target(&p->program, p->document.target, &target, &failure))
        return true;
    struct sw_error *cause = sw_error_new(SW_ERROR_CONFIG, "%s", failure.text);
    return sw_pass(error, sw_error_at(cause, p->document.target_place));
}

struct sw_df_planner *sw_df_planner_read(const struct sw_host *host, const struct sw_plan_request *request,
                                         struct sw_error **error) {
    struct sw_df_planner *p = sw_new(sizeof(*p));
    p->host = host;
    p->request = request;
    bool ok = sw_df_document_read(host, request, &p->arena, &p->document, error);
    if (ok && request->part)
        p->document.target = sw_df_staged_target(&p->arena, request->part);
    if (ok && read_dockerfile(p, error) && read_ignore(p, error))
        return p;
    sw_df_planner_close(p);
    return NULL;
}

void *sw_df_planner_open(const struct sw_host *host, const struct sw_plan_request *request, struct sw_error **error) {
    struct sw_df_planner *p = sw_df_planner_read(host, request, error);
    if (p && !understand(p, error)) {
        sw_df_planner_close(p);
        return NULL;
    }
    return p;
}

void sw_df_planner_close(void *planner) {
    struct sw_df_planner *p = planner;
    if (!p)
        return;
    sw_df_staged_free(p->staged);
    sw_df_checks_free(p->checks);
    sw_arena_fini(&p->arena);
    free(p);
}

/* ---- the stage ---- */

struct sw_df_context sw_df_planner_context(struct sw_df_planner *p) {
    return (struct sw_df_context){.files = p->host->files,
                                  .plan = p->request->plan,
                                  .commit = p->request->commit,
                                  .folder = p->document.context,
                                  .ignore_lines = p->ignore_lines,
                                  .own_lines = p->own_lines,
                                  .added = p->document.added,
                                  .project_folder = p->document.project_context,
                                  .arena = &p->arena};
}

/* By these a cleanup knows that the images, whose values were imported, are in use. */
static struct sw_pairs dependency_labels(struct sw_df_planner *p) {
    struct sw_pair *labels = sw_arena_new(&p->arena, (p->imported + 1) * sizeof(*labels));
    for (size_t i = 0; i < p->imported; i++) {
        const char *tag = p->known[i].tag;
        char id[SW_SHA256_HEX];
        sw_join256((struct sw_strings){&tag, 1}, id);
        labels[i] = (struct sw_pair){sw_arena_format(&p->arena, "werf-dependency-stage-id-%s", id), tag};
    }
    return (struct sw_pairs){labels, p->imported};
}

/* A digest on its way. For a big context that is no work for the loop's thread. */
struct digesting {
    struct sw_df_planner *planner;
    struct sw_df_failure failure;
    struct sw_error *error;
    const struct sw_input *inputs;
    size_t count;
    bool good;
};

/* [pool] Meanwhile nobody else touches the planner. */
static void compute_digest(void *context) {
    struct digesting *digesting = context;
    struct sw_df_planner *p = digesting->planner;
    sw_cleanup_free char *name = sw_path_base(p->document.dockerfile);
    struct sw_df_context files = sw_df_planner_context(p);
    files.checks = p->checks;
    struct sw_df_digest_request request = {.file_name = sw_arena_str(&p->arena, name),
                                           .escape = p->escape,
                                           .program = &p->program,
                                           .target = p->document.target,
                                           .platform = p->request->platform,
                                           .build_platform = p->request->build_platform,
                                           .dependency_args = p->dependency_args,
                                           .args = p->document.args,
                                           .hosts = p->document.hosts,
                                           .cache_version = p->request->cache_version ? p->request->cache_version : "",
                                           .files_checksum = sw_df_files_checksum,
                                           .files_of = sw_df_files_of,
                                           .context = &files};
    digesting->good = sw_df_digest_inputs(&request, &digesting->inputs, &digesting->count, &digesting->failure, &digesting->error);
}

static void on_digest(void *context) {
    struct digesting digesting = *(struct digesting *)context;
    struct sw_df_planner *p = digesting.planner;
    free(context);
    if (!digesting.good) {
        struct sw_error *error = digesting.error ? digesting.error : sw_df_planner_error(p, &digesting.failure);
        p->done(p->done_context, NULL, error);
        return;
    }
    sw_df_checks_start(p->checks);
    struct sw_stage stage = {.size = sizeof(stage),
                             .name = "dockerfile",
                             .inputs = digesting.inputs,
                             .input_count = digesting.count,
                             .labels = dependency_labels(p)};
    p->done(p->done_context, &stage, NULL);
}

static void answer_stage(struct sw_df_planner *p) {
    struct digesting *digesting = sw_new(sizeof(*digesting));
    digesting->planner = p;
    digesting->failure.arena = &p->arena;
    p->checks = sw_df_checks_new(p->host, p->request->commit, p->document.context);
    p->host->pool->run(compute_digest, on_digest, digesting);
}

static void answer_external_stage(struct sw_df_planner *p) {
    struct sw_vec inputs = {.width = sizeof(struct sw_input)};
    struct sw_error *error = NULL;
    p->checks = sw_df_checks_new(p->host, p->request->commit, p->document.context);
    if (sw_df_external_inputs(p, &inputs, &error)) {
        sw_df_checks_start(p->checks);
        struct sw_stage stage = {.size = sizeof(stage),
                                 .name = "dockerfile",
                                 .inputs = inputs.data,
                                 .input_count = inputs.len,
                                 .labels = dependency_labels(p)};
        p->done(p->done_context, &stage, NULL);
    } else {
        p->done(p->done_context, NULL, error);
    }
    sw_vec_fini(&inputs);
}

/* ---- values of other images ---- */

static const char *import_value(const char *type, const struct sw_built_image *image) {
    if (strcmp(type, "ImageName") == 0)
        return image->name;
    if (strcmp(type, "ImageRepo") == 0)
        return image->repo;
    if (strcmp(type, "ImageTag") == 0)
        return image->tag;
    if (strcmp(type, "ImageID") == 0)
        return image->id;
    if (strcmp(type, "ImageDigest") == 0)
        return image->digest;
    return NULL;
}

static void next_import(struct sw_df_planner *p);

static void on_import(void *context, const struct sw_built_image *image, struct sw_error *error) {
    struct sw_df_planner *p = context;
    const struct sw_df_import *import = &p->document.imports[p->imported];
    if (!error) {
        const char *value = import_value(import->type, image);
        if (!value)
            sw_fail(&error, SW_ERROR_CONFIG, "image \"%s\" has no value \"%s\"", import->image, import->type);
        else
            p->import_pairs[p->imported] = (struct sw_pair){import->build_arg, sw_arena_str(&p->arena, value)};
    }
    if (error) {
        p->done(p->done_context, NULL, sw_error_at(error, import->place));
        return;
    }
    p->known[p->imported] = (struct sw_df_known_image){.name = sw_arena_str(&p->arena, image->name),
                                                       .repo = sw_arena_str(&p->arena, image->repo),
                                                       .tag = sw_arena_str(&p->arena, image->tag),
                                                       .digest = sw_arena_str(&p->arena, image->digest),
                                                       .handle = image->handle};
    p->imported++;
    next_import(p);
}

static void next_import(struct sw_df_planner *p) {
    if (p->imported < p->document.import_count) {
        p->host->plan->project_image(p->request->plan, p->document.imports[p->imported].image, NULL, on_import, p);
        return;
    }
    p->dependency_args = (struct sw_pairs){p->import_pairs, p->imported};
    if (p->frontend.image)
        answer_external_stage(p);
    else if (p->document.staged)
        sw_df_staged_next(p, NULL);
    else
        answer_stage(p);
}

/* Behind the stage there is nothing but what the look at the files found. */
static void on_checked(void *context, struct sw_error *error) {
    struct sw_df_planner *p = context;
    p->done(p->done_context, NULL, error);
}

void sw_df_planner_next(void *planner, const struct sw_stage_view *previous, sw_stage_done done, void *context) {
    struct sw_df_planner *p = planner;
    p->done = done;
    p->done_context = context;
    if (previous && p->staged) {
        sw_df_staged_next(p, previous);
        return;
    }
    if (previous) {
        sw_df_checks_wait(p->checks, on_checked, p);
        return;
    }
    p->imported = 0;
    p->import_pairs = sw_arena_new(&p->arena, (p->document.import_count + 1) * sizeof(*p->import_pairs));
    p->known = sw_arena_new(&p->arena, (p->document.import_count + 1) * sizeof(*p->known));
    next_import(p);
}
