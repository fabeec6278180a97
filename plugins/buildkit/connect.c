#include "plugins/buildkit/connect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"

extern char **environ;

enum {
    PATIENCE_MS = 10 * 1000,
    /* A host that vanishes in the middle of a build is noticed within a minute, however quiet the build is. The kernel's probes do that:
     * daemons take HTTP/2 pings for an attack. */
    KEEPALIVE_IDLE_S = 30,
    KEEPALIVE_INTERVAL_S = 10,
    KEEPALIVE_PROBES = 3,
    UNACKNOWLEDGED_MS = 60 * 1000,
};

void sw_connect_init(struct sw_connect *made, const struct sw_endpoint *endpoint) {
    *made = (struct sw_connect){.endpoint = endpoint, .fd = -1, .complaints = -1};
}

void sw_connect_fini(struct sw_connect *made) {
    sw_close(&made->fd);
    sw_close(&made->complaints);
    sw_error_free(made->error);
    made->error = NULL;
}

/* ---- sockets ---- */

static void cannot(struct sw_connect *made, int number) {
    const struct sw_endpoint *endpoint = made->endpoint;
    made->error = sw_error_new(SW_ERROR_UNAVAILABLE, "cannot connect to %s: %s", endpoint->address, strerror(number));
    if (number == EACCES || number == EPERM)
        made->error = sw_error_hint(
            made->error, "the socket belongs to root or to a group: join it, or run as root; it gives root's rights on the host");
    else if (number == ENOENT && endpoint->carrier == SW_ENDPOINT_SSH)
        made->error = sw_error_hint(made->error, "the program ssh is not on this host: install it (openssh-client)");
    else if (number == ETIMEDOUT || number == EHOSTUNREACH || number == ENETUNREACH)
        made->error = sw_error_hint(made->error,
                                    "the host does not answer: look whether it is up, and whether a firewall lets port %s through",
                                    endpoint->port ? endpoint->port : "22");
    else if (number == ENOENT || number == ECONNREFUSED)
        made->error = sw_error_hint(
            made->error, "nothing listens at %s%s%s: start the daemon, or name another one by --buildkit-addr",
            endpoint->path ? endpoint->path : endpoint->host, endpoint->port ? ":" : "", endpoint->port ? endpoint->port : "");
}

/* 0 or an error number. */
static int connect_in_time(int fd, const struct sockaddr *address, socklen_t len) {
    if (connect(fd, address, len) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return errno;
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
    int ready = poll(&poll_fd, 1, PATIENCE_MS);
    if (ready <= 0)
        return ready ? errno : ETIMEDOUT;
    int number = 0;
    socklen_t size = sizeof number;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &size) < 0 ? errno : number;
}

static int connect_unix(struct sw_connect *made) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = made->endpoint->path;
    if (strlen(path) >= sizeof address.sun_path)
        return ENAMETOOLONG;
    strcpy(address.sun_path, path);
    made->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return made->fd < 0 ? errno : connect_in_time(made->fd, (const struct sockaddr *)&address, sizeof address);
}

static void tune(int fd) {
    static const struct {
        int level, option, value;
    } options[] = {
        {IPPROTO_TCP, TCP_NODELAY, 1},
        {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S},
        {IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S},
        {IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES},
        {IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        setsockopt(fd, options[i].level, options[i].option, &options[i].value, sizeof options[i].value);
}

/* Tries all addresses of the name. */
static int connect_tcp(struct sw_connect *made) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *list, *item;
    int failure = getaddrinfo(made->endpoint->host, made->endpoint->port, &hints, &list);
    if (failure) {
        made->error =
            sw_error_new(SW_ERROR_UNAVAILABLE, "cannot connect to %s: %s", made->endpoint->address, gai_strerror(failure));
        return 0;
    }
    int number = EADDRNOTAVAIL;
    for (item = list; item; item = item->ai_next) {
        sw_close(&made->fd);
        made->fd = socket(item->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, item->ai_protocol);
        number = made->fd < 0 ? errno : connect_in_time(made->fd, item->ai_addr, item->ai_addrlen);
        if (!number)
            break;
    }
    freeaddrinfo(list);
    if (!number)
        tune(made->fd);
    return number;
}

/* ---- ssh ---- */

static void add(const char **argv, size_t *count, const char *word) {
    argv[(*count)++] = word;
}

/* The command at the other end gives the daemon's socket on its standard streams. */
static int start_ssh(struct sw_connect *made, int theirs) {
    const struct sw_endpoint *endpoint = made->endpoint;
    const char *argv[20];
    size_t count = 0;
    sw_cleanup_free char *socket_address = endpoint->path ? sw_format("unix://%s", endpoint->path) : NULL;
    add(argv, &count, "ssh");
    add(argv, &count, "-oBatchMode=yes");
    add(argv, &count, "-oConnectTimeout=10");
    add(argv, &count, "-T");
    if (endpoint->user) {
        add(argv, &count, "-l");
        add(argv, &count, endpoint->user);
    }
    if (endpoint->port) {
        add(argv, &count, "-p");
        add(argv, &count, endpoint->port);
    }
    add(argv, &count, "--");
    add(argv, &count, endpoint->host);
    if (endpoint->speaks == SW_ENDPOINT_BUILDKIT) {
        add(argv, &count, "buildctl");
        if (socket_address) {
            add(argv, &count, "--addr");
            add(argv, &count, socket_address);
        }
        add(argv, &count, "dial-stdio");
    } else {
        add(argv, &count, "docker system dial-stdio");
    }
    argv[count] = NULL;

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, theirs, 0);
    posix_spawn_file_actions_adddup2(&actions, theirs, 1);
    posix_spawn_file_actions_adddup2(&actions, made->complaints, 2);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP); /* the terminal's ^C is for us */
    pid_t pid = 0;
    int number = posix_spawnp(&pid, "ssh", &actions, &attributes, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    made->child = number ? 0 : (int)pid;
    return number;
}

