/* lower.h - from the build graph to BuildKit's language.
 *
 * Every node becomes a value of the definition; what has no equivalent on an older daemon is written in a plainer way, or refused with a
 * reason. Names of files that the daemon will ask for are put where the session finds them. Reads trees: [pool]. */
#ifndef PLUGINS_BUILDKIT_LOWER_H
#define PLUGINS_BUILDKIT_LOWER_H

#include "plugins/buildkit/daemon.h"
#include "plugins/buildkit/llb.h"
#include "plugins/buildkit/served.h"
#include "slipway/backend.h"

struct sw_lower {
    const struct sw_host *host;
    const struct sw_solve *solve;
    const struct sw_daemon *daemon; /* its capabilities are known */
    const char *session;            /* its id */
    struct sw_served *served;       /* gets sources and images */
    const struct sw_map *loaded;    /* node key of an image -> name under which Docker has it */
    const struct sw_map *listings;  /* listing.h: of images, where the daemon cannot apply rules itself */
    struct sw_llb llb;
    struct sw_llb_value *values; /* by node */
    bool *known;
    bool insecure;     /* a step needs the entitlement */
    bool host_network; /* likewise */
};

void sw_lower_init(struct sw_lower *lower, const struct sw_host *host, const struct sw_solve *solve);
void sw_lower_fini(struct sw_lower *lower);

/* Lowers all that `node` needs, and gives its value. */
bool sw_lower_node(struct sw_lower *lower, sw_node node, struct sw_llb_value *value, struct sw_error **error);

/* Whether `image` has to be given to the daemon, because no registry has it. */
bool sw_lower_is_local_image(const struct sw_host *host, const struct sw_image *image);

/* "docker-image://…" or "oci-layout://…": how the daemon gets the image of `node`. To be freed; NULL when it cannot. */
char *sw_lower_image_identifier(struct sw_lower *lower, sw_node node, struct sw_error **error);

/* ---- the parts of it ---- */

bool sw_lower_image(struct sw_lower *lower, sw_node node, struct sw_llb_value *value, struct sw_error **error);
bool sw_lower_tree(struct sw_lower *lower, sw_node node, struct sw_llb_value *value, struct sw_error **error);
bool sw_lower_patch(struct sw_lower *lower, sw_node node, struct sw_llb_value *value, struct sw_error **error);
bool sw_lower_exec(struct sw_lower *lower, sw_node node, struct sw_llb_value *value, struct sw_error **error);
bool sw_lower_copy(struct sw_lower *lower, sw_node node, struct sw_llb_value *value, struct sw_error **error);
bool sw_lower_file(struct sw_lower *lower, sw_node node, struct sw_llb_value *value, struct sw_error **error);
bool sw_lower_merge(struct sw_lower *lower, sw_node node, struct sw_llb_value *value, struct sw_error **error);
bool sw_lower_diff(struct sw_lower *lower, sw_node node, struct sw_llb_value *value, struct sw_error **error);

const void *sw_lower_record(const struct sw_lower *lower, sw_node node);
const char *sw_lower_title(const struct sw_lower *lower, sw_node node);
struct sw_llb_value sw_lower_value(const struct sw_lower *lower, sw_node node); /* of a node lowered before; SW_NODE_NONE: empty */
bool sw_lower_has(const struct sw_lower *lower, const char *cap);

/* ---- sources that the session serves ---- */

struct sw_sync_source;

/* A new source for `node` (SW_NODE_NONE: of items only), found by the daemon under a name that stays the same from build to build.
 * `part` tells sources of one node apart. Owned by the session's table. */
struct sw_sync_source *sw_lower_source(struct sw_lower *lower, sw_node node, const char *part);

/* Lists its files, with their remembered times. */
bool sw_lower_load(struct sw_lower *lower, struct sw_sync_source *source, struct sw_error **error);

/* The value that stands for a source. */
struct sw_llb_value sw_lower_local(struct sw_lower *lower, const struct sw_sync_source *source, const char *title);

/* ---- actions on files ---- */

/* One FileOp that is being written: a chain of actions, each on the result of the one before. */
struct sw_lower_actions {
    struct sw_llb_draft draft;
    struct sw_llb_value base;
    struct sw_vec actions; /* of struct sw_lower_action */
};

struct sw_lower_action {
    uint32_t field;             /* in FileAction: 4 copy, 5 mkfile, 6 mkdir, 7 rm, 8 symlink */
    struct sw_llb_value source; /* of a copy */
    bool has_source;
    struct sw_buf body;
};

void sw_lower_actions_init(struct sw_lower_actions *actions, const char *title, struct sw_llb_value base);
/* Appends an action and takes `body`. */
void sw_lower_act(struct sw_lower_actions *actions, uint32_t field, const struct sw_llb_value *source, struct sw_buf *body);
/* Adds the operation; without any action the value is the base. Ends `actions`. */
struct sw_llb_value sw_lower_actions_add(struct sw_lower *lower, struct sw_lower_actions *actions);

/* Writes an owner ("user[:group]", names or numbers) as field `field` of an action's body; NULL: root. Names are looked up in the base. */
void sw_lower_owner(struct sw_lower_actions *actions, struct sw_buf *body, uint32_t field, const char *owner);

/* Removes `paths`, of which `links` are symlinks: older daemons would remove what a link points to. */
void sw_lower_remove_all(struct sw_lower *lower, struct sw_lower_actions *actions, struct sw_strings paths,
                         struct sw_strings links);

void sw_lower_remove(struct sw_lower_actions *actions, const char *path, bool wildcard);
void sw_lower_copy_all(struct sw_lower_actions *actions, struct sw_llb_value source, const char *from, const char *to,
                       const char *owner);

#endif
