/* bench.h - a host for one Stapel planner: real documents, git, hashes and graphs; other images and registries are made up. */
#ifndef TESTS_UNIT_PLUGINS_STAPEL_BENCH_H
#define TESTS_UNIT_PLUGINS_STAPEL_BENCH_H

#include <jansson.h>

#include "core/base/hash.h"
#include "core/build/digest.h"
#include "core/config/document.h"
#include "core/config/yaml.h"
#include "core/graph/graph.h"
#include "core/graph/image.h"
#include "core/source/commit.h"
#include "core/source/files.h"
#include "plugins/stapel/planner.h"
#include "tests/unit/core/source/repo.h"

enum { BENCH_STAGES = 16 };

/* A stage as the planner answered it. */
struct bench_stage {
    char name[32];
    char *deps; /* its inputs hashed */
    uint32_t flags;
    uint32_t selection;
    struct sw_pairs labels;
    size_t commit_count;
    sw_node node;
};

struct bench {
    struct sw_arena arena;
    struct sw_diagnostics diagnostics;
    struct sw_plan_request request;
    void *planner;
    struct sw_graph *graph;
    struct bench_stage stages[BENCH_STAGES];
    size_t count;
    bool ended;
    struct sw_error *error;
    struct sw_pairs labels; /* of the stage before, as the next one sees it */
};

extern const char *bench_images; /* names of images of the project, separated by spaces */
extern const char *bench_tag;    /* of such images */

/* Makes a planner for a document in YAML (or JSON). */
void bench_open(struct bench *bench, const char *document, const struct sw_commit *commit);
void bench_close(struct bench *bench);

/* Plans on with `labels` as those of the stage before; false at the end or on failure. The stage is the last of `stages`. */
bool bench_next(struct bench *bench, struct sw_pairs labels);

/* Realizes the stage planned last, on the one realized before. */
void bench_realize(struct bench *bench);

/* Plans all stages, and realizes each. */
void bench_run(struct bench *bench);

const struct bench_stage *bench_find(const struct bench *bench, const char *name);
const char *bench_label(const struct bench_stage *stage, const char *name);

#endif