static int connect_ssh(struct sw_connect *made) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return errno;
    sw_cleanup_close int theirs = ends[1];
    made->fd = ends[0];
    made->complaints = memfd_create("ssh", MFD_CLOEXEC);
    return made->complaints < 0 ? errno : start_ssh(made, theirs);
}

void sw_connect_run(struct sw_connect *made) {
    enum sw_endpoint_carrier carrier = made->endpoint->carrier;
    int number = carrier == SW_ENDPOINT_UNIX  ? connect_unix(made)
                 : carrier == SW_ENDPOINT_TCP ? connect_tcp(made)
                                              : connect_ssh(made);
    if (number)
        cannot(made, number);
}

/* ---- TLS ---- */

/* What OpenSSL says of a file, or the system when it cannot even be read. */
static bool tls_failed(const struct sw_endpoint *endpoint, const char *what, const char *file, struct sw_error **error) {
    unsigned long code = ERR_get_error();
    const char *reason = access(file, R_OK) < 0 ? strerror(errno) : code ? ERR_reason_error_string(code) : NULL;
    return sw_fail(error, SW_ERROR_USAGE, "%s: cannot use %s %s: %s", endpoint->address, what, file,
                   reason ? reason : "it is no PEM file");
}

/* OpenSSL would ask on the terminal. */
static int no_passphrase(char *buffer, int size, int writes, void *context) {
    (void)buffer;
    (void)size;
    (void)writes;
    (void)context;
    return -1;
}

static bool load_certificates(SSL_CTX *context, const struct sw_endpoint *endpoint, struct sw_error **error) {
    ERR_clear_error();
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    if (endpoint->ca && !SSL_CTX_load_verify_locations(context, endpoint->ca, NULL))
        return tls_failed(endpoint, "the CA certificate", endpoint->ca, error);
    if (!endpoint->ca)
        SSL_CTX_set_default_verify_paths(context);
    if (endpoint->cert && SSL_CTX_use_certificate_chain_file(context, endpoint->cert) != 1)
        return tls_failed(endpoint, "the client certificate", endpoint->cert, error);
    if (endpoint->key && SSL_CTX_use_PrivateKey_file(context, endpoint->key, SSL_FILETYPE_PEM) != 1)
        return tls_failed(endpoint, "the client key", endpoint->key, error);
    return true;
}

/* The name that the daemon's certificate must have. */
static void expect_name(SSL *tls, const struct sw_endpoint *endpoint) {
    const char *name = endpoint->server_name ? endpoint->server_name : endpoint->host;
    unsigned char address[sizeof(struct in6_addr)];
    bool is_address = inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
    if (is_address)
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), name);
    else
        SSL_set1_host(tls, name);
    if (!is_address)
        SSL_set_tlsext_host_name(tls, name);
}

static SSL *new_tls(const struct sw_endpoint *endpoint, struct sw_error **error) {
    static const unsigned char h2[] = "\x02h2", http[] = "\x08http/1.1";
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_verify(context, endpoint->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    SSL *tls = NULL;
    if (load_certificates(context, endpoint, error)) {
        bool docker = endpoint->speaks != SW_ENDPOINT_BUILDKIT;
        tls = SSL_new(context);
        SSL_set_connect_state(tls);
        SSL_set_alpn_protos(tls, docker ? http : h2, docker ? sizeof http - 1 : sizeof h2 - 1);
        expect_name(tls, endpoint);
    }
    SSL_CTX_free(context);
    return tls;
}

struct sw_stream *sw_connect_stream(const struct sw_host *host, struct sw_connect *made, struct sw_error **error) {
    SSL *tls = NULL;
    if (made->endpoint->tls && made->endpoint->carrier == SW_ENDPOINT_TCP) {
        tls = new_tls(made->endpoint, error);
        if (!tls)
            return NULL;
    }
    struct sw_stream *stream = sw_stream_new(host, sw_steal_fd(&made->fd), tls, made->endpoint->address);
    if (made->child)
        sw_stream_own_child(stream, made->child, sw_steal_fd(&made->complaints));
    made->child = 0;
    return stream;
}
