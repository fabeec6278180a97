#include "core/build/history.h"

#include "core/base/vec.h"
#include "core/config/document.h"
#include "core/config/yaml.h"
#include "core/source/commit.h"
#include "tests/unit/core/source/repo.h"

struct row {
    const char *document;
    bool force, allow;
    uint32_t code; /* 0: fine */
    bool deepened;
};

static const struct row rows[] = {
    {"{from: x:1, git: [{add: /, to: /a}]}", false, true, 0, true},
    {"{from: x:1, git: [{add: /, to: /a}]}", true, true, 0, false},
    {"{from: x:1, git: [{add: /, to: /a}]}", false, false, SW_ERROR_CONFIG, false},
    {"{from: x:1, git: [{url: 'https://h/a/b', to: /a}]}", false, false, 0, false},
    {"{from: x:1}", false, false, 0, false},
};

static void check(const char *copy, const struct row *row) {
    sw_cleanup_arena struct sw_arena arena = {0};
    sw_cleanup_diagnostics struct sw_diagnostics diagnostics = {0};
    struct sw_yaml_text text = {.file = "werf.yaml", .data = row->document, .len = strlen(row->document), .first_line = 1};
    struct sw_project_image image = {.name = "app", .document = sw_yaml_parse(&arena, &text, &diagnostics)};
    struct sw_project project = {
        .images = &image, .image_count = 1, .force_shallow_clone = row->force, .allow_unshallow = row->allow};
    bool wanted = true;
    sw_cleanup_repository struct sw_repository *repository = sw_repository_open(copy, NULL);
    struct sw_build_options options = {.project = &project, .wanted = &wanted, .commit = sw_repository_head(repository, NULL)};
    sw_cleanup_error struct sw_error *error = NULL;
    assert_int_equal(sw_history_require(&options, &error), row->code == 0);
    assert_int_equal(error ? error->code : 0, row->code);
    assert_int_equal(sw_repository_is_shallow(repository), !row->deepened);
}

static void a_shallow_clone_is_deepened_as_the_project_says(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *folder = make_folder();
        run_in(
            folder,
            "mkdir origin && cd origin && git init -q . && git commit -qm one --allow-empty && git commit -qm two --allow-empty && "
            "cd .. && git clone -q --depth 1 file://$PWD/origin copy");
        sw_cleanup_free char *copy = sw_format("%s/copy", folder);
        check(copy, &rows[i]);
        drop_folder(folder);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shallow_clone_is_deepened_as_the_project_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
