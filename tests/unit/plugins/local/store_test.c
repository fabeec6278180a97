#include "core/base/error.h"
#include "plugins/local/flatten.h"
#include "plugins/local/overlay.h"
#include "plugins/local/snapshot.h"
#include "tests/unit/scratch.h"

struct place {
    struct scratch scratch;
    struct sw_localstore *store;
};

static int setup(void **state) {
    struct place *place = sw_new(sizeof *place);
    scratch_make(&place->scratch);
    sw_cleanup_free char *path = sw_format("%s/a/store", place->scratch.path);
    place->store = sw_localstore_open(path, NULL);
    assert_non_null(place->store);
    *state = place;
    return 0;
}

static int teardown(void **state) {
    struct place *place = *state;
    sw_localstore_close(place->store);
    scratch_end(&place->scratch);
    free(place);
    return 0;
}

static struct sw_localstore *open_again(struct place *place) {
    sw_cleanup_free char *path = sw_format("%s/a/store", place->scratch.path);
    struct sw_error *error = NULL;
    struct sw_localstore *store = sw_localstore_open(path, &error);
    if (!store)
        fail_msg("%s", error->message);
    return store;
}

/* ---- leases ---- */

static void names_are_shared_or_taken_alone(void **state) {
    struct place *place = *state;
    struct sw_leases *mine = place->store->leases;
    int locks = openat(place->store->root, "locks", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct sw_leases *other = sw_leases_open(locks, "range", NULL);
    close(locks);
    assert_true(sw_lease_use(mine, "a"));
    assert_true(sw_lease_use(mine, "a"));
    assert_true(sw_lease_use(other, "a"));
    assert_false(sw_lease_take(mine, "a"));
    assert_false(sw_lease_take(other, "a"));
    sw_lease_end_use(other, "a");
    sw_lease_end_use(mine, "a");
    assert_true(sw_lease_busy(other, "a"));
    sw_lease_end_use(mine, "a");
    assert_false(sw_lease_busy(other, "a"));
    assert_true(sw_lease_take(other, "a"));
    assert_false(sw_lease_use(mine, "a"));
    assert_true(sw_lease_use(mine, "b"));
    sw_leases_close(other);
    assert_true(sw_lease_use(mine, "a"));
}

/* ---- the store ---- */

static void what_a_dead_process_left_is_removed(void **state) {
    struct place *place = *state;
    scratch_run(&place->scratch, "mkdir -p a/store/tmp/4194303-1/draft-0/fs && echo x >a/store/tmp/4194303-1/draft-0/fs/x");
    struct sw_localstore *second = open_again(place);
    scratch_run(&place->scratch, "test ! -e a/store/tmp/4194303-1");
    /* Two stores of one process have one folder: closing the second one must not matter to others. */
    sw_localstore_close(second);
}

static void a_snapshot_of_an_earlier_boot_is_not_trusted_before_it_was_synced(void **state) {
    struct place *place = *state;
    struct sw_draft draft;
    assert_true(sw_draft_begin(place->store, &draft, NULL));
    assert_true(sw_draft_commit(&draft, "snap", "test", SW_DRAFT_SUMMED, NULL));
    sw_draft_fini(&draft);
    assert_true(sw_snapshot_exists(place->store, "snap"));
    scratch_run(&place->scratch, "test -e a/store/unsynced/snap && touch -d '2 minutes ago' a/store/unsynced/snap");
    sw_localstore_close(place->store);
    place->store = open_again(place);
    sw_localstore_close(place->store);
    scratch_run(&place->scratch, "test ! -e a/store/unsynced/snap && test -e a/store/snapshots/snap");
    scratch_run(&place->scratch, "echo another-boot >a/store/unsynced/snap");
    place->store = open_again(place);
    assert_false(sw_snapshot_exists(place->store, "snap"));
}

static void a_draft_that_is_not_committed_is_gone(void **state) {
    struct place *place = *state;
    struct sw_draft draft;
    assert_true(sw_draft_begin(place->store, &draft, NULL));
    sw_draft_fini(&draft);
    scratch_run(&place->scratch, "test $(ls a/store/tmp/*/ | grep -c draft) = 0");
}

static void a_blob_record_counts_as_long_as_the_blob_is_there(void **state) {
    struct place *place = *state;
    static const char DIGEST[] = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    struct sw_layer_record record = {.bytes = 5}, found;
    strcpy(record.digest, DIGEST);
    strcpy(record.diff_id, DIGEST);
    assert_true(sw_layer_record_keep(place->store, "key", &record, NULL));
    assert_false(sw_layer_record_find(place->store, "key", &found));
    scratch_run(&place->scratch,
                "printf hello >a/store/blobs/sha256/2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    assert_true(sw_layer_record_find(place->store, "key", &found));
    assert_string_equal(found.digest, DIGEST);
    scratch_run(&place->scratch,
                "printf hell >a/store/blobs/sha256/2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    assert_false(sw_layer_record_find(place->store, "key", &found));
}

static void malformed_records_are_none(void **state) {
    struct place *place = *state;
    static const char *const texts[] = {"", "{", "[]", "{\"empty\":false}",
                                        "{\"empty\":false,\"digest\":\"sha256:../../etc/passwd\",\"diffID\":\"x\",\"size\":1}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct sw_layer_record record;
        assert_true(sw_localstore_put(place->store, place->store->layers, "key", texts[i], NULL));
        assert_false(sw_layer_record_find(place->store, "key", &record));
    }
}

/* ---- overlays ---- */

static int open_at(const struct scratch *scratch, const char *path) {
    int fd = openat(scratch->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void overlays_merge_layers_whatever_the_kernel_offers(void **state) {
    struct place *place = *state;
    static const enum sw_overlay_way ways[] = {SW_OVERLAY_BEST, SW_OVERLAY_STRINGS, SW_OVERLAY_OLD_MOUNT};
    scratch_run(&place->scratch, "mkdir low high && echo low >low/a && echo low >low/b && echo high >high/b");
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        sw_cleanup_free char *made = sw_format("rm -rf up work && mkdir up work");
        scratch_run(&place->scratch, made);
        int lowers[] = {open_at(&place->scratch, "high"), open_at(&place->scratch, "low")};
        struct sw_overlay overlay = {.lowers = lowers,
                                     .lower_count = 2,
                                     .upper = open_at(&place->scratch, "up"),
                                     .work = open_at(&place->scratch, "work"),
                                     .way = ways[i]};
        struct sw_error *error = NULL;
        int merged = sw_overlay_mount(&overlay, &error);
        if (merged < 0)
            fail_msg("way %zu: %s", i, error->message);
        struct scratch view = {.fd = merged};
        scratch_expect(&view, "a", "low\n");
        scratch_expect(&view, "b", "high\n");
        scratch_file(&view, "c", "new\n");
        assert_int_equal(unlinkat(merged, "a", 0), 0);
        close(merged);
        close(lowers[0]);
        close(lowers[1]);
        close(overlay.upper);
        close(overlay.work);
        scratch_expect(&place->scratch, "up/c", "new\n");
        assert_true(S_ISCHR(scratch_mode(&place->scratch, "up/a")));
    }
}

/* An option that marks new folders as opaque would make a layer hide what lies below it. */
static void new_folders_are_not_opaque(void **state) {
    struct place *place = *state;
    scratch_run(&place->scratch, "mkdir low up work && mkdir low/gone low/kept && echo x >low/kept/x");
    int lowers[] = {open_at(&place->scratch, "low"), place->store->empty};
    struct sw_overlay overlay = {
        .lowers = lowers, .lower_count = 2, .upper = open_at(&place->scratch, "up"), .work = open_at(&place->scratch, "work")};
    int merged = sw_overlay_mount(&overlay, NULL);
    assert_true(merged >= 0);
    assert_int_equal(mkdirat(merged, "new", 0755), 0);
    assert_int_equal(mkdirat(merged, "kept/new", 0755), 0);
    /* A mount without the right options fails here. */
    assert_int_equal(unlinkat(merged, "gone", AT_REMOVEDIR), 0);
    close(merged);
    close(overlay.upper);
    close(overlay.work);
    close(lowers[0]);
    scratch_run(&place->scratch, "! getfattr -R -d -m - up 2>/dev/null | grep opaque");
}

static void the_kernels_own_words_are_in_the_error(void **state) {
    struct place *place = *state;
    int lowers[SW_OVERLAY_LOWERS + 1];
    for (int i = 0; i <= SW_OVERLAY_LOWERS; i++)
        lowers[i] = place->store->empty;
    struct sw_overlay overlay = {.lowers = lowers, .lower_count = SW_OVERLAY_LOWERS + 1, .upper = -1, .work = -1};
    struct sw_error *error = NULL;
    assert_int_equal(sw_overlay_mount(&overlay, &error), -1);
    assert_non_null(strstr(error->message, "at most 500"));
    sw_error_free(error);
    error = NULL;
    int file = openat(place->scratch.fd, "file", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    overlay.lowers = (int[]){file, place->store->empty};
    overlay.lower_count = 2;
    assert_int_equal(sw_overlay_mount(&overlay, &error), -1);
    assert_non_null(strstr(error->message, "cannot mount an overlay"));
    sw_error_free(error);
    close(file);
}

static void long_stacks_are_flattened(void **state) {
    struct place *place = *state;
    enum { LAYERS = 905 };
    struct sw_stack stack = {.parts = {.width = sizeof(struct sw_stack_part)}};
    for (int i = 0; i < LAYERS; i++) {
        struct sw_draft draft;
        assert_true(sw_draft_begin(place->store, &draft, NULL));
        struct scratch files = {.fd = draft.files};
        sw_cleanup_free char *name = sw_format("f%d", i % 450);
        sw_cleanup_free char *text = sw_format("%d\n", i);
        scratch_file(&files, name, text);
        if (i == 700)
            assert_int_equal(mknodat(draft.files, "f100", S_IFCHR, 0), 0); /* hides what layers 100 and 550 have */
        struct sw_stack_part part = {.name = sw_format("%064d", i)};
        assert_true(sw_draft_commit(&draft, part.name, "test", SW_DRAFT_SUMMED, NULL));
        sw_draft_fini(&draft);
        sw_vec_push(&stack.parts, &part);
    }
    struct sw_vec folders = {0};
    struct sw_error *error = NULL;
    if (!sw_stack_open(place->store, &stack, &folders, &error) || !sw_flatten(place->store, &stack, &folders, &error))
        fail_msg("%s", error->message);
    assert_true(folders.len <= SW_OVERLAY_LOWERS);
    struct sw_overlay overlay = {.lowers = folders.data, .lower_count = folders.len, .upper = -1, .work = -1};
    int merged = sw_overlay_mount(&overlay, &error);
    if (merged < 0)
        fail_msg("%s", error->message);
    struct scratch view = {.fd = merged};
    scratch_expect(&view, "f0", "900\n");
    scratch_expect(&view, "f5", "455\n");
    assert_int_equal(scratch_mode(&view, "f100"), 0);
    scratch_expect(&view, "f250", "700\n");
    close(merged);
    sw_stack_close(&folders);
    sw_stack_fini(&stack);
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(names_are_shared_or_taken_alone),
        STORE_TEST(what_a_dead_process_left_is_removed),
        STORE_TEST(a_snapshot_of_an_earlier_boot_is_not_trusted_before_it_was_synced),
        STORE_TEST(a_draft_that_is_not_committed_is_gone),
        STORE_TEST(a_blob_record_counts_as_long_as_the_blob_is_there),
        STORE_TEST(malformed_records_are_none),
        STORE_TEST(overlays_merge_layers_whatever_the_kernel_offers),
        STORE_TEST(new_folders_are_not_opaque),
        STORE_TEST(the_kernels_own_words_are_in_the_error),
        STORE_TEST(long_stacks_are_flattened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
