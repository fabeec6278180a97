/* lower_file.c - small changes: folders, links, files, removals. */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "plugins/buildkit/lower.h"
#include "plugins/buildkit/sync_source.h"
#include "plugins/buildkit/wire.h"

enum { INLINE_LIMIT = 2 * 1024 * 1024 }; /* a whole request must stay below 4 MiB for older daemons */

static void put_mkdir(struct sw_lower_actions *actions, const struct sw_file_action *action) {
    struct sw_buf body = {0};
    sw_wire_text(&body, 1, action->path);
    sw_wire_uint(&body, 2, action->mode ? action->mode : 0755);
    sw_wire_bool(&body, 3, true);
    sw_lower_owner(actions, &body, 4, action->owner);
    sw_wire_int(&body, 5, -1);
    sw_lower_act(actions, 6, NULL, &body);
}

static bool put_write(struct sw_lower_actions *actions, const struct sw_file_action *action, struct sw_error **error) {
    struct sw_buf body = {0};
    if (action->content.len > INLINE_LIMIT)
        return sw_fail(error, SW_ERROR_UNSUPPORTED, "%s has more than %d bytes, too many for a message to a BuildKit daemon",
                       action->path, INLINE_LIMIT);
    sw_wire_text(&body, 1, action->path);
    sw_wire_uint(&body, 2, action->mode ? action->mode : 0644);
    sw_wire_bytes(&body, 3, action->content);
    sw_lower_owner(actions, &body, 4, action->owner);
    sw_wire_int(&body, 5, -1);
    sw_lower_act(actions, 5, NULL, &body);
    return true;
}

/* Older daemons cannot make a link: they get one as a file of the session, and copy it. */
static void put_copied_link(struct sw_lower *lower, struct sw_lower_actions *actions, const struct sw_file_action *action) {
    struct sw_sync_source *source = sw_lower_source(lower, SW_NODE_NONE, action->path);
    struct sw_sync_item item = {.path = sw_arena_str(&source->arena, action->path + (*action->path == '/')),
                                .target = sw_arena_str(&source->arena, action->target),
                                .type = SW_FILE_SYMLINK,
                                .mode = 0777,
                                .index = UINT32_MAX};
    sw_sync_source_add(source, &item);
    sw_sync_source_settle(source, 0);
    sw_cleanup_free char *folder = sw_path_dir(action->path);
    sw_lower_copy_all(actions, sw_lower_local(lower, source, NULL), folder, folder, action->owner);
}

static void put_link(struct sw_lower *lower, struct sw_lower_actions *actions, const struct sw_file_action *action) {
    /* A daemon that would remove what a link points to replaces the link while it copies. */
    if (sw_lower_has(lower, "file.rm.nofollowsymlink"))
        sw_lower_remove(actions, action->path, false);
    if (!sw_lower_has(lower, "file.symlink.create")) {
        put_copied_link(lower, actions, action);
        return;
    }
    struct sw_buf body = {0};
    sw_wire_text(&body, 1, action->target);
    sw_wire_text(&body, 2, action->path);
    sw_lower_owner(actions, &body, 3, action->owner);
    sw_wire_int(&body, 4, -1);
    sw_llb_need(&actions->draft, "file.symlink.create");
    sw_lower_act(actions, 8, NULL, &body);
}

static bool put_action(struct sw_lower *lower, struct sw_lower_actions *actions, const struct sw_file_action *action,
                       struct sw_error **error) {
    sw_cleanup_free char *content = sw_path_join(action->path, "*");
    switch (action->kind) {
    case SW_FILE_MKDIR:
        put_mkdir(actions, action);
        return true;
    case SW_FILE_REMOVE:
        sw_lower_remove(actions, action->path, action->flags & SW_COPY_WILDCARD);
        return true;
    case SW_FILE_LINK:
        put_link(lower, actions, action);
        return true;
    case SW_FILE_WRITE:
        return put_write(actions, action, error);
    case SW_FILE_EMPTY:
        sw_lower_remove(actions, content, true);
        return true;
    default:
        return sw_fail(error, SW_ERROR_UNSUPPORTED, "the BuildKit backend does not know a change of files");
    }
}

bool sw_lower_file(struct sw_lower *lower, sw_node node, struct sw_llb_value *value, struct sw_error **error) {
    const struct sw_op_file *op = sw_lower_record(lower, node);
    struct sw_lower_actions actions;
    sw_lower_actions_init(&actions, sw_lower_title(lower, node), sw_lower_value(lower, op->input));
    bool ok = true;
    for (size_t i = 0; ok && i < op->action_count; i++)
        ok = put_action(lower, &actions, &op->actions[i], error);
    *value = sw_lower_actions_add(lower, &actions);
    return ok;
}
