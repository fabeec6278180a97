/* Values of secrets are found in layers, in the forms that they are written in. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/build/layer_scan.h"
#include "tests/unit/check.h"

static void add(struct sw_needles *needles, const char *id, const char *value) {
    sw_needles_add(needles, id, (struct sw_bytes){value, strlen(value)});
}

static void values_are_found_in_the_forms_that_programs_write(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *id; /* NULL: nothing is found */
    } cases[] = {
        {"before hunter2&hunter2 behind", "password"},
        {"before hunter2&hunter", NULL},
        {"Basic aHVudGVyMiZodW50ZXIy", "password"},
        {"aHVudGVyMiZodW50ZXIyCg==", "password"},
        {"68756e746572322668756e74657232", "password"},
        {"68756E746572322668756E74657232", "password"},
        {"?token=hunter2%26hunter2&x", "password"},
        {"hunter2 hunter2", NULL},
        {"true 1234", NULL},
        {"key = AKIA0123456789ABCDEF\n", "credentials"},
        {"-----BEGIN PRIVATE KEY-----", NULL},
        {"[default]", NULL},
        {"", NULL},
    };
    struct sw_needles needles = {0};
    add(&needles, "password", "hunter2&hunter2\n");
    add(&needles, "short", "true");
    add(&needles, "credentials", "[default]\nkey = AKIA0123456789ABCDEF\n-----BEGIN PRIVATE KEY-----\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *id = sw_needles_find(&needles, cases[i].text, strlen(cases[i].text));
        if (cases[i].id ? !id || strcmp(id, cases[i].id) != 0 : id != NULL)
            fail_msg("%s: %s", cases[i].text, id ? id : "nothing");
    }
    sw_needles_fini(&needles);
}

/* Makes a layer by a shell command, which writes a tar of folder "t" to standard output, and scans it. */
static void scan(const char *command, struct sw_layer_hit *hit) {
    char folder[] = "/tmp/leaks-test-XXXXXX";
    assert_non_null(mkdtemp(folder));
    sw_cleanup_free char *script = sw_format("cd %s && mkdir -p t/deep/er && { %s; } > layer", folder, command);
    sw_cleanup_free char *path = sw_format("%s/layer", folder), *clean = sw_format("rm -rf %s", folder);
    struct sw_needles needles = {0};
    struct sw_error *error = NULL;
    assert_int_equal(system(script), 0);
    add(&needles, "token", "s3cr3t-t0ken-value");
    bool ok = sw_layer_scan(open(path, O_RDONLY | O_CLOEXEC), &needles, hit, &error);
    if (!ok)
        fail_msg("%s: %s", command, error->message);
    if (hit->id)
        assert_string_equal(hit->id, "token");
    sw_needles_fini(&needles);
    assert_int_equal(system(clean), 0);
}

static void a_layer_is_searched_in_every_compression(void **state) {
    (void)state;
    static const struct {
        const char *command;
        const char *path; /* NULL: nothing is found */
    } cases[] = {
        {"echo a=s3cr3t-t0ken-value > t/deep/er/file; tar -cf - -C t .", "/./deep/er/file"},
        {"echo a=s3cr3t-t0ken-value > t/deep/er/file; tar -cf - -C t . | gzip", "/./deep/er/file"},
        {"echo a=s3cr3t-t0ken-value > t/deep/er/file; tar -cf - -C t . | zstd -q", "/./deep/er/file"},
        {"echo a > t/s3cr3t-t0ken-value; tar -cf - -C t deep s3cr3t-t0ken-value", "/s3cr3t-t0ken-value"},
        {"head -c 3000000 /dev/zero > t/big; echo s3cr3t-t0ken-value >> t/big; tar -cf - -C t big | gzip -1", "/big"},
        {"head -c 1048570 /dev/zero > t/edge; echo s3cr3t-t0ken-value >> t/edge; tar -cf - -C t edge", "/edge"},
        {"f=t/deep/$(printf '%0200d' 1); echo s3cr3t-t0ken-value > $f; tar --format=pax -cf - $f",
         "/t/deep/"
         "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
         "000000000000000000000000000000000000000000000000000000000000000000000000000000000001"},
        {"echo harmless > t/a; tar -cf - -C t . | gzip", NULL},
        {"head -c 3000000 /dev/zero | gzip", NULL},
        {"true", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sw_layer_hit hit;
        scan(cases[i].command, &hit);
        if (!hit.id != !cases[i].path || (hit.path && strcmp(hit.path, cases[i].path) != 0))
            fail_msg("%s: found in %s", cases[i].command, hit.path ? hit.path : hit.id ? "something" : "nothing");
        free(hit.path);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_found_in_the_forms_that_programs_write),
        cmocka_unit_test(a_layer_is_searched_in_every_compression),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
