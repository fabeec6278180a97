/* stage_docker.c - the deprecated `docker` section, which changes the image's config only. */
#include "plugins/stapel/imageconfig.h"
#include "plugins/stapel/planner.h"

void sw_stapel_docker_begin(struct sw_stapel_planner *planner) {
    if (!planner->image->docker || planner->image->no_git_after) {
        sw_stapel_skip(planner);
        return;
    }
    planner->inputs.count = sw_stapel_docker_inputs(planner->arena, planner->image->docker, &planner->inputs.items);
    sw_stapel_answer(planner);
}

void sw_stapel_docker_realize(struct sw_stapel_planner *planner) {
    struct sw_error *error = NULL;
    if (!sw_stapel_config_apply_docker(planner->config, planner->image->docker, &error)) {
        sw_stapel_realize_failed(planner, error);
        return;
    }
    sw_stapel_config_history(planner->config, sw_stapel_history_line(planner, ""), 0);
    sw_stapel_realized(planner);
}
