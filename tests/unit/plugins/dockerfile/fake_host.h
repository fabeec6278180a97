/* fake_host.h - a host for planners: a real repository, real documents, a real graph; images and other images of the project are
 * made up. */
#ifndef TESTS_UNIT_PLUGINS_DOCKERFILE_FAKE_HOST_H
#define TESTS_UNIT_PLUGINS_DOCKERFILE_FAKE_HOST_H

#include "core/base/buf.h"
#include "core/base/vec.h"
#include "core/config/yaml.h"
#include "core/graph/graph.h"
#include "core/graph/image.h"
#include "core/source/files.h"
#include "core/source/repository.h"
#include "slipway/plugin.h"
#include "tests/unit/core/source/repo.h"

struct fake_host {
    struct sw_host host;
    struct sw_host_files files;
    struct sw_host_plan plan;
    char *folder;
    struct sw_repository *repository;
    struct sw_arena arena;
    struct sw_diagnostics list;
    struct sw_plan_request request;
    struct sw_graph *graph;
    struct sw_vec images;       /* struct sw_image * */
    struct sw_strlist resolved; /* "REFERENCE PLATFORM", in order */
    struct sw_strlist warnings; /* "RULE LINE" */
};

/* Makes a repository by `script`, a shell script, and opens its HEAD. `document` is the YAML of an image. */
void fake_host_open(struct fake_host *fake, const char *script, const char *document);
void fake_host_close(struct fake_host *fake);

/* What a stage's answer came to. */
struct fake_stage {
    bool called;
    bool end;                /* NULL was answered */
    struct sw_error *error;  /* to be freed */
    char *name;              /* to be freed */
    struct sw_strlist names; /* of inputs */
    struct sw_strlist values;
};
void fake_stage_fini(struct fake_stage *stage);
void on_fake_stage(void *context, const struct sw_stage *stage, struct sw_error *error);

/* What realizing came to. */
struct fake_node {
    bool called;
    sw_node node;
    struct sw_error *error; /* to be freed */
};
void on_fake_node(void *context, sw_node node, struct sw_error *error);

/* The only node of `kind` whose title holds `part`; the test fails when there is none. */
sw_node find_node(const struct fake_host *fake, uint32_t kind, const char *part);

#endif
