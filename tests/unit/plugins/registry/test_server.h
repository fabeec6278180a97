/* test_server.h - registries to test against, started on free loopback ports and ended with the test. */
#ifndef TESTS_UNIT_PLUGINS_REGISTRY_TEST_SERVER_H
#define TESTS_UNIT_PLUGINS_REGISTRY_TEST_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

struct test_server {
    pid_t pid;
    pid_t helper; /* the token server, or 0 */
    int port;
    int stdin_fd; /* closing it ends a hostile registry */
    char folder[64];
};

/* The misbehaving registry in its case `name`, with nothing remembered. Fails the test when it does not start. */
struct test_server test_server_hostile(const char *name);

/* Debian's docker-registry with an empty store. `more` is added to its configuration, or NULL; FOLDER in it is its folder. */
struct test_server test_server_registry(const char *more);

/* The same with a token server before it; its requests are lines in FOLDER/log. */
struct test_server test_server_with_tokens(void);

/* The same with TLS, by a certificate that FOLDER/ca.crt has signed. */
struct test_server test_server_with_tls(void);

void test_server_end(struct test_server *server);

/* What a hostile registry was asked: lines "METHOD PATH AUTHORIZATION". To be freed. */
char *test_server_log(const struct test_server *server);

/* How many lines of a log hold `text`. */
unsigned test_log_count(const char *log, const char *text);

#endif
