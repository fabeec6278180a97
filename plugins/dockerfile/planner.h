/* planner.h - planning a Dockerfile image (struct sw_builder). All functions are [loop]. */
#ifndef PLUGINS_DOCKERFILE_PLANNER_H
#define PLUGINS_DOCKERFILE_PLANNER_H

#include "plugins/dockerfile/checksum.h"
#include "plugins/dockerfile/document.h"
#include "plugins/dockerfile/frontend.h"
#include "plugins/dockerfile/instruction.h"

/* Another image of the project, of which a value was imported: FROM may name it. */
struct sw_df_known_image {
    const char *name; /* REPO:TAG */
    const char *repo;
    const char *tag;
    const char *digest;
    const struct sw_image *handle;
};

struct sw_df_staged;

struct sw_df_planner {
    const struct sw_host *host;
    const struct sw_plan_request *request;
    struct sw_arena arena;
    struct sw_df_document document;
    struct sw_bytes file; /* the Dockerfile's text, NUL-terminated */
    const char *ignore;   /* text of the ignore file, NULL: there is none */
    const char *ignore_name;
    struct sw_strings ignore_lines; /* with the Dockerfile taken back */
    struct sw_strings own_lines;    /* as the file has them */
    struct sw_df_frontend frontend; /* the program that reads the file, when it is another one */
    struct sw_df_program program;
    char escape;     /* of the file */
    size_t imported; /* how many imports have their value */
    struct sw_pair *import_pairs;
    struct sw_pairs dependency_args;
    struct sw_df_known_image *known;
    sw_stage_done done;
    void *done_context;
    struct sw_df_checks *checks; /* of the one stage, once it was planned */
    struct sw_df_staged *staged; /* `staged: true`, once it was planned */
};

/* Reads the document, the Dockerfile and the ignore file, without looking into the Dockerfile: to be ended with sw_df_planner_close. */
struct sw_df_planner *sw_df_planner_read(const struct sw_host *host, const struct sw_plan_request *request,
                                         struct sw_error **error);

void *sw_df_planner_open(const struct sw_host *host, const struct sw_plan_request *request, struct sw_error **error);
void sw_df_planner_next(void *planner, const struct sw_stage_view *previous, sw_stage_done done, void *context);
void sw_df_planner_realize(void *planner, struct sw_graph *graph, sw_node previous, sw_realize_done done, void *context);
void sw_df_planner_close(void *planner);

/* Finds out which program reads the file: `frontend`. False and a failure when that is written wrong. */
bool sw_df_planner_find_frontend(struct sw_df_planner *planner, struct sw_df_failure *failure);

/* The build context. */
struct sw_df_context sw_df_planner_context(struct sw_df_planner *planner);

/* A failure as an error at its lines of the Dockerfile. */
struct sw_error *sw_df_planner_error(struct sw_df_planner *planner, const struct sw_df_failure *failure);

#endif
