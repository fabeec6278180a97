#include "core/build/why.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/build/records.h"
#include "core/build/session.h"
#include "core/build/stage_record.h"

/* A chain of records is read from the last stage of an earlier build downwards, as far as there are any. */
enum { LONGEST_CHAIN = 2000 };

struct explaining {
    struct sw_build *build;
    struct sw_buf *out;
    size_t next; /* job */
    struct sw_job *job;
    struct sw_vec chain; /* of json_t *, the stages of the earlier build, the last one first */
    char *earlier;       /* id of the record that is being read */
    sw_done done;
    void *context;
};

static void explain_next(struct explaining *explaining);

static void drop_chain(struct explaining *explaining) {
    for (size_t i = 0; i < explaining->chain.len; i++)
        json_decref(*(json_t **)sw_vec_at(&explaining->chain, i));
    explaining->chain.len = 0;
    free(explaining->earlier);
    explaining->earlier = NULL;
}

static void finish(struct explaining *explaining, struct sw_error *error) {
    sw_done done = explaining->done;
    void *context = explaining->context;
    drop_chain(explaining);
    sw_vec_fini(&explaining->chain);
    free(explaining);
    done(context, error);
}

/* ---- the earlier build ---- */

/* The stage id in a record of the image's commits, "meta-HASH_COMMIT_STAGEID"; NULL: the tag is none of this image. */
static const char *stage_id_of_tag(const char *tag, const char *prefix, char commit[41]) {
    size_t len = strlen(prefix);
    if (strncmp(tag, prefix, len) != 0 || strlen(tag) < len + 42 || tag[len + 40] != '_')
        return NULL;
    memcpy(commit, tag + len, 40);
    commit[40] = '\0';
    return tag + len + 41;
}

/* The last stage of the nearest earlier build of the image: of the newest one whose commit is an ancestor, else of the newest. */
static char *find_earlier(const struct sw_build *build, const struct sw_job *job) {
    sw_cleanup_free char *prefix = sw_format("meta-%x_", sw_murmur3(job->image->name, strlen(job->image->name)));
    const char *best = NULL;
    int64_t best_stamp = -1;
    bool best_ancestor = false;
    for (size_t i = 0; i < build->primary.index.tags.len; i++) {
        const char *tag = build->primary.index.tags.entries[i].key;
        char commit[41], digest[SW_STAGE_DIGEST_LEN + 1];
        int64_t stamp;
        const char *id = tag ? stage_id_of_tag(tag, prefix, commit) : NULL;
        if (!id || !sw_stage_id_parse(id, digest, &stamp))
            continue;
        bool ancestor = build->options.host->files->is_ancestor(build->options.commit, commit);
        if (ancestor < best_ancestor || (ancestor == best_ancestor && stamp <= best_stamp))
            continue;
        best = id;
        best_stamp = stamp;
        best_ancestor = ancestor;
    }
    return best ? sw_strdup(best) : NULL;
}

static const json_t *find_record(const struct explaining *explaining, const char *stage) {
    for (size_t i = 0; i < explaining->chain.len; i++) {
        const json_t *record = *(json_t **)sw_vec_at(&explaining->chain, i);
        const char *name = json_string_value(json_object_get(record, "stage"));
        if (name && strcmp(name, stage) == 0)
            return record;
    }
    return NULL;
}

/* ---- saying it ---- */

static void say_differences(struct sw_buf *out, const json_t *before, const json_t *after) {
    sw_cleanup_vec struct sw_vec differences = {.width = sizeof(struct sw_difference)};
    sw_stage_record_compare(before, after, &differences);
    for (size_t i = 0; i < differences.len; i++) {
        const struct sw_difference *difference = sw_vec_at(&differences, i);
        switch (difference->kind) {
        case SW_INPUT_CHANGED:
            sw_buf_printf(out, "      %s: %s -> %s\n", difference->name, difference->before, difference->after);
            break;
        case SW_INPUT_ADDED:
            sw_buf_printf(out, "      %s is new: %s\n", difference->name, difference->after);
            break;
        case SW_INPUT_REMOVED:
            sw_buf_printf(out, "      %s is gone: it was %s\n", difference->name, difference->before);
            break;
        }
    }
    if (!differences.len)
        sw_buf_puts(out, "      its own inputs are the same: a stage below it has changed\n");
}

