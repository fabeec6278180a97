/* listing.h - which files the images have that a build copies from by rules, for daemons that cannot apply the rules themselves. */
#ifndef PLUGINS_BUILDKIT_LISTING_H
#define PLUGINS_BUILDKIT_LISTING_H

#include "core/base/map.h"
#include "core/base/vec.h"
#include "slipway/backend.h"

/* What is below one path of an image, sorted: parallel lists. */
struct sw_listing {
    struct sw_strlist paths; /* clean, relative to the image's root */
    struct sw_vec types;     /* of uint32_t, enum sw_file_type */
};

/* Name of the listing for `source` among the listings. To be freed. */
char *sw_listing_key(const struct sw_host *host, const struct sw_graph *graph, const struct sw_copy_source *source);

void sw_listing_free(void *listing);

/* Whether the rules of a copy leave anything out. */
bool sw_listing_has_rules(const struct sw_copy_source *source);

/* Reads the listings that copies of the solve's graph from images need and `listings` (key -> struct sw_listing, owned) does not have
 * yet. `done` never comes from inside this call. [loop] */
void sw_listings_gather(const struct sw_host *host, const struct sw_solve *solve, struct sw_map *listings, sw_done done,
                        void *context);

#endif
