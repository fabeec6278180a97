#include "plugins/buildkit/listing.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "plugins/buildkit/image_files.h"

struct gathering {
    const struct sw_host *host;
    const struct sw_solve *solve;
    struct sw_map *listings;
    sw_node node;  /* that is looked at */
    size_t source; /* of a copy */
    struct sw_listing *current;
    sw_done done;
    void *context;
};

char *sw_listing_key(const struct sw_host *host, const struct sw_graph *graph, const struct sw_copy_source *source) {
    return sw_format("%s %s", host->graph->key(graph, source->from), source->path);
}

void sw_listing_free(void *listing) {
    struct sw_listing *one = listing;
    sw_strlist_fini(&one->paths);
    sw_vec_fini(&one->types);
    free(one);
}

bool sw_listing_has_rules(const struct sw_copy_source *source) {
    return source->include.count || source->exclude.count || source->flags & (SW_COPY_PARENTS | SW_COPY_FILTER_DIRS);
}

static bool take_file(void *context, const struct sw_image_file *file) {
    struct gathering *gathering = context;
    sw_strlist_add(&gathering->current->paths, file->path + (*file->path == '/'));
    sw_vec_push(&gathering->current->types, &file->type);
    return true;
}

static void gather_next(void *context);

static void on_walked(void *context, struct sw_error *error) {
    struct gathering *gathering = context;
    if (!error) {
        gather_next(gathering);
        return;
    }
    gathering->done(gathering->context, error);
    free(gathering);
}

static bool is_image_with_rules(const struct gathering *gathering, const struct sw_copy_source *source) {
    const struct sw_host_graph *graph = gathering->host->graph;
    return sw_listing_has_rules(source) && !(source->flags & SW_COPY_WILDCARD) &&
           graph->kind(gathering->solve->graph, source->from) == SW_OP_IMAGE;
}

/* Begins with the next image that has to be read; false: there is none. */
static bool begin_next(struct gathering *gathering) {
    const struct sw_host_graph *graph = gathering->host->graph;
    const struct sw_solve *solve = gathering->solve;
    for (; gathering->node < graph->count(solve->graph); gathering->node++, gathering->source = 0) {
        if (graph->kind(solve->graph, gathering->node) != SW_OP_COPY)
            continue;
        const struct sw_op_copy *op = graph->record(solve->graph, gathering->node);
        while (gathering->source < op->source_count) {
            const struct sw_copy_source *source = &op->sources[gathering->source++];
            if (!is_image_with_rules(gathering, source))
                continue;
            sw_cleanup_free char *key = sw_listing_key(gathering->host, solve->graph, source);
            if (sw_map_has(gathering->listings, key))
                continue;
            const struct sw_op_image *image = graph->record(solve->graph, source->from);
            gathering->current = sw_new(sizeof *gathering->current);
            gathering->current->types.width = sizeof(uint32_t);
            sw_map_set(gathering->listings, key, gathering->current);
            sw_image_files_walk(gathering->host, image->image, source->path, solve->cancel, take_file, on_walked, gathering);
            return true;
        }
    }
    return false;
}

static void gather_next(void *context) {
    struct gathering *gathering = context;
    if (begin_next(gathering))
        return;
    gathering->done(gathering->context, NULL);
    free(gathering);
}

void sw_listings_gather(const struct sw_host *host, const struct sw_solve *solve, struct sw_map *listings, sw_done done,
                        void *context) {
    struct gathering *gathering = sw_new(sizeof *gathering);
    *gathering = (struct gathering){.host = host, .solve = solve, .listings = listings, .done = done, .context = context};
    host->timers->after(0, gather_next, gathering);
}
