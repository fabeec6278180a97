/* What the planner makes of a document: stages, and the nodes they are built by. */
#include "tests/unit/plugins/stapel/bench.h"

static char *folder;
static struct sw_repository *repository;

static int start(void **state) {
    (void)state;
    folder = make_folder();
    run_in(folder, "git init -q -b main . && mkdir -p src/lib && echo a >src/a && echo l >src/lib/l && echo one >one && git add . "
                   "&& git commit "
                   "-qm one && git tag first && echo b >src/a && git commit -qam two");
    repository = sw_repository_find(folder, NULL);
    return repository ? 0 : 1;
}

static int stop(void **state) {
    (void)state;
    sw_repository_free(repository);
    drop_folder(folder);
    return 0;
}

static const struct sw_commit *head(void) {
    return sw_repository_head(repository, NULL);
}

/* Names of the stages, separated by spaces. */
static void assert_stages(const struct bench *bench, const char *expected) {
    sw_cleanup_buf struct sw_buf names = {0};
    for (size_t i = 0; i < bench->count; i++)
        sw_buf_printf(&names, "%s%s", i ? " " : "", bench->stages[i].name);
    assert_string_equal(sw_buf_text(&names), expected);
}

/* The first node of a kind. */
static const void *record_of(const struct bench *bench, enum sw_op_kind kind) {
    for (sw_node node = 0; node < sw_host_graph_table.count(bench->graph); node++)
        if (sw_host_graph_table.kind(bench->graph, node) == (uint32_t)kind)
            return sw_host_graph_table.record(bench->graph, node);
    return NULL;
}

static json_t *config_of(const struct bench *bench, const char *stage) {
    json_t *config = json_loads(sw_host_graph_table.config(bench->graph, bench_find(bench, stage)->node), 0, NULL);
    assert_non_null(config);
    return config;
}

static void run(struct bench *bench, const char *document) {
    bench_open(bench, document, head());
    assert_no_error(bench->error);
    bench_run(bench);
    assert_no_error(bench->error);
}

static void stages_come_in_werfs_order(void **state) {
    (void)state;
    struct bench bench;
    bench_images = "other";
    run(&bench,
        "{from: x:1, git: [{add: /, to: /app}], docker: {USER: u}, shell: {cacheVersion: 1}, import: [{image: other, add: /a, "
        "before: "
        "install}, {image: other, add: /b, after: setup}], dependencies: [{image: other, after: install}, {image: other, before: "
        "setup}]}");
    assert_stages(&bench, "from beforeInstall dependenciesBeforeInstall gitArchive install dependenciesAfterInstall beforeSetup "
                          "dependenciesBeforeSetup setup dependenciesAfterSetup dockerInstructions");
    bench_close(&bench);
    bench_images = "";
}

static void what_is_not_asked_for_has_no_stage(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"{from: x:1}", "from"},
        {"{from: x:1, shell: {}}", "from"},
        {"{from: x:1, shell: {setup: ''}}", "from setup"},
        {"{from: x:1, shell: {setupCacheVersion: 2}}", "from setup"},
        {"{from: x:1, docker: {}}", "from dockerInstructions"},
        {"{from: x:1, docker: {}, disableGitAfterPatch: true}", "from"},
        {"{artifact: app, from: x:1, git: [{to: /a}]}", "from gitArchive"},
        {"{from: scratch}", "from"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench;
        run(&bench, rows[i][0]);
        assert_stages(&bench, rows[i][1]);
        bench_close(&bench);
    }
}

static void commands_run_as_one_strict_script(void **state) {
    (void)state;
    struct bench bench;
    run(&bench, "{from: x:1, network: none, shell: {install: [cd /tmp, make]}}");
    const struct sw_op_exec *exec = record_of(&bench, SW_OP_EXEC);
    assert_int_equal(exec->argv.count, 5);
    assert_string_equal(exec->argv.items[0], "/bin/sh");
    assert_non_null(strstr(exec->argv.items[2], "exec bash -e -c \"$1\""));
    assert_string_equal(exec->argv.items[4], "cd /tmp\nmake");
    assert_string_equal(exec->cwd, "/");
    assert_string_equal(exec->user, "");
    assert_int_equal(exec->stdin_bytes.len, 0);
    bool has_commit = false, has_path = false;
    for (size_t i = 0; i < exec->env.count; i++) {
        has_commit = has_commit || !strncmp(exec->env.items[i], "WERF_COMMIT_HASH=", 17);
        has_path = has_path || !strncmp(exec->env.items[i], "PATH=", 5);
    }
    assert_true(has_commit && has_path);
    bench_close(&bench);
}

