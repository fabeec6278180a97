/* A Dockerfile of any bytes, explained. The first byte chooses the options. Whatever comes in, JSON comes out. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/dockerfile/explain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    static const char *const options[] = {
        "{}",
        "{\"check\": true}",
        "{\"target\": \"a\", \"buildArgs\": {\"A\": \"b\", \"SOURCE_DATE_EPOCH\": \"a\"}, \"dockerignore\": \"*.md\\n!a/**\\n\"}",
        "{\"platforms\": [\"linux/arm64\", \"linux/amd64\"], \"contexts\": {\"a\": \"local:x\", \"alpine\": \"docker-image://b\"}}",
        "{\"images\": {\"docker.io/library/a:latest\": {\"config\": {\"OnBuild\": [\"RUN x\", \"COPY --from=b c d\"]}}}}",
    };
    if (len == 0)
        return 0;
    char *json = NULL;
    const char *choice = options[data[0] % (sizeof(options) / sizeof(options[0]))];
    bool ok = sw_df_explain("Dockerfile", (struct sw_bytes){data + 1, len - 1}, choice, &json, NULL);
    assert(ok && json);
    free(json);
    return 0;
}
