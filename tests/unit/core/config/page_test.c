/* The examples of the user's page on images. Each is a folder of tests/fixtures/config/page with the files of the page; beside it,
 * NAME.expected has the images that loading it makes, with all that was set, and NAME.refused what is said without its gates. */
#include <dirent.h>

#include "core/base/path.h"
#include "tests/unit/core/config/load_fixture.h"

/* The document without the keys that the lines about the image tell: "key › key[0] = text". */
static void add_values(struct sw_buf *out, const char *way, const struct sw_value *value) {
    static const char *const told[] = {"image", "secrets", "dependencies", "imageSpec", "final"};
    enum sw_value_kind kind = sw_value_kind_of(value);
    if (kind != SW_VALUE_MAP && kind != SW_VALUE_LIST) {
        sw_buf_printf(out, "  %s = %s\n", way, sw_value_source(value));
        return;
    }
    for (size_t i = 0; i < value->count; i++) {
        const char *key = kind == SW_VALUE_MAP ? value->keys[i]->source : "";
        bool skip = false;
        for (size_t k = 0; !*way && k < sizeof told / sizeof *told; k++)
            skip = skip || strcmp(key, told[k]) == 0;
        sw_cleanup_free char *inner =
            kind == SW_VALUE_LIST ? sw_format("%s[%zu]", way, i) : sw_format("%s%s%s", way, *way ? " › " : "", key);
        if (!skip)
            add_values(out, inner, value->values[i]);
    }
}

static void add_texts(struct sw_buf *out, const char *what, struct sw_strings texts) {
    for (size_t i = 0; i < texts.count; i++)
        sw_buf_printf(out, "  spec %s %s\n", what, texts.items[i]);
}

static void add_pairs(struct sw_buf *out, const char *what, struct sw_pairs pairs) {
    for (size_t i = 0; i < pairs.count; i++)
        sw_buf_printf(out, "  spec %s %s = %s\n", what, pairs.items[i].key, pairs.items[i].value);
}

static void add_spec(struct sw_buf *out, const struct sw_image_spec *spec) {
    const char *texts[][2] = {
        {"author", spec->author}, {"user", spec->user}, {"working folder", spec->working_dir}, {"stop signal", spec->stop_signal}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (*texts[i][1])
            sw_buf_printf(out, "  spec %s %s\n", texts[i][0], texts[i][1]);
    if (spec->clear_history)
        sw_buf_puts(out, "  spec clears the history\n");
    add_texts(out, "removes label", spec->remove_labels);
    add_texts(out, "removes variable", spec->remove_env);
    add_texts(out, "removes volume", spec->remove_volumes);
    add_pairs(out, "label", spec->labels);
    add_pairs(out, "variable", spec->env);
    add_texts(out, "volume", spec->volumes);
    add_texts(out, "port", spec->expose);
    add_texts(out, "entrypoint", spec->entrypoint);
    add_texts(out, "command", spec->cmd);
}

static void add_image(struct sw_buf *out, const struct sw_project *project, const struct sw_project_image *image) {
    static const char *const sources[] = {"variable", "file", "value"}, *const kinds[] = {"its base", "an import", "a dependency"};
    sw_buf_printf(out, "image \"%s\": %s%s\n", image->name, image->builder->name, image->final ? "" : ", not final");
    add_values(out, "", image->document);
    for (size_t i = 0; i < image->secret_count; i++)
        sw_buf_printf(out, "  secret %s is %s %s\n", image->secrets[i].id, sources[image->secrets[i].source],
                      image->secrets[i].text);
    for (size_t i = 0; i < image->need_count; i++)
        sw_buf_printf(out, "  needs %s, %s\n", project->images[image->needs[i].image].name, kinds[image->needs[i].kind]);
    for (size_t i = 0; i < image->dependency_count; i++)
        for (size_t j = 0; j < image->dependencies[i].import_count; j++)
            sw_buf_printf(out, "  %s of %s is %s\n", image->dependencies[i].imports[j].type, image->dependencies[i].image,
                          image->dependencies[i].imports[j].target);
    if (image->spec)
        add_spec(out, image->spec);
}

/* What loading the project in `folder` gives. To be freed. */
static char *load(const char *folder) {
    struct sw_load_options options = options_of(folder, STRICT);
    sw_cleanup_free char *cache = make_folder();
    options.cache_folder = cache;
    options.project.home = "/home/me";
    struct sw_config *config = sw_config_load(&options);
    struct sw_buf out = {0};
    for (size_t i = 0; config->project && i < config->project->image_count; i++)
        add_image(&out, config->project, &config->project->images[i]);
    sw_cleanup_free char *findings = sw_diagnostics_text(&config->diagnostics);
    sw_buf_puts(&out, findings);
    sw_config_free(config);
    sw_cleanup_free char *command = sw_format("rm -rf '%s'", cache);
    assert_int_equal(system(command), 0);
    return sw_buf_take(&out);
}

static void compare(const char *name, const char *suffix, const char *found, size_t *wrong) {
    sw_cleanup_free char *path = sw_format(TEST_FIXTURES "/config/page/%s.%s", name, suffix);
    if (getenv("UPDATE_EXPECTED")) {
        sw_cleanup_file FILE *file = fopen(path, "w");
        fputs(found, file);
    }
    sw_cleanup_free char *expected = read_file(path);
    if (expected && strcmp(expected, found) == 0)
        return;
    (*wrong)++;
    print_error("%s.%s:\n--- expected\n%s--- found\n%s", name, suffix, expected ? expected : "", found);
}

static void examples_of_the_page_give_what_it_says(void **state) {
    (void)state;
    sw_cleanup_dir DIR *dir = opendir(TEST_FIXTURES "/config/page");
    size_t count = 0, wrong = 0;
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (strchr(entry->d_name, '.'))
            continue;
        char *folder = make_folder();
        sw_cleanup_free char *script =
            sw_format("git init -q -b main . && cp " TEST_FIXTURES "/config/page/%s/* . && " COMMIT, entry->d_name);
        run_in(folder, script);
        sw_cleanup_free char *with = load(folder), *gates = sw_format("%s/werf-giterminism.yaml", folder);
        compare(entry->d_name, "expected", with, &wrong);
        if (access(gates, F_OK) == 0) {
            run_in(folder, "git rm -q werf-giterminism.yaml && " COMMIT);
            sw_cleanup_free char *without = load(folder);
            compare(entry->d_name, "refused", without, &wrong);
        }
        drop_folder(folder);
        count++;
    }
    assert_int_equal(wrong, 0);
    assert_true(count >= 19);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(examples_of_the_page_give_what_it_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
