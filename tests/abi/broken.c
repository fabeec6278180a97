/* A plugin with one defect, which DEFECT names; all else about it is right. One source makes all of them, so that a refusal can only
 * come from the defect. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "slipway/plugin.h"

enum defect {
    NONE_BUILDER,
    NONE_BACKEND,
    NONE_STORE,
    OTHER_MAJOR,
    NEWER_MINOR,
    SHORT_PLUGIN,
    SHORT_BUILDER,
    SHORT_BACKEND,
    SHORT_STORE,
    NULL_NAME,
    EMPTY_NAME,
    STRANGE_NAME,
    LONG_NAME,
    NULL_VERSION,
    UNKNOWN_KIND,
    WRONG_KIND,
    NO_CLAIMS,
    SAME_CLAIM_TWICE,
    ENDLESS_CLAIMS,
    NULL_SCHEMA,
    BROKEN_SCHEMA,
    LIST_SCHEMA,
    NO_NEXT,
    NO_SOLVE,
    NO_PUT_BLOB,
    REFUSES,
    REFUSES_SILENTLY,
    READS_NULL,
    ABORTS,
    DIVIDES_BY_ZERO,
    TAKEN_KEY,
    TAKEN_NAME,
    TAKEN_SCHEME,
};

static const char *claims[100] = {"sample", "sample-too"};
static const char *schemes[] = {"sample:", NULL};

static void *plan(const struct sw_plan_request *request, struct sw_error **error) {
    (void)request, (void)error;
    return NULL;
}
static void next(void *planner, const struct sw_stage_view *previous, sw_stage_done done, void *context) {
    (void)planner, (void)previous;
    done(context, NULL, NULL);
}
static void realize(void *planner, struct sw_graph *graph, sw_node previous, sw_realize_done done, void *context) {
    (void)planner, (void)graph;
    done(context, previous, NULL);
}
static void close_planner(void *planner) {
    (void)planner;
}
static struct sw_builder builder = {.size = sizeof builder,
                                    .claims = claims,
                                    .schema = "{}",
                                    .plan = plan,
                                    .next = next,
                                    .realize = realize,
                                    .close = close_planner};

static bool capabilities(struct sw_capabilities *out, struct sw_error **error) {
    (void)error;
    out->ops = 0;
    return true;
}
static void solve(const struct sw_solve *request) {
    request->done(request->context, NULL);
}
static void open_blob(const char *digest, void (*done)(void *context, int fd, struct sw_error *error), void *context) {
    (void)digest;
    done(context, -1, NULL);
}
static struct sw_backend backend = {.size = sizeof backend, .capabilities = capabilities, .solve = solve, .open_blob = open_blob};

/* No test calls these: that they are there is enough. */
static struct sw_repo *open_repo(const char *address, struct sw_error **error) {
    (void)address, (void)error;
    return NULL;
}
static void close_repo(struct sw_repo *repo) {
    (void)repo;
}
static void never_called(void) {
    abort();
}
static struct sw_store store = {.size = sizeof store, .schemes = schemes, .open = open_repo, .close = close_repo};

static void fill_store(void) {
    void *function = (void *)never_called;
    memcpy(&store.resolve, &function, sizeof function);
    memcpy(&store.list, &function, sizeof function);
    memcpy(&store.get_manifest, &function, sizeof function);
    memcpy(&store.get_blob, &function, sizeof function);
    memcpy(&store.fetch_blob, &function, sizeof function);
    memcpy(&store.put_blob, &function, sizeof function);
    memcpy(&store.put_manifest, &function, sizeof function);
    memcpy(&store.remove, &function, sizeof function);
}

static struct sw_plugin plugin = {
    .size = sizeof plugin,
    .abi_major = SW_ABI_MAJOR,
    .kind = SW_PLUGIN_BUILDER,
    .name = "broken",
    .version = "1",
    .license = "none",
    .summary = "has a defect",
    .builder = &builder,
};

