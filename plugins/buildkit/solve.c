#include "plugins/buildkit/solve.h"
#include "plugins/buildkit/cache_option.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "plugins/buildkit/docker_load.h"
#include "plugins/buildkit/frontend.h"
#include "plugins/buildkit/image_blob.h"
#include "plugins/buildkit/listing.h"
#include "plugins/buildkit/lower.h"
#include "plugins/buildkit/result.h"
#include "plugins/buildkit/session.h"
#include "plugins/buildkit/stack.h"
#include "plugins/buildkit/sync_source.h"
#include "plugins/buildkit/target.h"

enum { MOST_DAEMONS_TRIED = 3 };

/* A node whose result is asked for. */
struct wanted {
    sw_node node;
    sw_node frontend;               /* that it comes from, or SW_NODE_NONE */
    struct sw_frontend_image image; /* what came from there */
    struct sw_vec parts;            /* of struct sw_stack_part */
    bool reported;
};

struct solving {
    const struct sw_host *host;
    struct sw_pool *pool;
    const struct sw_solve *solve;
    struct wanted *wanted;
    struct sw_map made; /* part key -> struct sw_layer_made */
    struct sw_cancel_watch *watch;
    struct sw_vec tried; /* of const struct sw_endpoint *: daemons that could not do it */
    bool ran;
    struct sw_arena caches; /* what --cache-from and --cache-to say */

    /* With one daemon: */
    struct sw_daemon *daemon;
    struct sw_served served;
    struct sw_session *session;
    struct sw_lower lower;
    struct sw_map listings;     /* listing.h */
    struct sw_map loaded;       /* image node's key -> its name in Docker (owned) */
    sw_node next_image;         /* to be given to Docker */
    struct sw_vec entitlements; /* of const char * */

    /* With one target: */
    struct wanted *current;
    struct sw_target *target;
    struct sw_push push;
    const struct sw_image *pushed; /* what the daemon has put into the registry */
    char *config;
    struct sw_arena arena;
    Sw__Definition *definition;
    struct sw_frontend_ask ask;
    struct sw_error *error; /* of work on a pool thread, or what ends the solve */
    bool cancelled;
};

static void take_daemon(struct solving *solving);
static void next_target(struct solving *solving);

/* ---- the end ---- */

static void finish(void *context) {
    struct solving *solving = context;
    sw_done done = solving->solve->done;
    void *done_context = solving->solve->context;
    struct sw_error *error = solving->error;
    solving->host->cancel->unwatch(solving->watch);
    for (size_t i = 0; i < solving->solve->wanted_count; i++) {
        sw_vec_fini(&solving->wanted[i].parts);
        sw_frontend_image_fini(&solving->wanted[i].image);
    }
    sw_map_fini(&solving->made, free);
    sw_vec_fini(&solving->tried);
    sw_map_fini(&solving->listings, sw_listing_free);
    sw_arena_fini(&solving->caches);
    free(solving->wanted);
    free(solving);
    done(done_context, error);
}

static void free_source(void *source) {
    sw_sync_source_free(source);
}

/* Whether another daemon may do what this one did not: it is gone or does not serve us, and the user still wants it. */
static bool may_try_another(const struct solving *solving) {
    return solving->error && solving->error->code == SW_ERROR_UNAVAILABLE && solving->daemon && !solving->cancelled &&
           solving->tried.len + 1 < sw_pool_count(solving->pool) && solving->tried.len + 1 < MOST_DAEMONS_TRIED;
}

static void on_session_closed(void *context) {
    struct solving *solving = context;
    bool again = may_try_another(solving);
    if (solving->daemon)
        sw_vec_push(&solving->tried, &solving->daemon->endpoint);
    sw_lower_fini(&solving->lower);
    sw_map_fini(&solving->served.sources, free_source);
    sw_map_fini(&solving->served.images, sw_image_blob_free);
    sw_map_fini(&solving->loaded, free);
    sw_error_free(solving->served.failure);
    sw_vec_fini(&solving->entitlements);
    sw_push_fini(&solving->push);
    sw_daemon_unref(solving->daemon);
    solving->daemon = NULL;
    solving->session = NULL;
    if (!again) {
        finish(solving);
        return;
    }
    sw_cleanup_free char *text = sw_format("%s; trying another daemon", solving->error->message);
    solving->host->log("buildkit", SW_LOG_WARN, text);
    sw_error_free(solving->error);
    solving->error = NULL;
    take_daemon(solving);
}

