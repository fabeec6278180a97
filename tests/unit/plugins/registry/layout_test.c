/* OCI layouts: the store plugin's calls with "oci:" addresses, and what other tools leave in such folders. */
#include "plugins/registry/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/registry/manifest.h"
#include "tests/unit/check.h"
#include "tests/unit/plugins/registry/store_calls.h"
#include "tests/unit/plugins/registry/test_image.h"

static char folder[64];
static char address[96];

static int start(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/var/tmp/slipway-layout-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(address, sizeof address, "oci:%s/store:project", folder);
    store_restart();
    return 0;
}

static int stop(void **state) {
    (void)state;
    store_stop();
    sw_cleanup_free char *command = sw_format("rm -rf %s", folder);
    return system(command);
}

static void must(struct sw_error *error) {
    if (error)
        fail_msg("%s", error->message);
}

/* Runs a command whose text may hold FOLDER; returns its status. */
static int shell(const char *format) {
    sw_cleanup_free char *command = sw_format("F=%s; %s", folder, format);
    return WEXITSTATUS(system(command));
}

static void has_nothing_before_the_first_write(void **state) {
    (void)state;
    sw_cleanup_strlist struct sw_strlist tags = {0};
    must(store_list(address, &tags));
    assert_int_equal(tags.len, 0);
    must(store_remove(address, "never"));
    sw_cleanup_error struct sw_error *error = store_get_manifest(address, "never", NULL);
    assert_int_equal(error->code, SW_ERROR_NOT_FOUND);
}

static void gives_back_what_was_pushed(void **state) {
    (void)state;
    struct test_image image = test_image_new(1, 3 << 20, "amd64");
    test_image_push(&image, address, "v1");
    test_image_push(&image, address, "v2");
    unsigned opened = store_opened();
    test_image_push(&image, address, "v2");
    assert_int_equal(store_opened(), opened);
    sw_cleanup_free char *reference = sw_format("%s:v1", address);
    sw_cleanup_free char *digest = NULL;
    must(store_resolve(reference, "linux/amd64", &digest, NULL));
    assert_string_equal(digest, image.manifest_digest);
    sw_cleanup_buf struct sw_buf layer = {0};
    must(store_fetch_blob(address, image.layer_digest, image.layer.len, &layer));
    assert_int_equal(layer.len, image.layer.len);
    assert_memory_equal(layer.data, image.layer.data, layer.len);
    sw_cleanup_buf struct sw_buf config = {0};
    must(store_get_blob(address, image.config_digest, image.config.len, &config));
    assert_string_equal(config.data, image.config.data);
    sw_cleanup_strlist struct sw_strlist tags = {0};
    must(store_list(address, &tags));
    assert_int_equal(tags.len, 2);
    must(store_remove(address, "v1"));
    sw_strlist_fini(&tags);
    must(store_list(address, &tags));
    assert_int_equal(tags.len, 1);
    assert_string_equal(tags.items[0], "v2");
    test_image_free(&image);
}

static void leaves_no_other_file_behind(void **state) {
    (void)state;
    assert_int_equal(shell("test \"$(ls -A $F/store | sort | tr '\\n' ' ')\" = 'blobs index.json index.json.lock oci-layout '"), 0);
    assert_int_equal(shell("! ls -A $F/store/blobs/sha256 | grep -vxE '[0-9a-f]{64}'"), 0);
}

static void keeps_projects_apart(void **state) {
    (void)state;
    struct test_image image = test_image_new(2, 10, "amd64");
    sw_cleanup_free char *other = sw_format("oci:%s/store:project2", folder);
    test_image_push(&image, other, "x");
    sw_cleanup_strlist struct sw_strlist tags = {0};
    must(store_list(address, &tags));
    assert_false(sw_strlist_has(&tags, "x"));
    sw_cleanup_error struct sw_error *error = store_get_manifest(address, "x", NULL);
    assert_int_equal(error->code, SW_ERROR_NOT_FOUND);
    test_image_free(&image);
}

static void can_be_read_by_skopeo_and_reads_its_layouts(void **state) {
    (void)state;
    struct test_image image = test_image_new(3, 1000, "amd64");
    sw_cleanup_free char *mine = sw_format("oci:%s/mine", folder);
    test_image_push(&image, mine, "t");
    assert_int_equal(shell("skopeo copy --preserve-digests -q oci:$F/mine:t oci:$F/theirs:u && skopeo copy --preserve-digests -q "
                           "oci:$F/mine:t oci:$F/theirs:docker.io/library/x:1"),
                     0);
    static const char *const names[] = {"u", "docker.io/library/x:1", "1"};
    for (size_t i = 0; i < 3; i++) {
        sw_cleanup_free char *reference = sw_format("oci:%s/theirs:%s", folder, names[i]);
        sw_cleanup_free char *digest = NULL;
        must(store_resolve(reference, "linux/amd64", &digest, NULL));
        assert_string_equal(digest, image.manifest_digest);
    }
    sw_cleanup_free char *only = sw_format("oci:%s/mine", folder);
    must(store_resolve(only, NULL, NULL, NULL));
    sw_cleanup_free char *by_digest = sw_format("oci:%s/theirs:@%s", folder, image.manifest_digest);
    must(store_resolve(by_digest, NULL, NULL, NULL));
    sw_cleanup_free char *which = sw_format("oci:%s/theirs", folder);
    sw_cleanup_error struct sw_error *error = store_resolve(which, NULL, NULL, NULL);
    assert_int_equal(error->code, SW_ERROR_NOT_FOUND);
    assert_non_null(strstr(error->hint, "u"));
    test_image_free(&image);
}

