#include "core/cli/read_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"

static bool read_all(FILE *file, const char *path, struct sw_buf *out, struct sw_error **error) {
    char buffer[16 * 1024];
    size_t n;
    while ((n = fread(buffer, 1, sizeof buffer, file)) > 0)
        sw_buf_add(out, buffer, n);
    return !ferror(file) || sw_fail_errno(error, errno, "%s", path);
}

bool sw_read_file(const char *path, struct sw_buf *out, struct sw_error **error) {
    if (strcmp(path, "-") == 0)
        return read_all(stdin, "standard input", out, error);
    sw_cleanup_file FILE *file = fopen(path, "re");
    if (!file)
        return sw_fail_errno(error, errno, "%s", path);
    return read_all(file, path, out, error);
}
