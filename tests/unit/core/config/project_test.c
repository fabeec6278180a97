/* What a project holds once it was parsed: merged settings, order, selection, and what the config commands print of it. */
#include "core/base/error.h"
#include "core/config/listing.h"
#include "core/config/selection.h"
#include "tests/unit/check.h"
#include "tests/unit/core/config/project_fixture.h"

static struct sw_project *project_of(const char *images) {
    sw_cleanup_free char *text = sw_format("project: p\nconfigVersion: 1\n---\n%s", images);
    sw_cleanup_diagnostics struct sw_diagnostics list = {0};
    struct sw_project *project = parse_project("werf.yaml", text, NULL, &list);
    sw_cleanup_free char *said = sw_diagnostics_text(&list);
    if (!project)
        fail_msg("%s", said);
    return project;
}

static const char chain[] = "image: d\nfrom: c\n---\n"
                            "image: c\nfrom: x\nimport: [{from: b, add: /a, after: setup}]\n---\n"
                            "image: b\ndockerfile: D\ndependencies: [{image: a}]\n---\n"
                            "image: [a, a/sub]\ndockerfile: D\nfinal: false\n---\n"
                            "image: e\nfrom: x\n";

static void dockerfile_images_come_first_and_sets_follow_needs(void **state) {
    (void)state;
    sw_cleanup_project struct sw_project *project = project_of(chain);
    static const struct {
        const char *name;
        size_t set;
    } rows[] = {{"b", 1}, {"a", 0}, {"a/sub", 0}, {"d", 3}, {"c", 2}, {"e", 0}};
    assert_int_equal(project->image_count, 6);
    assert_int_equal(project->set_count, 4);
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(project->images[i].name, rows[i].name);
        assert_int_equal(project->images[i].set, rows[i].set);
    }
    assert_string_equal(project->images[project->document_order[0]].name, "d");
    assert_string_equal(project->images[project->document_order[5]].name, "e");
    assert_ptr_equal(sw_project_find(project, "c"), &project->images[4]);
    assert_null(sw_project_find(project, "nope"));
}

/* Patterns, the images that they choose, and those that are built with them; or an error. */
static void patterns_choose_images(void **state) {
    (void)state;
    sw_cleanup_project struct sw_project *project = project_of(chain);
    static const struct {
        const char *patterns;
        bool final_only;
        const char *chosen;
        const char *needed;
        const char *error;
    } rows[] = {
        {"", false, "b a a/sub d c e ", "b a a/sub d c e ", NULL},
        {"", true, "b d c e ", "b a d c e ", NULL},
        {"d", false, "d ", "b a d c ", NULL},
        {"*", false, "b a d c e ", "b a d c e ", NULL},
        {"a/*", false, "a/sub ", "a/sub ", NULL},
        {"[ab] e", false, "b a e ", "b a e ", NULL},
        {"!d !c", false, "b a a/sub e ", "b a a/sub e ", NULL},
        {"* !b", false, "a d c e ", "b a d c e ", NULL},
        {"* b !b", false, "b a d c e ", "b a d c e ", NULL},
        {"!* !*/*", false, "", "", NULL},
        {"!nope", false, "b a a/sub d c e ", "b a a/sub d c e ", NULL},
        {"a", true, "", "", NULL},
        {"x", false, NULL, NULL, "no image \"x\" in werf.yaml"},
        {"x*", false, NULL, NULL, "no image matches the pattern \"x*\""},
        {"**", false, NULL, NULL, "`**` is not supported"},
        {"a[", false, NULL, NULL, "malformed"},
        {"a&b", false, NULL, NULL, "the characters & | $ are not allowed"},
        {"!a$", false, NULL, NULL, "the characters & | $ are not allowed"},
    };
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        sw_cleanup_strlist struct sw_strlist patterns = {0};
        sw_cleanup_free char *words = sw_strdup(rows[r].patterns);
        for (char *save = NULL, *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save))
            sw_strlist_add(&patterns, word);
        struct sw_selection_result result;
        sw_cleanup_error struct sw_error *error = NULL;
        bool good = sw_select_images(project, sw_strlist_view(&patterns), rows[r].final_only, &result, &error);
        if (good != !rows[r].error || (error && !strstr(error->message, rows[r].error)))
            fail_msg("%s: %s", rows[r].patterns, error ? error->message : "no error");
        if (!good)
            continue;
        sw_cleanup_buf struct sw_buf chosen = {0}, needed = {0};
        for (size_t i = 0; i < project->image_count; i++) {
            sw_buf_printf(&chosen, "%s%s", result.chosen[i] ? project->images[i].name : "", result.chosen[i] ? " " : "");
            sw_buf_printf(&needed, "%s%s", result.needed[i] ? project->images[i].name : "", result.needed[i] ? " " : "");
        }
        assert_string_equal(sw_buf_text(&chosen), rows[r].chosen);
        assert_string_equal(sw_buf_text(&needed), rows[r].needed);
        sw_selection_result_fini(&result);
    }
}

