#include "core/plugin/host.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/plugin/settings.h"
#include "core/runtime/loop.h"
#include "tests/unit/check.h"

static char folder[] = "/var/tmp/slipway-host-XXXXXX";

static void every_group_of_the_host_itself_is_there(void **state) {
    (void)state;
    const struct sw_host *host = sw_host_make(&(struct sw_host_parts){.store_folder = folder});
    assert_int_equal(host->size, sizeof *host);
    assert_int_equal(host->abi_minor, SW_ABI_MINOR);
    assert_non_null(host->pool->run);
    assert_non_null(host->timers->now);
    assert_non_null(host->fds->unwatch);
    assert_non_null(host->process->kill);
    assert_non_null(host->cancel->unwatch);
    assert_non_null(host->progress->finish);
    assert_non_null(host->secret->ssh_socket);
    assert_non_null(host->credential->find);
    assert_non_null(host->hash->join224);
    assert_null(host->get_extension("slipway.nothing/1"));
    char hex[65];
    host->hash->sha256((struct sw_bytes){"abc", 3}, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void a_plugins_folder_lies_in_the_store_and_is_private(void **state) {
    (void)state;
    sw_cleanup_free char *store = sw_format("%s/deep/store", folder);
    const struct sw_host *host = sw_host_make(&(struct sw_host_parts){.store_folder = store});
    struct stat status;
    const char *data = host->data_folder("mine");
    assert_ptr_equal(data, host->data_folder("mine"));
    assert_int_equal(strncmp(data, store, strlen(store)), 0);
    assert_string_equal(data + strlen(store), "/mine");
    assert_int_equal(stat(data, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    assert_string_equal(host->store_folder(), store);
    assert_null(host->data_folder("../outside"));
    assert_null(host->data_folder(".."));
}

static void a_setting_for_one_plugin_goes_before_one_for_all(void **state) {
    (void)state;
    const struct sw_host *host = sw_host_make(&(struct sw_host_parts){0});
    sw_settings_set(NULL, "proxy", "common");
    sw_settings_set("local", "proxy", "own");
    assert_string_equal(host->setting("local", "proxy"), "own");
    assert_string_equal(host->setting("other", "proxy"), "common");
    assert_null(host->setting("local", "not-set"));
    sw_settings_set("local", "proxy", NULL);
    assert_string_equal(host->setting("local", "proxy"), "common");
}

static int set_up(void **state) {
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    sw_cleanup_free char *command = sw_format("rm -rf %s", folder);
    sw_host_end();
    sw_settings_end();
    return system(command);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_group_of_the_host_itself_is_there),
        cmocka_unit_test(a_plugins_folder_lies_in_the_store_and_is_private),
        cmocka_unit_test(a_setting_for_one_plugin_goes_before_one_for_all),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
