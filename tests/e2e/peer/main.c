/* main.c - the peer's command line.
 *
 *   buildkitd_peer (--unix PATH | --port N) [OPTION…] [METHOD=BEHAVIOUR…]     serves; prints its address when it listens
 *   buildkitd_peer --dial PATH                                                joins its standard streams to a socket, as `buildctl
 *                                                                             dial-stdio` does */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "tests/e2e/peer/peer.h"

static struct plan plan = {.platform = "linux/amd64", .version = "v0.99.0", .log = -1};
static SSL_CTX *tls_context;

/* ---- TLS ---- */

static int choose_h2(SSL *tls, const unsigned char **chosen, unsigned char *chosen_len, const unsigned char *offered,
                     unsigned offered_len, void *context) {
    (void)tls;
    (void)context;
    for (unsigned at = 0; at < offered_len; at += 1u + offered[at]) {
        if (offered[at] != 2 || memcmp(offered + at + 1, "h2", 2))
            continue;
        *chosen = offered + at + 1;
        *chosen_len = 2;
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static void use_tls(const char *folder) {
    char path[4096];
    tls_context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_alpn_select_cb(tls_context, choose_h2, NULL);
    SSL_CTX_set_verify(tls_context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    snprintf(path, sizeof path, "%s/ca.pem", folder);
    if (SSL_CTX_load_verify_locations(tls_context, path, NULL) != 1)
        errx(2, "cannot use %s", path);
    snprintf(path, sizeof path, "%s/cert.pem", folder);
    if (SSL_CTX_use_certificate_chain_file(tls_context, path) != 1)
        errx(2, "cannot use %s", path);
    snprintf(path, sizeof path, "%s/key.pem", folder);
    if (SSL_CTX_use_PrivateKey_file(tls_context, path, SSL_FILETYPE_PEM) != 1)
        errx(2, "cannot use %s", path);
}

/* ---- sockets ---- */

static int listen_unix(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unlink(path);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 16) < 0)
        err(2, "%s", path);
    printf("unix://%s\n", path);
    return fd;
}

static int listen_tcp(uint16_t port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 16) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) < 0)
        err(2, "port %u", port);
    printf("tcp://127.0.0.1:%u\n", ntohs(address.sin_port));
    return fd;
}

static void *serve(void *context) {
    int fd = (int)(intptr_t)context;
    SSL *tls = NULL;
    if (tls_context) {
        tls = SSL_new(tls_context);
        SSL_set_fd(tls, fd);
        if (SSL_accept(tls) != 1) {
            SSL_free(tls);
            close(fd);
            return NULL;
        }
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    peer_serve(&plan, fd, tls);
    return NULL;
}

/* ---- dial-stdio ---- */

static bool move(int from, int to) {
    char bytes[64 * 1024];
    ssize_t got = read(from, bytes, sizeof bytes);
    for (ssize_t at = 0; at < got;) {
        ssize_t put = write(to, bytes + at, (size_t)(got - at));
        if (put < 0)
            return false;
        at += put;
    }
    return got > 0;
}

static int dial(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        err(1, "%s", path);
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    while (poll(fds, 2, -1) > 0) {
        if (fds[0].revents && !move(STDIN_FILENO, fd))
            break;
        if (fds[1].revents && !move(fd, STDOUT_FILENO))
            break;
    }
    return 0;
}

/* ---- the command line ---- */

static void take_behaviour(char *text) {
    size_t at = 0;
    while (plan.behaviours[at].method)
        at++;
    char *kind = strchr(text, '=');
    if (!kind || at + 1 == sizeof plan.behaviours / sizeof *plan.behaviours)
        errx(2, "%s: METHOD=BEHAVIOUR", text);
    *kind++ = '\0';
    char *detail = strchr(kind, ':');
    if (detail)
        *detail++ = '\0';
    plan.behaviours[at] = (struct behaviour){text, kind, detail ? detail : ""};
}

static int take_option(const char *name, const char *value) {
    size_t responses = 0;
    if (!strcmp(name, "--unix"))
        return listen_unix(value);
    if (!strcmp(name, "--port"))
        return listen_tcp((uint16_t)atoi(value));
    if (!strcmp(name, "--tls"))
        use_tls(value);
    else if (!strcmp(name, "--platform"))
        plan.platform = value;
    else if (!strcmp(name, "--version"))
        plan.version = value;
    else if (!strcmp(name, "--image"))
        plan.image = value;
    else if (!strcmp(name, "--push-fails"))
        plan.push_failure = value;
    else if (!strcmp(name, "--without"))
        plan.refuse_cap = value;
    else if (!strcmp(name, "--output"))
        plan.log_bytes = strtoull(value, NULL, 10);
    else if (!strcmp(name, "--log"))
        plan.log = open(value, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    else if (!strcmp(name, "--response")) {
        while (plan.responses[responses])
            responses++;
        plan.responses[responses] = value;
    } else if (!strcmp(name, "--dial"))
        exit(dial(value));
    else
        errx(2, "%s: unknown option", name);
    return -1;
}

int main(int argc, char **argv) {
    int listening = -1;
    signal(SIGPIPE, SIG_IGN);
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2)) {
            take_behaviour(argv[i]);
            continue;
        }
        int fd = i + 1 < argc ? take_option(argv[i], argv[i + 1]) : -1;
        listening = fd >= 0 ? fd : listening;
        i++;
    }
    if (listening < 0)
        errx(2, "--unix PATH or --port N");
    fflush(stdout);
    for (;;) {
        int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
        pthread_t thread;
        if (fd < 0 || pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd))
            continue;
        pthread_detach(thread);
    }
}