static void end(struct solving *solving, struct sw_error *error) {
    if (error && !solving->error)
        solving->error = error;
    else
        sw_error_free(error);
    sw_session_close(solving->session, solving->host, on_session_closed, solving);
}

static struct sw_error *cancelled_error(void) {
    return sw_error_new(SW_ERROR_CANCELLED, "cancelled");
}

static void on_cancelled(void *context) {
    struct solving *solving = context;
    solving->cancelled = true;
    if (solving->target)
        sw_target_cancel(solving->target, cancelled_error());
}

/* ---- results ---- */

static bool is_complete(const struct solving *solving, const struct wanted *wanted) {
    if (wanted->frontend != SW_NODE_NONE)
        return wanted->image.config != NULL;
    return sw_result_is_complete(solving->host, solving->solve->graph, &wanted->parts, &solving->made);
}

/* Reports what has become complete. */
static bool report(struct solving *solving, struct sw_error **error) {
    for (size_t i = 0; i < solving->solve->wanted_count; i++) {
        struct wanted *wanted = &solving->wanted[i];
        if (wanted->reported || !is_complete(solving, wanted))
            continue;
        sw_cleanup_arena struct sw_arena arena = {0};
        sw_cleanup_vec struct sw_vec layers = {0};
        struct sw_result result;
        if (wanted->frontend != SW_NODE_NONE)
            result = sw_frontend_result(&wanted->image, wanted->node, &layers);
        else if (!sw_result_make(solving->host, solving->solve, wanted->node, &wanted->parts, &solving->made, &arena, &result,
                                 error))
            return false;
        result.cached = !solving->ran;
        wanted->reported = true;
        solving->solve->on_result(solving->solve->context, &result);
    }
    return true;
}

static void import_image(void *context) {
    struct solving *solving = context;
    struct wanted *wanted = solving->current;
    if (wanted->frontend != SW_NODE_NONE)
        sw_frontend_import(solving->host, solving->solve, wanted->node, solving->served.sink, &wanted->image, &solving->error);
    else if (solving->pushed)
        sw_result_take(solving->host, solving->solve, &solving->current->parts, solving->pushed, &solving->made, &solving->error);
    else
        sw_result_import(solving->host, solving->solve, &solving->current->parts, solving->served.sink, &solving->made,
                         &solving->error);
}

static void on_imported(void *context) {
    struct solving *solving = context;
    struct sw_error *error = NULL;
    solving->served.jobs--;
    sw_close(&solving->served.sink);
    if (!solving->error && solving->cancelled)
        error = cancelled_error();
    else if (!solving->error)
        report(solving, &error);
    if (solving->error || error)
        end(solving, error);
    else
        next_target(solving);
}

/* ---- one target ---- */

/* Puts the place of the step that failed into the error; takes it, since the host's errors become our own. */
static struct sw_error *locate(struct solving *solving, const char *digest, struct sw_error *error) {
    const struct sw_host_graph *graph = solving->host->graph;
    uintptr_t op = digest ? (uintptr_t)sw_map_get(&solving->lower.llb.by_digest, digest) : 0;
    size_t count = op ? graph->count(solving->solve->graph) : 0;
    for (sw_node node = 0; node < count; node++) {
        if (!solving->lower.known[node] || solving->lower.values[node].op != op - 1)
            continue;
        const struct sw_op_note *note = graph->note(solving->solve->graph, node);
        if (note && note->title && error->exit_status)
            error = sw_error_wrap(error, "%s", note->title);
        return note ? sw_error_at(error, note->place) : error;
    }
    return error;
}

/* The result is built, but not where the host finds it: it comes here instead. Takes `error`. */
static void bring_home(struct solving *solving, struct sw_error *error) {
    const struct sw_endpoint *endpoint = solving->daemon->endpoint;
    sw_cleanup_free char *text = sw_format("the BuildKit daemon at %s cannot push to %s, so layers come here first: %s",
                                           endpoint->address, solving->push.repo, error->message);
    if (!sw_map_has(&solving->daemon->push_failed, solving->push.repo))
        solving->host->log("buildkit", SW_LOG_INFO, text);
    sw_map_set(&solving->daemon->push_failed, solving->push.repo, solving->daemon);
    sw_error_free(error);
    next_target(solving);
}

