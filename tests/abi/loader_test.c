/* Loads plugins that are broken in one way each, beside a good one: each is refused by name and reason, and the good one works. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/path.h"
#include "core/plugin/host.h"
#include "core/plugin/plugins.h"
#include "tests/unit/check.h"

static char folder[] = "/var/tmp/slipway-loader-XXXXXX";
static const struct sw_host *host;

static const char *const taken_claims[] = {"taken", NULL};
static struct sw_builder taken_builder;
static int stops;

static void on_stop(void) {
    stops++;
}

static const char *const taken_schemes[] = {"taken:", NULL};
static struct sw_store taken_store;

/* Members of the tables are only checked for being there. */
static void fill(void *table, size_t from, size_t size) {
    for (size_t at = from; at < size; at += sizeof(void *))
        memcpy((char *)table + at, &(void *){(void *)on_stop}, sizeof(void *));
}

static const struct sw_plugin *good_builder(const struct sw_host *given, const char **refusal) {
    static struct sw_plugin plugin = {.size = sizeof plugin,
                                      .abi_major = SW_ABI_MAJOR,
                                      .kind = SW_PLUGIN_BUILDER,
                                      .name = "taken",
                                      .version = "1",
                                      .builder = &taken_builder,
                                      .stop = on_stop};
    (void)refusal;
    assert_ptr_equal(given, host);
    fill(&taken_builder, offsetof(struct sw_builder, plan), sizeof taken_builder);
    taken_builder.size = sizeof taken_builder;
    taken_builder.claims = taken_claims;
    taken_builder.schema = "{}";
    return &plugin;
}

static const struct sw_plugin *good_store(const struct sw_host *given, const char **refusal) {
    static struct sw_plugin plugin = {.size = sizeof plugin,
                                      .abi_major = SW_ABI_MAJOR,
                                      .kind = SW_PLUGIN_STORE,
                                      .name = "taken-store",
                                      .version = "1",
                                      .store = &taken_store};
    (void)given, (void)refusal;
    fill(&taken_store, offsetof(struct sw_store, open), sizeof taken_store);
    taken_store.size = sizeof taken_store;
    taken_store.schemes = taken_schemes;
    return &plugin;
}

static struct sw_plugins *new_set(void) {
    struct sw_plugins *plugins = sw_plugins_new(host);
    sw_plugins_add(plugins, "good-builder", good_builder);
    sw_plugins_add(plugins, "good-store", good_store);
    assert_int_equal(sw_plugins_count(plugins), 2);
    return plugins;
}

/* Copies a plugin of the build into a folder whose rights are known. To be freed. */
static char *copy_plugin(const char *name) {
    char *to = sw_format("%s/%s.so", folder, name);
    sw_cleanup_free char *command = sw_format("cp %s/%s.so %s && chmod 644 %s", BROKEN_PLUGINS, name, to, to);
    assert_int_equal(system(command), 0);
    return to;
}

static void expect_refusal(const char *path, const char *reason) {
    struct sw_plugins *plugins = new_set();
    sw_plugins_load(plugins, path, SW_PLUGINS_EXPLICIT);
    if (sw_plugins_refused_count(plugins) != 1)
        fail_msg("%s was not refused", path);
    struct sw_plugin_refusal refusal = sw_plugins_refused_at(plugins, 0);
    assert_string_equal(refusal.path, path);
    if (!strstr(refusal.reason, reason))
        fail_msg("%s: \"%s\" does not say \"%s\"", path, refusal.reason, reason);
    assert_int_equal(sw_plugins_count(plugins), 2); /* the rest works on */
    assert_non_null(sw_plugins_builder_of(plugins, "taken"));
    sw_plugins_free(plugins);
}

