#include "tests/unit/plugins/local/world.h"

/* An image of the last result. */
static struct sw_image *image_of(struct world *world) {
    const struct world_result *result = &world->results[0];
    return world_image("built", result->config, result->layers, result->layer_count);
}

static sw_node add_image(struct world *world, const struct sw_image *image) {
    return sw_host_graph_table.add_image(world->graph, &(struct sw_op_image){.size = sizeof(struct sw_op_image), .image = image},
                                         NULL, NULL);
}

/* ---- images as bases ---- */

static void an_image_just_built_is_a_base_without_being_unpacked(void **state) {
    struct world *world = *state;
    world_build(world, world_run(world, world->base, "echo 1 >/a"));
    struct sw_image *image = image_of(world);
    unsigned fetches = world->fetches;
    struct sw_op_exec op = world_shell(world, add_image(world, image), "cat /a >/out");
    sw_cleanup_free char *output = world_output(world, &op);
    assert_string_equal(output, "1\n");
    assert_int_equal(world->fetches, fetches);
    sw_image_free(image);
}

static void a_base_that_no_step_reads_is_not_fetched(void **state) {
    struct world *world = *state;
    static const char config[] =
        "{\"os\":\"linux\",\"config\":{\"Cmd\":[\"x\"]},\"history\":[{\"created_by\":\"base\"},{\"created_by\":"
        "\"CMD x\",\"empty_layer\":true}]}";
    struct sw_op_config op = {.size = sizeof op, .input = world->base, .config = config};
    const struct world_result *result = world_build(world, sw_host_graph_table.add_config(world->graph, &op, NULL, NULL));
    assert_int_equal(world->fetches, 0);
    assert_int_equal(result->layer_count, 1);
    assert_non_null(strstr(result->config, "\"Cmd\":[\"x\"]"));
}

static void a_layer_that_is_not_what_it_says_is_refused(void **state) {
    struct world *world = *state;
    sw_cleanup_free char *path = world_blob_path(sw_host_image_table.layer(world->image, 0).digest);
    sw_cleanup_free char *command = sw_format("printf x | dd of=%s bs=1 seek=5000 conv=notrunc 2>/dev/null", path);
    scratch_run(&world->scratch, command);
    world_solve(world, world_run(world, world->base, "true"));
    assert_non_null(world->error);
    assert_int_equal(world->error->code, SW_ERROR_CORRUPT);
    assert_non_null(strstr(world->error->message, "layer 1 of busybox:test"));
}

static void snapshots_that_are_gone_come_back_from_their_blobs(void **state) {
    struct world *world = *state;
    sw_node node = world_run(world, world->base, "echo 1 >/a; rm /etc/group");
    world_build(world, node);
    scratch_run(&world->scratch, "rm -rf store/snapshots/*");
    struct sw_op_exec op = world_shell(world, node, "cat /a >/out; ls /etc >>/out");
    sw_cleanup_free char *output = world_output(world, &op);
    assert_string_equal(output, "1\nhosts\npasswd\nresolv.conf\n");
}

static void blobs_that_are_gone_are_written_again_and_equal(void **state) {
    struct world *world = *state;
    sw_node node = world_run(world, world->base, "echo 1 >/a");
    const struct world_result *result = world_build(world, node);
    sw_cleanup_free char *digest = sw_strdup(result->layers[1].digest);
    scratch_run(&world->scratch, "rm -rf store/blobs/sha256/*");
    result = world_build(world, node);
    assert_string_equal(result->layers[1].digest, digest);
    assert_false(result->cached);
}

/* ---- reading and running ---- */

struct seen {
    struct sw_buf text;
    unsigned limit;
    bool done;
    struct sw_error *error;
    int32_t status;
};

static bool on_file(void *context, const struct sw_image_file *file) {
    struct seen *seen = context;
    char content[64] = "";
    if (file->type == SW_FILE_REGULAR) {
        ssize_t len = read(file->fd, content, 8);
        content[len > 0 ? len : 0] = '\0';
    }
    sw_buf_printf(&seen->text, "%s %o %s\n", file->path, file->mode, file->target ? file->target : content);
    return --seen->limit > 0;
}

static void on_walked(void *context, struct sw_error *error) {
    struct seen *seen = context;
    seen->done = true;
    seen->error = error;
    sw_loop_stop();
}

static void walk(struct world *world, const struct sw_image *image, const char *path, struct seen *seen) {
    const struct sw_backend_files *files = world->plugin->backend->get_extension(SW_EXT_IMAGE_FILES);
    files->walk(image, path, NULL, on_file, on_walked, seen);
    while (!seen->done)
        sw_loop_run();
}

