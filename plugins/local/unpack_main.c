/* slipway-unpack: unpacks one layer, in a process that can do nothing else.
 *
 * Descriptor 3 is the blob, 4 the folder, the ones behind are the layers below. Arguments: form, whether owners are kept, digest,
 * diff id ("-": none), number of layers below. The answer is a JSON object on standard output. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/local/confine.h"
#include "plugins/local/unpack.h"

enum { BLOB = 3, FOLDER = 4, LOWERS = 5, ARGUMENTS = 6 };

static json_t *failure(const struct sw_error *error) {
    return json_pack("{s:i, s:s, s:s?}", "code", (int)error->code, "message", error->message, "hint", error->hint);
}

static json_t *success(const struct sw_unpack_sum *sum) {
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:b}", "digest", sum->digest, "diffID", sum->diff_id, "entries",
                     (json_int_t)sum->entries, "tarBytes", (json_int_t)sum->tar_bytes, "blobBytes", (json_int_t)sum->blob_bytes,
                     "hidesLowers", (int)sum->hides_lowers);
}

static const char *given(const char *argument) {
    return strcmp(argument, "-") ? argument : NULL;
}

static bool unpack(char **argv, struct sw_unpack_sum *sum, struct sw_error **error) {
    size_t count = strtoul(argv[5], NULL, 10);
    sw_cleanup_free int *lowers = sw_new_array(count + 1, sizeof *lowers);
    for (size_t i = 0; i < count; i++)
        lowers[i] = LOWERS + (int)i;
    struct sw_confine confine = {.writable = FOLDER, .readable = lowers, .readable_count = count};
    struct sw_unpack job = {.blob = BLOB,
                            .folder = FOLDER,
                            .form = strcmp(argv[1], "user") ? SW_EXTRACT_DIFF : SW_EXTRACT_DIFF_USER,
                            .keep_owner = strcmp(argv[2], "keep") == 0,
                            .digest = given(argv[3]),
                            .diff_id = given(argv[4]),
                            .lowers = lowers,
                            .lower_count = count};
    return sw_confine(&confine, error) && sw_unpack_run(&job, sum, error);
}

int main(int argc, char **argv) {
    sw_cleanup_error struct sw_error *error = NULL;
    struct sw_unpack_sum sum;
    if (argc != ARGUMENTS) {
        fputs("slipway-unpack is a part of slipway and not to be started by hand\n", stderr);
        return 2;
    }
    sw_cleanup_json json_t *answer = unpack(argv, &sum, &error) ? success(&sum) : failure(error);
    sw_cleanup_free char *text = json_dumps(answer, JSON_COMPACT);
    puts(text ? text : "{}");
    fflush(stdout);
    _exit(0); /* what sanitizers do at an exit is forbidden by now */
}
