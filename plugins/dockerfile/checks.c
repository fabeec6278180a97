#include "plugins/dockerfile/checks.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "core/base/vec.h"

struct both {
    struct sw_filter filters[2];
};

struct sw_df_checks {
    const struct sw_host *host;
    const struct sw_commit *commit;
    const char *scope;
    struct sw_vec wanted; /* of struct both */
    bool started;
    bool told;     /* the loop knows that the look was taken */
    bool orphaned; /* nobody wants to know any more */
    void (*done)(void *context, struct sw_error *error);
    void *context;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool taken; /* guarded by it: the thread touches nothing here any more */
    struct sw_error *error;
};

struct sw_df_checks *sw_df_checks_new(const struct sw_host *host, const struct sw_commit *commit, const char *scope) {
    struct sw_df_checks *checks = sw_new(sizeof *checks);
    *checks = (struct sw_df_checks){.host = host, .commit = commit, .scope = scope, .wanted = {.width = sizeof(struct both)}};
    pthread_mutex_init(&checks->lock, NULL);
    pthread_cond_init(&checks->changed, NULL);
    return checks;
}

static void destroy(struct sw_df_checks *checks) {
    pthread_mutex_destroy(&checks->lock);
    pthread_cond_destroy(&checks->changed);
    sw_vec_fini(&checks->wanted);
    sw_error_free(checks->error);
    free(checks);
}

void sw_df_checks_free(struct sw_df_checks *checks) {
    if (!checks)
        return;
    if (!checks->started || checks->told) {
        destroy(checks);
        return;
    }
    pthread_mutex_lock(&checks->lock);
    while (!checks->taken)
        pthread_cond_wait(&checks->changed, &checks->lock);
    pthread_mutex_unlock(&checks->lock);
    checks->orphaned = true; /* the loop's call is on its way */
}

void sw_df_checks_add(struct sw_df_checks *checks, const struct sw_filter filters[2]) {
    sw_vec_push(&checks->wanted, &(struct both){{filters[0], filters[1]}});
}

/* [pool] */
static void look(void *context) {
    struct sw_df_checks *checks = context;
    struct sw_error *error = NULL;
    for (size_t i = 0; i < checks->wanted.len && !error; i++) {
        const struct both *both = sw_vec_at(&checks->wanted, i);
        checks->host->files->require_committed(checks->commit, checks->scope, both->filters, 2, &error);
    }
    pthread_mutex_lock(&checks->lock);
    checks->error = error;
    checks->taken = true;
    pthread_cond_signal(&checks->changed);
    pthread_mutex_unlock(&checks->lock);
}

static void tell(struct sw_df_checks *checks) {
    struct sw_error *error = checks->error;
    checks->error = NULL;
    checks->done(checks->context, error);
}

static void on_looked(void *context) {
    struct sw_df_checks *checks = context;
    checks->told = true;
    if (checks->orphaned)
        destroy(checks);
    else if (checks->done)
        tell(checks);
}

void sw_df_checks_start(struct sw_df_checks *checks) {
    checks->started = true;
    checks->host->pool->run(look, on_looked, checks);
}

void sw_df_checks_wait(struct sw_df_checks *checks, void (*done)(void *context, struct sw_error *error), void *context) {
    checks->done = done;
    checks->context = context;
    if (checks->told)
        tell(checks);
}