static void files_of_an_image_are_visited_in_order(void **state) {
    struct world *world = *state;
    world_build(
        world,
        world_run(world, world->base,
                  "mkdir -p /d/b /d/proc /proc2; echo 2 >/d/b/f; echo 1 >/d/a; chmod 600 /d/a; ln -s /etc /d/l; rm /etc/group; "
                  "ln -s ../../../../d /link"));
    struct sw_image *image = image_of(world);
    static const struct {
        const char *path;
        unsigned limit;
        const char *text;
    } cases[] = {
        {"/d", 99, "/d/a 600 1\n\n/d/b 755 \n/d/b/f 644 2\n\n/d/l 777 /etc\n/d/proc 755 \n"},
        {"/d/", 2, "/d/a 600 1\n\n/d/b 755 \n"},
        {"/d/a", 99, "/d/a 600 1\n\n"},
        {"/link/b", 99, "/d/b/f 644 2\n\n"},
        {"/etc", 99, "/etc/passwd 644 root:x:0\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct seen seen = {.limit = cases[i].limit};
        walk(world, image, cases[i].path, &seen);
        assert_null(seen.error);
        assert_string_equal(sw_buf_text(&seen.text), cases[i].text);
        sw_buf_fini(&seen.text);
    }
    struct seen seen = {.limit = 9};
    walk(world, image, "/none", &seen);
    assert_int_equal(seen.error->code, SW_ERROR_NOT_FOUND);
    sw_error_free(seen.error);
    sw_image_free(image);
}

static void on_ran(void *context, int32_t status, struct sw_error *error) {
    struct seen *seen = context;
    seen->status = status;
    on_walked(seen, error);
}

static void an_images_command_runs_with_its_config(void **state) {
    struct world *world = *state;
    static const char config[] =
        "{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":{\"Env\":[\"PATH=/bin\",\"A=1\"],\"User\":\"user\",\"WorkingDir\":"
        "\"/tmp\",\"Entrypoint\":[\"/bin/sh\",\"-c\"],\"Cmd\":[\"test $(id -u) = 1000 -a $(pwd) = /tmp -a $A$B = "
        "12 && exit 42\"]},\"history\":[{\"created_by\":\"base\"}]}";
    struct sw_layer layer = sw_host_image_table.layer(world->image, 0);
    struct sw_image *image = world_image("run", config, &layer, 1);
    static const char *const env[] = {"B=2"}, *const exits[] = {"exit 3"}, *const plain[] = {"/bin/false"},
                             *const none[] = {"/none"};
    const struct {
        struct sw_strings argv;
        uint32_t use_entrypoint;
        int32_t status;
    } cases[] = {{{NULL, 0}, 0, 42}, {{exits, 1}, 1, 3}, {{plain, 1}, 0, 1}};
    const struct sw_backend_run *table = world->plugin->backend->get_extension(SW_EXT_RUN);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct seen seen = {0};
        struct sw_run run = {.size = sizeof run,
                             .image = image,
                             .argv = cases[i].argv,
                             .env = {env, 1},
                             .use_entrypoint = cases[i].use_entrypoint,
                             .done = on_ran,
                             .context = &seen};
        table->run(&run);
        while (!seen.done)
            sw_loop_run();
        if (seen.error)
            fail_msg("%s", seen.error->message);
        assert_int_equal(seen.status, cases[i].status);
    }
    struct seen seen = {0};
    struct sw_run run = {.size = sizeof run, .image = image, .argv = {none, 1}, .done = on_ran, .context = &seen};
    table->run(&run);
    while (!seen.done)
        sw_loop_run();
    assert_non_null(seen.error);
    assert_int_equal(seen.status, 127);
    sw_error_free(seen.error);
    sw_image_free(image);
}

/* ---- space ---- */

static void on_item(void *context, const struct sw_space_item *item) {
    unsigned *counts = context;
    assert_true(item->bytes > 0);
    counts[item->kind[0] == 's' ? 0 : item->kind[0] == 'b' ? 1 : item->kind[0] == 'c' ? 2 : 3]++;
}

static void on_broken(void *context, const struct sw_space_item *item, const char *reason) {
    (void)reason;
    sw_buf_printf(context, "%s %.8s\n", item->kind, item->id);
}

static void damage_is_found_and_named(void **state) {
    struct world *world = *state;
    const struct sw_backend_space *space = world->plugin->backend->get_extension(SW_EXT_SPACE);
    const struct world_result *result = world_build(world, world_run(world, world->base, "echo 1 >/a"));
    unsigned counts[4] = {0};
    struct sw_buf broken = {0};
    assert_true(space->list(on_item, counts, NULL));
    assert_int_equal(counts[0], 2);
    assert_int_equal(counts[1], 1);
    assert_int_equal(counts[3], 1);
    assert_true(space->verify(on_broken, &broken, NULL));
    assert_string_equal(sw_buf_text(&broken), "");
    scratch_run(&world->scratch, "for f in store/blobs/sha256/*; do echo >>$f; done; chmod 700 store/snapshots/layer-*/fs/bin");
    assert_true(space->verify(on_broken, &broken, NULL));
    sw_cleanup_free char *expected = sw_format("blob %.8s\n", result->layers[1].digest + strlen("sha256:"));
    assert_non_null(strstr(sw_buf_text(&broken), expected));
    assert_non_null(strstr(sw_buf_text(&broken), "snapshot layer-"));
    sw_buf_truncate(&broken, 0);
    scratch_run(&world->scratch, "for d in store/snapshots/[0-9a-f]*/fs; do echo 2 >$d/a; done");
    assert_true(space->verify(on_broken, &broken, NULL));
    sw_cleanup_free char *own = scratch_ask(&world->scratch, "ls store/snapshots | grep -v layer- | cut -c1-8");
    assert_non_null(strstr(sw_buf_text(&broken), own));
    sw_buf_fini(&broken);
}

static void pruning_spares_what_is_used(void **state) {
    struct world *world = *state;
    const struct sw_backend_space *space = world->plugin->backend->get_extension(SW_EXT_SPACE);
    world_build(world, world_run(world, world->base, "echo 1 >/a"));
    uint64_t freed = 1;
    assert_true(space->prune(INT64_MAX, 0, &freed, NULL));
    assert_int_equal(freed, 0);
    world_again(world);
    space = world->plugin->backend->get_extension(SW_EXT_SPACE);
    assert_true(space->prune(1, 0, &freed, NULL)); /* nothing is that old */
    assert_int_equal(freed, 0);
    assert_true(space->prune(INT64_MAX, UINT64_MAX, &freed, NULL));
    assert_int_equal(freed, 0);
    assert_true(space->prune(INT64_MAX, 0, &freed, NULL));
    assert_true(freed > 0);
    scratch_run(&world->scratch,
                "test -z \"$(ls store/snapshots store/blobs/sha256 | grep -v :)\" || { ls -R store | head -50 >&2; false; }");
    /* And what was pruned is built again. */
    world_build(world, world_run(world, world->base, "echo 1 >/a"));
}

static void pruning_spares_what_the_index_names(void **state) {
    struct world *world = *state;
    const struct sw_backend_space *space = world->plugin->backend->get_extension(SW_EXT_SPACE);
    const struct world_result *result = world_build(world, world_run(world, world->base, "echo 1 >/a"));
    sw_cleanup_free char *manifest = sw_format("{\"layers\":[{\"digest\":\"%s\"}]}", result->layers[1].digest);
    char hex[65];
    sw_sha256_hex(manifest, strlen(manifest), hex);
    sw_cleanup_free char *path = sw_format("store/blobs/sha256/%s", hex);
    sw_cleanup_free char *index =
        sw_format("{\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"sha256:%s\"}]}", hex);
    scratch_file(&world->scratch, path, manifest);
    scratch_file(&world->scratch, "store/index.json", index);
    world_again(world);
    space = world->plugin->backend->get_extension(SW_EXT_SPACE);
    uint64_t freed;
    assert_true(space->prune(INT64_MAX, 0, &freed, NULL));
    scratch_run(&world->scratch, "test $(ls store/blobs/sha256 | wc -l) = 2 && test $(ls store/snapshots | wc -l) = 0");
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(an_image_just_built_is_a_base_without_being_unpacked),
        WORLD_TEST(a_base_that_no_step_reads_is_not_fetched),
        WORLD_TEST(a_layer_that_is_not_what_it_says_is_refused),
        WORLD_TEST(snapshots_that_are_gone_come_back_from_their_blobs),
        WORLD_TEST(blobs_that_are_gone_are_written_again_and_equal),
        WORLD_TEST(files_of_an_image_are_visited_in_order),
        WORLD_TEST(an_images_command_runs_with_its_config),
        WORLD_TEST(damage_is_found_and_named),
        WORLD_TEST(pruning_spares_what_is_used),
        WORLD_TEST(pruning_spares_what_the_index_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
