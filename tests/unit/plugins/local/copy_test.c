/* The cases are data: tests/fixtures/copy/cases.json. Each has shell commands that make the source and the folder copied into, the
 * operation, and the tree that must result. Those that an old docker can run were compared with what it makes of `line`. */
#include "plugins/local/copy.h"

#include <jansson.h>
#include <sys/wait.h>

#include "core/base/error.h"
#include "tests/unit/plugins/local/faketree.h"
#include "tests/unit/plugins/local/listing.h"

static const struct {
    const char *name;
    uint32_t flag;
} flag_names[] = {
    {"wildcard", SW_COPY_WILDCARD},       {"contents", SW_COPY_CONTENTS},       {"unpack", SW_COPY_UNPACK},
    {"parents", SW_COPY_PARENTS},         {"allow-empty", SW_COPY_ALLOW_EMPTY}, {"follow", SW_COPY_FOLLOW_SOURCE},
    {"dest-dir", SW_COPY_DEST_DIR},       {"replace", SW_COPY_REPLACE},         {"keep-dirlinks", SW_COPY_KEEP_DIRLINKS},
    {"filter-dirs", SW_COPY_FILTER_DIRS},
};

static uint32_t flags_of(const json_t *names) {
    uint32_t flags = 0;
    size_t index;
    const json_t *name;
    json_array_foreach(names, index, name) {
        bool known = false;
        for (size_t i = 0; i < sizeof flag_names / sizeof *flag_names; i++)
            if (strcmp(flag_names[i].name, json_string_value(name)) == 0) {
                flags |= flag_names[i].flag;
                known = true;
            }
        assert_true(known);
    }
    return flags;
}

static struct sw_strings strings_of(const json_t *array, struct sw_strlist *list) {
    size_t index;
    const json_t *item;
    json_array_foreach(array, index, item) sw_strlist_add(list, json_string_value(item));
    return sw_strlist_view(list);
}

struct source {
    struct sw_strlist include, exclude;
};

static void source_of(const json_t *json, struct source *own, struct sw_copy_source *source) {
    *source = (struct sw_copy_source){.size = sizeof *source, .flags = flags_of(json_object_get(json, "flags"))};
    source->path = json_string_value(json_object_get(json, "path"));
    source->dest = json_string_value(json_object_get(json, "dest"));
    source->owner = json_string_value(json_object_get(json, "owner"));
    source->mode = json_string_value(json_object_get(json, "mode"));
    source->include = strings_of(json_object_get(json, "include"), &own->include);
    source->exclude = strings_of(json_object_get(json, "exclude"), &own->exclude);
    source->include_style = (uint32_t)json_integer_value(json_object_get(json, "style"));
    const json_t *mtime = json_object_get(json, "mtime");
    source->mtime = mtime ? json_integer_value(mtime) : INT64_MIN;
}

/* Runs a case's operation from `from` into `root`. */
static bool run(const json_t *json, const struct sw_copy_from *from, int root, struct sw_error **error) {
    const json_t *list = json_object_get(json, "sources");
    size_t count = json_array_size(list);
    struct sw_copy_source *sources = sw_new_array(count, sizeof *sources);
    struct source *own = sw_new_array(count, sizeof *own);
    struct sw_copy_from *froms = sw_new_array(count, sizeof *froms);
    for (size_t i = 0; i < count; i++) {
        source_of(json_array_get(list, i), &own[i], &sources[i]);
        froms[i] = *from;
    }
    struct sw_op_copy op = {.size = sizeof op, .sources = sources, .source_count = count};
    struct sw_copy_job job = {.op = &op, .from = froms, .root = root, .epoch = 1700000000};
    bool ok = sw_copy_run(&job, error);
    for (size_t i = 0; i < count; i++) {
        sw_strlist_fini(&own[i].include);
        sw_strlist_fini(&own[i].exclude);
    }
    free(sources);
    free(own);
    free(froms);
    return ok;
}

static void check_text(const char *name, const char *how, const char *found, const char *wanted) {
    if (strcmp(found, wanted) != 0)
        fail_msg("%s (%s): found\n%swanted\n%s", name, how, found, wanted);
}

