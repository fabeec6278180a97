/* launch.h - starting a program as the first process of new mount and pid namespaces.
 *
 * The program is the kill switch of all that it starts: when it ends, the kernel ends everything in its pid namespace, and its
 * mounts go with its mount namespace. It is killed when the thread that started it ends, so when this process is killed, too. */
#ifndef PLUGINS_LOCAL_LAUNCH_H
#define PLUGINS_LOCAL_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "slipway/types.h"

enum sw_attach {
    SW_ATTACH_MOUNT, /* `fd` is a mount that is attached nowhere */
    SW_ATTACH_CLONE, /* `fd` is a file or folder in a mount attached before: it alone appears at `path` */
};

struct sw_attachment {
    enum sw_attach how;
    int fd;
    const char *path; /* of an existing folder (or file, for files), absolute */
};

struct sw_launch {
    const char *program; /* absolute path */
    const char *const *argv;
    const char *const *env;
    const char *cwd;
    int streams[3];
    const int *fds; /* the program's descriptors 3, 4, … */
    size_t fd_count;
    const struct sw_attachment *attachments; /* done in order */
    size_t attachment_count;
    const char *const *hidden; /* mounts of the host that the program must not see; NULL-terminated */
    bool no_network;
    bool keep_terminal; /* stays in the session of this process */
};

struct sw_launched {
    pid_t pid;
    int pidfd; /* readable when the program has ended; closed by sw_launched_wait */
};

/* Raises this process's own limit of open files as far as it may: a stack of layers needs a descriptor each. Programs are started
 * under the limit that was there before. Once, before any thread starts a program. */
void sw_launch_raise_files(void);

/* Returns when the program runs, or could not be started. Blocks shortly: never on the loop. */
bool sw_launch(const struct sw_launch *launch, struct sw_launched *launched, struct sw_error **error);

/* Kills the program, and all it started, at once. */
void sw_launched_kill(const struct sw_launched *launched);

/* Waits for its end: its exit code, or 128 and the number of the signal that ended it. */
int sw_launched_wait(struct sw_launched *launched);

#endif
