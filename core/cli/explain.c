#include "core/cli/explain.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/build/why.h"
#include "core/cli/conveyor.h"

struct explaining {
    struct sw_conveyor conveyor;
    json_t *answer;
};

static void on_explained(void *context, json_t *answer, struct sw_error *error) {
    struct explaining *explaining = context;
    explaining->answer = answer;
    explaining->conveyor.error = error;
    sw_app_finish(&explaining->conveyor.app);
}

json_t *sw_explain_build(const struct sw_arguments *arguments, struct sw_error **error) {
    struct explaining explaining = {.answer = NULL};
    struct sw_conveyor *conveyor = &explaining.conveyor;
    if (!sw_conveyor_start(conveyor, arguments, SW_BUILD_WHY, sw_strlist_view(&arguments->positionals), error))
        return NULL;
    if (sw_conveyor_run(conveyor, error)) {
        sw_why_explain(conveyor->build, on_explained, &explaining);
        bool waited = sw_app_wait(&conveyor->app, error);
        if (waited && conveyor->error)
            sw_pass(error, conveyor->error);
    }
    sw_conveyor_end(conveyor);
    return explaining.answer;
}
