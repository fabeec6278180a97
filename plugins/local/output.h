/* output.h - a running program's two output streams: handed on as they come, the last lines kept for messages. */
#ifndef PLUGINS_LOCAL_OUTPUT_H
#define PLUGINS_LOCAL_OUTPUT_H

#include "core/base/buf.h"
#include "core/base/vec.h"
#include "plugins/local/launch.h"
#include "plugins/local/work.h"

struct sw_output {
    int pipes[2]; /* to read from: the program's standard output and standard error; -1: not caught */
    void (*output)(void *context, int stream, struct sw_bytes bytes); /* may be NULL */
    void *context;
    int cancelled;              /* see sw_step */
    const struct sw_work *work; /* asked from time to time whether to kill it; may be NULL */
    struct sw_buf tail;
};

/* Reads until the program has ended and nothing is left; kills it when that is asked for. Returns its exit code. */
int sw_output_follow(struct sw_output *output, struct sw_launched *launched);

/* The last 40 lines, without values of `secrets` (of struct sw_bytes); to be freed. */
char *sw_output_tail(const struct sw_output *output, const struct sw_vec *secrets);

#endif
