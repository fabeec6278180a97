/* A werf-giterminism.yaml, and behind its first NUL byte a subject that is asked for at every gate. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/config/giterminism.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    const uint8_t *cut = len ? memchr(data, 0, len) : NULL;
    size_t text_len = cut ? (size_t)(cut - data) : len;
    sw_cleanup_free char *subject = sw_strndup(cut ? (const char *)cut + 1 : "", cut ? len - text_len - 1 : 0);
    sw_cleanup_diagnostics struct sw_diagnostics list = {0};
    struct sw_yaml_text text = {.file = "f", .data = (const char *)data, .len = text_len, .first_line = 1};
    sw_cleanup_giterminism struct sw_giterminism *policy = sw_giterminism_parse(&text, "/home/me", "/srv", &list);
    assert(!policy == (list.error_count > 0));
    for (int gate = 0; policy && gate < SW_GATE_COUNT; gate++) {
        sw_giterminism_allows(policy, (enum sw_gate)gate, subject);
        sw_error_free(sw_giterminism_refusal((enum sw_gate)gate, subject));
    }
    return 0;
}
