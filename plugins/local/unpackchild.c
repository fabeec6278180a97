#include "plugins/local/unpackchild.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/local/launch.h"
#include "plugins/local/output.h"

/* The program is installed beside the folder of plugins; a test finds it from where it stands in the build tree. */
static char *find_program(struct sw_error **error) {
    static const char *const places[] = {"../slipway-unpack", "../lib/slipway/slipway-unpack"};
    Dl_info info;
    if (!dladdr((const void *)sw_unpackchild_run, &info) || !info.dli_fname) {
        sw_fail(error, SW_ERROR_INTERNAL, "the local plugin cannot tell where it is");
        return NULL;
    }
    sw_cleanup_free char *self = realpath(info.dli_fname, NULL);
    size_t folder = self ? (size_t)(strrchr(self, '/') - self) : 0;
    for (size_t i = 0; self && i < sizeof places / sizeof *places; i++) {
        sw_cleanup_free char *path = sw_format("%.*s/%s", (int)folder, self, places[i]);
        if (access(path, X_OK) == 0)
            return realpath(path, NULL);
    }
    sw_fail(error, SW_ERROR_INTERNAL, "the program slipway-unpack is not where Slipway was installed (%s/..)", info.dli_fname);
    return NULL;
}

/* ---- the answer ---- */

static void collect(void *context, int stream, struct sw_bytes bytes) {
    if (stream == 1)
        sw_buf_add(context, bytes.data, bytes.len);
}

static bool copy_digest(char out[72], const json_t *answer, const char *name) {
    const char *text = json_string_value(json_object_get(answer, name));
    return text && snprintf(out, 72, "%s", text) < 72;
}

static bool understand(const char *text, struct sw_unpack_sum *sum, struct sw_error **error) {
    sw_cleanup_json json_t *answer = json_loads(text, 0, NULL);
    const char *message = json_string_value(json_object_get(answer, "message"));
    const char *hint = json_string_value(json_object_get(answer, "hint"));
    if (message) {
        sw_fail(error, (enum sw_error_code)json_integer_value(json_object_get(answer, "code")), "%s", message);
        if (error && hint)
            *error = sw_error_hint(*error, "%s", hint);
        return false;
    }
    if (!copy_digest(sum->digest, answer, "digest") || !copy_digest(sum->diff_id, answer, "diffID"))
        return sw_fail(error, SW_ERROR_INTERNAL, "the program that unpacks layers gave no answer");
    sum->entries = (uint64_t)json_integer_value(json_object_get(answer, "entries"));
    sum->tar_bytes = (uint64_t)json_integer_value(json_object_get(answer, "tarBytes"));
    sum->blob_bytes = (uint64_t)json_integer_value(json_object_get(answer, "blobBytes"));
    sum->hides_lowers = json_is_true(json_object_get(answer, "hidesLowers"));
    return true;
}

static bool conclude(int status, const char *answer, const char *tail, struct sw_unpack_sum *sum, struct sw_error **error) {
    if (status == 0)
        return understand(answer, sum, error);
    if (status > 128)
        return sw_fail(error, SW_ERROR_CORRUPT, "the process that unpacked a layer was ended by signal %d", status - 128);
    return sw_fail(error, SW_ERROR_INTERNAL, "the program that unpacks layers failed: %s", tail);
}

/* ---- the child ---- */

static bool follow(struct sw_launched *launched, const int readers[2], const struct sw_work *work, struct sw_unpack_sum *sum,
                   struct sw_error **error) {
    sw_cleanup_buf struct sw_buf answer = {0};
    struct sw_vec no_secrets = {0};
    struct sw_output output = {
        .pipes = {readers[0], readers[1]}, .output = collect, .context = &answer, .cancelled = -1, .work = work};
    int status = sw_output_follow(&output, launched);
    sw_cleanup_free char *tail = sw_output_tail(&output, &no_secrets);
    sw_buf_fini(&output.tail);
    return sw_work_wanted(work, error) && conclude(status, sw_buf_text(&answer), tail, sum, error);
}

static bool launch(const struct sw_unpack *job, const char *program, const int writers[2], struct sw_launched *launched,
                   struct sw_error **error) {
    sw_cleanup_free char *count = sw_format("%zu", job->lower_count);
    const char *argv[] = {program,
                          job->form == SW_EXTRACT_DIFF_USER ? "user" : "diff",
                          job->keep_owner ? "keep" : "drop",
                          job->digest ? job->digest : "-",
                          job->diff_id ? job->diff_id : "-",
                          count,
                          NULL};
    static const char *const env[] = {NULL};
    sw_cleanup_free int *fds = sw_new_array(job->lower_count + 2, sizeof *fds);
    fds[0] = job->blob;
    fds[1] = job->folder;
    for (size_t i = 0; i < job->lower_count; i++)
        fds[i + 2] = job->lowers[i];
    sw_cleanup_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct sw_launch plan = {.program = program,
                             .argv = argv,
                             .env = env,
                             .streams = {null, writers[0], writers[1]},
                             .fds = fds,
                             .fd_count = job->lower_count + 2,
                             .no_network = true};
    return sw_launch(&plan, launched, error);
}

bool sw_unpackchild_run(const struct sw_unpack *job, struct sw_unpack_sum *sum, struct sw_error **error) {
    sw_cleanup_free char *program = find_program(error);
    int out[2] = {-1, -1}, err[2] = {-1, -1};
    struct sw_launched launched;
    if (!program)
        return false;
    bool started = pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0;
    if (!started)
        sw_fail_errno(error, errno, "cannot make a pipe");
    started = started && launch(job, program, (const int[]){out[1], err[1]}, &launched, error);
    sw_close(&out[1]);
    sw_close(&err[1]);
    bool done = started && follow(&launched, (const int[]){out[0], err[0]}, job->work, sum, error);
    sw_close(&out[0]);
    sw_close(&err[0]);
    return done;
}
