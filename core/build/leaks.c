#include "core/build/leaks.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/build/blobs.h"
#include "core/build/layer_scan.h"
#include "core/plugin/secrets.h"

struct check {
    struct sw_job *job;
    const struct sw_stage_state *stage;
    struct sw_needles needles;
    size_t layer; /* that is looked at, or comes next */
    int fd;
    struct sw_layer_hit hit;
    struct sw_error *error;
    sw_done done;
    void *context;
};

static void add_needle(void *context, const char *id, struct sw_bytes value) {
    sw_needles_add(context, id, value);
}

static void next_layer(struct check *check);

static void finish(struct check *check, struct sw_error *error) {
    sw_done done = check->done;
    void *context = check->context;
    sw_needles_fini(&check->needles);
    free(check->hit.path);
    free(check);
    done(context, error);
}

/* Tells what was found; an error when it is to be refused. */
static struct sw_error *tell(const struct check *check, const char *id, const char *where) {
    const struct sw_build *build = check->job->build;
    const char *image = check->job->image->name;
    sw_cleanup_free char *text =
        sw_format("image \"%s\", stage %s: the value of secret \"%s\" can be read in %s", image, check->stage->name, id, where);
    if (build->options.refuse_leaks) {
        struct sw_error *error = sw_error_new(SW_ERROR_DENIED, "%s: it is not published", text);
        return sw_error_hint(error, "use the secret where it is mounted; what a step writes is part of the image");
    }
    build->options.host->log(NULL, SW_LOG_WARN, text);
    return NULL;
}

/* ---- layers ---- */

static void scan(void *context) {
    struct check *check = context;
    int fd = check->fd;
    check->fd = -1;
    sw_layer_scan(fd, &check->needles, &check->hit, &check->error);
}

static void on_scanned(void *context) {
    struct check *check = context;
    struct sw_error *error = check->error;
    check->error = NULL;
    if (!error && check->hit.id) {
        sw_cleanup_free char *where = check->hit.path ? sw_format("file %s of a layer", check->hit.path) : sw_strdup("a layer");
        error = tell(check, check->hit.id, where);
    }
    free(check->hit.path);
    check->hit = (struct sw_layer_hit){0};
    if (error) {
        finish(check, error);
        return;
    }
    check->layer++;
    next_layer(check);
}

static void on_open(void *context, int fd, struct sw_error *error) {
    struct check *check = context;
    if (error) {
        finish(check, error);
        return;
    }
    check->fd = fd;
    check->job->build->options.host->pool->run(scan, on_scanned, check);
}

static void next_layer(struct check *check) {
    struct sw_build *build = check->job->build;
    while (check->layer < check->stage->layer_count && sw_map_get(&build->layers, check->stage->layers[check->layer].digest))
        check->layer++;
    if (check->layer == check->stage->layer_count) {
        finish(check, NULL);
        return;
    }
    const char *digest = check->stage->layers[check->layer].digest;
    sw_cleanup_free char *path = sw_blob_path(build->options.host, digest);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        on_open(check, fd, NULL);
    else
        build->options.backend->open_blob(digest, on_open, check);
}

/* ---- the stage ---- */

void sw_leaks_check(struct sw_job *job, const struct sw_stage_state *stage, const char *config, sw_done done, void *context) {
    struct check *check = sw_new(sizeof *check);
    *check = (struct check){.job = job, .stage = stage, .fd = -1, .done = done, .context = context};
    struct sw_error *error = NULL;
    sw_secrets_each(add_needle, &check->needles);
    const char *id = sw_needles_find(&check->needles, config, strlen(config));
    if (id)
        error = tell(check, id, "the config: a variable, label, command or step of the history repeats it");
    if (error || check->needles.items.len == 0)
        finish(check, error);
    else
        next_layer(check);
}

bool sw_leaks_possible(void) {
    struct sw_needles needles = {0};
    sw_secrets_each(add_needle, &needles);
    bool possible = needles.items.len > 0;
    sw_needles_fini(&needles);
    return possible;
}

bool sw_leaks_in_text(const char *text, size_t len) {
    struct sw_needles needles = {0};
    sw_secrets_each(add_needle, &needles);
    bool found = sw_needles_find(&needles, text, len);
    sw_needles_fini(&needles);
    return found;
}