static void every_broken_plugin_is_refused_by_name_and_reason(void **state) {
    (void)state;
    static const struct {
        const char *name, *reason;
    } cases[] = {
        {"no_symbol", "it has no symbol slipway_plugin_v1"},
        {"other_symbol", "it speaks ABI 2 (it has slipway_plugin_v2), this host speaks ABI 1"},
        {"unresolved", "it cannot be loaded: "},
        {"other_major", "it speaks ABI 2, this host speaks ABI 1"},
        {"newer_minor", "it needs ABI 1.1, this host has 1.0"},
        {"short_plugin", "its table sw_plugin is too short"},
        {"short_builder", "its table sw_builder is too short"},
        {"short_backend", "its table sw_backend is too short"},
        {"short_store", "its table sw_store is too short"},
        {"null_name", "it has no name"},
        {"empty_name", "its name \"\" is not made of"},
        {"strange_name", "its name \"../Strange\" is not made of"},
        {"long_name", "is not made of 1 to 64 characters"},
        {"null_version", "it has no version"},
        {"unknown_kind", "its kind 9 is neither builder (1), backend (2) nor store (3)"},
        {"wrong_kind", "it says that it is a backend, but has no backend table"},
        {"no_claims", "it claims no key"},
        {"same_claim_twice", "it claims the key \"sample\" twice"},
        {"endless_claims", "it claims more than 64 times a key"},
        {"null_schema", "it has no schema"},
        {"broken_schema", "its schema is no JSON object: "},
        {"list_schema", "its schema is no JSON object"},
        {"no_next", "its table sw_builder lacks the function next"},
        {"no_solve", "its table sw_backend lacks the function solve"},
        {"no_put_blob", "its table sw_store lacks the function put_blob"},
        {"refuses", "it refused to start: this kernel has no such thing"},
        {"refuses_silently", "it refused to start and gave no reason"},
        {"reads_null", "it crashed at start-up: Segmentation fault"},
        {"aborts", "it crashed at start-up: Aborted"},
        {"divides_by_zero", "it crashed at start-up: Floating point exception"},
        {"taken_key", "it claims the key \"taken\", which plugin taken (good-builder) has claimed"},
        {"taken_name", "its name \"taken\" is taken by good-builder"},
        {"taken_scheme", "it claims the scheme \"taken:\", which plugin taken-store (good-store) has claimed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sw_cleanup_free char *path = copy_plugin(cases[i].name);
        expect_refusal(path, cases[i].reason);
        unlink(path);
    }
}

static void a_plugin_without_defect_is_loaded(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint32_t kind;
    } cases[] = {{"none_builder", SW_PLUGIN_BUILDER}, {"none_backend", SW_PLUGIN_BACKEND}, {"none_store", SW_PLUGIN_STORE}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sw_plugins *plugins = new_set();
        sw_cleanup_free char *path = copy_plugin(cases[i].name);
        sw_plugins_load(plugins, path, SW_PLUGINS_EXPLICIT);
        assert_int_equal(sw_plugins_refused_count(plugins), 0);
        assert_int_equal(sw_plugins_count(plugins), 3);
        assert_string_equal(sw_plugins_path_at(plugins, 2), path);
        assert_non_null(sw_plugins_find(plugins, cases[i].kind, "broken"));
        sw_plugins_load(plugins, path, SW_PLUGINS_EXPLICIT); /* is there already: neither loaded again nor refused */
        assert_int_equal(sw_plugins_count(plugins) + sw_plugins_refused_count(plugins), 3);
        sw_plugins_free(plugins);
        unlink(path);
    }
}

static void write_bytes(const char *path, const void *bytes, size_t len) {
    FILE *file = fopen(path, "w");
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
    chmod(path, 0644);
}

static void what_is_no_shared_object_of_this_machine_is_not_loaded(void **state) {
    (void)state;
    static char header[64];
    sw_cleanup_free char *path = copy_plugin("no_next"); /* one that no test keeps loaded: dlopen knows those by their names */
    FILE *file = fopen(path, "r");
    assert_int_equal(fread(header, 1, sizeof header, file), sizeof header);
    fclose(file);
    write_bytes(path, "#!/bin/sh\necho this is a script and long enough to hold an ELF header\n", 70);
    expect_refusal(path, "it is no ELF file");
    write_bytes(path, "", 0);
    expect_refusal(path, "it is no ELF file");
    write_bytes(path, header, 20);
    expect_refusal(path, "it is no ELF file");
    write_bytes(path, header, sizeof header);
    expect_refusal(path, "it cannot be loaded: ");
    header[18] ^= 0x55; /* e_machine */
    write_bytes(path, header, sizeof header);
    expect_refusal(path, "it was made for another machine");
    header[18] ^= 0x55;
    header[16] = 1; /* e_type: an object file */
    write_bytes(path, header, sizeof header);
    expect_refusal(path, "it is no shared object");
    unlink(path);
    mkdir(path, 0755);
    struct sw_plugins *plugins = new_set();
    sw_plugins_load(plugins, folder, SW_PLUGINS_EXPLICIT);
    assert_int_equal(sw_plugins_refused_count(plugins), 1);
    assert_non_null(strstr(sw_plugins_refused_at(plugins, 0).reason, "it is no regular file"));
    sw_plugins_free(plugins);
    rmdir(path);
    assert_int_equal(mkfifo(path, 0644), 0);
    expect_refusal(path, "it is no regular file");
    unlink(path);
    assert_int_equal(symlink("/no/such/file", path), 0);
    expect_refusal(path, "it cannot be opened: No such file or directory");
    unlink(path);
}

static void what_others_could_have_put_there_is_not_loaded(void **state) {
    (void)state;
    sw_cleanup_free char *path = copy_plugin("none_builder");
    static const mode_t modes[] = {0664, 0646, 0666};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        chmod(path, modes[i]);
        expect_refusal(path, "others can write to it");
    }
    chmod(path, 0644);
    static const mode_t folder_modes[] = {0770, 0777, 01777};
    for (size_t i = 0; i < sizeof folder_modes / sizeof *folder_modes; i++) {
        chmod(folder, folder_modes[i]);
        expect_refusal(path, "others can write to its folder");
    }
    chmod(folder, 0700);
    if (!chown(path, 12345, 0)) { /* root can give files away, and must not load them then */
        expect_refusal(path, "it belongs to user 12345, who is neither root nor you");
        assert_int_equal(chown(path, 0, 0) + chown(folder, 12345, 0), 0);
        expect_refusal(path, "its folder belongs to user 12345");
        assert_int_equal(chown(folder, 0, 0), 0);
    }
    unlink(path);
}

