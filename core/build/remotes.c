#include "core/build/remotes.h"

#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/build/session.h"
#include "core/runtime/pool.h"
#include "core/source/files.h"
#include "core/source/remote.h"

static struct sw_remotes *remotes;

struct opening {
    struct sw_job *job;
    char *url;
    char *branch;
    char *tag;
    char *revision;
    const struct sw_commit *commit;
    struct sw_error *error;
    void (*done)(void *context, const struct sw_commit *commit, struct sw_error *error);
    void *context;
};

static void fetch(void *context) {
    struct opening *opening = context;
    struct sw_remote_request request = {
        .url = opening->url,
        .branch = opening->branch,
        .tag = opening->tag,
        .commit = opening->revision,
        .cancel = opening->job->build->cancel,
    };
    opening->commit = sw_remotes_commit(remotes, &request, &opening->error);
}

static void fetched(void *context) {
    struct opening *opening = context;
    opening->done(opening->context, opening->commit, opening->error);
    free(opening->url);
    free(opening->branch);
    free(opening->tag);
    free(opening->revision);
    free(opening);
}

static void open_remote(struct sw_plan *plan, const char *url, const char *branch, const char *tag, const char *commit,
                        void (*done)(void *context, const struct sw_commit *commit, struct sw_error *error), void *context) {
    struct opening *opening = sw_new(sizeof *opening);
    opening->job = (struct sw_job *)plan;
    opening->url = sw_strdup(url);
    opening->branch = sw_strdup(branch);
    opening->tag = sw_strdup(tag);
    opening->revision = sw_strdup(commit);
    opening->done = done;
    opening->context = context;
    sw_pool_run(fetch, fetched, opening);
}

static bool host_files_checksum(struct sw_plan *plan, struct sw_strings paths, const struct sw_filter *filters, size_t filter_count,
                                char out[65], struct sw_error **error) {
    const struct sw_job *job = (const struct sw_job *)plan;
    return sw_host_files_checksum(job->build->options.host_project_folder, paths, filters, filter_count, out, error);
}

struct sw_host_files sw_files_table(const char *cache_folder) {
    struct sw_host_files table = sw_host_files_table;
    sw_files_end();
    remotes = sw_remotes_new(cache_folder);
    table.open_remote = open_remote;
    table.host_files_checksum = host_files_checksum;
    return table;
}

void sw_files_end(void) {
    sw_remotes_free(remotes);
    remotes = NULL;
}
