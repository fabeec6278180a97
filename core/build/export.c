#include "core/build/export.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/build/custom_tags.h"
#include "core/build/index.h"
#include "core/build/manifest.h"
#include "core/build/push.h"
#include "core/build/session.h"
#include "core/build/slug.h"

/* An image and where it goes. */
struct target {
    const struct sw_project_image *image;
    struct sw_top_manifest top;
    char *reference;
    char *repo;
    const char *tag; /* in `reference` */
};

struct exporting {
    struct sw_build *build;
    const struct sw_export_options *options;
    struct sw_vec *exported;
    struct sw_vec targets; /* of struct target */
    size_t next;
    struct sw_repo *repo; /* of the current target */
    struct sw_vertex *vertex;
    json_t *index;   /* of the current target, made while its parts are pushed */
    size_t platform; /* the next one */
    struct sw_made_manifest made;
    char *media_type;
    sw_done done;
    void *context;
};

static void export_next(struct exporting *exporting);
static void push_next_platform(struct exporting *exporting);

static struct target *current(const struct exporting *exporting) {
    return sw_vec_at(&exporting->targets, exporting->next - 1);
}

static void drop_current(struct exporting *exporting, uint32_t state) {
    if (exporting->vertex)
        exporting->build->options.host->progress->finish(exporting->vertex, state);
    exporting->vertex = NULL;
    json_decref(exporting->index);
    exporting->index = NULL;
    sw_made_manifest_fini(&exporting->made);
    free(exporting->media_type);
    exporting->media_type = NULL;
}

static void free_targets(struct sw_vec *targets);

static void finish(struct exporting *exporting, struct sw_error *error) {
    sw_done done = exporting->done;
    void *context = exporting->context;
    drop_current(exporting, SW_VERTEX_FAILED);
    free_targets(&exporting->targets);
    free(exporting);
    done(context, error);
}

static void fail_current(struct exporting *exporting, struct sw_error *error) {
    const struct target *target = current(exporting);
    finish(exporting, sw_error_wrap(error, "exporting image \"%s\" to %s", target->image->name, target->reference));
}

/* ---- the exported image ---- */

static char *export_config(const struct exporting *exporting, const struct sw_image *image) {
    sw_cleanup_json json_t *config = json_loads(sw_host_image_table.config(image), 0, NULL);
    json_t *labels = json_object_get(json_object_get(config, "config"), "Labels");
    const char *name;
    json_t *value;
    void *next;
    json_object_foreach_safe(labels, next, name, value) {
        if (strncmp(name, "werf", 4) == 0)
            json_object_del(labels, name);
    }
    for (size_t i = 0; i < exporting->options->labels.count; i++)
        sw_config_set_label(config, exporting->options->labels.items[i].key, exporting->options->labels.items[i].value);
    return json_dumps(config, JSON_COMPACT | JSON_SORT_KEYS);
}

static void make(struct exporting *exporting, const struct sw_image *image) {
    sw_made_manifest_fini(&exporting->made);
    free(exporting->media_type);
    exporting->media_type = sw_strdup(sw_image_media_type(image));
    sw_cleanup_free char *config = export_config(exporting, image);
    sw_manifest_replace_config(sw_image_manifest(image), config, &exporting->made);
}

static void on_done(struct exporting *exporting, const char *digest) {
    struct sw_arena *arena = &exporting->build->arena;
    const struct target *target = current(exporting);
    const struct sw_exported exported = {target->image, sw_arena_str(arena, target->reference), sw_arena_str(arena, digest)};
    sw_vec_push(exporting->exported, &exported);
    drop_current(exporting, SW_VERTEX_DONE);
    export_next(exporting);
}

/* ---- pushing ---- */

static void on_index_put(void *context, const struct sw_manifest *manifest, struct sw_error *error) {
    if (error)
        fail_current(context, error);
    else
        on_done(context, manifest->digest);
}

static void push_index(struct exporting *exporting) {
    const struct target *target = current(exporting);
    sw_cleanup_free char *body = json_dumps(exporting->index, JSON_COMPACT);
    sw_build_store(exporting->build, target->repo)
        ->put_manifest(exporting->repo, target->tag, target->top.media_type, (struct sw_bytes){body, strlen(body)},
                       exporting->build->cancel, on_index_put, exporting);
}