static void say_job(struct explaining *explaining) {
    const struct sw_job *job = explaining->job;
    struct sw_buf *out = explaining->out;
    bool several = job->image->platforms.count > 1;
    sw_buf_printf(out, "%s%s%s%s\n", *job->image->name ? job->image->name : "~", several ? " (" : "", several ? job->platform : "",
                  several ? ")" : "");
    for (size_t i = 0; i < job->stages.len; i++) {
        const struct sw_stage_state *stage = sw_job_stage(job, i);
        if (stage->found) {
            sw_buf_printf(out, "  %s: is there, %s\n", stage->name, stage->id);
            continue;
        }
        sw_cleanup_free char *text = sw_stage_record_text(job, stage, NULL);
        sw_cleanup_json json_t *now = json_loads(text, 0, NULL);
        const json_t *before = find_record(explaining, stage->name);
        sw_buf_printf(out, "  %s: has to be built, %s\n", stage->name, stage->digest);
        if (before) {
            sw_buf_printf(out, "    since %s of commit %.12s\n", json_string_value(json_object_get(before, "id")),
                          json_string_value(json_object_get(before, "commit")));
            say_differences(out, before, now);
        } else {
            sw_buf_puts(out, explaining->chain.len ? "    the image had no such stage before\n"
                                                   : "    no earlier build of this image is in the store\n");
        }
    }
    drop_chain(explaining);
    explain_next(explaining);
}

/* ---- reading the chain ---- */

static void read_record(struct explaining *explaining);

static void on_record(void *context, const json_t *labels, struct sw_error *error) {
    struct explaining *explaining = context;
    if (error) {
        finish(explaining, error);
        return;
    }
    const char *text = json_string_value(json_object_get(labels, SW_STAGE_RECORD_LABEL));
    json_t *record = text ? json_loads(text, 0, NULL) : NULL;
    free(explaining->earlier);
    explaining->earlier = sw_strdup(json_string_value(json_object_get(record, "parent")));
    if (record)
        sw_vec_push(&explaining->chain, &record);
    read_record(explaining);
}

static void read_record(struct explaining *explaining) {
    sw_cleanup_free char *tag = explaining->earlier ? sw_stage_record_tag(explaining->earlier) : NULL;
    if (!tag || explaining->chain.len == LONGEST_CHAIN || !sw_stage_index_has_tag(&explaining->build->primary.index, tag))
        say_job(explaining);
    else
        sw_records_get(explaining->build, &explaining->build->primary, tag, on_record, explaining);
}

static bool is_missing_something(const struct sw_job *job) {
    for (size_t i = 0; i < job->stages.len; i++)
        if (!sw_job_stage(job, i)->found)
            return true;
    return false;
}

static void explain_next(struct explaining *explaining) {
    struct sw_build *build = explaining->build;
    while (explaining->next < build->jobs.len) {
        struct sw_job *job = *(struct sw_job **)sw_vec_at(&build->jobs, explaining->next++);
        if (!build->options.chosen[job->image - build->options.project->images])
            continue;
        explaining->job = job;
        if (is_missing_something(job))
            explaining->earlier = find_earlier(build, job);
        read_record(explaining);
        return;
    }
    finish(explaining, NULL);
}

void sw_why_explain(struct sw_build *build, struct sw_buf *out, sw_done done, void *context) {
    struct explaining *explaining = sw_new(sizeof *explaining);
    *explaining =
        (struct explaining){.build = build, .out = out, .chain = {.width = sizeof(json_t *)}, .done = done, .context = context};
    explain_next(explaining);
}
