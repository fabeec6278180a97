#include "core/build/why.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/build/records.h"
#include "core/build/session.h"
#include "core/build/stage_record.h"
#include "core/build/why_files.h"
#include "core/source/changes.h"

/* A chain of records is read from the last stage of an earlier build downwards, as far as there are any. Builds are looked for among so many
 * commits, and so many of them are tried. */
enum { LONGEST_CHAIN = 2000, LONGEST_HISTORY = 50000, MOST_CANDIDATES = 50 };

/* An earlier build of an image. */
struct candidate {
    const char *commit; /* borrowed from the index of tags, 40 characters that are not terminated */
    const char *id;     /* of its last stage, or of an index */
    int64_t stamp;
};

struct explaining {
    struct sw_build *build;
    json_t *answer;
    json_t *images; /* borrowed */
    size_t next;    /* job */
    struct sw_job *job;
    struct sw_vec candidates; /* of struct candidate, the best first */
    size_t tried;
    struct sw_vec chain; /* of json_t *, the stages of the earlier build, the last one first */
    char commit[41];     /* of the earlier build */
    char *wanted;        /* id of the record that is being read */
    void (*done)(void *context, json_t *answer, struct sw_error *error);
    void *context;
};

static void explain_next(struct explaining *explaining);
static void try_candidate(struct explaining *explaining);
static void read_record(struct explaining *explaining);

static void drop_chain(struct explaining *explaining) {
    for (size_t i = 0; i < explaining->chain.len; i++)
        json_decref(*(json_t **)sw_vec_at(&explaining->chain, i));
    explaining->chain.len = 0;
    free(explaining->wanted);
    explaining->wanted = NULL;
}

static void finish(struct explaining *explaining, struct sw_error *error) {
    void (*done)(void *context, json_t *answer, struct sw_error *error) = explaining->done;
    void *context = explaining->context;
    json_t *answer = error ? NULL : json_incref(explaining->answer);
    drop_chain(explaining);
    sw_vec_fini(&explaining->chain);
    sw_vec_fini(&explaining->candidates);
    json_decref(explaining->answer);
    free(explaining);
    done(context, answer, error);
}

/* ---- earlier builds ---- */

/* Tags of the form "meta-HASH_COMMIT_ID" say which image a commit was built to. */
static bool read_tag(const char *tag, const char *prefix, struct candidate *candidate) {
    size_t len = strlen(prefix);
    char digest[SW_STAGE_DIGEST_LEN + 1];
    if (strncmp(tag, prefix, len) != 0 || strlen(tag) < len + 42 || tag[len + 40] != '_')
        return false;
    *candidate = (struct candidate){.commit = tag + len, .id = tag + len + 41};
    if (!sw_stage_id_parse(candidate->id, digest, &candidate->stamp))
        candidate->stamp = 0;
    return true;
}

struct search {
    struct explaining *explaining;
    struct sw_map by_commit; /* commit -> struct candidate *, its newest build */
    struct sw_map known;     /* ids that are candidates already */
};

static void add_candidate(struct search *search, const struct candidate *candidate) {
    if (sw_map_has(&search->known, candidate->id) || search->explaining->candidates.len >= MOST_CANDIDATES)
        return;
    sw_map_set(&search->known, candidate->id, search);
    sw_vec_push(&search->explaining->candidates, candidate);
}

static bool visit_ancestor(void *context, const char *id) {
    struct search *search = context;
    const struct candidate *candidate = sw_map_get(&search->by_commit, id);
    if (candidate)
        add_candidate(search, candidate);
    return search->explaining->candidates.len < MOST_CANDIDATES;
}

static int newest_first(const void *a, const void *b) {
    const struct candidate *left = a, *right = b;
    if (left->stamp != right->stamp)
        return left->stamp > right->stamp ? -1 : 1;
    return strcmp(left->id, right->id);
}