static void on_pushed(void *context, const struct sw_image *image, struct sw_error *error) {
    struct solving *solving = context;
    solving->served.jobs--;
    if (error && error->code != SW_ERROR_CANCELLED && !solving->cancelled) {
        bring_home(solving, error);
        return;
    }
    if (error) {
        end(solving, error);
        return;
    }
    solving->pushed = image;
    solving->served.jobs++;
    solving->host->pool->run(import_image, on_imported, solving);
}

/* Which layers the daemon has pushed stands in the manifest. */
static void ask_for_pushed(struct solving *solving, const char *digest) {
    sw_cleanup_free char *reference = sw_format("%s@%s", solving->push.repo, digest);
    solving->served.jobs++;
    solving->host->blob->pushed(reference, solving->solve->platform, solving->solve->cancel, on_pushed, solving);
}

static void on_target_done(void *context, bool ran, struct sw_error *error) {
    struct solving *solving = context;
    bool push_failed = sw_target_push_failed(solving->target) && error->code != SW_ERROR_CANCELLED && !solving->cancelled;
    const char *digest = sw_target_pushed_digest(solving->target);
    if (error && !push_failed)
        error = locate(solving, sw_target_failed_digest(solving->target), error);
    solving->target = NULL;
    solving->ran = solving->ran || ran;
    free(solving->config);
    solving->config = NULL;
    if (push_failed) {
        bring_home(solving, error);
        return;
    }
    if (!error && digest) {
        ask_for_pushed(solving, digest);
        return;
    }
    if (error) {
        sw_close(&solving->served.sink);
        end(solving, error);
        return;
    }
    solving->served.jobs++;
    solving->host->pool->run(import_image, on_imported, solving);
}

static void lower_target(void *context) {
    struct solving *solving = context;
    struct sw_llb_value value;
    if (solving->current->frontend != SW_NODE_NONE)
        sw_frontend_prepare(&solving->lower, solving->current->frontend, &solving->ask, &solving->error);
    else if (sw_lower_node(&solving->lower, solving->current->node, &value, &solving->error))
        solving->definition = sw_llb_definition(&solving->lower.llb, value, &solving->arena);
}

static void on_lowered(void *context) {
    struct solving *solving = context;
    struct sw_error *error = solving->error;
    solving->served.jobs--;
    solving->error = NULL;
    if (!solving->target) /* it ended meanwhile; the session waits for us */
        sw_error_free(error);
    else if (error)
        sw_target_cancel(solving->target, error);
    else if (solving->current->frontend != SW_NODE_NONE)
        sw_target_build_by_frontend(solving->target, &solving->ask);
    else
        sw_target_build(solving->target, solving->definition, solving->config);
    sw_frontend_ask_fini(&solving->ask);
    sw_arena_fini(&solving->arena);
}

/* Where the daemon merges without copying, the inputs' layers stay as they are. */
static void look_again(struct solving *solving) {
    for (size_t i = 0; i < solving->solve->wanted_count; i++) {
        struct wanted *wanted = &solving->wanted[i];
        wanted->parts.len = 0;
        sw_stack_of(solving->host, solving->solve->graph, wanted->node, sw_daemon_has_cap(solving->daemon, "mergeop"),
                    &wanted->parts);
    }
}

static void on_listed(void *context, struct sw_error *error) {
    struct solving *solving = context;
    if (error || !solving->target) {
        solving->served.jobs--;
        if (error && solving->target)
            sw_target_cancel(solving->target, error);
        else
            sw_error_free(error);
        return;
    }
    solving->host->pool->run(lower_target, on_lowered, solving);
}

static void on_target_ready(void *context, struct sw_target *target) {
    struct solving *solving = context;
    (void)target;
    look_again(solving);
    solving->config = sw_result_probe_config(&solving->current->parts, solving->solve->platform);
    solving->served.jobs++;
    if (sw_daemon_has_cap(solving->daemon, "file.copy.includeexcludepatterns"))
        on_listed(solving, NULL);
    else
        sw_listings_gather(solving->host, solving->solve, &solving->listings, on_listed, solving);
}

/* The last one that is missing: what it stands on comes with it. */
static struct wanted *find_missing(struct solving *solving) {
    for (size_t i = solving->solve->wanted_count; i-- > 0;)
        if (!solving->wanted[i].reported)
            return &solving->wanted[i];
    return NULL;
}

