/* The strings that a Dockerfile image's digest is made of, against those that werf hashed for the same files. */
#include <string.h>

#include "core/base/hash.h"
#include "core/base/path.h"
#include "core/source/files.h"
#include "core/source/repository.h"
#include "plugins/dockerfile/checksum.h"
#include "plugins/dockerfile/digest.h"
#include "plugins/dockerfile/text.h"
#include "tests/unit/core/source/repo.h"
#include "tests/unit/plugins/dockerfile/fixture.h"

/* Folder that contextAddFiles are read from. */
static const char *host_folder;

static bool host_files_checksum(struct sw_plan *plan, struct sw_strings paths, const struct sw_filter *filters, size_t filter_count,
                                char out[65], struct sw_error **error) {
    (void)plan;
    return sw_host_files_checksum(host_folder, paths, filters, filter_count, out, error);
}

/* Go's "%v" of what YAML made of a value. */
static const char *printed(struct sw_arena *arena, const json_t *value) {
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_boolean(value))
        return json_is_true(value) ? "true" : "false";
    if (json_is_integer(value))
        return sw_arena_format(arena, "%lld", (long long)json_integer_value(value));
    return sw_arena_format(arena, "%g", json_real_value(value));
}

static struct sw_pairs args_of(struct sw_arena *arena, json_t *object) {
    struct sw_pair *items = sw_arena_new(arena, (json_object_size(object) + 1) * sizeof(*items));
    const char *key;
    json_t *value;
    size_t count = 0;
    json_object_foreach(object, key, value) {
        items[count++] = (struct sw_pair){key, printed(arena, value)};
    }
    return (struct sw_pairs){items, count};
}

/* "ARG=ImageName ARG=ImageRepo … of image REPO:TAG digest D" */
static struct sw_pairs dependency_args(struct sw_arena *arena, const char *text) {
    struct sw_strings words = sw_df_split(arena, text, ' ');
    struct sw_pair *items = sw_arena_new(arena, (words.count + 1) * sizeof(*items));
    const char *image = "", *digest = "";
    size_t count = 0;
    for (size_t i = 0; i + 1 < words.count; i++) {
        if (strcmp(words.items[i], "image") == 0)
            image = words.items[i + 1];
        if (strcmp(words.items[i], "digest") == 0)
            digest = words.items[i + 1];
    }
    for (size_t i = 0; i < words.count; i++) {
        const char *equals = strchr(words.items[i], '='), *type = equals ? equals + 1 : "";
        if (!equals)
            continue;
        const char *colon = strrchr(image, ':');
        const char *value = strcmp(type, "ImageDigest") == 0 ? digest
                            : strcmp(type, "ImageRepo") == 0 ? sw_arena_strn(arena, image, (size_t)(colon - image))
                                                             : image;
        items[count++] = (struct sw_pair){sw_arena_strn(arena, words.items[i], (size_t)(equals - words.items[i])), value};
    }
    return (struct sw_pairs){items, count};
}

static void compare(const json_t *test, const struct sw_input *inputs, size_t count, const char *deps) {
    struct sw_strings hashed = {0};
    if (count && (inputs->flags & SW_INPUT_DETAIL)) { /* the target, which is not hashed */
        inputs++;
        count--;
    }
    sw_cleanup_arena struct sw_arena arena = {0};
    struct sw_strings want = texts_of(&arena, json_object_get(test, "strings"));
    const char **items = sw_arena_new(&arena, (count + 1) * sizeof(char *));
    for (size_t i = 0; i < count; i++)
        items[i] = sw_arena_strn(&arena, inputs[i].value.data, inputs[i].value.len);
    hashed = (struct sw_strings){items, count};
    for (size_t i = 0; i < count && i < want.count; i++)
        if (strcmp(items[i], want.items[i]) != 0)
            fail_msg("%s: string %zu (%s) is \"%s\", not \"%s\"", text_of(test, "name"), i, inputs[i].name, items[i],
                     want.items[i]);
    assert_int_equal(count, want.count);
    char digest[SW_SHA256_HEX];
    sw_join256(hashed, digest);
    assert_string_equal(digest, deps);
}

