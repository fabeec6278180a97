/* References of images, platforms, and git URLs. */
#include <string.h>

#include "plugins/dockerfile/giturl.h"
#include "plugins/dockerfile/platform.h"
#include "plugins/dockerfile/reference.h"
#include "tests/unit/check.h"

#define HEX64 "24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d"

static void references_are_completed_the_docker_way(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *full;     /* or the failure */
        const char *familiar; /* NULL: malformed */
    } cases[] = {
        {"alpine", "docker.io/library/alpine:latest", "alpine"},
        {"alpine:3", "docker.io/library/alpine:3", "alpine:3"},
        {"a/b", "docker.io/a/b:latest", "a/b"},
        {"index.docker.io/x", "docker.io/library/x:latest", "x"},
        {"localhost/x", "localhost/x:latest", "localhost/x"},
        {"reg.io:5000/x/y:z", "reg.io:5000/x/y:z", "reg.io:5000/x/y:z"},
        {"[::1]:5000/x", "[::1]:5000/x:latest", "[::1]:5000/x"},
        {"Reg/x", "Reg/x:latest", "Reg/x"},
        {"a__b-.c", "invalid reference format", NULL},
        {"a//b", "invalid reference format", NULL},
        {"x@sha256:" HEX64, "docker.io/library/x@sha256:" HEX64, "x@sha256:" HEX64},
        {"x:1@sha256:" HEX64, "docker.io/library/x:1@sha256:" HEX64, "x:1@sha256:" HEX64},
        {"x@sha256:abc", "invalid reference format", NULL},
        {"x@md5:" HEX64, "unsupported digest algorithm", NULL},
        {HEX64, "invalid repository name (" HEX64 "), cannot specify 64-byte hexadecimal strings", NULL},
        {"UPPER/Case", "invalid reference format: repository name (Case) must be lowercase", NULL},
        {"Upper", "invalid reference format: repository name (library/Upper) must be lowercase", NULL},
        {"x:", "invalid reference format", NULL},
        {"", "invalid reference format", NULL},
        {"-x", "invalid reference format", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sw_cleanup_arena struct sw_arena arena = {0};
        struct sw_df_failure failure = {.arena = &arena};
        struct sw_df_reference reference;
        bool ok = sw_df_reference_parse(cases[i].text, &reference, &failure);
        const char *got = ok ? sw_df_reference_text(&arena, &reference) : failure.text;
        if (ok != (cases[i].familiar != NULL) || strcmp(got, cases[i].full) != 0)
            fail_msg("%s: %s", cases[i].text, got);
        if (ok)
            assert_string_equal(sw_df_reference_familiar(&arena, &reference), cases[i].familiar);
    }
}

static void platforms_are_known_by_all_their_names(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *normal; /* NULL: malformed */
    } cases[] = {{"linux/amd64", "linux/amd64"},
                 {"linux/x86_64", "linux/amd64"},
                 {"Linux/AARCH64/v8", "linux/arm64"},
                 {"linux/arm", "linux/arm/v7"},
                 {"linux/armel", "linux/arm/v6"},
                 {"linux/arm/5", "linux/arm/v5"},
                 {"macos/arm64", "darwin/arm64"},
                 {"windows(10.0.17763)/amd64", "windows(10.0.17763)/amd64"},
                 {"riscv64", "linux/riscv64"},
                 {"nonsense", NULL},
                 {"linux/amd64/v2/x", NULL},
                 {"linux/*", NULL},
                 {"linux/", NULL},
                 {"", NULL}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sw_cleanup_arena struct sw_arena arena = {0};
        struct sw_df_failure failure = {.arena = &arena};
        struct sw_df_platform platform;
        bool ok = sw_df_platform_parse(cases[i].text, &platform, &failure);
        if (ok != (cases[i].normal != NULL))
            fail_msg("\"%s\": %s", cases[i].text, ok ? "is accepted" : failure.text);
        if (!ok)
            continue;
        sw_df_platform_normalize(&arena, &platform);
        assert_string_equal(sw_df_platform_text(&arena, &platform, SW_DF_PLATFORM_ALL), cases[i].normal);
    }
}

static void git_references_are_told_from_urls_and_paths(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum sw_df_git_kind kind;
        const char *remote;
        const char *ref;
        const char *subdir;
    } cases[] = {
        {"https://h/o/r.git", SW_DF_GIT_FOUND, "https://h/o/r.git", "", ""},
        {"https://h/o/r.git#v1:a/../b", SW_DF_GIT_FOUND, "https://h/o/r.git", "v1", "b"},
        {"https://h/o/r.git?branch=main&subdir=d", SW_DF_GIT_FOUND, "https://h/o/r.git", "refs/heads/main", "d"},
        {"git@h:o/r.git?tag=x", SW_DF_GIT_FOUND, "git@h:o/r.git", "refs/tags/x", ""},
        {"ssh://git@h:22/r", SW_DF_GIT_FOUND, "ssh://git@h:22/r", "", ""},
        {"git://h/r#:sub", SW_DF_GIT_FOUND, "git://h/r", "", "sub"},
        {"https://h/o/r", SW_DF_GIT_NONE, NULL, NULL, NULL},
        {"ftp://h/r.git", SW_DF_GIT_NONE, NULL, NULL, NULL},
        {"github.com/o/r", SW_DF_GIT_NONE, NULL, NULL, NULL},
        {"./a.git", SW_DF_GIT_NONE, NULL, NULL, NULL},
        {"a/b:c", SW_DF_GIT_NONE, NULL, NULL, NULL},
        {"https://h/r.git?ref=a&ref=b", SW_DF_GIT_INVALID, NULL, NULL, NULL},
        {"https://h/r.git?branch=a&tag=b", SW_DF_GIT_INVALID, NULL, NULL, NULL},
        {"https://h/r.git?nope=1", SW_DF_GIT_INVALID, NULL, NULL, NULL},
        {"https://h/r.git?ref=a#b", SW_DF_GIT_INVALID, NULL, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sw_cleanup_arena struct sw_arena arena = {0};
        struct sw_df_failure failure = {.arena = &arena};
        struct sw_df_git git;
        enum sw_df_git_kind kind = sw_df_git_parse(cases[i].text, &git, &failure);
        if (kind != cases[i].kind)
            fail_msg("%s: kind %d, not %d", cases[i].text, kind, cases[i].kind);
        if (kind != SW_DF_GIT_FOUND)
            continue;
        assert_string_equal(git.remote, cases[i].remote);
        assert_string_equal(git.ref, cases[i].ref);
        assert_string_equal(git.subdir, cases[i].subdir);
    }
}

static void a_url_is_named_by_the_last_part_of_its_path(void **state) {
    (void)state;
    sw_cleanup_arena struct sw_arena arena = {0};
    assert_string_equal(sw_df_url_filename(&arena, "https://h/a/b.tgz?x=1#y"), "b.tgz");
    assert_string_equal(sw_df_url_filename(&arena, "https://h/a%20b"), "a b");
    assert_string_equal(sw_df_url_filename(&arena, "https://h/"), "__unnamed__");
    assert_string_equal(sw_df_url_filename(&arena, "https://h"), "__unnamed__");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references_are_completed_the_docker_way),
        cmocka_unit_test(platforms_are_known_by_all_their_names),
        cmocka_unit_test(git_references_are_told_from_urls_and_paths),
        cmocka_unit_test(a_url_is_named_by_the_last_part_of_its_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