/* Steps below it are in the cache of the last result. */
static bool read_caches(struct solving *solving, struct sw_target_request *request, struct sw_arena *arena,
                        struct sw_error **error) {
    const char *plan = solving->solve->plan_id ? solving->solve->plan_id : "";
    const char *image = sw_arena_strn(arena, plan, strcspn(plan, "@"));
    bool last = solving->current == &solving->wanted[solving->solve->wanted_count - 1];
    return sw_cache_option_read(solving->host, "cache-from", image, arena, &request->cache_from, error) &&
           (!last || sw_cache_option_read(solving->host, "cache-to", image, arena, &request->cache_to, error));
}

static void next_target(struct solving *solving) {
    struct sw_error *error = NULL;
    solving->current = find_missing(solving);
    if (!solving->current || solving->cancelled) {
        end(solving, solving->current ? cancelled_error() : NULL);
        return;
    }
    sw_push_fini(&solving->push);
    if (solving->current->frontend == SW_NODE_NONE)
        sw_push_init(&solving->push, solving->host, solving->solve, solving->daemon, &solving->current->parts);
    solving->pushed = NULL;
    solving->served.sink = solving->push.repo ? -1 : sw_layer_temporary(solving->host, &error);
    if (error) {
        end(solving, error);
        return;
    }
    struct sw_target_request request = {.daemon = solving->daemon,
                                        .session = sw_session_id(solving->session),
                                        .served = &solving->served,
                                        .push = &solving->push,
                                        .entitlements = {solving->entitlements.data, solving->entitlements.len},
                                        .vertex = solving->solve->vertex,
                                        .ready = on_target_ready,
                                        .done = on_target_done,
                                        .context = solving};
    if (read_caches(solving, &request, &solving->caches, &error))
        solving->target = sw_target_start(&request);
    else
        end(solving, error);
}

/* ---- images that only this host has ---- */

static void load_images(struct solving *solving);

static void on_loaded(void *context, const char *name, struct sw_error *error) {
    struct solving *solving = context;
    solving->served.jobs--;
    if (error || solving->cancelled) {
        end(solving, error ? error : cancelled_error());
        return;
    }
    const char *key = solving->host->graph->key(solving->solve->graph, solving->next_image++);
    free(sw_map_set(&solving->loaded, key, sw_strdup(name)));
    load_images(solving);
}

/* Gives Docker, one after another, the base images that no registry has. */
static void load_images(struct solving *solving) {
    const struct sw_host_graph *graph = solving->host->graph;
    size_t count = sw_daemon_is_docker(solving->daemon) ? graph->count(solving->solve->graph) : 0;
    for (; solving->next_image < count; solving->next_image++) {
        if (graph->kind(solving->solve->graph, solving->next_image) != SW_OP_IMAGE)
            continue;
        const struct sw_op_image *op = graph->record(solving->solve->graph, solving->next_image);
        if (!solving->host->image->layer_count(op->image) || !sw_lower_is_local_image(solving->host, op->image))
            continue;
        solving->served.jobs++;
        sw_docker_load(solving->daemon, op->image, solving->solve->cancel, solving->solve->vertex, on_loaded, solving);
        return;
    }
    next_target(solving);
}

/* ---- the daemon and its session ---- */

static void on_session(void *context, struct sw_error *error) {
    struct solving *solving = context;
    if (error || solving->cancelled) {
        end(solving, error ? error : cancelled_error());
        return;
    }
    solving->lower.session = sw_session_id(solving->session);
    load_images(solving);
}

/* Names this user's folders on the daemon, which keeps what it was sent between builds. Each image has its own: front ends call all
 * contexts alike. */
static void shared_key(const char *plan_id, char out[SW_SHA256_HEX]) {
    char machine[64] = "", folder[4096] = "";
    sw_cleanup_file FILE *file = fopen("/etc/machine-id", "re");
    if (file && !fgets(machine, sizeof machine, file))
        *machine = '\0';
    if (!getcwd(folder, sizeof folder))
        *folder = '\0';
    sw_cleanup_free char *text = sw_format("%s\n%s\n%s", machine, folder, plan_id);
    sw_sha256_hex(text, strlen(text), out);
}

