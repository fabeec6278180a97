/* step.h - one run of a program in a snapshot: the `exec` operation once its mounts are at hand.
 *
 * Looks the user up, makes mount points, writes the runtime's configuration, runs it in namespaces of its own, hands its output on,
 * and leaves the snapshot without anything that only the run needed. Blocks until the program has ended; not on the loop. */
#ifndef PLUGINS_LOCAL_STEP_H
#define PLUGINS_LOCAL_STEP_H

#include "plugins/local/work.h"
#include "slipway/graph.h"
#include "slipway/host.h"

/* An OCI runtime, and how it wants to be called. */
struct sw_runtime {
    char *path;
    bool cgroups_off; /* takes --cgroup-manager=disabled */
};

/* Where the files of a mount are. */
struct sw_step_mount {
    const struct sw_mount *mount;
    int tree;          /* BIND: the mounted snapshot that `source` lies in; else -1 */
    int source;        /* BIND, CACHE, HOST: the file or folder; else -1 */
    const char *agent; /* SSH: path of the agent's socket on the host */
};

struct sw_step {
    const struct sw_runtime *runtime;
    const char *seccomp; /* sw_seccomp_program */
    const struct sw_op_exec *op;
    int root;                           /* sw_overlay_mount; it is closed by sw_step_run */
    int upper;                          /* the layer below it that takes the changes; -1: nothing may be made in it */
    const struct sw_step_mount *mounts; /* those of `op`, without the ones to be left out */
    size_t mount_count;
    const struct sw_host_secret *secrets;
    const char *plan_id;
    bool insecure;
    bool inherit;  /* standard input and output are this process's own */
    bool terminal; /* with `inherit`: they are a terminal, and the step gets one */
    void (*output)(void *context, int stream, struct sw_bytes bytes);
    void *context;
    const struct sw_work *work;
    int cancelled; /* an eventfd that gets readable when the step is to be killed; -1: none */
};

struct sw_step_end {
    int status;  /* exit code; 127: there is no such program */
    char *tail;  /* last lines of its output, secrets masked; to be freed */
    char *cause; /* why the program could not be started, or NULL; to be freed */
};

/* True when the program ran, or is not there, whatever its exit code. */
bool sw_step_run(struct sw_step *step, struct sw_step_end *end, struct sw_error **error);
void sw_step_end_fini(struct sw_step_end *end);

#endif