/* Prepares the folders of a case, runs it, and compares. */
static void check_case(const json_t *json, bool as_tree) {
    const char *name = json_string_value(json_object_get(json, "name"));
    const char *base = json_string_value(json_object_get(json, "base"));
    const char *wanted = json_string_value(json_object_get(json, "expected"));
    const char *reason = json_string_value(json_object_get(json, "error"));
    struct scratch outer;
    scratch_make(&outer);
    sw_cleanup_free char *prepare = sw_format("set -e; umask 022; mkdir source result; cd source; %s\ncd ../result; %s",
                                              json_string_value(json_object_get(json, "source")), base ? base : ":");
    scratch_run(&outer, prepare);
    int source = openat(outer.fd, "source", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = openat(outer.fd, "result", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct faketree tree = {.folder = source};
    struct sw_copy_from from = {.root = source};
    if (as_tree)
        from = (struct sw_copy_from){.root = -1, .reader = &faketree_table, .graph = faketree_graph(&tree), .node = 1};
    sw_cleanup_error struct sw_error *error = NULL;
    bool ok = run(json, &from, result, &error);
    const char *how = as_tree ? "from a tree" : "from a snapshot";
    if (reason) {
        assert_false(ok);
        if (!strstr(error->message, reason))
            fail_msg("%s (%s): \"%s\" says nothing of \"%s\"", name, how, error->message, reason);
    } else {
        if (!ok)
            fail_msg("%s (%s): %s", name, how, error->message);
        sw_cleanup_free char *found = listing_of(result);
        check_text(name, how, found, wanted ? wanted : "");
    }
    close(source);
    close(result);
    scratch_end(&outer);
}

static void every_case_gives_the_tree_it_must(void **state) {
    (void)state;
    sw_cleanup_json json_t *cases = json_load_file(TEST_FIXTURES "/copy/cases.json", 0, NULL);
    assert_non_null(cases);
    size_t index;
    const json_t *json;
    json_array_foreach(cases, index, json) {
        check_case(json, false);
        if (!json_is_true(json_object_get(json, "snapshot-only")))
            check_case(json, true);
    }
}

static bool copy_one(const struct scratch *outer, struct sw_copy_source source, struct sw_error **error) {
    int from_fd = openat(outer->fd, "source", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = openat(outer->fd, "result", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    source.size = sizeof source;
    source.mtime = INT64_MIN;
    struct sw_op_copy op = {.size = sizeof op, .sources = &source, .source_count = 1};
    struct sw_copy_from from = {.root = from_fd};
    struct sw_copy_job job = {.op = &op, .from = &from, .root = result};
    bool ok = sw_copy_run(&job, error);
    close(from_fd);
    close(result);
    return ok;
}

static void nothing_leaves_source_or_result(void **state) {
    (void)state;
    struct scratch outer;
    scratch_make(&outer);
    scratch_run(
        &outer,
        "mkdir source result outside; echo -n secret >secret; cd source; ln -s ../secret up; ln -s $OLDPWD/secret abs; mkdir d;"
        "ln -s ../.. d/up; ln -s /etc/passwd pw; echo -n x >f; cd ../result; ln -s ../outside out; ln -s .. parent");
    static const char *const unreadable[] = {"up", "abs", "d/up/secret", "../secret", "d/../../secret", "pw", "d/up/../../secret"};
    for (size_t i = 0; i < sizeof unreadable / sizeof *unreadable; i++) {
        struct sw_copy_source source = {.path = unreadable[i], .dest = "/got", .flags = SW_COPY_FOLLOW_SOURCE};
        sw_cleanup_error struct sw_error *error = NULL;
        assert_false(copy_one(&outer, source, &error));
        assert_non_null(strstr(error->message, "not found"));
    }
    static const char *const dests[] = {"/out/f", "../../f", "/parent/parent/outside/f", "/out/../../../outside/f"};
    for (size_t i = 0; i < sizeof dests / sizeof *dests; i++)
        assert_true(copy_one(&outer, (struct sw_copy_source){.path = "f", .dest = dests[i]}, NULL));
    sw_cleanup_free char *outside = scratch_ask(&outer, "ls -A outside; cat secret; ls");
    assert_string_equal(outside, "secretoutside\nresult\nsecret\nsource\n");
    scratch_expect(&outer, "result/outside/f", "x");
    scratch_end(&outer);
}

static void hostile_account_files_are_errors_not_hangs(void **state) {
    (void)state;
    static const struct {
        const char *make, *reason;
    } rows[] = {
        {"ln -s /dev/zero passwd; mkdir ../dev; mknod ../dev/zero c 1 5", "not a regular file"},
        {"mkfifo passwd", "not a regular file"},
        {"truncate -s 4G passwd", "larger than"},
        {"head -c 17M /dev/zero | tr '\\0' x >passwd", "larger than"},
        {"ln -s passwd passwd", NULL},
        {"mkdir passwd", "not a regular file"},
        {"printf 'app:x:99999999999999999999:5\\n:::\\n\\napp' >passwd", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scratch outer;
        scratch_make(&outer);
        sw_cleanup_free char *make = sw_format("mkdir -p source result/etc; echo x >source/f; cd result/etc; %s", rows[i].make);
        scratch_run(&outer, make);
        sw_cleanup_error struct sw_error *error = NULL;
        bool ok = copy_one(&outer, (struct sw_copy_source){.path = "f", .dest = "/f", .owner = "app"}, &error);
        assert_true(ok == !rows[i].reason);
        if (rows[i].reason && !strstr(error->message, rows[i].reason))
            fail_msg("%s: %s", rows[i].make, error->message);
        scratch_end(&outer);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_gives_the_tree_it_must),
        cmocka_unit_test(nothing_leaves_source_or_result),
        cmocka_unit_test(hostile_account_files_are_errors_not_hangs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
