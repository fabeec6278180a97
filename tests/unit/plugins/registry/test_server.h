/* test_server.h - registries to test against, started on free loopback ports and ended with the test. */
#ifndef TESTS_UNIT_PLUGINS_REGISTRY_TEST_SERVER_H
#define TESTS_UNIT_PLUGINS_REGISTRY_TEST_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

struct test_server {
    pid_t pid;
    int port;
    int stdin_fd; /* closing it ends a hostile registry */
    char folder[64];
};

/* The misbehaving registry in its case `name`. Fails the test when it does not start. */
struct test_server test_server_hostile(const char *name);

/* Debian's docker-registry with an empty store. `more` is added to its configuration, or NULL; FOLDER in it is its folder. */
struct test_server test_server_registry(const char *more);

void test_server_end(struct test_server *server);

/* What a hostile registry was asked: lines "METHOD PATH AUTHORIZATION". To be freed. */
char *test_server_log(const struct test_server *server);

/* How many lines of a log hold `text`. */
unsigned test_log_count(const char *log, const char *text);

#endif
