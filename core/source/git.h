/* git.h - running the `git` program.
 *
 * For what only git itself may answer: the text of a diff, fetches, the state of a work tree. The child has no terminal, asks no
 * questions, takes no optional locks and dies with us. Blocking: [pool], or short. */
#ifndef CORE_SOURCE_GIT_H
#define CORE_SOURCE_GIT_H

#include "core/base/buf.h"
#include "core/base/vec.h"
#include "slipway/types.h"

/* Whose configuration the child reads. */
enum sw_git_config {
    SW_GIT_USERS = 0,   /* the user's: fetches need their credentials and proxies */
    SW_GIT_NEUTRAL = 1, /* neither the user's nor the system's, so that the output is the same everywhere */
};

struct sw_git_call {
    const char *folder; /* current directory of the child */
    enum sw_git_config config;
    struct sw_strings args;         /* behind "git"; they never hold a secret */
    struct sw_pairs env;            /* added */
    struct sw_bytes input;          /* its standard input */
    const struct sw_cancel *cancel; /* stops the child; may be NULL */
};

/* Runs git and appends its output to `out` (may be NULL). Fails with git's own message when it exits with an error. */
bool sw_git_run(const struct sw_git_call *call, struct sw_buf *out, struct sw_error **error);

/* As sw_git_run, but an exit code is an answer: it goes to `*status`, and what git said to `message` (may be NULL). */
bool sw_git_ask(const struct sw_git_call *call, int *status, struct sw_buf *out, struct sw_buf *message, struct sw_error **error);

/* A git whose output is read as it comes. */
struct sw_git_stream;
struct sw_git_stream *sw_git_open(const struct sw_git_call *call, struct sw_error **error);
/* Bytes read, 0 at the end (when git ended well), -1 and `error`. */
int64_t sw_git_read(struct sw_git_stream *stream, void *buffer, size_t len, struct sw_error **error);
void sw_git_close(struct sw_git_stream *stream); /* kills it when it still runs; takes NULL */

/* Text without the user and password of urls in it. To be freed. */
char *sw_git_without_passwords(const char *text);

#endif