static void a_long_pattern_is_refused(void **state) {
    (void)state;
    sw_cleanup_project struct sw_project *project = project_of(chain);
    sw_cleanup_free char *pattern = sw_format("%0101d", 0);
    const char *items[] = {pattern};
    struct sw_selection_result result;
    assert_false(sw_select_images(project, (struct sw_strings){items, 1}, false, &result, NULL));
}

static void listings_are_those_of_werf(void **state) {
    (void)state;
    sw_cleanup_project struct sw_project *project =
        project_of("image: ~\nfrom: 'b c'\nimport: [{from: 'on', add: /a, after: setup}, {from: "
                   "'on', add: /b, after: setup}]\n---\nimage: [b c, 'on']\nfrom: x\n"
                   "final: false\ndependencies: []\n");
    sw_cleanup_buf struct sw_buf names = {0}, graph = {0}, one = {0};
    bool chosen[] = {false, true, false};
    sw_listing_names(&names, project, NULL);
    assert_string_equal(sw_buf_text(&names), "~\nb c\non\n");
    sw_listing_graph(&graph, project, NULL);
    assert_string_equal(sw_buf_text(&graph), "- image: \"\"\n  dependsOn:\n    from: \"b c\"\n    import:\n    - \"on\"\n"
                                             "- image: \"b c\"\n- image: \"on\"\n");
    sw_listing_names(&one, project, chosen);
    assert_string_equal(sw_buf_text(&one), "b c\n");
}

static const char *pair_of(struct sw_pairs pairs, const char *key) {
    for (size_t i = 0; i < pairs.count; i++)
        if (strcmp(pairs.items[i].key, key) == 0)
            return pairs.items[i].value;
    return NULL;
}

static void an_image_spec_wins_over_the_global_one(void **state) {
    (void)state;
    static const char text[] =
        "project: p\nconfigVersion: 1\nbuild:\n  imageSpec:\n    author: all\n    clearHistory: true\n    config:\n"
        "      clearWerfLabels: true\n      removeLabels: [a, b]\n      labels: {x: global, y: global}\n---\n"
        "image: own\nfrom: x\nimageSpec: {author: me, config: {removeLabels: [b, c], labels: {x: own}, cmd: [], env: {V: 1.10}, "
        "exposedPorts: [80], healthcheck: {test: [CMD, a], interval: 5, startPeriod: 3}}}\n---\n"
        "image: plain\nfrom: x\n---\nimage: helper\nfrom: x\nfinal: false\n";
    sw_cleanup_diagnostics struct sw_diagnostics list = {0};
    sw_cleanup_project struct sw_project *project = parse_project("werf.yaml", text, NULL, &list);
    assert_non_null(project);
    const struct sw_image_spec *own = sw_project_find(project, "own")->spec, *plain = sw_project_find(project, "plain")->spec;
    assert_string_equal(own->author, "me");
    assert_true(own->clear_history);
    assert_false(own->clear_werf_labels);
    assert_int_equal(own->remove_labels.count, 3);
    assert_string_equal(own->remove_labels.items[0], "b");
    assert_string_equal(own->remove_labels.items[2], "a");
    assert_string_equal(pair_of(own->labels, "x"), "own");
    assert_string_equal(pair_of(own->labels, "y"), "global");
    assert_string_equal(pair_of(own->env, "V"), "1.10");
    assert_true(own->has_cmd && !own->cmd.count && !own->has_entrypoint);
    assert_string_equal(own->expose.items[0], "80");
    assert_true(own->has_expose);
    assert_int_equal(own->healthcheck->interval, 5);
    assert_int_equal(own->healthcheck->start_period, 3);
    assert_string_equal(own->healthcheck->test.items[1], "a");
    assert_string_equal(plain->author, "all");
    assert_string_equal(plain->user, "");
    assert_null(plain->healthcheck);
    assert_null(sw_project_find(project, "helper")->spec);
}

