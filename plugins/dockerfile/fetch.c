#include "plugins/dockerfile/fetch.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "plugins/dockerfile/download.h"
#include "plugins/dockerfile/text.h"

/* How a git reference without a prefix is tried. */
enum ref_kind { REF_BRANCH, REF_TAG };

struct fetch {
    struct sw_df_planner *planner;
    const struct sw_df_step **steps; /* that have to be fetched */
    size_t count;
    size_t index; /* of the one at hand */
    enum ref_kind ref_kind;
    struct sw_df_fetched *fetched;
    sw_df_fetch_done done;
    void *context;
};

static void next_step(struct fetch *f);

static struct sw_place place_of(const struct fetch *f) {
    const struct sw_df_step *step = f->steps[f->index];
    return (struct sw_place){.file = f->planner->document.dockerfile, .line = step->first, .end_line = step->last};
}

static void finish(struct fetch *f, struct sw_error *error) {
    if (error)
        error = sw_error_at(error, place_of(f)); /* the host's becomes our own */
    f->done(f->context, error ? NULL : f->fetched, error);
    free(f->steps);
    free(f);
}

/* ---- files ---- */

static void on_downloaded(void *context, const char *folder, int64_t mtime, struct sw_error *error) {
    struct fetch *f = context;
    if (error) {
        finish(f, error);
        return;
    }
    struct sw_df_fetched *out = &f->fetched[f->steps[f->index]->number];
    out->folder = sw_arena_str(&f->planner->arena, folder);
    out->mtime = mtime;
    f->index++;
    next_step(f);
}

static void download(struct fetch *f, const struct sw_df_step *step) {
    struct sw_df_planner *p = f->planner;
    const char *name = sw_path_is_name(step->name) ? sw_arena_str(&p->arena, step->name) : "__unnamed__";
    struct sw_df_download_request request = {
        .host = p->host, .cancel = p->request->cancel, .url = step->url, .name = name, .checksum = step->checksum};
    f->fetched[step->number].name = name;
    sw_df_download(&request, on_downloaded, f);
}

/* ---- repositories ---- */

static bool is_commit_id(const char *text) {
    size_t len = strspn(text, "0123456789abcdef");
    return len == 40 && !text[len];
}

static void open_repository(struct fetch *f);

/* Whether the commit is the one that a checksum asks for, whole or abbreviated. */
static struct sw_error *check_commit(struct fetch *f, const struct sw_commit *commit) {
    const char *want = f->steps[f->index]->git.checksum, *id = f->planner->host->files->id(commit);
    if (!*want || sw_df_has_prefix(id, want))
        return NULL;
    return sw_error_new(SW_ERROR_CORRUPT, "expected checksum to match %s, got %s", want, id);
}

static void on_opened(void *context, const struct sw_commit *commit, struct sw_error *error) {
    struct fetch *f = context;
    const struct sw_df_step *step = f->steps[f->index];
    bool plain = *step->git.ref && !sw_df_has_prefix(step->git.ref, "refs/") && !is_commit_id(step->git.ref);
    if (error && error->code == SW_ERROR_NOT_FOUND && plain && f->ref_kind == REF_BRANCH) {
        sw_error_free(error);
        f->ref_kind = REF_TAG;
        open_repository(f);
        return;
    }
    if (!error)
        error = check_commit(f, commit);
    if (error) {
        finish(f, error);
        return;
    }
    f->fetched[step->number].commit = commit;
    f->index++;
    next_step(f);
}

static void open_repository(struct fetch *f) {
    struct sw_df_planner *p = f->planner;
    const struct sw_df_git *git = &f->steps[f->index]->git;
    const char *ref = git->ref, *branch = NULL, *tag = NULL, *commit = NULL;
    if (sw_df_has_prefix(ref, "refs/heads/"))
        branch = ref + strlen("refs/heads/");
    else if (sw_df_has_prefix(ref, "refs/tags/"))
        tag = ref + strlen("refs/tags/");
    else if (is_commit_id(ref))
        commit = ref;
    else if (*ref && f->ref_kind == REF_BRANCH)
        branch = ref;
    else if (*ref)
        tag = ref;
    p->host->files->open_remote(p->request->plan, git->remote, branch, tag, commit, on_opened, f);
}

static void fetch_repository(struct fetch *f) {
    f->ref_kind = REF_BRANCH;
    if (f->steps[f->index]->git.keep_git_dir == SW_DF_YES)
        finish(f,
               sw_error_new(SW_ERROR_UNSUPPORTED, "the folder .git of a repository cannot be kept: files come from its objects"));
    else
        open_repository(f);
}

/* ---- all steps ---- */

static void next_step(struct fetch *f) {
    if (f->index == f->count) {
        finish(f, NULL);
        return;
    }
    const struct sw_df_step *step = f->steps[f->index];
    if (step->kind == SW_DF_STEP_URL)
        download(f, step);
    else
        fetch_repository(f);
}

/* Steps that `result` needs: inputs have lower numbers, so one pass from the last to the first finds them. */
static void gather(struct fetch *f, const struct sw_df_evaluation *evaluation, const struct sw_df_step *result) {
    bool *needed = sw_new_array(evaluation->steps.len + 1, sizeof(bool));
    needed[result->number] = true;
    for (size_t i = evaluation->steps.len; i-- > 0;) {
        const struct sw_df_step *step = *(struct sw_df_step *const *)sw_vec_at(&evaluation->steps, i);
        if (!needed[step->number])
            continue;
        if (step->kind == SW_DF_STEP_URL || step->kind == SW_DF_STEP_GIT)
            f->steps[f->count++] = step;
        if (step->input)
            needed[step->input->number] = true;
        for (size_t j = 0; j < step->run.mount_count; j++)
            if (step->run.mounts[j].from)
                needed[step->run.mounts[j].from->number] = true;
        for (size_t j = 0; j < step->copy.source_count; j++)
            needed[step->copy.sources[j].from->number] = true;
    }
    free(needed);
}

void sw_df_fetch(struct sw_df_planner *planner, const struct sw_df_evaluation *evaluation, const struct sw_df_step *result,
                 sw_df_fetch_done done, void *context) {
    size_t count = evaluation->steps.len + 1;
    struct fetch *f = sw_new(sizeof(*f));
    *f = (struct fetch){.planner = planner,
                        .steps = sw_new_array(count, sizeof(*f->steps)),
                        .fetched = sw_arena_new(&planner->arena, count * sizeof(*f->fetched)),
                        .done = done,
                        .context = context};
    if (!planner->request->offline)
        gather(f, evaluation, result);
    next_step(f);
}