static void a_folder_is_loaded_in_order_and_its_bad_files_hold_nothing_up(void **state) {
    (void)state;
    struct sw_plugins *plugins = new_set();
    sw_cleanup_free char *bad = copy_plugin("aborts"), *good = copy_plugin("none_backend"), *name = copy_plugin("none_store");
    sw_cleanup_free char *other = sw_path_join(folder, "README");
    write_bytes(other, "text", 4);
    sw_plugins_load(plugins, folder, SW_PLUGINS_DEFAULT);
    assert_int_equal(sw_plugins_count(plugins), 3);
    assert_string_equal(sw_plugins_path_at(plugins, 2), good);
    assert_int_equal(sw_plugins_refused_count(plugins), 2);
    assert_string_equal(sw_plugins_refused_at(plugins, 0).path, bad);
    assert_non_null(strstr(sw_plugins_refused_at(plugins, 1).reason, "its name \"broken\" is taken by"));
    sw_plugins_free(plugins);
    unlink(bad), unlink(good), unlink(name), unlink(other);
}

static void a_folder_that_is_missing_matters_only_when_it_was_named(void **state) {
    (void)state;
    struct sw_plugins *plugins = new_set();
    sw_plugins_load(plugins, "/no/such/folder", SW_PLUGINS_DEFAULT);
    assert_int_equal(sw_plugins_refused_count(plugins), 0);
    sw_plugins_load(plugins, "/no/such/folder", SW_PLUGINS_EXPLICIT);
    assert_int_equal(sw_plugins_refused_count(plugins), 1);
    sw_plugins_free(plugins);
}

static void plugins_come_from_the_path_variable_and_the_configuration(void **state) {
    (void)state;
    sw_cleanup_free char *first = copy_plugin("none_builder");
    sw_cleanup_free char *second = sw_format("%s/second", folder), *third = sw_format("%s/third.so", second);
    sw_cleanup_free char *command =
        sw_format("mkdir %s && cp %s/none_backend.so %s && chmod 644 %s", second, BROKEN_PLUGINS, third, third);
    assert_int_equal(system(command), 0);
    sw_cleanup_free char *variable = sw_format("%s::/no/such/folder:", folder);
    setenv("SLIPWAY_PLUGIN_PATH", variable, 1);
    struct sw_plugins *plugins = new_set();
    const char *configured[] = {second};
    sw_plugins_load_all(plugins, (struct sw_strings){configured, 1});
    bool found = false;
    for (size_t i = 0; i < sw_plugins_count(plugins); i++)
        found |= !strcmp(sw_plugins_path_at(plugins, i), first);
    assert_true(found);
    assert_int_equal(sw_plugins_refused_count(plugins), 2);
    assert_string_equal(sw_plugins_refused_at(plugins, 0).path, "/no/such/folder");
    assert_string_equal(sw_plugins_refused_at(plugins, 1).path, third); /* both samples have one name */
    sw_plugins_free(plugins);
    unsetenv("SLIPWAY_PLUGIN_PATH");
    unlink(first), unlink(third), rmdir(second);
}

static void an_address_goes_to_the_store_with_the_longest_scheme(void **state) {
    (void)state;
    static const char *const bare[] = {"", "tak", NULL};
    struct sw_plugins *plugins = sw_plugins_new(host);
    sw_plugins_add(plugins, "good-store", good_store);
    assert_null(sw_plugins_store_of(plugins, "registry.example/app"));
    assert_non_null(sw_plugins_store_of(plugins, "taken:/path"));
    taken_store.schemes = bare;
    assert_non_null(sw_plugins_store_of(plugins, "registry.example/app"));
    sw_plugins_free(plugins);
}

static void plugins_are_told_to_stop_once(void **state) {
    (void)state;
    struct sw_plugins *plugins = new_set();
    stops = 0;
    sw_plugins_free(plugins);
    assert_int_equal(stops, 1);
}

static int set_up(void **state) {
    (void)state;
    host = sw_host_make(&(struct sw_host_parts){.store_folder = folder});
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    sw_cleanup_free char *command = sw_format("rm -rf %s", folder);
    sw_host_end();
    return system(command);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_broken_plugin_is_refused_by_name_and_reason),
        cmocka_unit_test(a_plugin_without_defect_is_loaded),
        cmocka_unit_test(what_is_no_shared_object_of_this_machine_is_not_loaded),
        cmocka_unit_test(what_others_could_have_put_there_is_not_loaded),
        cmocka_unit_test(a_folder_is_loaded_in_order_and_its_bad_files_hold_nothing_up),
        cmocka_unit_test(a_folder_that_is_missing_matters_only_when_it_was_named),
        cmocka_unit_test(plugins_come_from_the_path_variable_and_the_configuration),
        cmocka_unit_test(an_address_goes_to_the_store_with_the_longest_scheme),
        cmocka_unit_test(plugins_are_told_to_stop_once),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