static void a_script_too_long_for_an_argument_is_fed(void **state) {
    (void)state;
    struct bench bench;
    sw_cleanup_free char *command = sw_new(200001);
    memset(command, 'x', 200000);
    sw_cleanup_free char *document = sw_format("{from: 'x:1', shell: {setup: [\"%s\"]}}", command);
    run(&bench, document);
    const struct sw_op_exec *exec = record_of(&bench, SW_OP_EXEC);
    assert_int_equal(exec->argv.count, 3);
    assert_int_equal(exec->stdin_bytes.len, 200000);
    bench_close(&bench);
}

static const struct sw_mount *mount_at(const struct sw_op_exec *exec, const char *target) {
    for (size_t i = 0; i < exec->mount_count; i++)
        if (!strcmp(exec->mounts[i].target, target))
            return &exec->mounts[i];
    return NULL;
}

static void mounts_are_emptied_labelled_and_mounted(void **state) {
    (void)state;
    struct bench bench;
    sw_cleanup_free char *document = sw_format("{from: 'x:1', mount: [{from: tmp_dir, to: /t/}, {from: build_dir, to: /b}, {from: "
                                               "build_dir, to: /c}, {fromPath: '%s/made', "
                                               "to: /h}], shell: {setup: make}}",
                                               folder);
    run(&bench, document);
    const struct sw_op_file *file = record_of(&bench, SW_OP_FILE);
    assert_int_equal(file->action_count, 8);
    assert_int_equal(file->actions[1].kind, SW_FILE_EMPTY);
    assert_string_equal(file->actions[1].path, "/t");
    const struct bench_stage *from = bench_find(&bench, "from");
    assert_string_equal(bench_label(from, "werf-mount-type-tmp-dir"), "/t");
    assert_string_equal(bench_label(from, "werf-mount-type-build-dir"), "/b;/c");
    const struct sw_op_exec *exec = record_of(&bench, SW_OP_EXEC);
    assert_int_equal(mount_at(exec, "/t")->kind, SW_MOUNT_TMPFS);
    assert_int_equal(mount_at(exec, "/b")->kind, SW_MOUNT_CACHE);
    assert_string_not_equal(mount_at(exec, "/b")->id, mount_at(exec, "/c")->id);
    assert_int_equal(mount_at(exec, "/h")->kind, SW_MOUNT_HOST);
    assert_int_equal(mount_at(exec, "/run/secrets/token")->kind, SW_MOUNT_SECRET);
    sw_cleanup_free char *made = sw_format("%s/made", folder);
    assert_int_equal(access(made, F_OK), 0);
    assert_int_equal(rmdir(made), 0);
    bench_close(&bench);
}

static void git_files_are_copied_with_their_owner(void **state) {
    (void)state;
    struct bench bench;
    run(&bench,
        "{from: x:1, git: [{add: /src, to: /app, owner: app, group: 5, excludePaths: lib}, {add: /one, to: /renamed, group: g}]}");
    const struct sw_op_copy *copy = record_of(&bench, SW_OP_COPY);
    assert_int_equal(copy->source_count, 2);
    assert_string_equal(copy->sources[0].dest, "/app");
    assert_string_equal(copy->sources[0].owner, "app:5");
    assert_true(copy->sources[0].flags & SW_COPY_CONTENTS);
    assert_string_equal(copy->sources[1].path, "/one");
    assert_string_equal(copy->sources[1].dest, "/renamed");
    assert_string_equal(copy->sources[1].owner, "0:g");
    const struct sw_op_tree *tree = record_of(&bench, SW_OP_TREE);
    assert_string_equal(tree->scope, "src");
    assert_string_equal(tree->filters[0].exclude.items[0], "lib");
    const struct bench_stage *archive = bench_find(&bench, "gitArchive");
    assert_int_equal(archive->selection, SW_SELECT_ANCESTOR);
    assert_int_equal(archive->commit_count, 2);
    bench_close(&bench);
}

