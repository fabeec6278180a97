/* Templates of a project: where their files come from, what `.Files` and `env` may read, and where errors are shown. */
#include "tests/unit/core/config/load_fixture.h"

/* A werf.yaml whose one image is named by `expression`. */
#define NAMED(expression) \
    "printf '%s\\n' 'project: p' 'configVersion: 1' --- 'image: \"" expression "\"' 'dockerfile: D' > werf.yaml"
#define TEMPLATE(name, text) "mkdir -p .werf/sub && printf '%s' '" text "' > .werf/" name

static void templates_come_from_where_the_rule_says(void **state) {
    (void)state;
#define USE NAMED("{{ include `x` . }}")
#define FIRST TEMPLATE("x.tmpl", "{{ define `x` }}first{{ end }}")
#define SECOND TEMPLATE("x.tmpl", "{{ define `x` }}second{{ end }}")
    static const struct row rows[] = {
        {"committed", USE " && " FIRST " && " COMMIT, STRICT, "first\n"},
        {"modified", USE " && " FIRST " && " COMMIT " && " SECOND, STRICT,
         "the following files must be committed:\n - .werf/x.tmpl"},
        {"modified, dev", USE " && " FIRST " && " COMMIT " && " SECOND, DEV, "second\n"},
        {"modified, loose", USE " && " FIRST " && " COMMIT " && " SECOND, LOOSE, "second\n"},
        {"untracked", USE " && " FIRST " && " COMMIT " && touch .werf/y.tmpl", STRICT,
         "the following untracked files must be committed:\n - .werf/y.tmpl"},
        {"untracked, with what to do", USE " && " FIRST " && " COMMIT " && touch .werf/y.tmpl", STRICT,
         "hint: run `git add .werf/y.tmpl && git commit`; or try them out with --dev; or, to read it from the work tree, add to "
         "werf-giterminism.yaml:\nconfig:\n  allowUncommittedTemplates:\n    - \".werf/y.tmpl\"\n"},
        {"untracked, dev", USE " && " COMMIT " && " FIRST, DEV, "first\n"},
        {"untracked of another kind", USE " && " FIRST " && " COMMIT " && touch .werf/y.txt", STRICT, "first\n"},
        {"ignored", USE " && " FIRST " && echo y.tmpl > .gitignore && " COMMIT " && echo '{{ if' > .werf/y.tmpl", STRICT,
         "first\n"},
        {"deleted", USE " && " FIRST " && " COMMIT " && rm .werf/x.tmpl", STRICT, "must be committed:\n - .werf/x.tmpl"},
        {"permitted",
         USE " && " FIRST " && " GATES("config: {allowUncommittedTemplates: [.werf/x.tmpl]}") " && " COMMIT " && " SECOND, STRICT,
         "second\n"},
        {"another one is permitted",
         USE " && " FIRST " && " GATES("config: {allowUncommittedTemplates: [.werf/y.tmpl]}") " && " COMMIT " && " SECOND, STRICT,
         "must be committed:\n - .werf/x.tmpl"},
        {"permitted and untracked", USE " && " GATES("config: {allowUncommittedTemplates: [.werf]}") " && " COMMIT " && " FIRST,
         STRICT, "first\n"},
        {"permitted and deleted",
         USE " && " FIRST " && " GATES("config: {allowUncommittedTemplates: [.werf]}") " && " COMMIT " && rm .werf/x.tmpl", STRICT,
         "\".werf/x.tmpl\" not found"},
        {"in a folder", USE " && " TEMPLATE("sub/x.tmpl", "{{ define `x` }}deep{{ end }}") " && " COMMIT, STRICT, "deep\n"},
        {"by its path", NAMED("{{ include `sub/x.tmpl` . }}") " && " TEMPLATE("sub/x.tmpl", "file") " && " COMMIT, STRICT,
         "file\n"},
        {"through a symlink",
         USE " && mkdir real && printf '{{ define `x` }}linked{{ end }}' > real/x.tmpl && ln -s real .werf && " COMMIT, STRICT,
         "linked\n"},
        {"through a symlink below",
         USE " && mkdir real .werf && printf '{{ define `x` }}linked{{ end }}' > real/x.tmpl && ln -s ../real .werf/sub && " COMMIT,
         STRICT, "linked\n"},
        {"a symlink to itself", USE " && " FIRST " && ln -s . .werf/again && " COMMIT, STRICT, "first\n"},
        {"a symlink to itself, loose", USE " && " FIRST " && ln -s . .werf/again && " COMMIT, LOOSE, "first\n"},
        {"the last definition wins", USE " && " FIRST " && " TEMPLATE("y.tmpl", "{{ define `x` }}later{{ end }}") " && " COMMIT,
         STRICT, "later\n"},
        {"an unused bad one", USE " && " FIRST " && " TEMPLATE("bad.tmpl", "a\nb {{ if }}") " && " COMMIT, STRICT,
         ".werf/bad.tmpl:2:"},
    };
    CHECK_ROWS(rows);
}