static void refuses_bytes_of_another_digest(void **state) {
    (void)state;
    struct test_image image = test_image_new(4, 1000, "amd64");
    struct sw_bytes wrong = {image.config.data, image.config.len};
    sw_cleanup_error struct sw_error *error = store_put_blob(address, image.layer_digest, wrong, NULL);
    assert_int_equal(error->code, SW_ERROR_CORRUPT);
    sw_cleanup_free char *command = sw_format("test ! -e $F/store/blobs/sha256/%s", image.layer_digest + 7);
    assert_int_equal(shell(command), 0);
    test_image_free(&image);
}

static void notices_damaged_and_disguised_blobs(void **state) {
    (void)state;
    struct test_image image = test_image_new(5, 1000, "amd64");
    test_image_push(&image, address, "damaged");
    sw_cleanup_free char *flip =
        sw_format("printf x | dd of=$F/store/blobs/sha256/%s conv=notrunc status=none", image.layer_digest + 7);
    assert_int_equal(shell(flip), 0);
    sw_cleanup_error struct sw_error *damaged = store_fetch_blob(address, image.layer_digest, image.layer.len, NULL);
    assert_int_equal(damaged->code, SW_ERROR_CORRUPT);
    sw_cleanup_free char *swap =
        sw_format("cd $F/store/blobs/sha256 && rm %s && ln -s /etc/passwd %s", image.layer_digest + 7, image.layer_digest + 7);
    assert_int_equal(shell(swap), 0);
    sw_cleanup_error struct sw_error *link = store_fetch_blob(address, image.layer_digest, image.layer.len, NULL);
    assert_non_null(link);
    sw_cleanup_free char *pipe =
        sw_format("cd $F/store/blobs/sha256 && rm %s && mkfifo %s", image.layer_digest + 7, image.layer_digest + 7);
    assert_int_equal(shell(pipe), 0);
    sw_cleanup_error struct sw_error *fifo = store_fetch_blob(address, image.layer_digest, image.layer.len, NULL);
    assert_int_equal(fifo->code, SW_ERROR_CORRUPT);
    sw_cleanup_free char *away = sw_format("rm $F/store/blobs/sha256/%s", image.layer_digest + 7);
    assert_int_equal(shell(away), 0);
    sw_cleanup_error struct sw_error *missing = store_fetch_blob(address, image.layer_digest, image.layer.len, NULL);
    assert_int_equal(missing->code, SW_ERROR_NOT_FOUND);
    test_image_free(&image);
}

static void refuses_a_hostile_index(void **state) {
    (void)state;
    static const char *const rows[] = {
        "x",
        "[]",
        "{}",
        "{\"manifests\":7}",
        "{\"manifests\":[{\"digest\":\"sha256:../../x\",\"annotations\":{\"org.opencontainers.image.ref.name\":\"t\"}}]}",
        "{\"manifests\":[{\"annotations\":{\"org.opencontainers.image.ref.name\":\"t\"}}]}",
    };
    sw_cleanup_free char *hostile = sw_format("oci:%s/hostile", folder);
    assert_int_equal(shell("mkdir -p $F/hostile/blobs/sha256"), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_free char *path = sw_format("%s/hostile/index.json", folder);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(rows[i], file);
        fclose(file);
        sw_cleanup_error struct sw_error *error = store_get_manifest(hostile, "t", NULL);
        if (!error || error->code != SW_ERROR_CORRUPT)
            fail_msg("%s: %s", rows[i], error ? error->message : "accepted");
    }
}

static void loses_no_tag_when_many_write_at_once(void **state) {
    (void)state;
    enum { WRITERS = 4, TAGS = 20 };
    struct test_image image = test_image_new(6, 10, "amd64");
    struct sw_layout layout = {.folder = sw_format("%s/race", folder), .name = sw_strdup("p")};
    for (int writer = 0; writer < WRITERS; writer++) {
        if (fork())
            continue;
        char digest[72];
        for (int i = 0; i < TAGS; i++) {
            sw_cleanup_free char *tag = sw_format("t-%d-%d", writer, i);
            if (!sw_layout_put_manifest(&layout, tag, SW_TYPE_OCI_MANIFEST,
                                        (struct sw_bytes){image.manifest.data, image.manifest.len}, digest, NULL))
                _exit(1);
        }
        _exit(0);
    }
    for (int i = 0; i < WRITERS; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    sw_cleanup_strlist struct sw_strlist tags = {0};
    assert_true(sw_layout_list(&layout, &tags, NULL));
    assert_int_equal(tags.len, WRITERS * TAGS);
    sw_layout_fini(&layout);
    test_image_free(&image);
}

static void says_where_it_cannot_write(void **state) {
    (void)state;
    sw_cleanup_free char *nowhere = sw_format("oci:/proc/nothing/here:p");
    struct test_image image = test_image_new(7, 10, "amd64");
    sw_cleanup_error struct sw_error *error =
        store_put_manifest(nowhere, "t", SW_TYPE_OCI_MANIFEST, (struct sw_bytes){image.manifest.data, image.manifest.len}, NULL);
    assert_non_null(strstr(error->message, "/proc/nothing"));
    test_image_free(&image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_nothing_before_the_first_write),
        cmocka_unit_test(gives_back_what_was_pushed),
        cmocka_unit_test(leaves_no_other_file_behind),
        cmocka_unit_test(keeps_projects_apart),
        cmocka_unit_test(can_be_read_by_skopeo_and_reads_its_layouts),
        cmocka_unit_test(refuses_bytes_of_another_digest),
        cmocka_unit_test(notices_damaged_and_disguised_blobs),
        cmocka_unit_test(refuses_a_hostile_index),
        cmocka_unit_test(loses_no_tag_when_many_write_at_once),
        cmocka_unit_test(says_where_it_cannot_write),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
