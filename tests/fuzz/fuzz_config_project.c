/* A whole werf.yaml, cut at lines `---`: either a project comes out, or errors with places. The first byte chooses the policy. */
#include <assert.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/config/listing.h"
#include "core/config/selection.h"
#include "tests/unit/core/config/project_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    if (!len)
        return 0;
    sw_cleanup_giterminism struct sw_giterminism *policy = data[0] & 1 ? strict_policy(NULL) : NULL;
    sw_cleanup_free char *text = sw_strndup((const char *)data + 1, len - 1);
    sw_cleanup_diagnostics struct sw_diagnostics list = {0};
    sw_cleanup_project struct sw_project *project = parse_project("werf.yaml", text, policy, &list);
    assert(!project == (list.error_count > 0));
    free(sw_diagnostics_text(&list));
    sw_error_free(sw_diagnostics_error(&list));
    if (!project)
        return 0;
    sw_cleanup_buf struct sw_buf out = {0};
    struct sw_selection_result result;
    sw_listing_graph(&out, project, NULL);
    if (sw_select_images(project, (struct sw_strings){0}, true, &result, NULL))
        sw_selection_result_fini(&result);
    return 0;
}