static void images_carry_their_settings(void **state) {
    (void)state;
    static const char text[] =
        "project: p\nconfigVersion: 1\nbuild: {cacheVersion: 7, platform: [linux/arm64], staged: true}\n"
        "gitWorktree: {allowUnshallow: false}\n---\n"
        "image: a\ndockerfile: D\nnetwork: none\nplatform: [linux/x86_64, amd64, linux/arm64/v8, bad]\n"
        "cacheVersion: 1.10\nsecrets: [{env: A}, {src: ~/x/tok}, {id: v, value: 1.0}]\n---\n"
        "image: b\nfrom: x\ndependencies: [{image: c, after: install, imports: [{type: ImageID, targetEnv: E}]}]\n"
        "---\nimage: c\ndockerfile: D\nstaged: false\n";
    sw_cleanup_diagnostics struct sw_diagnostics list = {0};
    sw_cleanup_project struct sw_project *project = parse_project("werf.yaml", text, NULL, &list);
    assert_non_null(project);
    const struct sw_project_image *a = sw_project_find(project, "a"), *b = sw_project_find(project, "b");
    sw_cleanup_free char *platforms = sw_strings_join(a->platforms, " ");
    assert_string_equal(platforms, "linux/amd64 linux/arm64 bad");
    assert_non_null(a->platform_problem);
    assert_null(b->platform_problem);
    assert_string_equal(b->platforms.items[0], "linux/arm64");
    assert_string_equal(a->cache_version, "1.10");
    assert_string_equal(b->cache_version, "7");
    assert_string_equal(a->network, "none");
    assert_true(a->staged && !b->staged && !sw_project_find(project, "c")->staged);
    assert_int_equal(a->secret_count, 3);
    assert_string_equal(a->secrets[1].id, "tok");
    assert_int_equal(a->secrets[1].source, SW_SECRET_FILE);
    assert_string_equal(a->secrets[2].text, "1.0");
    assert_int_equal(b->dependencies[0].stage, SW_DEPENDENCY_AFTER_INSTALL);
    assert_string_equal(b->dependencies[0].imports[0].target, "E");
    assert_false(project->allow_unshallow);
    assert_true(project->allow_fetch_origin);
}

static void options_replace_settings(void **state) {
    (void)state;
    static const char text[] =
        "project: p\nconfigVersion: 1\n---\nimage: a\ndockerfile: D\nplatform: [linux/arm64]\nstaged: false\n";
    static const char *const platforms[] = {"linux/amd64", "linux/amd64"};
    sw_cleanup_diagnostics struct sw_diagnostics list = {0};
    size_t count;
    sw_cleanup_free struct sw_yaml_text *documents = split_documents("werf.yaml", text, &count);
    struct sw_project_options options = {.builders = fixture_builders(),
                                         .builder_count = 2,
                                         .platforms = {platforms, 2},
                                         .project_name = "Any Name",
                                         .force_staged = true};
    sw_cleanup_project struct sw_project *project = sw_project_parse(documents, count, &options, &list);
    assert_non_null(project);
    assert_string_equal(project->name, "Any Name");
    assert_int_equal(project->images[0].platforms.count, 1);
    assert_string_equal(project->images[0].platforms.items[0], "linux/amd64");
    assert_true(project->images[0].staged);
}

static void without_builders_no_image_can_be_read(void **state) {
    (void)state;
    sw_cleanup_diagnostics struct sw_diagnostics list = {0};
    size_t count;
    sw_cleanup_free struct sw_yaml_text *documents =
        split_documents("werf.yaml", "project: p\nconfigVersion: 1\n---\nimage: a\nfrom: x\n---\nimage: b\nfrom: x\n", &count);
    struct sw_project_options options = {0};
    assert_null(sw_project_parse(documents, count, &options, &list));
    assert_int_equal(list.error_count, 1);
    assert_non_null(strstr(list.items[0].error->message, "no builder plugin"));
}

