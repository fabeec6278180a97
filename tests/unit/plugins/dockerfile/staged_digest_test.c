/* What each stage of a staged Dockerfile image is made of, against what werf hashed for the same files. */
#include <string.h>

#include "core/base/hash.h"
#include "core/source/files.h"
#include "core/source/repository.h"
#include "plugins/dockerfile/dirhash.h"
#include "plugins/dockerfile/staged_digest.h"
#include "tests/unit/core/source/repo.h"
#include "tests/unit/plugins/dockerfile/fixture.h"

struct test_context {
    struct sw_df_context files;
    const char *stage_name;
};

static bool sources_checksum(void *context, struct sw_strings sources, char out[65], struct sw_error **error) {
    return sw_df_dirhash_checksum(&((struct test_context *)context)->files, sources, out, error);
}

static const char *stage_name(void *context, size_t index) {
    (void)index;
    return ((struct test_context *)context)->stage_name;
}

static struct sw_strings env_of(struct sw_arena *arena, json_t *object) {
    const char **items = sw_arena_new(arena, (json_object_size(object) + 1) * sizeof(char *));
    const char *key;
    json_t *value;
    size_t count = 0;
    json_object_foreach(object, key, value) {
        items[count++] = sw_arena_format(arena, "%s=%s", key, json_string_value(value));
    }
    return (struct sw_strings){items, count};
}

static struct sw_pairs args_of(struct sw_arena *arena, json_t *object) {
    struct sw_pair *items = sw_arena_new(arena, (json_object_size(object) + 1) * sizeof(*items));
    const char *key;
    json_t *value;
    size_t count = 0;
    json_object_foreach(object, key, value) {
        items[count++] = (struct sw_pair){key, json_string_value(value)};
    }
    return (struct sw_pairs){items, count};
}

static void compare_stage(const char *test, const struct sw_df_staged_stage *stage, const json_t *want) {
    sw_cleanup_arena struct sw_arena arena = {0};
    struct sw_strings strings = texts_of(&arena, json_object_get(want, "hashed_strings"));
    const char **items = sw_arena_new(&arena, (stage->input_count + 1) * sizeof(char *));
    char digest[SW_SHA256_HEX];
    assert_string_equal(stage->name, text_of(want, "stage"));
    for (size_t i = 0; i < stage->input_count; i++) {
        items[i] = stage->inputs[i].value.data;
        if (i < strings.count && strcmp(items[i], strings.items[i]) != 0)
            fail_msg("%s: %s: string %zu is \"%s\", not \"%s\"", test, stage->name, i, items[i], strings.items[i]);
    }
    assert_int_equal(stage->input_count, strings.count);
    sw_join256((struct sw_strings){items, stage->input_count}, digest);
    assert_string_equal(digest, text_of(want, "deps"));
}

static void check_case(struct test_context *context, const json_t *test) {
    sw_cleanup_arena struct sw_arena arena = {0};
    struct sw_df_failure failure = {.arena = &arena};
    struct sw_error *error = NULL;
    const char *text = text_of(test, "dockerfile");
    struct sw_df_file file;
    struct sw_df_program program;
    struct sw_df_lint lint;
    const struct sw_df_staged_stage *stages;
    size_t count;
    sw_df_lint_init(&lint, &arena);
    context->files.arena = &arena;
    assert_true(sw_df_parse((struct sw_bytes){text, strlen(text)}, &file, &failure));
    assert_true(sw_df_program_parse(&file, &lint, &program, &failure));
    struct sw_df_staged_request request = {.file_name = "Dockerfile",
                                           .program = &program,
                                           .escape = file.escape,
                                           .stage = program.stage_count - 1,
                                           .platform = text_of(test, "platform"),
                                           .build_platform = "linux/amd64",
                                           .args = args_of(&arena, json_object_get(test, "args")),
                                           .base_env = env_of(&arena, json_object_get(test, "base_env")),
                                           .stage_name = stage_name,
                                           .sources_checksum = sources_checksum,
                                           .context = context};
    if (!sw_df_staged_inputs(&request, &stages, &count, &failure, &error))
        fail_msg("%s: %s", text_of(test, "name"), error ? error->message : failure.text);
    const json_t *want = json_object_get(test, "stages");
    assert_int_equal(count, json_array_size(want));
    for (size_t i = 0; i < count; i++)
        compare_stage(text_of(test, "name"), &stages[i], json_array_get(want, i));
    sw_df_lint_fini(&lint);
}

static void staged_digests_are_made_of_what_werf_hashes(void **state) {
    (void)state;
    sw_cleanup_json json_t *root = read_fixture("digests/dockerfile_staged.json");
    struct sw_error *error = NULL;
    char *folder = make_folder();
    run_in(folder,
           "git init -q . && mkdir -p src/sub && printf 'int main;\\n' > main.c && printf '{ }\\n' > pkg-lock.json && "
           "printf '{}\\n' > pkg.json && printf 'a\\n' > src/a.txt && ln -s a.txt src/l && printf 'b\\n' > src/sub/b.txt && "
           "git add -A && git commit -q -m x");
    sw_cleanup_repository struct sw_repository *repository = sw_repository_open(folder, &error);
    assert_no_error(error);
    struct test_context context = {
        .files = {.files = &sw_host_files_table, .commit = sw_repository_head(repository, &error), .folder = ""},
        .stage_name = text_of(root, "image_name_of_stage_sources")};
    sw_cleanup_arena struct sw_arena arena = {0};
    size_t index;
    json_t *item;
    context.files.arena = &arena;
    json_array_foreach(json_object_get(root, "dirhash"), index, item) {
        assert_string_equal(sw_df_dirhash(&context.files, text_of(item, "path"), &error), text_of(item, "dirhash"));
    }
    json_array_foreach(json_object_get(root, "cases"), index, item) {
        check_case(&context, item);
    }
    drop_folder(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(staged_digests_are_made_of_what_werf_hashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
