/* room.h - a small file system in memory for what a runtime needs to run one step, secrets included.
 *
 * It is attached nowhere but in the step's own mount namespace, and is gone with its descriptor. */
#ifndef PLUGINS_LOCAL_ROOM_H
#define PLUGINS_LOCAL_ROOM_H

#include <sys/types.h>

#include "slipway/types.h"

/* The descriptor of its root, which is also the mount (see sw_launch); -1 and `error`. */
int sw_room_new(struct sw_error **error);

bool sw_room_mkdir(int room, const char *name, struct sw_error **error);

/* A file with these bytes, owner and mode. */
struct sw_room_file {
    const char *name;
    struct sw_bytes bytes;
    uid_t uid;
    gid_t gid;
    mode_t mode;
};
bool sw_room_write(int room, const struct sw_room_file *file, struct sw_error **error);

/* A file's text, to be freed; at most 64 KiB of it. Never NULL. */
char *sw_room_read(int room, const char *name);

/* A detached copy of the mount at an open file or folder of this process's own namespace; to be closed. */
int sw_room_clone(int fd, bool recursive, struct sw_error **error);

#endif