static void on_manifest_put(void *context, const struct sw_manifest *manifest, struct sw_error *error) {
    struct exporting *exporting = context;
    if (error) {
        fail_current(exporting, error);
    } else if (!exporting->index) {
        on_done(exporting, manifest->digest);
    } else {
        json_t *entry = json_array_get(json_object_get(exporting->index, "manifests"), exporting->platform - 1);
        json_object_set_new(entry, "digest", json_string(manifest->digest));
        json_object_set_new(entry, "size", json_integer((json_int_t)strlen(exporting->made.manifest)));
        push_next_platform(exporting);
    }
}

static void on_blobs_put(void *context, struct sw_error *error) {
    struct exporting *exporting = context;
    const struct target *target = current(exporting);
    struct sw_bytes body = {exporting->made.manifest, error ? 0 : strlen(exporting->made.manifest)};
    if (error)
        fail_current(exporting, error);
    else
        sw_build_store(exporting->build, target->repo)
            ->put_manifest(exporting->repo, exporting->index ? NULL : target->tag, exporting->media_type, body,
                           exporting->build->cancel, on_manifest_put, exporting);
}

static void push_image(struct exporting *exporting, const struct sw_image *image) {
    const struct sw_host_image *table = &sw_host_image_table;
    make(exporting, image);
    sw_cleanup_json json_t *manifest = json_loads(exporting->made.manifest, 0, NULL);
    struct sw_descriptor config;
    sw_manifest_config(manifest, &config);
    sw_cleanup_vec struct sw_vec layers = {.width = sizeof(struct sw_layer)};
    for (size_t i = 0; i < table->layer_count(image); i++) {
        struct sw_layer layer = table->layer(image, i);
        sw_vec_push(&layers, &layer);
    }
    const struct sw_push push = {
        .build = exporting->build,
        .store = sw_build_store(exporting->build, current(exporting)->repo),
        .repo = exporting->repo,
        .layers = layers.data,
        .layer_count = layers.len,
        .config = exporting->made.config,
        .config_type = config.media_type,
        .config_digest = config.digest,
        .vertex = exporting->vertex,
        .done = on_blobs_put,
        .context = exporting,
    };
    sw_push_blobs(&push);
}

/* The variants of an index stand in the order of its entries. */
static void push_next_platform(struct exporting *exporting) {
    const json_t *entries = json_object_get(exporting->index, "manifests");
    if (exporting->platform == json_array_size(entries)) {
        push_index(exporting);
        return;
    }
    const char *digest = json_string_value(json_object_get(json_array_get(entries, exporting->platform++), "digest"));
    const struct sw_project_image *image = current(exporting)->image;
    for (size_t i = 0; i < image->platforms.count; i++) {
        const struct sw_job *job = sw_build_job(exporting->build, image->name, image->platforms.items[i]);
        if (strcmp(job->built.digest, digest) == 0) {
            push_image(exporting, job->built.handle);
            return;
        }
    }
}

static void export_next(struct exporting *exporting) {
    struct sw_build *build = exporting->build;
    struct sw_error *error = NULL;
    if (exporting->next == exporting->targets.len) {
        finish(exporting, NULL);
        return;
    }
    const struct target *target = sw_vec_at(&exporting->targets, exporting->next++);
    exporting->repo = sw_build_repo(build, target->repo, &error);
    if (!exporting->repo) {
        fail_current(exporting, error);
        return;
    }
    sw_cleanup_free char *title =
        sw_format("%s: export to %s", *target->image->name ? target->image->name : "~", target->reference);
    exporting->vertex = build->options.host->progress->start(NULL, title);
    exporting->platform = 0;
    if (target->top.image) {
        push_image(exporting, target->top.image);
        return;
    }
    exporting->index = json_loadb(target->top.body.data, target->top.body.len, 0, NULL);
    push_next_platform(exporting);
}

/* ---- where to ---- */

/* Splits HOST/NAME[:TAG]. A host has a dot or a port, or is localhost; a name alone would mean Docker Hub, which nobody should push to by
 * accident. */