static void check_case(json_t *test, const struct sw_commit *commit) {
    sw_cleanup_arena struct sw_arena arena = {0};
    struct sw_df_failure failure = {.arena = &arena};
    struct sw_error *error = NULL;
    struct sw_host_files files = sw_host_files_table;
    files.host_files_checksum = host_files_checksum;
    sw_cleanup_free char *folder = sw_path_join(text_of(test, "project_dir_in_repo"), text_of(test, "context"));
    struct sw_df_context context = {.files = &files,
                                    .commit = commit,
                                    .folder = folder,
                                    .ignore_lines = texts_of(&arena, json_object_get(test, "dockerignore")),
                                    .added = texts_of(&arena, json_object_get(test, "context_add_files")),
                                    .arena = &arena};
    const char *text = text_of(test, "dockerfile");
    struct sw_df_file file;
    struct sw_df_program program;
    struct sw_df_lint lint;
    sw_df_lint_init(&lint, &arena);
    assert_true(sw_df_parse((struct sw_bytes){text, strlen(text)}, &file, &failure));
    assert_true(sw_df_program_parse(&file, &lint, &program, &failure));
    struct sw_df_digest_request request = {.file_name = "Dockerfile",
                                           .escape = '\\',
                                           .program = &program,
                                           .target = text_of(test, "target"),
                                           .platform = text_of(test, "platform"),
                                           .build_platform = "linux/amd64",
                                           .dependency_args = dependency_args(&arena, text_of(test, "dependencies")),
                                           .args = args_of(&arena, json_object_get(test, "args")),
                                           .hosts = texts_of(&arena, json_object_get(test, "add_host")),
                                           .cache_version = text_of(test, "cache_version"),
                                           .files_checksum = sw_df_files_checksum,
                                           .context = &context};
    const struct sw_input *inputs;
    size_t count;
    if (!sw_df_digest_inputs(&request, &inputs, &count, &failure, &error))
        fail_msg("%s: %s", text_of(test, "name"), error ? error->message : failure.text);
    compare(test, inputs, count, text_of(test, "deps"));
    sw_df_lint_fini(&lint);
}

static void digests_are_made_of_what_werf_hashes(void **state) {
    (void)state;
    sw_cleanup_json json_t *root = read_fixture("digests/dockerfile.json");
    char *folder = make_golden_repository();
    struct sw_error *error = NULL;
    run_in(folder, "git checkout -q A && mkdir -p extra && printf 'extra one\\n' > extra/f1 && printf 'extra two\\n' > extra/f2");
    sw_cleanup_repository struct sw_repository *repository = sw_repository_open(folder, &error);
    assert_no_error(error);
    sw_repository_set_strictness(repository, SW_LOOSE);
    host_folder = folder;
    size_t index;
    json_t *test;
    json_array_foreach(json_object_get(root, "cases"), index, test) {
        const struct sw_commit *commit = sw_repository_commit(repository, text_of(test, "commit"), &error);
        assert_no_error(error);
        check_case(test, commit);
    }
    drop_folder(folder);
}

/* Inputs of a Dockerfile without files, joined by '\n'; the failure's text when there is one. */
static char *inputs_of(const char *text, const char *target) {
    sw_cleanup_arena struct sw_arena arena = {0};
    struct sw_df_failure failure = {.arena = &arena};
    struct sw_df_file file;
    struct sw_df_program program;
    struct sw_df_lint lint;
    const struct sw_input *inputs;
    size_t count = 0;
    sw_cleanup_buf struct sw_buf out = {0};
    sw_df_lint_init(&lint, &arena);
    assert_true(sw_df_parse((struct sw_bytes){text, strlen(text)}, &file, &failure));
    assert_true(sw_df_program_parse(&file, &lint, &program, &failure));
    struct sw_df_digest_request request = {
        .file_name = "Dockerfile", .program = &program, .target = target, .build_platform = "linux/amd64", .cache_version = ""};
    bool ok = sw_df_digest_inputs(&request, &inputs, &count, &failure, NULL);
    for (size_t i = 0; i < count; i++)
        sw_buf_printf(&out, "%s%s", i > 0 ? "\n" : "", (const char *)inputs[i].value.data);
    sw_df_lint_fini(&lint);
    return ok ? sw_buf_take(&out) : sw_strdup(failure.text);
}

static void what_is_no_word_stands_as_it_is_written(void **state) {
    (void)state;
    sw_cleanup_free char *text = inputs_of("FROM a\nRUN echo # it's $A\nRUN echo ${#A}\nENV B=${FROM_BASE:?}\n", "");
    assert_string_equal(text, "a\nRUN echo # it's $A\nRUN echo ${#A}\nENV B=${FROM_BASE:?}");
}

static void a_target_that_does_not_exist_is_suggested(void **state) {
    (void)state;
    sw_cleanup_free char *text = inputs_of("FROM a AS builder\n", "buidler");
    assert_string_equal(text, "target stage \"buidler\" could not be found (did you mean builder?)");
}

static void stages_that_multiply_have_an_end(void **state) {
    (void)state;
    sw_cleanup_buf struct sw_buf file = {0};
    sw_buf_puts(&file, "FROM a AS s0\n");
    for (int i = 1; i < 40; i++) {
        sw_buf_printf(&file, "FROM a AS s%d\n", i);
        for (int j = 0; j < 4; j++)
            sw_buf_printf(&file, "COPY --from=s%d a b\n", i - 1);
    }
    sw_cleanup_free char *text = inputs_of(sw_buf_text(&file), "");
    assert_string_equal(text, "the stages refer to one another so often that the digest has no end in sight");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_made_of_what_werf_hashes),
        cmocka_unit_test(what_is_no_word_stands_as_it_is_written),
        cmocka_unit_test(a_target_that_does_not_exist_is_suggested),
        cmocka_unit_test(stages_that_multiply_have_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
