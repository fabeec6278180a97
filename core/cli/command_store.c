#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/error.h"
#include "core/cli/app.h"
#include "core/cli/command.h"
#include "core/runtime/pool.h"

/* The functions of backends that look at the store block, so they run on the pool while the loop turns. */
struct store_work {
    struct sw_app app;
    const struct sw_backend_space *space;
    uint64_t items;
    uint64_t bytes;
    uint64_t broken;
    int64_t before;
    uint64_t keep;
    bool done;
    struct sw_error *error;
};

static const char *readable(uint64_t bytes, char out[32]) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;
    for (; value >= 1024 && unit < 4; unit++)
        value /= 1024;
    snprintf(out, 32, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return out;
}

static void print_item(void *context, const struct sw_space_item *item) {
    struct store_work *work = context;
    char size[32];
    work->items++;
    work->bytes += item->bytes;
    printf("%s\t%s\t%s%s\n", item->kind, item->id, readable(item->bytes, size), item->in_use ? "\tin use" : "");
}

static void print_broken(void *context, const struct sw_space_item *item, const char *reason) {
    struct store_work *work = context;
    work->broken++;
    printf("%s %s: %s\n", item->kind, item->id, reason);
}

static void work_df(void *context) {
    struct store_work *work = context;
    work->done = work->space->list(print_item, work, &work->error);
}

static void work_verify(void *context) {
    struct store_work *work = context;
    work->done = work->space->verify(print_broken, work, &work->error);
}

static void work_prune(void *context) {
    struct store_work *work = context;
    work->done = work->space->prune(work->before, work->keep, &work->bytes, &work->error);
}

static void finish(void *context) {
    struct store_work *work = context;
    sw_app_finish(&work->app);
}

static bool run_work(struct store_work *work, const struct sw_arguments *arguments, void (*call)(void *context),
                     struct sw_error **error) {
    if (!sw_app_start(&work->app, arguments, error))
        return false;
    const struct sw_plugin *plugin = sw_app_plugin(&work->app, SW_PLUGIN_BACKEND, "local", error);
    if (plugin)
        work->space = plugin->backend->get_extension(SW_EXT_SPACE);
    if (work->space) {
        sw_pool_run(call, finish, work);
        sw_app_wait(&work->app, error);
        if (work->error)
            sw_pass(error, work->error);
    }
    sw_app_end(&work->app);
    return work->done;
}

static int run_df(const struct sw_arguments *arguments, struct sw_error **error) {
    struct store_work work = {0};
    char size[32];
    if (run_work(&work, arguments, work_df, error))
        printf("%" PRIu64 " items, %s\n", work.items, readable(work.bytes, size));
    return 0;
}

static int run_verify(const struct sw_arguments *arguments, struct sw_error **error) {
    struct store_work work = {0};
    if (!run_work(&work, arguments, work_verify, error))
        return 0;
    if (!work.broken)
        puts("everything is what its name says");
    else
        sw_fail(error, SW_ERROR_CORRUPT, "%" PRIu64 " item(s) of the store are broken", work.broken);
    return 0;
}

/* "20G", "512M", "100": bytes. */
static bool parse_size(const char *text, uint64_t *bytes, struct sw_error **error) {
    static const char units[] = "KMGT";
    char *end;
    *bytes = 0;
    if (!text)
        return true;
    *bytes = strtoull(text, &end, 10);
    const char *unit = end > text && *end ? strchr(units, *end & ~0x20) : NULL;
    for (int i = unit ? (int)(unit - units) : -1; i >= 0; i--)
        *bytes *= 1024;
    end += unit != NULL;
    if (unit && (strcmp(end, "iB") == 0 || strcmp(end, "B") == 0))
        return true;
    return (end > text && !*end) || sw_fail(error, SW_ERROR_USAGE, "--keep-storage: \"%s\" is no size", text);
}

/* "30m", "12h", "7d": seconds. */
static bool parse_time(const char *text, int64_t *seconds, struct sw_error **error) {
    char *end;
    *seconds = 0;
    if (!text)
        return true;
    *seconds = strtoll(text, &end, 10);
    int64_t unit = *end == 's' ? 1 : *end == 'm' ? 60 : *end == 'h' ? 3600 : *end == 'd' ? 86400 : 0;
    *seconds *= unit;
    return (end > text && unit && !end[1]) ||
           sw_fail(error, SW_ERROR_USAGE, "--unused-for: \"%s\" is no time such as 30m, 12h, 7d", text);
}

static int run_prune(const struct sw_arguments *arguments, struct sw_error **error) {
    struct store_work work = {0};
    int64_t age;
    char size[32];
    if (!parse_size(sw_argument(arguments, "keep-storage"), &work.keep, error) ||
        !parse_time(sw_argument(arguments, "unused-for"), &age, error))
        return 0;
    work.before = age ? (int64_t)time(NULL) - age : INT64_MAX;
    if (run_work(&work, arguments, work_prune, error))
        printf("%s freed\n", readable(work.bytes, size));
    return 0;
}

const struct sw_command sw_command_store_df = {
    .name = "store df",
    .operands = "",
    .summary = "list what is in the host's store, with sizes",
    .groups = SW_OPTIONS_STORE,
    .run = run_df,
};

const struct sw_command sw_command_store_verify = {
    .name = "store verify",
    .operands = "",
    .summary = "hash everything in the host's store again",
    .groups = SW_OPTIONS_STORE,
    .run = run_verify,
};

const struct sw_command sw_command_store_prune = {
    .name = "store prune",
    .operands = "",
    .summary = "remove what was not used lately from the host's store",
    .text = "Without options everything goes that no running build holds.",
    .groups = SW_OPTIONS_STORE | SW_OPTIONS_PRUNE,
    .run = run_prune,
};
