/* Golden values of werf's formulas. */
#include "tests/unit/plugins/stapel/bench.h"

static char *golden;
static struct sw_repository *repository;

static int start(void **state) {
    (void)state;
    golden = make_golden_repository();
    repository = sw_repository_find(golden, NULL);
    sw_repository_set_strictness(repository, SW_LOOSE);
    return repository ? 0 : 1;
}

static int stop(void **state) {
    (void)state;
    sw_repository_free(repository);
    drop_folder(golden);
    return 0;
}

static json_t *load(const char *name) {
    sw_cleanup_free char *path = sw_format("%s/digests/%s", TEST_FIXTURES, name);
    json_t *file = json_load_file(path, 0, NULL);
    assert_non_null(file);
    return file;
}

static const char *text_of(json_t *row, const char *key) {
    const char *text = json_string_value(json_object_get(row, key));
    return text ? text : "";
}

static const struct sw_commit *commit_of(json_t *file, const char *tag) {
    const char *id = text_of(json_object_get(file, "commits"), tag);
    return sw_repository_commit(repository, id, NULL);
}

static const struct sw_commit *head(void) {
    return sw_repository_head(repository, NULL);
}

/* Adds `key` of `row` under `as`, unless it is empty. */
static void copy(json_t *to, const char *as, json_t *row, const char *key) {
    json_t *value = json_object_get(row, key);
    if (json_is_null(value) || (json_is_string(value) && !*json_string_value(value)))
        return;
    json_object_set(to, as, value);
}

static void open_document(struct bench *bench, json_t *document, const struct sw_commit *commit) {
    sw_cleanup_free char *text = json_dumps(document, 0);
    json_decref(document);
    bench_open(bench, text, commit);
    assert_no_error(bench->error);
    assert_non_null(bench->planner);
}

/* Plans until the stage called `name`. */
static const struct bench_stage *plan_until(struct bench *bench, const char *name, struct sw_pairs labels) {
    while (!bench_find(bench, name) && bench_next(bench, labels))
        ;
    assert_no_error(bench->error);
    return bench_find(bench, name);
}

static json_t *mapping_document(json_t *row, const char *to) {
    json_t *mapping = json_object();
    sw_cleanup_free char *add = sw_format("/%s", text_of(row, "add"));
    json_object_set_new(mapping, "add", json_string(add));
    json_object_set_new(mapping, "to", json_string(to));
    copy(mapping, "includePaths", row, "include");
    copy(mapping, "excludePaths", row, "exclude");
    copy(mapping, "owner", row, "owner");
    copy(mapping, "group", row, "group");
    copy(mapping, "branch", row, "branch");
    copy(mapping, "tag", row, "tag");
    copy(mapping, "commit", row, "commit");
    return mapping;
}

static void mappings_are_named_as_werf_names_them(void **state) {
    (void)state;
    sw_cleanup_json json_t *rows = load("paramshash.json");
    size_t i;
    json_t *row;
    assert_int_equal(json_array_size(rows), 5);
    json_array_foreach(rows, i, row) {
        struct bench bench;
        json_t *document = json_pack("{s:s,s:[o]}", "from", "x:1", "git", mapping_document(row, text_of(row, "to")));
        open_document(&bench, document, head());
        const struct sw_stapel_image *image = ((struct sw_stapel_planner *)bench.planner)->image;
        assert_string_equal(image->mappings[0].hash, text_of(row, "paramshash"));
        bench_close(&bench);
    }
}

static void remote_repositories_have_short_names(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"https://github.com/werf/werf.git", "werf/werf"}, {"https://github.com/werf/werf", "werf/werf"},
        {"git@github.com:werf/werf.git", "werf/werf"},     {"https://host/a/b/c.git/", "b/c"},
        {"ssh://git@host:22/one.git", "22/one"},           {"plain", "plain"},
        {"https://host/a b/c d", "https://host/a b/c d"},
    };
    sw_cleanup_arena struct sw_arena arena = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(sw_stapel_repository_name(&arena, rows[i][0]), rows[i][1]);
}

static void commands_are_hashed_as_werf_hashes_them(void **state) {
    (void)state;
    sw_cleanup_json json_t *file = load("user_stages.json");
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(file, "shell_checksums"), i, row) {
        struct bench bench;
        json_t *shell = json_deep_copy(json_object_get(row, "shell"));
        open_document(&bench, json_pack("{s:s,s:o}", "from", "x:1", "shell", shell), head());
        bench_run(&bench);
        assert_no_error(bench.error);
        for (int step = 0; step < SW_STAPEL_STEPS; step++) {
            const char *name = sw_stapel_step_name(step), *expected = text_of(row, name);
            const struct bench_stage *stage = bench_find(&bench, name);
            assert_int_equal(stage != NULL, *expected != '\0');
            if (stage && step == SW_STAPEL_BEFORE_INSTALL)
                assert_string_equal(stage->deps, expected);
            if (stage && step != SW_STAPEL_BEFORE_INSTALL) {
                const char *items[] = {expected, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"};
                char deps[SW_SHA256_HEX];
                sw_join256((struct sw_strings){items, 2}, deps);
                assert_string_equal(stage->deps, deps);
            }
        }
        bench_close(&bench);
    }
}