/* Builds of the nearest commits of this one's history first, then those of other branches, the newest first. */
static void find_candidates(struct explaining *explaining) {
    const struct sw_build *build = explaining->build;
    const char *name = explaining->job->name;
    sw_cleanup_free char *prefix = sw_format("meta-%x_", sw_murmur3(name, strlen(name)));
    sw_cleanup_vec struct sw_vec builds = {.width = sizeof(struct candidate)};
    struct search search = {.explaining = explaining};
    explaining->candidates.len = explaining->tried = 0;
    for (size_t i = 0; i < build->primary.index.tags.len; i++) {
        const char *tag = build->primary.index.tags.entries[i].key;
        struct candidate candidate;
        if (tag && read_tag(tag, prefix, &candidate))
            sw_vec_push(&builds, &candidate);
    }
    if (!builds.len)
        return;
    qsort(builds.data, builds.len, builds.width, newest_first);
    for (size_t i = builds.len; i-- > 0;) {
        struct candidate *candidate = sw_vec_at(&builds, i);
        sw_cleanup_free char *commit = sw_strndup(candidate->commit, 40);
        sw_map_set(&search.by_commit, commit, candidate);
    }
    sw_ancestors(build->options.commit, LONGEST_HISTORY, visit_ancestor, &search);
    for (size_t i = 0; i < builds.len; i++)
        add_candidate(&search, sw_vec_at(&builds, i));
    sw_map_fini(&search.by_commit, NULL);
    sw_map_fini(&search.known, NULL);
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

/* ---- one stage ---- */

static json_t *difference_of(const struct explaining *explaining, const struct sw_stage_state *stage, const json_t *record,
                             const struct sw_difference *difference) {
    static const char *const changes[] = {"changed", "added", "removed"};
    json_t *json = json_pack("{s:s, s:s, s:s*, s:s*}", "change", changes[difference->kind], "input", difference->name, "before",
                             difference->before, "after", difference->after);
    if (difference->old_name && strcmp(difference->old_name, difference->name) != 0)
        json_object_set_new(json, "was", json_string(difference->old_name));
    if (difference->after && sw_map_has(&explaining->build->stand_ins, difference->after))
        json_object_set_new(json, "pending", json_true());
    const struct sw_input *input = difference->index < stage->input_count ? &stage->inputs[difference->index] : NULL;
    if (input && input->files && input->files->commit) {
        struct sw_why_files files = {explaining->build, record, difference->record, *explaining->commit ? explaining->commit : NULL,
                                     input->files};
        sw_why_add_files(&files, json);
    }
    return json;
}

static void add_platform(json_t *differences, const json_t *before, const json_t *now) {
    const char *old = json_string_value(json_object_get(before, "platform")),
               *new = json_string_value(json_object_get(now, "platform"));
    if (old && new &&strcmp(old, new) != 0)
        json_array_append_new(
            differences, json_pack("{s:s, s:s, s:s, s:s}", "change", "changed", "input", "platform", "before", old, "after", new));
}

/* What is told of a stage that the image did not have before: files that a patch brings. */
static void add_patches(const struct explaining *explaining, const struct sw_stage_state *stage, const json_t *now,
                        json_t *differences) {
    for (size_t i = 0; i < stage->input_count; i++) {
        if (!stage->inputs[i].files || !stage->inputs[i].files->since)
            continue;
        const json_t *input = json_array_get(json_object_get(now, "inputs"), i);
        struct sw_difference difference = {.kind = SW_INPUT_ADDED,
                                           .name = stage->inputs[i].name,
                                           .after = json_string_value(json_object_get(input, "value")),
                                           .index = i};
        json_array_append_new(differences, difference_of(explaining, stage, NULL, &difference));
    }
}

static void compare(const struct explaining *explaining, const struct sw_stage_state *stage, const json_t *before,
                    const json_t *now, json_t *out) {
    sw_cleanup_vec struct sw_vec differences = {.width = sizeof(struct sw_difference)};
    sw_stage_record_compare(before, now, &differences);
    for (size_t i = 0; i < differences.len; i++)
        json_array_append_new(out, difference_of(explaining, stage, before, sw_vec_at(&differences, i)));
}

/* When a stage's own inputs are those of the earlier one. */
static const char *verdict_below(const struct explaining *explaining, const struct sw_stage_state *stage, const json_t *before,
                                 bool same_below) {
    const char *digest = json_string_value(json_object_get(before, "digest"));
    size_t count;
    if (digest && strcmp(digest, stage->digest) == 0)
        return !stage->found && sw_stage_index_find(&explaining->build->primary.index, stage->digest, &count) ? "history" : "same";
    return same_below ? "commits" : "below";
}

static json_t *explain_stage(const struct explaining *explaining, const struct sw_stage_state *stage, bool *same) {
    sw_cleanup_free char *text = sw_stage_record_text(explaining->job, stage, NULL);
    sw_cleanup_json json_t *now = json_loads(text, 0, NULL);
    const json_t *before = find_record(explaining, stage->name);
    json_t *differences = json_array();
    const char *verdict;
    if (!before) {
        verdict = explaining->chain.len ? "new" : "first";
        add_patches(explaining, stage, now, differences);
    } else {
        if (*same) /* the first stage tells it for all */
            add_platform(differences, before, now);
        compare(explaining, stage, before, now, differences);
        verdict = json_array_size(differences) ? "inputs" : verdict_below(explaining, stage, before, *same);
    }
    *same = *same && strcmp(verdict, "same") == 0;
    return json_pack("{s:s, s:s, s:s*, s:s, s:s, s:o}", "stage", stage->name, "digest", stage->digest, "id",
                     stage->found ? stage->id : NULL, "state", stage->found ? "found" : "missing", "verdict", verdict,
                     "differences", differences);
}

/* ---- one image ---- */

static bool is_missing_something(const struct sw_job *job) {
    const struct sw_stage_state *last = sw_job_last_stage(job);
    return last && !last->found;
}

static char *subject_of(const struct explaining *explaining) {
    const struct sw_commit *commit = NULL;
    struct sw_error *error = NULL;
    const struct sw_build_options *options = &explaining->build->options;
    if (!options->host->files->sibling(options->commit, explaining->commit, &commit, &error)) {
        sw_error_free(error);
        return NULL;
    }
    return sw_commit_subject(commit);
}

static void explain_job(struct explaining *explaining) {
    const struct sw_job *job = explaining->job;
    json_t *stages = json_array();
    bool same = true;
    json_t *image =
        json_pack("{s:s, s:s, s:i, s:s, s:o}", "image", job->name, "platform", job->platform, "platforms",
                  (int)job->image->platforms.count, "state", is_missing_something(job) ? "missing" : "found", "stages", stages);
    if (explaining->chain.len) {
        sw_cleanup_free char *subject = subject_of(explaining);
        const json_t *last = *(json_t **)sw_vec_at(&explaining->chain, 0);
        json_object_set_new(image, "earlier",
                            json_pack("{s:s, s:s*, s:s*}", "commit", explaining->commit, "subject", subject, "id",
                                      json_string_value(json_object_get(last, "id"))));
    }
    for (size_t i = 0; i < job->stages.len; i++)
        json_array_append_new(stages, explain_stage(explaining, sw_job_stage(job, i), &same));
    json_array_append_new(explaining->images, image);
    drop_chain(explaining);
    explain_next(explaining);
}

/* ---- reading the chain ---- */

/* An index leads to the stage of this platform. Whether the record is one of a build that says something: the stage that is there itself
 * does not. */
static const char *next_id(const struct explaining *explaining, const json_t *record, bool *useful) {
    const json_t *platforms = json_object_get(record, "platforms");
    const struct sw_stage_state *last = sw_job_last_stage(explaining->job);
    const char *id = json_string_value(json_object_get(record, "id"));
    *useful = false;
    if (platforms)
        return json_string_value(json_object_get(platforms, explaining->job->platform));
    *useful = id && !(last && last->found && strcmp(last->id, id) == 0);
    return json_string_value(json_object_get(record, "parent"));
}

static void on_record(void *context, const json_t *labels, struct sw_error *error) {
    struct explaining *explaining = context;
    bool useful;
    if (error) {
        finish(explaining, error);
        return;
    }
    const char *text = json_string_value(json_object_get(labels, SW_STAGE_RECORD_LABEL));
    sw_cleanup_json json_t *record = text ? json_loads(text, 0, NULL) : NULL;
    const char *next = next_id(explaining, record, &useful);
    bool index = json_object_get(record, "platforms") != NULL;
    free(explaining->wanted);
    explaining->wanted = sw_strdup(next);
    if (useful)
        sw_vec_push(&explaining->chain, &(json_t *){json_incref(record)});
    if (useful || (index && next))
        read_record(explaining);
    else if (explaining->chain.len)
        explain_job(explaining);
    else
        try_candidate(explaining);
}

static void read_record(struct explaining *explaining) {
    sw_cleanup_free char *tag = explaining->wanted ? sw_stage_record_tag(explaining->wanted) : NULL;
    if (tag && explaining->chain.len < LONGEST_CHAIN && sw_stage_index_has_tag(&explaining->build->primary.index, tag))
        sw_records_get(explaining->build, &explaining->build->primary, tag, on_record, explaining);
    else if (explaining->chain.len)
        explain_job(explaining);
    else
        try_candidate(explaining);
}

static void try_candidate(struct explaining *explaining) {
    free(explaining->wanted);
    explaining->wanted = NULL;
    if (explaining->tried == explaining->candidates.len) {
        explain_job(explaining);
        return;
    }
    const struct candidate *candidate = sw_vec_at(&explaining->candidates, explaining->tried++);
    memcpy(explaining->commit, candidate->commit, 40);
    explaining->wanted = sw_strdup(candidate->id);
    read_record(explaining);
}

static void explain_next(struct explaining *explaining) {
    struct sw_build *build = explaining->build;
    while (explaining->next < build->jobs.len) {
        struct sw_job *job = *(struct sw_job **)sw_vec_at(&build->jobs, explaining->next++);
        if (!build->options.chosen[job->image - build->options.project->images])
            continue;
        explaining->job = job;
        find_candidates(explaining);
        try_candidate(explaining);
        return;
    }
    finish(explaining, NULL);
}

void sw_why_explain(struct sw_build *build, void (*done)(void *context, json_t *answer, struct sw_error *error), void *context) {
    struct explaining *explaining = sw_new(sizeof *explaining);
    *explaining = (struct explaining){.build = build,
                                      .images = json_array(),
                                      .candidates = {.width = sizeof(struct candidate)},
                                      .chain = {.width = sizeof(json_t *)},
                                      .done = done,
                                      .context = context};
    explaining->answer =
        json_pack("{s:s, s:o}", "commit", build->options.host->files->id(build->options.commit), "images", explaining->images);
    explain_next(explaining);
}