static void become_backend(void) {
    plugin.kind = SW_PLUGIN_BACKEND;
    plugin.backend = &backend;
}

static void become_store(void) {
    plugin.kind = SW_PLUGIN_STORE;
    plugin.store = &store;
}

static void crash(enum defect how) {
    volatile int zero = 0;
    int *volatile nowhere = NULL;
    if (how == ABORTS)
        abort();
    if (how == READS_NULL)
        zero = *nowhere;
#if defined(__x86_64__) || defined(__i386__)
    __asm__ volatile("divl %1" : : "a"(1), "r"(zero), "d"(0));
#else
    raise(SIGFPE);
#endif
}

static void break_builder(enum defect defect) {
    switch (defect) {
    case SHORT_BUILDER:
        builder.size = sizeof builder - sizeof(void *);
        break;
    case NO_CLAIMS:
        claims[0] = NULL;
        break;
    case SAME_CLAIM_TWICE:
        claims[1] = "sample";
        break;
    case ENDLESS_CLAIMS:
        for (size_t i = 0; i < sizeof claims / sizeof *claims; i++)
            claims[i] = "more";
        break;
    case NULL_SCHEMA:
        builder.schema = NULL;
        break;
    case BROKEN_SCHEMA:
        builder.schema = "{\"type\": ";
        break;
    case LIST_SCHEMA:
        builder.schema = "[]";
        break;
    case NO_NEXT:
        builder.next = NULL;
        break;
    case TAKEN_KEY:
        claims[1] = "taken";
        break;
    default:
        break;
    }
}

static void break_others(enum defect defect) {
    switch (defect) {
    case SHORT_BACKEND:
        become_backend();
        backend.size = 8;
        break;
    case NO_SOLVE:
        become_backend();
        backend.solve = NULL;
        break;
    case NONE_BACKEND:
        become_backend();
        break;
    case SHORT_STORE:
        become_store();
        store.size = 8;
        break;
    case NO_PUT_BLOB:
        become_store();
        store.put_blob = NULL;
        break;
    case TAKEN_SCHEME:
        become_store();
        schemes[0] = "taken:";
        break;
    case NONE_STORE:
        become_store();
        break;
    default:
        break;
    }
}

static void break_descriptor(enum defect defect) {
    switch (defect) {
    case OTHER_MAJOR:
        plugin.abi_major = SW_ABI_MAJOR + 1;
        break;
    case NEWER_MINOR:
        plugin.abi_minor = SW_ABI_MINOR + 1;
        break;
    case SHORT_PLUGIN:
        plugin.size = offsetof(struct sw_plugin, builder);
        break;
    case NULL_NAME:
        plugin.name = NULL;
        break;
    case EMPTY_NAME:
        plugin.name = "";
        break;
    case STRANGE_NAME:
        plugin.name = "../Strange";
        break;
    case LONG_NAME:
        plugin.name = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        break;
    case NULL_VERSION:
        plugin.version = NULL;
        break;
    case UNKNOWN_KIND:
        plugin.kind = 9;
        break;
    case WRONG_KIND:
        plugin.kind = SW_PLUGIN_BACKEND;
        break;
    case TAKEN_NAME:
        plugin.name = "taken";
        break;
    default:
        break;
    }
}

SW_EXPORT const struct sw_plugin *slipway_plugin_v1(const struct sw_host *host, const char **refusal);

SW_EXPORT const struct sw_plugin *slipway_plugin_v1(const struct sw_host *host, const char **refusal) {
    (void)host;
    fill_store();
    break_descriptor(DEFECT);
    break_builder(DEFECT);
    break_others(DEFECT);
    switch (DEFECT) {
    case REFUSES:
        *refusal = "this kernel has no such thing";
        return NULL;
    case REFUSES_SILENTLY:
        return NULL;
    case READS_NULL:
    case ABORTS:
    case DIVIDES_BY_ZERO:
        crash(DEFECT);
        break;
    default:
        break;
    }
    return &plugin;
}