static void watched_files_are_hashed_as_werf_hashes_them(void **state) {
    (void)state;
    sw_cleanup_json json_t *file = load("user_stages.json");
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(file, "stage_dependencies"), i, row) {
        struct bench bench;
        json_t *mapping = mapping_document(row, "/app");
        json_object_del(mapping, "commit");
        if (json_is_array(json_object_get(row, "stageDependencies")))
            json_object_set_new(mapping, "stageDependencies",
                                json_pack("{s:O}", "install", json_object_get(row, "stageDependencies")));
        json_t *document = json_pack("{s:s,s:[o],s:{s:s}}", "from", "x:1", "git", mapping, "shell", "install", "make");
        open_document(&bench, document, commit_of(file, text_of(row, "commit")));
        const struct bench_stage *stage = plan_until(&bench, "install", (struct sw_pairs){0});
        if (strcmp(stage->deps, text_of(row, "install_deps_with_command_make")) != 0)
            fail_msg("case %zu: %s", i, stage->deps);
        bench_close(&bench);
    }
}

static void bases_are_hashed_as_werf_hashes_them(void **state) {
    (void)state;
    sw_cleanup_json json_t *file = load("stapel_stages.json");
    size_t i, j;
    json_t *row, *mount;
    json_array_foreach(json_object_get(file, "from"), i, row) {
        struct bench bench;
        if (*text_of(row, "baseRepoID"))
            continue; /* needs a registry's answer */
        bench_images = json_is_true(json_object_get(row, "external")) ? "" : text_of(row, "from");
        json_t *document = json_pack("{s:s,s:[]}", "from", text_of(row, "from"), "mount");
        copy(document, "fromCacheVersion", row, "fromCacheVersion");
        json_array_foreach(json_object_get(row, "mounts"), j, mount) {
            bool custom = !strcmp(text_of(mount, "type"), "custom_dir");
            json_array_append_new(json_object_get(document, "mount"),
                                  json_pack("{s:s,s:s}", "to", text_of(mount, "to"), custom ? "fromPath" : "from",
                                            custom ? text_of(mount, "from") : text_of(mount, "type")));
        }
        open_document(&bench, document, head());
        bench.request.cache_version = text_of(row, "imageCacheVersion");
        const struct bench_stage *stage = plan_until(&bench, "from", (struct sw_pairs){0});
        assert_string_equal(stage->deps, text_of(row, "deps"));
        bench_close(&bench);
        bench_images = "";
    }
}

/* CMD and ENTRYPOINT stand in the file as werf writes them down. */
static void copy_command(json_t *docker, json_t *row, const char *key) {
    const char *text = text_of(row, key);
    json_t *list = *text == '[' ? json_loads(text, 0, NULL) : NULL;
    if (list && !(json_array_size(list) == 0 && !strcmp(key, "CMD")))
        json_object_set_new(docker, key, list);
    else if (!list && *text)
        json_object_set_new(docker, key, json_string(text));
    else
        json_decref(list);
}

static void docker_sections_are_hashed_as_werf_hashes_them(void **state) {
    (void)state;
    static const char *const plain[] = {"ENV", "LABEL", "EXPOSE", "VOLUME", "WORKDIR", "USER", "HEALTHCHECK", "exactValues"};
    sw_cleanup_json json_t *file = load("stapel_stages.json");
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(file, "dockerInstructions"), i, row) {
        struct bench bench;
        json_t *given = json_object_get(row, "docker"), *docker = json_object();
        for (size_t j = 0; j < sizeof plain / sizeof *plain; j++)
            copy(docker, plain[j], given, plain[j]);
        copy_command(docker, given, "CMD");
        copy_command(docker, given, "ENTRYPOINT");
        open_document(&bench, json_pack("{s:s,s:o}", "from", "x:1", "docker", docker), head());
        const struct bench_stage *stage = plan_until(&bench, "dockerInstructions", (struct sw_pairs){0});
        assert_string_equal(stage->deps, text_of(row, "deps"));
        bench_close(&bench);
    }
}

static json_t *import_document(json_t *row) {
    json_t *import = json_pack("{s:s,s:s,s:s,s:s}", "image", text_of(row, "image"), "add", text_of(row, "add"), "to",
                               text_of(row, "to"), "after", text_of(row, "after"));
    copy(import, "owner", row, "owner");
    copy(import, "group", row, "group");
    copy(import, "stage", row, "stage");
    copy(import, "includePaths", row, "include");
    copy(import, "excludePaths", row, "exclude");
    return import;
}

