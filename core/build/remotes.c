#include "core/build/remotes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "core/build/session.h"
#include "core/config/build_files.h"
#include "core/config/document.h"
#include "core/runtime/pool.h"
#include "core/source/files.h"
#include "core/source/remote.h"

static struct sw_remotes *remotes;
static const struct sw_commit *replaced_commit; /* whose reads give `replacements` where they have the file */
static const struct sw_build_files *replacements;

struct opening {
    struct sw_job *job;
    char *url;
    char *branch;
    char *tag;
    char *revision;
    char *username; /* basicAuth of werf.yaml */
    char *password;
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
        .username = opening->username,
        .password = opening->password,
        .cancel = opening->job->build->cancel,
    };
    opening->commit = sw_remotes_commit(remotes, &request, &opening->error);
}

static void opening_free(struct opening *opening) {
    free(opening->url);
    free(opening->branch);
    free(opening->tag);
    free(opening->revision);
    free(opening->username);
    if (opening->password)
        explicit_bzero(opening->password, strlen(opening->password));
    free(opening->password);
    free(opening);
}

static void fetched(void *context) {
    struct opening *opening = context;
    opening->done(opening->context, opening->commit, opening->error);
    opening_free(opening);
}

/* ---- basicAuth ---- */

/* The first line of a file of the host; "~" is the home folder. */
static char *read_password(const char *path, struct sw_error **error) {
    const char *home = getenv("HOME");
    sw_cleanup_free char *whole = path[0] == '~' && path[1] == '/' && home ? sw_path_join(home, path + 1) : sw_strdup(path);
    sw_cleanup_file FILE *file = fopen(whole, "re");
    char line[4096] = "";
    if (!file || (!fgets(line, sizeof line, file) && ferror(file))) {
        sw_fail_errno(error, errno, "cannot read the password in %s", path);
        return NULL;
    }
    line[strcspn(line, "\r\n")] = '\0';
    char *password = sw_strdup(line);
    explicit_bzero(line, sizeof line);
    return password;
}

static bool fill_credentials(struct opening *opening, const struct sw_value *auth, struct sw_error **error) {
    const struct sw_value *password = sw_value_get(auth, "password");
    const char *name = sw_value_source(sw_value_get(auth, "username")), *variable = sw_value_source(sw_value_get(password, "env"));
    const char *path = sw_value_source(sw_value_get(password, "src")), *text = sw_value_source(sw_value_get(password, "value"));
    opening->username = *name ? sw_strdup(name) : NULL;
    if (*variable) {
        opening->password = sw_strdup(getenv(variable));
        return opening->password ||
               sw_fail(error, SW_ERROR_CONFIG, "the variable %s, which holds a git password, is not set", variable);
    }
    opening->password = *path ? read_password(path, error) : sw_strdup(text);
    return opening->password != NULL;
}

/* What the image's document says about the remote repository. */
static bool find_credentials(struct opening *opening, struct sw_error **error) {
    const struct sw_value *git = sw_value_get(opening->job->image->document, "git");
    for (size_t i = 0; git && git->kind == SW_VALUE_LIST && i < git->count; i++) {
        const struct sw_value *auth = sw_value_get(git->values[i], "basicAuth");
        if (!auth || auth->kind != SW_VALUE_MAP || strcmp(sw_value_source(sw_value_get(git->values[i], "url")), opening->url) != 0)
            continue;
        if (fill_credentials(opening, auth, error))
            return true;
        if (error && *error)
            *error = sw_error_at(*error, auth->place);
        return false;
    }
    return true;
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
    struct sw_error *error = NULL;
    if (!find_credentials(opening, &error)) {
        opening_free(opening);
        done(context, NULL, error);
        return;
    }
    sw_pool_run(fetch, fetched, opening);
}

static bool host_files_checksum(struct sw_plan *plan, struct sw_strings paths, const struct sw_filter *filters, size_t filter_count,
                                char out[65], struct sw_error **error) {
    const struct sw_job *job = (const struct sw_job *)plan;
    return sw_host_files_checksum(job->build->options.host_project_folder, paths, filters, filter_count, out, error);
}

static bool host_files_list(struct sw_plan *plan, struct sw_strings paths, sw_file_visit visit, void *context,
                            struct sw_error **error) {
    const struct sw_job *job = (const struct sw_job *)plan;
    return sw_host_files_list(job->build->options.host_project_folder, paths, visit, context, error);
}

/* ---- files that stand in for those of the commit ---- */

static bool is_replaced(const struct sw_commit *commit, const char *path) {
    return commit == replaced_commit && sw_build_files_has(replacements, path);
}

static bool stat_file(const struct sw_commit *commit, const char *path, struct sw_file *file, struct sw_error **error) {
    sw_cleanup_buf struct sw_buf bytes = {0};
    bool found;
    if (!is_replaced(commit, path))
        return sw_host_files_table.stat(commit, path, file, error);
    if (!sw_build_files_read(replacements, path, &bytes, &found, error))
        return false;
    *file =
        (struct sw_file){.size = sizeof *file, .type = found ? SW_FILE_REGULAR : SW_FILE_NONE, .mode = 0644, .bytes = bytes.len};
    return true;
}

static bool read_file(const struct sw_commit *commit, const char *path, struct sw_bytes *out, struct sw_error **error) {
    struct sw_buf bytes = {0};
    bool found;
    if (!is_replaced(commit, path))
        return sw_host_files_table.read(commit, path, out, error);
    bool good = sw_build_files_read(replacements, path, &bytes, &found, error);
    if (good && !found)
        good = sw_fail(error, SW_ERROR_NOT_FOUND, "there is no file \"%s\"", path);
    if (!good) {
        sw_buf_fini(&bytes);
        return false;
    }
    out->len = bytes.len;
    out->data = sw_buf_take(&bytes);
    return true;
}

static bool require_committed(const struct sw_commit *commit, const char *scope, const struct sw_filter *filters,
                              size_t filter_count, struct sw_error **error) {
    if (!filter_count && is_replaced(commit, scope))
        return true;
    return sw_host_files_table.require_committed(commit, scope, filters, filter_count, error);
}

void sw_files_replace(const struct sw_commit *commit, const struct sw_build_files *files) {
    replaced_commit = commit;
    replacements = files;
}

struct sw_host_files sw_files_table(const char *cache_folder) {
    struct sw_host_files table = sw_host_files_table;
    sw_files_end();
    remotes = sw_remotes_new(cache_folder);
    table.open_remote = open_remote;
    table.host_files_checksum = host_files_checksum;
    table.host_files_list = host_files_list;
    table.stat = stat_file;
    table.read = read_file;
    table.require_committed = require_committed;
    return table;
}

void sw_files_end(void) {
    sw_remotes_free(remotes);
    remotes = NULL;
    sw_files_replace(NULL, NULL);
}
