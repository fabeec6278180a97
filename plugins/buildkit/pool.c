#include "plugins/buildkit/pool.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"

/* A daemon that could not be reached is not waited for again so soon, as long as there are others. */
enum { AVOIDED_MS = 30 * 1000 };

/* One address. */
struct member {
    struct sw_endpoint endpoint;
    struct sw_daemon *daemon; /* connected; NULL: not yet, or lost */
    uint64_t failed_at;       /* when it could not be reached; 0: it could */
    bool connecting;
    struct sw_vec waiters; /* of struct waiter */
    const struct sw_host *host;
};

struct waiter {
    void (*done)(void *context, struct sw_daemon *daemon, struct sw_error *error);
    void *context;
};

struct sw_pool {
    const struct sw_host *host;
    struct sw_vec endpoints; /* of struct sw_endpoint */
    struct member *members;
};

struct sw_pool *sw_pool_new(const struct sw_host *host, struct sw_error **error) {
    struct sw_pool *pool = sw_new(sizeof *pool);
    pool->host = host;
    pool->endpoints.width = sizeof(struct sw_endpoint);
    bool ok = sw_endpoints_find(host, &pool->endpoints, error);
    pool->members = sw_new_array(pool->endpoints.len + 1, sizeof *pool->members);
    for (size_t i = 0; i < pool->endpoints.len; i++) {
        pool->members[i].endpoint = *(struct sw_endpoint *)sw_vec_at(&pool->endpoints, i);
        pool->members[i].waiters.width = sizeof(struct waiter);
        pool->members[i].host = host;
    }
    if (ok)
        return pool;
    sw_pool_free(pool);
    return NULL;
}

void sw_pool_free(struct sw_pool *pool) {
    if (!pool)
        return;
    for (size_t i = 0; i < pool->endpoints.len; i++) {
        sw_daemon_close(pool->members[i].daemon);
        sw_vec_fini(&pool->members[i].waiters);
        sw_endpoint_fini(&pool->members[i].endpoint);
    }
    sw_vec_fini(&pool->endpoints);
    free(pool->members);
    free(pool);
}

size_t sw_pool_count(const struct sw_pool *pool) {
    return pool->endpoints.len;
}

const struct sw_endpoint *sw_pool_endpoint(const struct sw_pool *pool, size_t index) {
    return &pool->members[index].endpoint;
}

/* ---- order ---- */

struct ranked {
    char weight[SW_SHA256_HEX];
    size_t index;
};

static int by_weight(const void *a, const void *b) {
    return strcmp(((const struct ranked *)b)->weight, ((const struct ranked *)a)->weight);
}

void sw_pool_rank(const struct sw_pool *pool, const char *what, size_t *order) {
    size_t count = pool->endpoints.len;
    sw_cleanup_free struct ranked *ranked = sw_new_array(count + 1, sizeof *ranked);
    for (size_t i = 0; i < count; i++) {
        sw_cleanup_free char *text = sw_format("%s\n%s", pool->members[i].endpoint.address, what ? what : "");
        sw_sha256_hex(text, strlen(text), ranked[i].weight);
        ranked[i].index = i;
    }
    qsort(ranked, count, sizeof *ranked, by_weight);
    for (size_t i = 0; i < count; i++)
        order[i] = ranked[i].index;
}

/* ---- connecting ---- */

static void on_connected(void *context, struct sw_daemon *daemon, struct sw_error *error) {
    struct member *member = context;
    struct sw_vec waiters = member->waiters;
    member->waiters = (struct sw_vec){.width = sizeof(struct waiter)};
    member->connecting = false;
    member->daemon = daemon;
    member->failed_at = daemon ? 0 : member->host->timers->now();
    for (size_t i = 0; i < waiters.len; i++) {
        struct waiter *waiter = sw_vec_at(&waiters, i);
        waiter->done(waiter->context, daemon ? sw_daemon_ref(daemon) : NULL, sw_error_copy(error));
    }
    sw_vec_fini(&waiters);
    sw_error_free(error);
}

static void connect_member(struct sw_pool *pool, struct member *member,
                           void (*done)(void *context, struct sw_daemon *daemon, struct sw_error *error), void *context) {
    if (member->daemon && (member->daemon->lost || sw_h2_is_lost(member->daemon->h2))) {
        sw_daemon_unref(member->daemon);
        member->daemon = NULL;
    }
    if (member->daemon) {
        done(context, sw_daemon_ref(member->daemon), NULL);
        return;
    }
    sw_vec_push(&member->waiters, &(struct waiter){done, context});
    if (member->connecting)
        return;
    member->connecting = true;
    sw_daemon_connect(pool->host, &member->endpoint, on_connected, member);
}

