/* .dockerignore texts and globs: the first line is the path, the rest the patterns. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/glob.h"
#include "core/base/ignore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sw_cleanup_free char *text = sw_strndup((const char *)data, size);
    size_t len = strcspn(text, "\n");
    const char *patterns = text + len + (text[len] == '\n');
    text[len] = '\0';
    sw_cleanup_strlist struct sw_strlist lines = {0};
    sw_ignore_split((struct sw_bytes){patterns, strlen(patterns)}, &lines);
    sw_cleanup_error struct sw_error *error = NULL;
    sw_cleanup_ignore struct sw_ignore *set = sw_ignore_new(sw_strlist_view(&lines), &error);
    if (set) {
        sw_ignore_match(set, text);
        sw_ignore_match_or_parent(set, text);
    }
    for (size_t i = 0; i < lines.len; i++)
        sw_glob_match(lines.items[i], text);
    return 0;
}
