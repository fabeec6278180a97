#include "core/config/build_files.h"

#include "tests/unit/core/config/load_fixture.h"

#define PROJECT                                                                                                              \
    "mkdir app && printf 'project: p\\nconfigVersion: 1\\n---\\nimage: a\\ndockerfile: D\\ncontext: app\\n' > werf.yaml && " \
    "printf committed > app/D && touch app/.dockerignore"

/* What a project's `path` gives: "commit", "none", or the text that comes from elsewhere. To be freed. */
static char *given(const char *script, enum mode mode, const char *path) {
    char *folder = make_folder();
    sw_cleanup_free char *whole = sw_format("git init -q -b main . && %s", script);
    run_in(folder, whole);
    struct sw_load_options options = options_of(folder, mode);
    options.cache_folder = folder;
    struct sw_config *config = sw_config_load(&options);
    sw_cleanup_free char *said = sw_diagnostics_text(&config->diagnostics);
    if (!config->project)
        fail_msg("%s", said);
    struct sw_build_files *files = sw_build_files_new(config);
    struct sw_buf bytes = {0};
    bool found = true;
    if (!sw_build_files_has(files, path))
        sw_buf_puts(&bytes, "commit");
    else if (!sw_build_files_read(files, path, &bytes, &found, NULL))
        sw_buf_puts(&bytes, "error");
    else if (!found)
        sw_buf_puts(&bytes, "none");
    sw_build_files_free(files);
    sw_config_free(config);
    drop_folder(folder);
    return sw_buf_take(&bytes);
}

static void dockerfiles_come_from_the_work_tree_when_permitted(void **state) {
    (void)state;
    static const struct {
        const char *script;
        enum mode mode;
        const char *path;
        const char *given;
    } rows[] = {
        {PROJECT " && " COMMIT " && printf disk > app/D", STRICT, "app/D", "commit"},
        {PROJECT " && " COMMIT " && printf disk > app/D", LOOSE, "app/D", "disk"},
        {PROJECT " && " COMMIT " && rm app/D", LOOSE, "app/D", "none"},
        {PROJECT " && " GATES("config: {dockerfile: {allowUncommitted: [app/D]}}") " && " COMMIT " && printf disk > app/D", STRICT,
         "app/D", "disk"},
        {PROJECT " && " GATES("config: {dockerfile: {allowUncommitted: [D]}}") " && " COMMIT " && printf disk > app/D", STRICT,
         "app/D", "commit"},
        {PROJECT " && " GATES("config: {dockerfile: {allowUncommitted: [app]}}") " && " COMMIT " && printf x > app/.dockerignore",
         STRICT, "app/.dockerignore", "commit"},
        {PROJECT " && " GATES(
             "config: {dockerfile: {allowUncommittedDockerignoreFiles: [app]}}") " && " COMMIT " && printf x > app/D.dockerignore",
         STRICT, "app/D.dockerignore", "x"},
        {PROJECT " && " COMMIT, LOOSE, "app/other", "commit"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sw_cleanup_free char *found = given(rows[i].script, rows[i].mode, rows[i].path);
        if (strcmp(found, rows[i].given) != 0)
            fail_msg("row %zu: expected %s, found %s", i, rows[i].given, found);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dockerfiles_come_from_the_work_tree_when_permitted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
