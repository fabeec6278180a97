/* A step's output, in pieces that the input itself chooses: whatever comes, lines must be valid JSON, plain text must hold nothing that
 * moves the cursor, and a secret must not come through. */
#include <assert.h>
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/runtime/lines.h"
#include "core/runtime/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char secret[] = "abcab";

static void on_line(void *context, const char *line, size_t len) {
    struct sw_buf *all = context;
    sw_cleanup_buf struct sw_buf json = {0}, plain = {0};
    sw_text_json(&json, line, len);
    sw_cleanup_json json_t *value = json_loadb(json.data, json.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    assert(value || memchr(line, 0, len));
    size_t columns = sw_text_plain(&plain, line, len, 20, SW_TEXT_UTF8);
    assert(columns <= 20);
    for (size_t i = 0; i < plain.len; i++)
        assert((unsigned char)plain.data[i] >= 0x20 && plain.data[i] != 0x7f);
    sw_buf_add(all, line, len);
    sw_buf_putc(all, '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    struct sw_lines lines = {0};
    sw_cleanup_buf struct sw_buf all = {0};
    sw_mask_add(secret, strlen(secret));
    for (size_t at = 0; at < len;) { /* the first byte of each piece is its length */
        size_t piece = data[at] % 8u;
        at++;
        if (piece > len - at)
            piece = len - at;
        sw_lines_feed(&lines, data + at, piece, on_line, &all);
        at += piece;
    }
    sw_lines_flush(&lines, on_line, &all);
    sw_lines_fini(&lines);
    assert(!all.len || !memmem(all.data, all.len, secret, strlen(secret)));
    return 0;
}
