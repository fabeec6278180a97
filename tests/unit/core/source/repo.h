/* repo.h - git repositories made for a test, by real git, in a temporary folder. */
#ifndef TESTS_UNIT_CORE_SOURCE_REPO_H
#define TESTS_UNIT_CORE_SOURCE_REPO_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "tests/unit/check.h"

/* Runs a shell script in `folder` with a neutral git; the test fails when it does. */
static inline void run_in(const char *folder, const char *script) {
    sw_cleanup_free char *command = sw_format(
        "cd '%s' && export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b "
        "GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b GIT_AUTHOR_DATE='1700000000 +0300' GIT_COMMITTER_DATE='1700000100 +0000' "
        "LC_ALL=C && umask 022 && set -e && %s",
        folder, script);
    int status = system(command);
    if (status != 0)
        fail_msg("failed (%d): %s", status, script);
}

/* A new temporary folder; to be ended with drop_folder. */
static inline char *make_folder(void) {
    char *folder = sw_strdup("/tmp/slipway-source-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return folder;
}

static inline void drop_folder(char *folder) {
    sw_cleanup_free char *command = sw_format("rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
    free(folder);
}

/* The repository of the golden values. */
static inline char *make_golden_repository(void) {
    char *folder = make_folder();
    run_in(folder, "git init -q -b main . && gunzip -c " TEST_FIXTURES "/digests/repo.fast-import.gz | git fast-import --quiet && "
                   "git checkout -q -B main C");
    return folder;
}

static inline void assert_no_error(struct sw_error *error) {
    if (error)
        fail_msg("%s", error->message);
}

#endif