/* Rights that steps ask for; whether the user allows them was checked, or is checked when they are lowered. */
static void find_entitlements(struct solving *solving) {
    const struct sw_host_graph *graph = solving->host->graph;
    bool network = false, insecure = false;
    for (sw_node node = 0; node < graph->count(solving->solve->graph); node++) {
        if (graph->kind(solving->solve->graph, node) == SW_OP_FRONTEND) {
            const struct sw_op_frontend *op = graph->record(solving->solve->graph, node);
            network = network || op->host_network;
        }
        if (graph->kind(solving->solve->graph, node) != SW_OP_EXEC)
            continue;
        const struct sw_op_exec *op = graph->record(solving->solve->graph, node);
        network = network || op->network == SW_NETWORK_HOST;
        insecure = insecure || op->security == SW_SECURITY_INSECURE;
    }
    solving->entitlements = (struct sw_vec){.width = sizeof(const char *)};
    if (network)
        sw_vec_push(&solving->entitlements, &(const char *){"network.host"});
    if (insecure && solving->solve->insecure_allowed)
        sw_vec_push(&solving->entitlements, &(const char *){"security.insecure"});
}

static void on_daemon(void *context, struct sw_daemon *daemon, struct sw_error *error) {
    struct solving *solving = context;
    char key[SW_SHA256_HEX];
    if (error) {
        solving->error = error;
        finish(solving);
        return;
    }
    solving->daemon = daemon;
    solving->next_image = 0;
    solving->served = (struct sw_served){.host = solving->host,
                                         .daemon = daemon,
                                         .plan_id = solving->solve->plan_id ? solving->solve->plan_id : "",
                                         .cancel = solving->solve->cancel,
                                         .sink = -1};
    sw_lower_init(&solving->lower, solving->host, solving->solve);
    solving->lower.daemon = daemon;
    solving->lower.served = &solving->served;
    solving->lower.loaded = &solving->loaded;
    solving->lower.listings = &solving->listings;
    find_entitlements(solving);
    shared_key(solving->served.plan_id, key);
    solving->session = sw_session_open(daemon, &solving->served, key, on_session, solving);
}

/* Whether a step runs on the image's own platform: others may run on that of the daemon, to cross-compile. */
static bool runs_on_platform(const struct sw_solve *solve, const struct sw_host_graph *graph) {
    for (sw_node node = 0; node < graph->count(solve->graph); node++) {
        if (graph->kind(solve->graph, node) != SW_OP_EXEC)
            continue;
        const struct sw_op_exec *op = graph->record(solve->graph, node);
        if (!op->platform || !solve->platform || !strcmp(op->platform, solve->platform))
            return true;
    }
    return false;
}

static void take_daemon(struct solving *solving) {
    bool runs = runs_on_platform(solving->solve, solving->host->graph);
    sw_pool_take(solving->pool, solving->solve->plan_id, solving->solve->platform, runs, &solving->tried, on_daemon, solving);
}

/* ---- the beginning ---- */

/* Begins in a turn of its own: `done` never comes from inside the call that asked. */
static void begin(void *context) {
    struct solving *solving = context;
    if (!report(solving, &solving->error) || !find_missing(solving))
        finish(solving);
    else
        take_daemon(solving);
}

void sw_solve_start(const struct sw_host *host, struct sw_pool *pool, const struct sw_solve *solve) {
    struct solving *solving = sw_new(sizeof *solving);
    *solving = (struct solving){.host = host, .pool = pool, .solve = solve, .served = {.sink = -1}};
    solving->tried.width = sizeof(const struct sw_endpoint *);
    solving->wanted = sw_new_array(solve->wanted_count + 1, sizeof *solving->wanted);
    for (size_t i = 0; i < solve->wanted_count; i++) {
        struct wanted *wanted = &solving->wanted[i];
        *wanted = (struct wanted){.node = solve->wanted[i], .parts = {.width = sizeof(struct sw_stack_part)}};
        wanted->frontend = sw_frontend_below(host, solve->graph, wanted->node);
        sw_stack_of(host, solve->graph, wanted->node, false, &wanted->parts);
    }
    solving->watch = host->cancel->watch(solve->cancel, on_cancelled, solving);
    host->timers->after(0, begin, solving);
}

void sw_solve_refuse(const struct sw_host *host, const struct sw_solve *solve, struct sw_error *error) {
    struct solving *solving = sw_new(sizeof *solving);
    *solving = (struct solving){.host = host, .solve = solve, .error = error};
    solving->wanted = sw_new_array(solve->wanted_count + 1, sizeof *solving->wanted);
    host->timers->after(0, finish, solving);
}
