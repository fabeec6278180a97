/* conveyor.h - the way from a command line to a run of core/build: chooses images and plugins, hands out secrets, waits. */
#ifndef CORE_CLI_CONVEYOR_H
#define CORE_CLI_CONVEYOR_H

#include "core/build/build.h"
#include "core/cli/app.h"
#include "core/cli/ssh_agent.h"
#include "core/config/selection.h"

struct sw_conveyor {
    struct sw_app app;
    struct sw_ssh_agent agent;
    struct sw_build_options options;
    struct sw_build *build;
    struct sw_selection_result selection;
    struct sw_named_builder *builders;
    char *repo;
    char *repo_name;
    struct sw_extra_repo final_repo;
    struct sw_extra_repo *secondaries;
    struct sw_extra_repo *caches;
    struct sw_error *error; /* of the run */
};

/* Starts the program, loads the project and makes a build of the images that `patterns` choose. On failure all is ended. The conveyor must
 * not move until it has ended. */
bool sw_conveyor_start(struct sw_conveyor *conveyor, const struct sw_arguments *arguments, enum sw_build_mode mode,
                       struct sw_strings patterns, struct sw_error **error);

/* Runs the build to its end. The reports stay readable until sw_conveyor_end. */
bool sw_conveyor_run(struct sw_conveyor *conveyor, struct sw_error **error);

void sw_conveyor_end(struct sw_conveyor *conveyor);

#endif