/* Plans with the git files of the first commit in every stage before. */
static void plan_on_first_commit(struct bench *bench, const char *document) {
    bench_open(bench, document, head());
    const struct sw_stapel_image *image = ((struct sw_stapel_planner *)bench->planner)->image;
    const char *first = sw_commit_id(sw_repository_commit(repository, "first", NULL));
    struct sw_pair label = {sw_arena_format(&bench->arena, "werf-git-%s-commit", image->mappings[0].hash), first};
    while (bench_next(bench, (struct sw_pairs){&label, 1}))
        bench_realize(bench);
    assert_no_error(bench->error);
}

static void steps_bring_git_files_up_to_date_first(void **state) {
    (void)state;
    struct bench bench;
    plan_on_first_commit(&bench, "{from: x:1, git: [{add: /src, to: /app, owner: app}], shell: {install: make}}");
    const struct sw_op_patch *patch = record_of(&bench, SW_OP_PATCH);
    assert_non_null(patch);
    assert_int_equal(patch->part_count, 1);
    assert_string_equal(patch->parts[0].base, sw_commit_id(sw_repository_commit(repository, "first", NULL)));
    assert_string_equal(patch->parts[0].mapping.owner, "app");
    assert_string_equal(patch->parts[0].mapping.to, "/app");
    const struct sw_stapel_image *image = ((struct sw_stapel_planner *)bench.planner)->image;
    sw_cleanup_free char *label = sw_format("werf-git-%s-commit", image->mappings[0].hash);
    assert_string_equal(bench_label(bench_find(&bench, "install"), label), sw_commit_id(head()));
    bench_close(&bench);
}

static void unchanged_files_need_no_patch_stage(void **state) {
    (void)state;
    struct bench bench;
    plan_on_first_commit(&bench, "{from: x:1, git: [{add: /one, to: /one}]}");
    assert_stages(&bench, "from gitArchive");
    bench_close(&bench);
    plan_on_first_commit(&bench, "{from: x:1, git: [{add: /src, to: /src}]}");
    assert_stages(&bench, "from gitArchive gitLatestPatch");
    bench_close(&bench);
}

static void imports_keep_what_they_bring(void **state) {
    (void)state;
    struct bench bench;
    bench_images = "other";
    run(&bench,
        "{from: x:1, import: [{image: other, add: /out, to: /opt, includePaths: ['*.md'], owner: app, after: install}, {from: "
        "'y:2', add: "
        "/etc/x, after: install}], dependencies: [{image: other, after: install, imports: [{type: ImageTag, targetEnv: TAG}]}]}");
    const struct sw_op_copy *copy = record_of(&bench, SW_OP_COPY);
    assert_int_equal(copy->source_count, 2);
    assert_int_equal(copy->sources[0].include_style, 1);
    assert_true(copy->sources[0].flags & SW_COPY_FILTER_DIRS);
    assert_false(copy->sources[1].flags & SW_COPY_FILTER_DIRS);
    assert_string_equal(copy->sources[0].owner, "app");
    assert_null(copy->sources[1].owner);
    assert_string_equal(copy->sources[1].dest, "/etc/x");
    sw_cleanup_json json_t *config = config_of(&bench, "dependenciesAfterInstall");
    sw_cleanup_free char *variable = sw_format("TAG=%s", bench_tag);
    bool found = false;
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(json_object_get(config, "config"), "Env"), i, item) found =
        found || !strcmp(json_string_value(item), variable);
    assert_true(found);
    bench_close(&bench);
    bench_images = "";
}

static void targets_leave_one_another_out(void **state) {
    (void)state;
    struct bench bench;
    bench_images = "other";
    bench_open(&bench,
               "{from: x:1, git: [{add: /, to: /app, excludePaths: [keep]}, {add: /src, to: /app/src, includePaths: [a]}], import: "
               "[{image: other, "
               "add: /d, to: /app/dist, after: setup}, {image: other, add: /k, to: /app/keep/x, after: setup}]}",
               head());
    const struct sw_stapel_image *image = ((struct sw_stapel_planner *)bench.planner)->image;
    sw_cleanup_free char *first = sw_strings_join(image->mappings[0].files.exclude, " ");
    assert_string_equal(first, "keep src/a dist");
    assert_int_equal(image->mappings[1].files.exclude.count, 0);
    bench_close(&bench);
    bench_images = "";
}

