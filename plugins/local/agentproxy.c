#include "plugins/local/agentproxy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"

/* Messages of agents are small, and few programs talk to one at a time. */
enum { PIECE = 16 * 1024, CONNECTIONS = 16, STOP = 0, LISTENER = 1, FIRST = 2 };

struct sw_agentproxy {
    char *agent;
    int listener;
    int stop; /* an eventfd */
    pthread_t thread;
    struct pollfd fds[FIRST + 2 * CONNECTIONS]; /* of a connection: the step's end, then the agent's; -1: free */
};

static int connect_agent(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (snprintf(address.sun_path, sizeof address.sun_path, "%s", path) >= (int)sizeof address.sun_path)
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address))
        sw_close(&fd);
    return fd;
}

static void accept_one(struct sw_agentproxy *proxy) {
    int step = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC);
    int agent = step < 0 ? -1 : connect_agent(proxy->agent);
    for (size_t i = FIRST; agent >= 0 && i < FIRST + 2 * CONNECTIONS; i += 2) {
        if (proxy->fds[i].fd >= 0)
            continue;
        proxy->fds[i] = (struct pollfd){step, POLLIN, 0};
        proxy->fds[i + 1] = (struct pollfd){agent, POLLIN, 0};
        return;
    }
    sw_close(&step);
    sw_close(&agent);
}

/* False when one of the ends has closed. */
static bool forward(int from, int to) {
    char piece[PIECE];
    ssize_t len = read(from, piece, sizeof piece);
    for (ssize_t done = 0; done < len;) {
        ssize_t sent = send(to, piece + done, (size_t)(len - done), MSG_NOSIGNAL);
        if (sent < 0)
            return false;
        done += sent;
    }
    return len > 0;
}

static void serve(struct sw_agentproxy *proxy, size_t index) {
    struct pollfd *ends = &proxy->fds[index];
    bool open = true;
    for (int i = 0; i < 2 && open; i++)
        if (ends[i].revents)
            open = forward(ends[i].fd, ends[!i].fd);
    if (open)
        return;
    sw_close(&ends[0].fd);
    sw_close(&ends[1].fd);
}

static void *run(void *context) {
    struct sw_agentproxy *proxy = context;
    for (;;) {
        if (poll(proxy->fds, FIRST + 2 * CONNECTIONS, -1) < 0)
            continue;
        if (proxy->fds[STOP].revents)
            return NULL;
        for (size_t i = FIRST; i < FIRST + 2 * CONNECTIONS; i += 2)
            if (proxy->fds[i].fd >= 0)
                serve(proxy, i);
        if (proxy->fds[LISTENER].revents)
            accept_one(proxy);
    }
}

/* A path of a socket is short by its type: the folder's descriptor stands for the folder. */
static bool listen_at(struct sw_agentproxy *proxy, const struct sw_agentproxy_options *options) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", options->folder, options->name);
    proxy->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return proxy->listener >= 0 && bind(proxy->listener, (struct sockaddr *)&address, sizeof address) == 0 &&
           fchownat(options->folder, options->name, options->uid, options->gid, AT_SYMLINK_NOFOLLOW) == 0 &&
           fchmodat(options->folder, options->name, options->mode, 0) == 0 && listen(proxy->listener, CONNECTIONS) == 0;
}

struct sw_agentproxy *sw_agentproxy_start(const struct sw_agentproxy_options *options, struct sw_error **error) {
    struct sw_agentproxy *proxy = sw_new(sizeof *proxy);
    proxy->agent = sw_strdup(options->agent);
    proxy->stop = eventfd(0, EFD_CLOEXEC);
    bool done = listen_at(proxy, options);
    int number = errno;
    for (size_t i = 0; i < FIRST + 2 * CONNECTIONS; i++)
        proxy->fds[i].fd = -1;
    proxy->fds[STOP] = (struct pollfd){proxy->stop, POLLIN, 0};
    proxy->fds[LISTENER] = (struct pollfd){proxy->listener, POLLIN, 0};
    if (done && (number = pthread_create(&proxy->thread, NULL, run, proxy)) == 0)
        return proxy;
    sw_fail_errno(error, number, "cannot offer the ssh agent to the step");
    sw_close(&proxy->listener);
    sw_close(&proxy->stop);
    free(proxy->agent);
    free(proxy);
    return NULL;
}

void sw_agentproxy_stop(struct sw_agentproxy *proxy) {
    if (!proxy)
        return;
    uint64_t one = 1;
    ssize_t written = write(proxy->stop, &one, sizeof one);
    (void)written;
    pthread_join(proxy->thread, NULL);
    for (size_t i = FIRST; i < FIRST + 2 * CONNECTIONS; i++)
        sw_close(&proxy->fds[i].fd);
    sw_close(&proxy->listener);
    sw_close(&proxy->stop);
    free(proxy->agent);
    free(proxy);
}
