#include "plugins/buildkit/push.h"

#include <inttypes.h>
#include <jansson.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "plugins/buildkit/stack.h"

/* The first version that sets the times in layers ("rewrite-timestamp"). */
enum { FIRST_MINOR = 13 };

static bool rewrites_times(const struct sw_daemon *daemon) {
    return sw_daemon_is_since(daemon, FIRST_MINOR) || sw_daemon_has_cap(daemon, "exporter.multiple");
}

static bool is_set(const struct sw_host *host, const char *name) {
    const char *setting = host->setting("registry", name);
    return setting && *setting && strcmp(setting, "false") != 0;
}

/* The layers at the bottom that an image brought: all others get new times. */
static char *base_config(const struct sw_host *host, const struct sw_vec *parts) {
    json_t *diff_ids = json_array();
    for (size_t i = 0; i < parts->len; i++) {
        const struct sw_stack_part *part = sw_vec_at(parts, i);
        if (!part->image)
            break;
        json_array_append_new(diff_ids, json_string(host->image->layer(part->image, part->index).diff_id));
    }
    sw_cleanup_json json_t *config = json_pack("{s:{s:s, s:o}}", "rootfs", "type", "layers", "diff_ids", diff_ids);
    return json_dumps(config, JSON_COMPACT);
}

void sw_push_init(struct sw_push *push, const struct sw_host *host, const struct sw_solve *solve, const struct sw_daemon *daemon,
                  const struct sw_vec *parts) {
    *push = (struct sw_push){0};
    bool asked =
        solve->size > offsetof(struct sw_solve, repo) && solve->repo && host->blob->size > offsetof(struct sw_host_blob, pushed);
    if (!asked || sw_daemon_is_docker(daemon) || !rewrites_times(daemon) || sw_map_has(&daemon->push_failed, solve->repo))
        return;
    *push = (struct sw_push){.repo = solve->repo,
                             .epoch = solve->epoch,
                             .insecure = is_set(host, "insecure-registry") || is_set(host, "skip-tls-verify-registry"),
                             .base_config = base_config(host, parts)};
}

void sw_push_fini(struct sw_push *push) {
    free(push->base_config);
    *push = (struct sw_push){0};
}

struct sw_pairs sw_push_attributes(const struct sw_push *push, struct sw_arena *arena) {
    sw_cleanup_free char *epoch = sw_format("%" PRId64, push->epoch);
    const struct sw_pair attributes[] = {
        {"name", push->repo},
        {"push", "true"},
        {"push-by-digest", "true"},
        {"store", "false"}, /* a daemon with an image store would list it there */
        {"oci-mediatypes", "true"},
        {"compression", "gzip"},
        {"source-date-epoch", sw_arena_str(arena, epoch)},
        {"rewrite-timestamp", "true"},
        {"registry.insecure", "true"},
    };
    size_t count = sizeof attributes / sizeof *attributes - !push->insecure;
    return (struct sw_pairs){sw_arena_copy(arena, attributes, count * sizeof *attributes), count};
}