static void the_docker_section_changes_the_config(void **state) {
    (void)state;
    struct bench bench;
    run(&bench, "{from: x:1, docker: {VOLUME: /v, EXPOSE: ['80', 53/udp], ENV: {A: '1'}, LABEL: {l: m}, CMD: [a, b], ENTRYPOINT: "
                "run it, WORKDIR: "
                "/w, USER: u, HEALTHCHECK: '--interval=1m30s --retries=2 CMD true'}}");
    sw_cleanup_json json_t *config = config_of(&bench, "dockerInstructions");
    sw_cleanup_json json_t *expected = json_loads(
        "{\"Volumes\":{\"/v\":{}},\"ExposedPorts\":{\"80/tcp\":{},\"53/udp\":{}},\"Labels\":{\"l\":\"m\"},\"Cmd\":[\"a\",\"b\"],"
        "\"Entrypoint\":[\"/bin/sh\",\"-c\",\"run it\"],\"WorkingDir\":\"/w\",\"User\":\"u\",\"Healthcheck\":{\"Test\":[\"CMD-"
        "SHELL\",\"true\"],\"Interval\":90000000000,\"Retries\":2}}",
        0, NULL);
    json_t *inner = json_object_get(config, "config");
    json_object_del(inner, "Env");
    if (!json_equal(inner, expected)) {
        sw_cleanup_free char *text = json_dumps(inner, JSON_SORT_KEYS);
        fail_msg("%s", text);
    }
    bench_close(&bench);
}

static void each_layer_has_its_line_of_history(void **state) {
    (void)state;
    struct bench bench;
    run(&bench, "{from: x:1, git: [{add: /, to: /app}], shell: {install: make}, docker: {USER: u}}");
    sw_cleanup_json json_t *config = config_of(&bench, "dockerInstructions");
    size_t layers = 0, i;
    json_t *entry;
    json_array_foreach(json_object_get(config, "history"), i, entry) layers += !json_is_true(json_object_get(entry, "empty_layer"));
    assert_int_equal(layers, 2);
    bench_close(&bench);
}

static void says_what_cannot_be_built(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"{from: x:1, git: [{add: /nope, to: /a}]}", "there is nothing of that name in the commit"},
        {"{from: x:1, git: [{add: /one, to: /}]}", "a single file needs a name in the image"},
        {"{from: x:1, git: [{add: /src, to: /a, includePaths: zzz}]}", "no file of the commit matches"},
        {"{from: x:1, ansible: {install: [{command: x}]}}", "`ansible` cannot be built"},
        {"{from: x:1, docker: {HEALTHCHECK: nonsense}}", "expected CMD or NONE"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench;
        bench_open(&bench, rows[i][0], head());
        if (bench.planner)
            bench_run(&bench);
        if (!bench.error || !strstr(bench.error->message, rows[i][1]))
            fail_msg("%s: %s", rows[i][0], bench.error ? bench.error->message : "no error");
        assert_int_not_equal(bench.error->line, 0);
        bench_close(&bench);
    }
}

static void uncommitted_files_of_a_mapping_are_refused(void **state) {
    (void)state;
    struct bench bench;
    run_in(folder, "echo x >src/new");
    bench_open(&bench, "{from: x:1, git: [{add: /src, to: /a}]}", head());
    bench_run(&bench);
    assert_int_equal(bench.error->code, SW_ERROR_DENIED);
    bench_close(&bench);
    bench_open(&bench, "{from: x:1, git: [{add: /src, to: /a, excludePaths: new}]}", head());
    bench_run(&bench);
    assert_no_error(bench.error);
    bench_close(&bench);
    run_in(folder, "rm src/new");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stages_come_in_werfs_order),
        cmocka_unit_test(what_is_not_asked_for_has_no_stage),
        cmocka_unit_test(commands_run_as_one_strict_script),
        cmocka_unit_test(a_script_too_long_for_an_argument_is_fed),
        cmocka_unit_test(mounts_are_emptied_labelled_and_mounted),
        cmocka_unit_test(git_files_are_copied_with_their_owner),
        cmocka_unit_test(steps_bring_git_files_up_to_date_first),
        cmocka_unit_test(unchanged_files_need_no_patch_stage),
        cmocka_unit_test(imports_keep_what_they_bring),
        cmocka_unit_test(targets_leave_one_another_out),
        cmocka_unit_test(the_docker_section_changes_the_config),
        cmocka_unit_test(each_layer_has_its_line_of_history),
        cmocka_unit_test(says_what_cannot_be_built),
        cmocka_unit_test(uncommitted_files_of_a_mapping_are_refused),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
