#include "core/build/metadata.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/build/index.h"
#include "core/build/records.h"
#include "core/build/slug.h"
#include "core/build/stage_record.h"

/* A record that is to be written. */
struct entry {
    char *tag;
    char *stage_record; /* of the record of a stage, else NULL */
};

struct publishing {
    struct sw_build *build;
    struct sw_vec entries; /* of struct entry */
    size_t next;
    sw_done done;
    void *context;
};

/* Image names hold what tags cannot. */
static char *managed_tag(const char *image) {
    static const char *const spelled[][2] = {{" ", "__space__"}, {"/", "__slash__"}, {"+", "__plus__"}};
    sw_cleanup_buf struct sw_buf out = {0};
    if (!*image)
        sw_buf_puts(&out, "__nameless__");
    for (; *image; image++) {
        size_t i = 0;
        while (i < 3 && *image != spelled[i][0][0])
            i++;
        if (i < 3)
            sw_buf_puts(&out, spelled[i][1]);
        else
            sw_buf_putc(&out, *image);
    }
    sw_cleanup_free char *tag = sw_format("managed-image-%s", sw_buf_text(&out));
    if (sw_is_tag(tag))
        return sw_steal(&tag);
    sw_cleanup_free char *limited = sw_limited_slug(sw_buf_text(&out), 128 - strlen("managed-image-"));
    return sw_format("managed-image-%s", limited);
}

static char *commit_tag(const char *image, const char *commit, const char *stage_id) {
    return sw_format("meta-%x_%s_%s", sw_murmur3(image, strlen(image)), commit, stage_id);
}

static void publish_next(struct publishing *publishing);

static void on_recorded(void *context, struct sw_error *error) {
    struct publishing *publishing = context;
    if (error && error->code != SW_ERROR_CANCELLED) { /* the images are there: a cleanup that knows less is no reason to fail */
        publishing->build->options.host->log("build", SW_LOG_WARN, error->message);
        sw_error_free(error);
    }
    publish_next(publishing);
}

static void publish_next(struct publishing *publishing) {
    struct sw_build *build = publishing->build;
    if (publishing->next < publishing->entries.len) {
        const struct entry *entry = sw_vec_at(&publishing->entries, publishing->next++);
        const struct sw_pair labels[] = {{"werf", build->options.project->name}, {SW_STAGE_RECORD_LABEL, entry->stage_record}};
        sw_records_put(build, entry->tag, (struct sw_pairs){labels, entry->stage_record ? 2 : 1}, on_recorded, publishing);
        return;
    }
    sw_done done = publishing->done;
    void *context = publishing->context;
    for (size_t i = 0; i < publishing->entries.len; i++) {
        struct entry *entry = sw_vec_at(&publishing->entries, i);
        free(entry->tag);
        free(entry->stage_record);
    }
    sw_vec_fini(&publishing->entries);
    free(publishing);
    done(context, NULL);
}

/* Takes both strings. A record that is there already is not written again. */
static void want(struct publishing *publishing, char *tag, char *stage_record) {
    if (sw_stage_index_has_tag(&publishing->build->primary.index, tag)) {
        free(tag);
        free(stage_record);
        return;
    }
    sw_vec_push(&publishing->entries, &(struct entry){tag, stage_record});
}

static void want_stage_records(struct publishing *publishing, const struct sw_job *job) {
    for (size_t i = 0; i < job->stages.len; i++) {
        const struct sw_stage_state *stage = sw_job_stage(job, i);
        /* A stage that was found may come from a run that failed afterwards, or from another program: its inputs are known by now. */
        if (stage->rebuilt || stage->found)
            want(publishing, sw_stage_record_tag(stage->id),
                 sw_stage_record_text(job, stage, i ? sw_job_stage(job, i - 1)->id : NULL));
    }
}

/* An index has no inputs; its record leads to those of its platforms. */
static void want_index_record(struct publishing *publishing, const struct sw_project_image *image,
                              const struct sw_top_manifest *top) {
    char *text = top->image ? NULL : sw_index_record_text(publishing->build, image);
    if (text)
        want(publishing, sw_stage_record_tag(top->tag), text);
}

static bool built_something(const struct sw_build *build) {
    for (size_t i = 0; i < build->jobs.len; i++) {
        const struct sw_job *job = *(struct sw_job **)sw_vec_at(&build->jobs, i);
        for (size_t j = 0; j < job->stages.len; j++)
            if (sw_job_stage(job, j)->rebuilt || sw_job_stage(job, j)->copied)
                return true;
    }
    return false;
}

/* What a cleanup wants to know of an image: that there is one of this name, when something of this run was `built`, and which commits it
 * was built for. */
static void want_cleanup_records(struct publishing *publishing, const char *name, const char *stage_id, bool built) {
    const struct sw_build_options *options = &publishing->build->options;
    if (built && !options->no_image_records)
        want(publishing, managed_tag(name), NULL);
    if (options->no_commit_records)
        return;
    want(publishing, commit_tag(name, options->host->files->id(options->commit), stage_id), NULL);
    if (options->merge_from)
        want(publishing, commit_tag(name, options->merge_from, stage_id), NULL);
}

void sw_metadata_publish(struct sw_build *build, sw_done done, void *context) {
    const struct sw_project *project = build->options.project;
    if (build->options.mode != SW_BUILD_PUBLISH) {
        done(context, NULL);
        return;
    }
    struct publishing *publishing = sw_new(sizeof *publishing);
    *publishing = (struct publishing){.build = build, .entries = {.width = sizeof(struct entry)}, .done = done, .context = context};
    bool built = built_something(build);
    for (size_t i = 0; i < build->jobs.len; i++)
        want_stage_records(publishing, *(struct sw_job **)sw_vec_at(&build->jobs, i));
    for (size_t i = 0; i < project->image_count; i++) {
        struct sw_top_manifest top;
        if (!build->options.wanted[i] || !sw_top_manifest_of(build, &project->images[i], &top))
            continue;
        want_cleanup_records(publishing, project->images[i].name, top.tag, built);
        want_index_record(publishing, &project->images[i], &top);
    }
    for (size_t i = 0; i < build->jobs.len; i++) {
        const struct sw_job *job = *(struct sw_job **)sw_vec_at(&build->jobs, i);
        if (job->part && job->state == SW_JOB_DONE && job->image->platforms.count == 1)
            want_cleanup_records(publishing, job->name, job->built.tag, built);
    }
    for (size_t i = 0; i < build->indexes.len; i++) {
        const struct sw_index_image *index = *(struct sw_index_image **)sw_vec_at(&build->indexes, i);
        if (index->part)
            want_cleanup_records(publishing, index->part, index->tag, built);
    }
    publish_next(publishing);
}