static bool split(struct target *target, struct sw_error **error) {
    const char *reference = target->reference, *slash = strchr(reference, '/');
    size_t host = slash ? (size_t)(slash - reference) : 0;
    if (strchr(reference, '@'))
        return sw_fail(error, SW_ERROR_USAGE, "--tag \"%s\": a digest cannot be chosen", reference);
    if (!host || !(memchr(reference, '.', host) || memchr(reference, ':', host) || strncmp(reference, "localhost/", 10) == 0)) {
        sw_fail(error, SW_ERROR_USAGE, "--tag \"%s\" names no registry", reference);
        return error && sw_error_hint(*error, "write HOST/NAME:TAG; Docker Hub is index.docker.io") && false;
    }
    const char *colon = strrchr(slash, ':');
    target->repo = sw_strndup(reference, colon ? (size_t)(colon - reference) : strlen(reference));
    target->tag = colon ? colon + 1 : "latest";
    return sw_is_tag(target->tag) || sw_fail(error, SW_ERROR_USAGE, "--tag \"%s\": \"%s\" can be no tag", reference, target->tag);
}

/* Adds where the image goes; `top` is what stands for it. */
static bool add_target(struct sw_vec *targets, const struct sw_project_image *image, const struct sw_top_manifest *top,
                       const char *text, struct sw_error **error) {
    struct target target = {
        .image = image, .top = *top, .reference = sw_fill_shortcuts("--tag", text, image->name, top->tag, error)};
    if (!target.reference)
        return false;
    sw_vec_push(targets, &target);
    for (size_t i = 0; i + 1 < targets->len; i++) {
        const struct target *other = sw_vec_at(targets, i);
        if (strcmp(other->reference, target.reference) != 0)
            continue;
        sw_fail(error, SW_ERROR_USAGE, "--tag \"%s\" would name both image \"%s\" and image \"%s\"", target.reference,
                other->image->name, image->name);
        return error && sw_error_hint(*error, "put %%image%% or %%image_slug%% into it") && false;
    }
    return split(sw_vec_at(targets, targets->len - 1), error);
}

static void free_targets(struct sw_vec *targets) {
    for (size_t i = 0; i < targets->len; i++) {
        struct target *target = sw_vec_at(targets, i);
        free(target->reference);
        free(target->repo);
    }
    sw_vec_fini(targets);
}

bool sw_export_check(const struct sw_build_options *build, const struct sw_export_options *options, struct sw_error **error) {
    static const struct sw_top_manifest somewhere = {.tag =
                                                         "00000000000000000000000000000000000000000000000000000000-0000000000000"};
    const struct sw_project *project = build->project;
    struct sw_vec targets = {.width = sizeof(struct target)};
    bool right = true;
    for (size_t i = 0; i < project->image_count && right; i++)
        for (size_t j = 0; build->chosen[i] && project->images[i].final && j < options->tags.count && right; j++)
            right = add_target(&targets, &project->images[i], &somewhere, options->tags.items[j], error);
    if (right && !targets.len)
        right = sw_fail(error, SW_ERROR_USAGE, "none of the images is final: there is nothing to export");
    free_targets(&targets);
    return right;
}

void sw_export(struct sw_build *build, const struct sw_export_options *options, struct sw_vec *exported, sw_done done,
               void *context) {
    const struct sw_project *project = build->options.project;
    struct sw_error *error = NULL;
    struct exporting *exporting = sw_new(sizeof *exporting);
    *exporting = (struct exporting){.build = build,
                                    .options = options,
                                    .exported = exported,
                                    .targets = {.width = sizeof(struct target)},
                                    .done = done,
                                    .context = context};
    for (size_t i = 0; i < project->image_count && !error; i++) {
        const struct sw_project_image *image = &project->images[i];
        struct sw_top_manifest top;
        if (!build->options.chosen[i] || !image->final)
            continue;
        if (!sw_top_manifest_of(build, image, &top))
            sw_fail(&error, SW_ERROR_UNSUPPORTED,
                    "image \"%s\" has several platforms: it is exported from a registry only (--repo)", image->name);
        for (size_t j = 0; j < options->tags.count && !error; j++)
            add_target(&exporting->targets, image, &top, options->tags.items[j], &error);
    }
    if (error)
        finish(exporting, error);
    else
        export_next(exporting);
}
