#include <stdio.h>
#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/cli/command.h"
#include "core/cli/conveyor.h"
#include "core/graph/print.h"

static void print(const struct sw_conveyor *conveyor, enum sw_graph_format format) {
    size_t count, shown = 0;
    const struct sw_image_report *reports = sw_build_reports(conveyor->build, &count);
    sw_cleanup_arena struct sw_arena arena = {0};
    struct sw_printed_image *images = sw_arena_new(&arena, count * sizeof *images);
    for (size_t i = 0; i < count; i++) {
        if (reports[i].error)
            continue;
        struct sw_printed_stage *stages = sw_arena_new(&arena, reports[i].stage_count * sizeof *stages);
        for (size_t j = 0; j < reports[i].stage_count; j++)
            stages[j] =
                (struct sw_printed_stage){reports[i].stages[j].name, reports[i].stages[j].digest, reports[i].stages[j].node};
        images[shown++] = (struct sw_printed_image){
            .name = reports[i].part ? reports[i].part : reports[i].image->name,
            .platform = reports[i].platform,
            .graph = reports[i].graph,
            .stages = stages,
            .stage_count = reports[i].stage_count,
            .needs = reports[i].needs,
        };
    }
    sw_cleanup_buf struct sw_buf out = {0};
    sw_graph_print(&out, format, images, shown);
    fwrite(sw_buf_text(&out), 1, out.len, stdout);
}

static int run_graph(const struct sw_arguments *arguments, struct sw_error **error) {
    struct sw_conveyor conveyor;
    enum sw_graph_format format = SW_GRAPH_TREE;
    const char *name = sw_argument(arguments, "format");
    if (name && !sw_graph_format_parse(name, &format))
        return sw_fail(error, SW_ERROR_USAGE, "--format: \"%s\" is none of tree, json, dot, mermaid", name);
    if (!sw_conveyor_start(&conveyor, arguments, SW_BUILD_PRINT, sw_strlist_view(&arguments->positionals), error))
        return 0;
    if (sw_conveyor_run(&conveyor, error))
        print(&conveyor, format);
    sw_conveyor_end(&conveyor);
    return 0;
}

const struct sw_command sw_command_graph = {
    .name = "graph",
    .operands = "[IMAGE…]",
    .summary = "print images and the nodes of their build graphs",
    .text =
        "Plans as if every store were empty. Nothing is built, and no network is used: base images are shown by their references.",
    .groups = SW_OPTIONS_PROJECT | SW_OPTIONS_STORE | SW_OPTIONS_REPO | SW_OPTIONS_SELECT | SW_OPTIONS_GRAPH,
    .max_operands = SIZE_MAX,
    .run = run_graph,
};