static void files_are_read_under_the_same_rule(void **state) {
    (void)state;
#define GET NAMED("{{ .Files.Get `f` }}")
#define ALLOW(glob) GATES("config: {goTemplateRendering: {allowUncommittedFiles: [" glob "]}}")
    static const struct row rows[] = {
        {"get", GET " && printf one > f && " COMMIT, STRICT, "one\n"},
        {"get a modified one", GET " && printf one > f && " COMMIT " && printf two > f", STRICT,
         "the file \"f\" must be committed"},
        {"get a modified one, dev", GET " && printf one > f && " COMMIT " && printf two > f", DEV, "two\n"},
        {"get a modified one, loose", GET " && printf one > f && " COMMIT " && printf two > f", LOOSE, "two\n"},
        {"get a permitted one", GET " && printf one > f && " ALLOW("f") " && " COMMIT " && printf two > f", STRICT, "two\n"},
        {"get a missing one", GET " && " COMMIT, STRICT,
         "{{ .Files.Get \"f\" }}: the file \"f\" not found in the project git repository"},
        {"get with a slash", NAMED("{{ .Files.Get `/d/../f` }}") " && printf one > f && " COMMIT, STRICT, "one\n"},
        {"get out of the repository", NAMED("{{ .Files.Get `../../etc/hostname` }}") " && " COMMIT, STRICT, "not found"},
        {"get a folder", GET " && mkdir f && touch f/x && " COMMIT, STRICT, "\"f\" is a folder"},
        {"get through a symlink", GET " && printf one > g && ln -s g f && " COMMIT, STRICT, "one\n"},
        {"a permitted symlink to what is not", GET " && printf one > g && ln -s g f && " ALLOW("f") " && " COMMIT, STRICT,
         "the link target \"g\" should be also accepted"},
        {"a permitted symlink", GET " && printf one > g && ln -s g f && " ALLOW("f, g") " && " COMMIT, STRICT, "one\n"},
        {"exists",
         NAMED("{{ .Files.Exists `f` }}-{{ .Files.Exists `d` }}-{{ .Files.Exists `no` }}") " && touch f && mkdir d && touch d/x "
                                                                                           "&& " COMMIT,
         STRICT, "true-true-false\n"},
        {"a modified one does not exist", NAMED("{{ .Files.Exists `f` }}") " && touch f && " COMMIT " && echo x > f", STRICT,
         "false\nwerf.yaml: warning: {{ .Files.Exists \"f\" }} is false"},
        {"is a folder", NAMED("{{ .Files.IsDir `f` }}-{{ .Files.IsDir `d` }}") " && touch f && mkdir d && touch d/x && " COMMIT,
         STRICT, "false-true\n"},
        {"glob",
         NAMED("{{ range $p, $c := .Files.Glob `d/*` }}{{ $p }}={{ $c }};{{ end }}") " && mkdir -p d/e && printf 1 > d/a && printf "
                                                                                     "2 > "
                                                                                     "d/e/b && touch c && " COMMIT,
         STRICT, "d/a=1;d/e/b=2;\n"},
        {"glob of one file",
         NAMED("{{ range $p, $c := .Files.Glob `d/a` }}{{ $p }};{{ end }}") " && mkdir d && touch d/a d/b && " COMMIT, STRICT,
         "d/a;\n"},
        {"glob finds an untracked file",
         NAMED("x{{ range $p, $c := .Files.Glob `d/*` }}{{ end }}") " && " COMMIT " && mkdir d && touch d/a", STRICT,
         "{{ .Files.Glob \"d/*\" }}: the following untracked files must be committed:\n - d/a"},
        {"glob passes an untracked file by",
         NAMED("x{{ range $p, $c := .Files.Glob `d/*.txt` }}{{ end }}") " && " COMMIT " && mkdir d && touch d/a", STRICT, "x\n"},
        {"glob, loose", NAMED("x{{ range $p, $c := .Files.Glob `d/*` }}{{ $p }}{{ end }}") " && " COMMIT " && mkdir d && touch d/a",
         LOOSE, "xd/a\n"},
    };
    CHECK_ROWS(rows);
}

