/* load_fixture.h - loading projects from repositories that a script makes. */
#ifndef TESTS_UNIT_CORE_CONFIG_LOAD_FIXTURE_H
#define TESTS_UNIT_CORE_CONFIG_LOAD_FIXTURE_H

#include "core/base/error.h"
#include "core/config/listing.h"
#include "core/config/load.h"
#include "tests/unit/check.h"
#include "tests/unit/core/config/project_fixture.h"
#include "tests/unit/core/source/repo.h"

#define META "printf 'project: p\\nconfigVersion: 1\\n---\\nimage: committed\\ndockerfile: D\\n' > werf.yaml"
#define OTHER "printf 'project: p\\nconfigVersion: 1\\n---\\nimage: disk\\ndockerfile: D\\n' > werf.yaml"
#define COMMIT "git add -A . && git commit -q -m x"
#define GATES(lines) "printf 'giterminismConfigVersion: 1\\n" lines "' > werf-giterminism.yaml"

enum mode { STRICT, DEV, LOOSE };

static inline struct sw_load_options options_of(const char *folder, enum mode mode) {
    return (struct sw_load_options){
        .project = {.builders = fixture_builders(), .builder_count = 2, .default_platform = "linux/amd64"},
        .folder = folder,
        .dev = mode == DEV,
        .loose = mode == LOOSE};
}

/* Names of the images, then the rendered text if --env is set, then the findings. To be freed. */
static inline char *outcome(const struct sw_load_options *options) {
    sw_cleanup_free char *cache = make_folder();
    struct sw_load_options with_cache = *options;
    with_cache.cache_folder = cache;
    struct sw_config *config = sw_config_load(&with_cache);
    struct sw_buf out = {0};
    if (config->project)
        sw_listing_names(&out, config->project, NULL);
    if (config->project && with_cache.env)
        sw_buf_add(&out, config->rendered, config->rendered_len);
    sw_cleanup_free char *findings = sw_diagnostics_text(&config->diagnostics);
    sw_cleanup_error struct sw_error *error = sw_diagnostics_error(&config->diagnostics);
    assert_true(!error || sw_error_exit_code(error->code) == 3);
    sw_buf_puts(&out, findings);
    sw_config_free(config);
    sw_cleanup_free char *command = sw_format("rm -rf '%s'", cache);
    assert_int_equal(system(command), 0);
    return sw_buf_take(&out);
}

struct row {
    const char *name;
    const char *script; /* run in a new repository */
    enum mode mode;
    const char *expected; /* part of the outcome */
};

static inline void check_rows(const struct row *rows, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char *folder = make_folder();
        run_in(folder, "git init -q -b main .");
        run_in(folder, rows[i].script);
        struct sw_load_options options = options_of(folder, rows[i].mode);
        sw_cleanup_free char *found = outcome(&options);
        drop_folder(folder);
        if (!strstr(found, rows[i].expected))
            fail_msg("%s: expected %s, found %s", rows[i].name, rows[i].expected, found);
    }
}
#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof *(rows))

#endif
