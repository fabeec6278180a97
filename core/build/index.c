#include "core/build/index.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/build/digest.h"
#include "core/build/manifest.h"

/* An image with several platforms, or a part of one. */
struct unit {
    const struct sw_project_image *image;
    const char *part; /* its name, or NULL */
};

struct publishing {
    struct sw_build *build;
    struct sw_vec units; /* of struct unit */
    size_t next;
    char *body;
    char tag[SW_SHA3_224_HEX];
    sw_done done;
    void *context;
};

static void publish_next(struct publishing *publishing);

static void finish(struct publishing *publishing, struct sw_error *error) {
    sw_done done = publishing->done;
    void *context = publishing->context;
    free(publishing->body);
    sw_vec_fini(&publishing->units);
    free(publishing);
    done(context, error);
}

static int by_platform(const void *a, const void *b) {
    return strcmp((*(struct sw_job *const *)a)->platform, (*(struct sw_job *const *)b)->platform);
}

/* The finished jobs of an image, sorted by platform; NULL when one of them failed, or a platform does without the part. */
static struct sw_job **jobs_of(struct sw_build *build, const struct unit *unit) {
    const struct sw_project_image *image = unit->image;
    struct sw_job **jobs = sw_new_array(image->platforms.count, sizeof *jobs);
    for (size_t i = 0; i < image->platforms.count; i++) {
        jobs[i] = sw_build_job(build, unit->part ? unit->part : image->name, image->platforms.items[i]);
        if (!jobs[i] || jobs[i]->state != SW_JOB_DONE) {
            free(jobs);
            return NULL;
        }
    }
    qsort(jobs, image->platforms.count, sizeof *jobs, by_platform);
    return jobs;
}

static json_t *entry_of(const struct sw_job *job) {
    const struct sw_image *image = job->built.handle;
    struct sw_bytes manifest = sw_image_manifest(image);
    sw_cleanup_json json_t *config = json_loads(sw_host_image_table.config(image), 0, NULL);
    json_t *platform = json_object();
    static const char *const members[] = {"architecture", "os", "variant"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        json_t *value = json_object_get(config, members[i]);
        if (json_is_string(value) && *json_string_value(value))
            json_object_set(platform, members[i], value);
    }
    return json_pack("{s:s, s:I, s:s, s:o}", "mediaType", sw_image_media_type(image), "size", (json_int_t)manifest.len, "digest",
                     job->built.digest, "platform", platform);
}

static void make_body(struct publishing *publishing, struct sw_job **jobs, size_t count) {
    sw_cleanup_strlist struct sw_strlist ids = {0};
    json_t *entries = json_array();
    for (size_t i = 0; i < count; i++) {
        sw_strlist_add(&ids, jobs[i]->built.tag);
        json_array_append_new(entries, entry_of(jobs[i]));
    }
    sw_index_digest(sw_strlist_view(&ids), publishing->tag);
    sw_cleanup_json json_t *index =
        json_pack("{s:i, s:s, s:o}", "schemaVersion", 2, "mediaType", SW_DOCKER_MANIFEST_LIST, "manifests", entries);
    free(publishing->body);
    publishing->body = json_dumps(index, JSON_COMPACT);
}

static void on_put(void *context, const struct sw_manifest *manifest, struct sw_error *error) {
    struct publishing *publishing = context;
    struct sw_build *build = publishing->build;
    const struct unit *unit = sw_vec_at(&publishing->units, publishing->next - 1);
    if (error) {
        finish(publishing, error = sw_error_wrap(error, "image \"%s\": index %s", unit->part ? unit->part : unit->image->name,
                                                 publishing->tag));
        return;
    }
    struct sw_index_image *index = sw_arena_new(&build->arena, sizeof *index);
    *index = (struct sw_index_image){
        .image = unit->image,
        .part = unit->part,
        .tag = sw_arena_str(&build->arena, publishing->tag),
        .digest = sw_arena_str(&build->arena, manifest->digest),
        .body = sw_arena_str(&build->arena, publishing->body),
    };
    sw_vec_push(&build->indexes, &index);
    publish_next(publishing);
}

static void publish_next(struct publishing *publishing) {
    struct sw_build *build = publishing->build;
    while (publishing->next < publishing->units.len) {
        const struct unit *unit = sw_vec_at(&publishing->units, publishing->next++);
        struct sw_job **jobs = jobs_of(build, unit);
        if (!jobs)
            continue;
        make_body(publishing, jobs, unit->image->platforms.count);
        free(jobs);
        struct sw_bytes body = {publishing->body, strlen(publishing->body)};
        if (build->options.mode == SW_BUILD_CHECK)
            build->options.store->get_manifest(build->primary.repo, publishing->tag, build->cancel, on_put, publishing);
        else
            build->options.store->put_manifest(build->primary.repo, publishing->tag, SW_DOCKER_MANIFEST_LIST, body, build->cancel,
                                               on_put, publishing);
        return;
    }
    finish(publishing, NULL);
}

bool sw_top_manifest_of(const struct sw_build *build, const struct sw_project_image *image, struct sw_top_manifest *top) {
    for (size_t i = 0; i < build->indexes.len; i++) {
        const struct sw_index_image *index = *(struct sw_index_image **)sw_vec_at(&build->indexes, i);
        if (index->image != image || index->part)
            continue;
        *top =
            (struct sw_top_manifest){NULL, index->tag, SW_DOCKER_MANIFEST_LIST, index->digest, {index->body, strlen(index->body)}};
        return true;
    }
    const struct sw_job *job = sw_build_job(build, image->name, image->platforms.items[0]);
    if (!job || job->state != SW_JOB_DONE || (image->platforms.count > 1 && build->options.remote))
        return false;
    *top = (struct sw_top_manifest){job->built.handle, job->built.tag, sw_image_media_type(job->built.handle), job->built.digest,
                                    sw_image_manifest(job->built.handle)};
    return true;
}

/* Images in the project's order, then parts, each once: by its job for the image's first platform. */
static void collect_units(struct publishing *publishing) {
    const struct sw_build *build = publishing->build;
    const struct sw_project *project = build->options.project;
    for (size_t i = 0; i < project->image_count; i++)
        if (build->options.wanted[i] && project->images[i].platforms.count > 1)
            sw_vec_push(&publishing->units, &(struct unit){&project->images[i], NULL});
    for (size_t i = 0; i < build->jobs.len; i++) {
        const struct sw_job *job = *(struct sw_job **)sw_vec_at(&build->jobs, i);
        if (job->part && job->image->platforms.count > 1 && strcmp(job->platform, job->image->platforms.items[0]) == 0)
            sw_vec_push(&publishing->units, &(struct unit){job->image, job->name});
    }
}

void sw_index_publish_all(struct sw_build *build, sw_done done, void *context) {
    if (!build->options.remote) {
        done(context, NULL);
        return;
    }
    struct publishing *publishing = sw_new(sizeof *publishing);
    *publishing = (struct publishing){.build = build, .units.width = sizeof(struct unit), .done = done, .context = context};
    collect_units(publishing);
    publish_next(publishing);
}