static bool is_avoided(const struct sw_endpoint *endpoint, const struct sw_vec *avoid) {
    for (size_t i = 0; avoid && i < avoid->len; i++)
        if (*(const struct sw_endpoint *const *)sw_vec_at(avoid, i) == endpoint)
            return true;
    return false;
}

/* Takes out those to avoid, and puts those that could not be reached just now behind the others. Returns how many are left. */
static size_t put_off(const struct sw_pool *pool, const struct sw_vec *avoid, size_t *order) {
    size_t count = pool->endpoints.len, kept = 0;
    uint64_t now = pool->host->timers->now();
    sw_cleanup_free size_t *last = sw_new_array(count + 1, sizeof *last);
    size_t last_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct member *member = &pool->members[order[i]];
        uint64_t failed_at = member->failed_at;
        if (is_avoided(&member->endpoint, avoid))
            continue;
        if (failed_at && now - failed_at < AVOIDED_MS)
            last[last_count++] = order[i];
        else
            order[kept++] = order[i];
    }
    memcpy(order + kept, last, last_count * sizeof *last);
    return kept + last_count;
}

/* ---- taking one ---- */

struct taking {
    struct sw_pool *pool;
    char *platform;
    bool runs;               /* something does, on that platform */
    struct sw_daemon *spare; /* the first one of another platform, if nothing does */
    size_t *order;
    size_t count; /* of `order` */
    size_t next;
    struct sw_error *error;    /* of the first one that failed */
    struct sw_strlist offered; /* platforms that others have */
    void (*done)(void *context, struct sw_daemon *daemon, struct sw_error *error);
    void *context;
};

static void try_next(struct taking *taking);

static void end_taking(struct taking *taking, struct sw_daemon *daemon, struct sw_error *error) {
    taking->done(taking->context, daemon, error);
    sw_error_free(taking->error);
    sw_strlist_fini(&taking->offered);
    free(taking->platform);
    free(taking->order);
    free(taking);
}

static void on_member(void *context, struct sw_daemon *daemon, struct sw_error *error) {
    struct taking *taking = context;
    if (error) {
        if (taking->error)
            sw_error_free(error);
        else
            taking->error = error;
        try_next(taking);
        return;
    }
    if (taking->platform && !sw_daemon_runs(daemon, taking->platform)) {
        if (!taking->runs && !taking->spare) {
            taking->spare = daemon;
            try_next(taking);
            return;
        }
        for (size_t i = 0; i < daemon->platforms.len; i++)
            if (!sw_strlist_has(&taking->offered, daemon->platforms.items[i]))
                sw_strlist_add(&taking->offered, daemon->platforms.items[i]);
        sw_daemon_unref(daemon);
        try_next(taking);
        return;
    }
    if (taking->spare)
        sw_daemon_unref(taking->spare);
    end_taking(taking, daemon, NULL);
}

static struct sw_error *nobody(struct taking *taking) {
    if (taking->error || !taking->offered.len) {
        struct sw_error *error = sw_steal(&taking->error);
        return error ? error : sw_error_new(SW_ERROR_UNAVAILABLE, "no BuildKit daemon is left to try");
    }
    sw_cleanup_free char *offered = sw_strings_join(sw_strlist_view(&taking->offered), ", ");
    struct sw_error *error =
        sw_error_new(SW_ERROR_UNSUPPORTED, "no BuildKit daemon runs steps for %s: they offer %s", taking->platform, offered);
    return sw_error_hint(error, "add a daemon of that platform to --buildkit-addr, or an emulator to the daemon's host (binfmt)");
}

static void try_next(struct taking *taking) {
    if (taking->next >= taking->count) {
        end_taking(taking, taking->spare, taking->spare ? NULL : nobody(taking));
        return;
    }
    struct member *member = &taking->pool->members[taking->order[taking->next++]];
    connect_member(taking->pool, member, on_member, taking);
}

void sw_pool_take(struct sw_pool *pool, const char *what, const char *platform, bool runs, const struct sw_vec *avoid,
                  void (*done)(void *context, struct sw_daemon *daemon, struct sw_error *error), void *context) {
    struct taking *taking = sw_new(sizeof *taking);
    *taking = (struct taking){.pool = pool, .platform = sw_strdup(platform), .runs = runs, .done = done, .context = context};
    taking->order = sw_new_array(pool->endpoints.len + 1, sizeof *taking->order);
    sw_pool_rank(pool, what, taking->order);
    taking->count = put_off(pool, avoid, taking->order);
    try_next(taking);
}
