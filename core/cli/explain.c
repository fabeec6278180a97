#include "core/cli/explain.h"

#include "core/base/error.h"
#include "core/build/why.h"
#include "core/cli/conveyor.h"

static void on_explained(void *context, struct sw_error *error) {
    struct sw_conveyor *conveyor = context;
    conveyor->error = error;
    sw_app_finish(&conveyor->app);
}

bool sw_explain_build(const struct sw_arguments *arguments, struct sw_buf *out, struct sw_error **error) {
    struct sw_conveyor conveyor;
    if (!sw_conveyor_start(&conveyor, arguments, SW_BUILD_WHY, sw_strlist_view(&arguments->positionals), error))
        return false;
    bool done = sw_conveyor_run(&conveyor, error);
    if (done) {
        sw_why_explain(conveyor.build, out, on_explained, &conveyor);
        done = sw_app_wait(&conveyor.app, error);
    }
    if (conveyor.error)
        done = sw_pass(error, conveyor.error);
    sw_conveyor_end(&conveyor);
    return done;
}