static void a_builder_from_elsewhere_brings_its_keys(void **state) {
    (void)state;
    static const char *const claims[] = {"nix", NULL};
    struct sw_config_builder builders[] = {
        {"nix", claims,
         "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {\"nix\": {\"type\": \"string\"}}}"}};
    struct sw_project_options options = {.builders = builders, .builder_count = 1};
    static const char text[] =
        "project: p\nconfigVersion: 1\n---\nimage: a\nnix: flake\nfinal: false\n---\nimage: b\nnix: 5\nnox: 1\n";
    sw_cleanup_diagnostics struct sw_diagnostics list = {0};
    size_t count;
    sw_cleanup_free struct sw_yaml_text *documents = split_documents("werf.yaml", text, &count);
    assert_null(sw_project_parse(documents, count, &options, &list));
    sw_cleanup_free char *said = sw_diagnostics_text(&list);
    assert_int_equal(list.error_count, 2);
    assert_non_null(strstr(said, "werf.yaml:9:6: image \"b\" › nix: expected a text, not the number 5"));
    assert_non_null(strstr(said, "werf.yaml:10:1: image \"b\": unknown key \"nox\" (did you mean \"nix\"?)"));
}

static void long_chains_of_images_are_read(void **state) {
    (void)state;
    enum { COUNT = 3000 };
    struct sw_buf text = {0};
    sw_buf_puts(&text, "project: p\nconfigVersion: 1\n");
    for (int i = 0; i < COUNT; i++)
        sw_buf_printf(&text, "---\nimage: i%d\nfrom: i%d\n", i, i + 1);
    sw_cleanup_diagnostics struct sw_diagnostics list = {0};
    sw_cleanup_project struct sw_project *project = parse_project("werf.yaml", sw_buf_text(&text), NULL, &list);
    sw_buf_fini(&text);
    assert_non_null(project);
    assert_int_equal(project->set_count, COUNT);
}

/* Each kind of field with each form of value: '+' is accepted, '-' refused at the value's place. */
static void fields_take_the_forms_of_their_kind(void **state) {
    (void)state;
    static const char *const forms[] = {"x", "'x'", "5", "1.5", "5.0", "yes", "~", "2024-01-01", "[a]", "[1]", "[~]", "{a: b}"};
    static const struct {
        const char *kind;
        const char *before; /* the value follows */
        const char *after;
        const char *accepted; /* one sign a form */
    } rows[] = {
        {"text", "image: i\ndockerfile: D\ncacheVersion: ", "", "++++++++----"},
        {"switch", "image: i\ndockerfile: D\nfinal: ", "", "-----++-----"},
        {"number", "image: i\ndockerfile: D\nimageSpec: {config: {healthcheck: {retries: ", "}}}", "--+-+-+-----"},
        {"list", "image: i\ndockerfile: D\nplatform: ", "", "------+-+++-"},
        {"text or list", "image: i\nfrom: x\nshell: {install: ", "}", "++----+++---"},
        {"texts by key", "image: i\ndockerfile: D\nimageSpec: {config: {env: ", "}}", "------+----+"},
        {"values by key", "image: i\ndockerfile: D\nargs: ", "", "------+----+"},
        {"object", "image: i\nfrom: x\nimageSpec: ", "", "------+-----"},
        {"list of objects", "image: i\nfrom: x\nmount: ", "", "------+-----"},
        {"one map for a list", "image: i\nfrom: x\ngit: ", "", "------+-----"},
        {"name", "dockerfile: D\nimage: ", "", "++----+++---"},
    };
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
            sw_cleanup_diagnostics struct sw_diagnostics list = {0};
            sw_cleanup_free char *text =
                sw_format("project: p\nconfigVersion: 1\n---\n%s%s%s\n", rows[r].before, forms[f], rows[r].after);
            sw_cleanup_project struct sw_project *project = parse_project("werf.yaml", text, NULL, &list);
            sw_cleanup_free char *said = sw_diagnostics_text(&list);
            if ((project != NULL) != (rows[r].accepted[f] == '+'))
                fail_msg("%s: %s: %s", rows[r].kind, forms[f], said);
            size_t line = 4;
            for (const char *c = rows[r].before; *c; c++)
                line += *c == '\n';
            if (!project && list.items[0].error->line != line)
                fail_msg("%s: %s: another line: %s", rows[r].kind, forms[f], said);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dockerfile_images_come_first_and_sets_follow_needs),
        cmocka_unit_test(patterns_choose_images),
        cmocka_unit_test(a_long_pattern_is_refused),
        cmocka_unit_test(listings_are_those_of_werf),
        cmocka_unit_test(an_image_spec_wins_over_the_global_one),
        cmocka_unit_test(images_carry_their_settings),
        cmocka_unit_test(options_replace_settings),
        cmocka_unit_test(without_builders_no_image_can_be_read),
        cmocka_unit_test(a_builder_from_elsewhere_brings_its_keys),
        cmocka_unit_test(long_chains_of_images_are_read),
        cmocka_unit_test(fields_take_the_forms_of_their_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