static void variables_need_a_permission(void **state) {
    (void)state;
    setenv("SLIPWAY_TEST_VARIABLE", "value", 1);
#define VARIABLE NAMED("{{ env `SLIPWAY_TEST_VARIABLE` }}")
    static const struct row rows[] = {
        {"refused", VARIABLE " && " COMMIT, STRICT, "werf.yaml:4:1"},
        {"refused, with the lines to add", VARIABLE " && " COMMIT, STRICT,
         "config:\n  goTemplateRendering:\n    allowEnvVariables:\n      - \"SLIPWAY_TEST_VARIABLE\""},
        {"permitted",
         VARIABLE " && " GATES("config: {goTemplateRendering: {allowEnvVariables: [SLIPWAY_TEST_VARIABLE]}}") " && " COMMIT, STRICT,
         "value\n"},
        {"permitted by a pattern",
         VARIABLE " && " GATES("config: {goTemplateRendering: {allowEnvVariables: [/SLIPWAY_.*/]}}") " && " COMMIT, STRICT,
         "value\n"},
        {"loose", VARIABLE " && " COMMIT, LOOSE, "value\n"},
    };
    CHECK_ROWS(rows);
}

static void errors_are_shown_in_the_template(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"a line as it was written", NAMED("a") " && printf 'foo: 1\\n' >> werf.yaml && " COMMIT, STRICT,
         "werf.yaml:6:1: image \"a\": unknown key \"foo\"\n     6 | foo: 1\n       | ^\n"},
        {"a line that a template made", NAMED("a") " && printf '{{ `foo` }}: 1\\n' >> werf.yaml && " COMMIT, STRICT,
         "     6 | foo: 1\n       | ^\n       = line 6 of the rendered text, made by line 6 of werf.yaml"},
        {"a line of another file",
         NAMED("a") " && printf '\\n{{ template `x` }}\\n' >> werf.yaml && " TEMPLATE(
             "x.tmpl", "{{ define `x` }}\nfoo: 1\n{{ end }}") " && " COMMIT,
         STRICT, ".werf/x.tmpl:2:1: image \"a\": unknown key \"foo\"\n     2 | foo: 1\n"},
        {"a failing action", NAMED("{{ fail `no way` }}") " && " COMMIT, STRICT,
         "werf.yaml:4:12: template: werfConfig:4:11: executing"},
        {"a broken template", NAMED("{{ if }}") " && " COMMIT, STRICT,
         "werf.yaml:4:1: template: werfConfig:4: missing value for if"},
        {"a template without end", NAMED("{{ define `a` }}{{ template `a` }}{{ end }}{{ template `a` }}") " && " COMMIT, STRICT,
         "werf.yaml:"},
        {"no value", NAMED("{{ .Nope }}") " && " COMMIT, STRICT, "warning: image: the name is \"<no value>\""},
    };
    CHECK_ROWS(rows);
}

static void rendered_text_is_kept_byte_for_byte(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder,
           "git init -q -b main . && printf 'project: p\\r\\nconfigVersion: 1 \\n\\n---\\n# {{ .Env }} {{ .Commit.Date.Unix }} {{ "
           ".Commit.Date.Human }}' > werf.yaml && " COMMIT);
    struct sw_load_options options = options_of(folder, STRICT);
    options.env = "prod";
    sw_cleanup_free char *found = outcome(&options);
    assert_string_equal(found, "project: p\r\nconfigVersion: 1 \n\n---\n# prod 1700000000 2023-11-15 01:13:20 +0300 +0300");
    drop_folder(folder);
}

static void included_templates_keep_their_whole_path(void **state) {
    (void)state;
    char *folder = make_folder();
    run_in(folder, "mkdir lib && cd lib && git init -q -b main . && mkdir -p .werf conf && printf '{{ define `x` }}lib{{ end }}' > "
                   ".werf/x.tmpl && "
                   "printf inner > conf/f && printf outer > conf/own && " COMMIT);
    run_in(
        folder,
        "ID=$(git -C lib rev-parse HEAD) && LIB=$PWD/lib && mkdir p && cd p && git init -q -b main . && mkdir -p .werf conf && "
        "printf "
        "'{{ define `x` }}own{{ end }}' > .werf/x.tmpl && printf mine > conf/own && printf \"includes: [{git: $LIB, commit: $ID, "
        "add: /, to: /}]\" > werf-includes.yaml && "
        "printf '%s\\n' 'project: p' 'configVersion: 1' --- 'image: \"{{ include `x` . }}-{{ .Files.Get `conf/f` }}-{{ .Files.Get "
        "`conf/own` }}-{{ .Files.Exists `conf/f` }}-{{ len (.Files.Glob `conf/*`) }}\"' 'dockerfile: D' > werf.yaml && " COMMIT);
    sw_cleanup_free char *project = sw_format("%s/p", folder);
    struct sw_load_options options = options_of(project, STRICT);
    sw_cleanup_free char *found = outcome(&options);
    assert_string_equal(found, "lib-inner-mine-true-2\n");
    drop_folder(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates_come_from_where_the_rule_says),
        cmocka_unit_test(files_are_read_under_the_same_rule),
        cmocka_unit_test(variables_need_a_permission),
        cmocka_unit_test(errors_are_shown_in_the_template),
        cmocka_unit_test(rendered_text_is_kept_byte_for_byte),
        cmocka_unit_test(included_templates_keep_their_whole_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
