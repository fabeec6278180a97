#include "tests/unit/plugins/registry/test_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "tests/unit/check.h"

/* The misbehaving one: one process for all cases, which ends with the test. */
static struct test_server hostile;

/* `in`, `out` and `err` become the child's own where they are not negative. */
static pid_t spawn(char *const argv[], int in, int out, int err) {
    pid_t pid = fork();
    if (pid)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (in >= 0)
        dup2(in, 0);
    if (out >= 0)
        dup2(out, 1);
    if (err >= 0)
        dup2(err, 2);
    unsetenv("LD_PRELOAD");
    execvp(argv[0], argv);
    _exit(127);
}

static int connect_to(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static int free_port(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static void write_config(const struct test_server *server, const char *path, const char *more) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file,
            "version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s/data}, delete: {enabled: true}}\n"
            "http:\n  addr: \"127.0.0.1:%d\"\n  secret: x\n",
            server->folder, server->port);
    for (const char *at = more; at && *at;) {
        const char *mark = strstr(at, "FOLDER");
        fprintf(file, "%.*s%s", mark ? (int)(mark - at) : (int)strlen(at), at, mark ? server->folder : "");
        at = mark ? mark + strlen("FOLDER") : NULL;
    }
    fclose(file);
}

static void wait_until_it_listens(int port) {
    for (int i = 0; i < 500; i++) {
        int fd = connect_to(port);
        if (fd >= 0) {
            close(fd);
            return;
        }
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    fail_msg("the server does not start");
}

static struct test_server new_server(void) {
    struct test_server server = {.stdin_fd = -1};
    snprintf(server.folder, sizeof server.folder, "/var/tmp/slipway-test-XXXXXX");
    assert_non_null(mkdtemp(server.folder));
    server.port = free_port();
    return server;
}

static void write_users(const struct test_server *server) {
    char users[128];
    snprintf(users, sizeof users, "%s/users", server->folder);
    FILE *file = fopen(users, "w");
    assert_non_null(file);
    fputs("alice:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n", file); /* "secret" */
    fclose(file);
}

static void serve(struct test_server *server, const char *more) {
    char config[128];
    snprintf(config, sizeof config, "%s/config.yml", server->folder);
    write_users(server);
    write_config(server, config, more);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    char *argv[] = {"docker-registry", "serve", config, NULL};
    server->pid = spawn(argv, -1, null, null);
    close(null);
    wait_until_it_listens(server->port);
}

struct test_server test_server_registry(const char *more) {
    struct test_server server = new_server();
    serve(&server, more);
    return server;
}

struct test_server test_server_with_tokens(void) {
    struct test_server server = new_server();
    char port[16], more[256];
    int token_port = free_port();
    snprintf(port, sizeof port, "%d", token_port);
    char *argv[] = {"/usr/bin/python3", TEST_TOKEN_SERVER, server.folder, port, NULL};
    server.helper = spawn(argv, -1, -1, -1);
    wait_until_it_listens(token_port); /* its certificate is there by then */
    snprintf(more, sizeof more,
             "auth: {token: {realm: \"http://127.0.0.1:%d/token\", service: test-registry, issuer: test-issuer, "
             "rootcertbundle: FOLDER/token.crt}}\n",
             token_port);
    serve(&server, more);
    return server;
}

struct test_server test_server_with_tls(void) {
    struct test_server server = new_server();
    static const char script[] = "cd \"$0\" && exec 2> /dev/null && openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out "
                                 "ca.crt -subj /CN=test-ca && "
                                 "openssl req -newkey rsa:2048 -nodes -keyout tls.key -out tls.csr -subj /CN=localhost && "
                                 "echo subjectAltName=DNS:localhost,IP:127.0.0.1 > san && "
                                 "openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out tls.crt -extfile san";
    char *argv[] = {"sh", "-c", (char *)script, server.folder, NULL};
    int status = 1;
    waitpid(spawn(argv, -1, -1, -1), &status, 0);
    assert_int_equal(status, 0);
    serve(&server, "  tls: {certificate: FOLDER/tls.crt, key: FOLDER/tls.key}\n");
    return server;
}

void test_server_end(struct test_server *server) {
    if (server->pid <= 0 || server->pid == hostile.pid) /* it never started, or others need it */
        return;
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
    if (server->helper > 0) {
        kill(server->helper, SIGKILL);
        waitpid(server->helper, NULL, 0);
    }
    if (!*server->folder)
        return;
    char *argv[] = {"rm", "-rf", server->folder, NULL};
    pid_t pid = spawn(argv, -1, -1, -1);
    waitpid(pid, NULL, 0);
}

/* The whole answer to a GET; to be freed. */
static char *get(int port, const char *path) {
    struct sw_buf answer = {0};
    char request[256];
    int fd = connect_to(port);
    assert_true(fd >= 0);
    int len = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
    assert_int_equal(write(fd, request, (size_t)len), len);
    char chunk[4096];
    ssize_t n;
    while ((n = read(fd, chunk, sizeof chunk)) > 0)
        sw_buf_add(&answer, chunk, (size_t)n);
    close(fd);
    return sw_buf_take(&answer);
}

static struct test_server start_hostile(void) {
    struct test_server server = {.stdin_fd = -1};
    int in[2], out[2];
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    char *argv[] = {"/usr/bin/python3", TEST_HOSTILE_REGISTRY, "fine", NULL};
    server.pid = spawn(argv, in[0], out[1], -1);
    close(in[0]);
    close(out[1]);
    server.stdin_fd = in[1];
    char line[32] = "";
    size_t len = 0;
    while (len < sizeof line - 1 && !strchr(line, '\n') && read(out[0], line + len, 1) == 1)
        len++;
    close(out[0]);
    server.port = atoi(line);
    assert_true(server.port > 0);
    return server;
}

struct test_server test_server_hostile(const char *name) {
    char path[64];
    if (!hostile.pid)
        hostile = start_hostile();
    snprintf(path, sizeof path, "/case/%s", name);
    free(get(hostile.port, path));
    return hostile;
}

char *test_server_log(const struct test_server *server) {
    return get(server->port, "/log");
}

unsigned test_log_count(const char *log, const char *text) {
    unsigned count = 0;
    for (const char *at = strstr(log, text); at; at = strstr(at + 1, text))
        count++;
    return count;
}
