/* test_host.h - a host small enough to test a plugin with: a poll loop with timers, a pool that works at once, settings and
 * credentials that the test gives. */
#ifndef TESTS_UNIT_PLUGINS_REGISTRY_TEST_HOST_H
#define TESTS_UNIT_PLUGINS_REGISTRY_TEST_HOST_H

#include "slipway/host.h"

/* The host's table; one a process. */
const struct sw_host *test_host(void);

/* What `setting` answers for any plugin; NULL value: not set. Kept by reference. */
void test_host_set(const char *name, const char *value);

/* The credentials for all registries, and how often they were asked for. */
void test_host_credential(struct sw_credential credential);
unsigned test_host_credential_asked(void);

/* Lines logged since the start; the last one is kept. */
const char *test_host_last_log(void);

/* Runs the loop until `*flag` is true. Returns false when nothing is left to do, or after 60 seconds. */
bool test_host_run(const bool *flag);

/* A cancel handle to be fired by the test. */
struct sw_cancel *test_cancel_new(void);
void test_cancel_fire(struct sw_cancel *cancel);
void test_cancel_free(struct sw_cancel *cancel);

/* Calls `fire` in `ms` milliseconds. */
void test_host_after(uint64_t ms, void (*fire)(void *context), void *context);

#endif