static void imports_are_hashed_as_werf_hashes_them(void **state) {
    (void)state;
    sw_cleanup_json json_t *file = load("stapel_stages.json");
    size_t i;
    json_t *row;
    bench_images = "build";
    json_array_foreach(json_object_get(file, "imports"), i, row) {
        struct bench bench;
        open_document(&bench, json_pack("{s:s,s:[o]}", "from", "x:1", "import", import_document(row)), head());
        const struct bench_stage *stage = plan_until(&bench, "dependenciesAfterInstall", (struct sw_pairs){0});
        assert_string_equal(stage->deps, text_of(row, "deps"));
        sw_cleanup_free char *label = sw_format("werf-import-checksum-%s", text_of(row, "import_id"));
        assert_string_equal(bench_label(stage, label), "0123456789abcdef0123456789abcdef");
        bench_close(&bench);
    }
    bench_images = "";
}

static void dependencies_are_hashed_as_werf_hashes_them(void **state) {
    (void)state;
    sw_cleanup_json json_t *file = load("stapel_stages.json");
    json_t *row = json_object_get(file, "dependency");
    const char *name = text_of(row, "image_name");
    struct bench bench;
    bench_tag = strrchr(name, ':') + 1;
    bench_images = "back";
    json_t *imports = json_array();
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(row, "imports"), i, item) json_array_append_new(
        imports, json_pack("{s:s,s:s}", "type", text_of(item, "type"), "targetEnv", text_of(item, "targetEnv")));
    json_t *document =
        json_pack("{s:s,s:[{s:s,s:s,s:o}]}", "from", "x:1", "dependencies", "image", "back", "before", "setup", "imports", imports);
    open_document(&bench, document, head());
    const struct bench_stage *stage = plan_until(&bench, "dependenciesBeforeSetup", (struct sw_pairs){0});
    assert_string_equal(stage->deps, text_of(row, "deps"));
    assert_string_equal(bench_label(stage, text_of(row, "label_key")), bench_tag);
    bench_close(&bench);
    bench_images = "";
}

/* Labels that say: all mappings stand at `commit`. */
static struct sw_pairs labels_at(struct bench *bench, const char *commit) {
    const struct sw_stapel_image *image = ((struct sw_stapel_planner *)bench->planner)->image;
    struct sw_pair *pairs = sw_arena_new(&bench->arena, (image->mapping_count + 1) * sizeof *pairs);
    for (size_t i = 0; i < image->mapping_count; i++)
        pairs[i] = (struct sw_pair){sw_arena_format(&bench->arena, "werf-git-%s-commit", image->mappings[i].hash), commit};
    return (struct sw_pairs){pairs, image->mapping_count};
}

static void check_git_case(json_t *file, json_t *row) {
    struct bench bench;
    const struct sw_commit *now = commit_of(file, text_of(row, "head_commit"));
    const struct sw_commit *before = commit_of(file, text_of(row, "prev_commit"));
    json_t *git = json_array();
    size_t i;
    json_t *mapping;
    json_array_foreach(json_object_get(row, "mappings"), i, mapping) {
        json_t *entry = mapping_document(mapping, text_of(mapping, "to"));
        json_object_set_new(entry, "commit", json_string(sw_commit_id(now)));
        json_array_append_new(git, entry);
    }
    open_document(&bench, json_pack("{s:s,s:o}", "from", "x:1", "git", git), now);
    struct sw_pairs labels = labels_at(&bench, sw_commit_id(before));
    assert_string_equal(plan_until(&bench, "gitArchive", labels)->deps, text_of(row, "gitArchive_deps"));
    assert_int_equal(bench_find(&bench, "gitArchive")->selection, SW_SELECT_ANCESTOR);
    const struct bench_stage *cache = plan_until(&bench, "gitCache", labels);
    assert_int_equal(cache == NULL, json_is_true(json_object_get(row, "gitCache_empty")));
    if (cache)
        assert_string_equal(cache->deps, text_of(row, "gitCache_deps"));
    const struct bench_stage *latest = plan_until(&bench, "gitLatestPatch", labels);
    assert_int_equal(latest == NULL, json_is_true(json_object_get(row, "gitLatestPatch_empty")));
    if (latest)
        assert_string_equal(latest->deps, text_of(row, "gitLatestPatch_deps"));
    bench_close(&bench);
}

static void git_stages_are_as_werf_has_them(void **state) {
    (void)state;
    sw_cleanup_json json_t *file = load("git_stages.json");
    size_t i;
    json_t *row;
    assert_int_equal(json_array_size(json_object_get(file, "cases")), 6);
    json_array_foreach(json_object_get(file, "cases"), i, row) check_git_case(file, row);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mappings_are_named_as_werf_names_them),   cmocka_unit_test(remote_repositories_have_short_names),
        cmocka_unit_test(commands_are_hashed_as_werf_hashes_them), cmocka_unit_test(watched_files_are_hashed_as_werf_hashes_them),
        cmocka_unit_test(bases_are_hashed_as_werf_hashes_them),    cmocka_unit_test(docker_sections_are_hashed_as_werf_hashes_them),
        cmocka_unit_test(imports_are_hashed_as_werf_hashes_them),  cmocka_unit_test(dependencies_are_hashed_as_werf_hashes_them),
        cmocka_unit_test(git_stages_are_as_werf_has_them),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
