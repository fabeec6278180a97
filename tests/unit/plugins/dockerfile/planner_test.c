/* A planner with a host of real rooms: what it answers, and the nodes that it makes. */
#include <string.h>

#include "plugins/dockerfile/planner.h"
#include "tests/unit/plugins/dockerfile/fake_host.h"

static const struct sw_host_graph *graph = &sw_host_graph_table;

/* Plans and realizes; the node of the result, or SW_NODE_NONE with the error in *error. */
static sw_node build(struct fake_host *fake, struct sw_error **error) {
    struct fake_stage stage = {0};
    struct fake_node node = {.node = SW_NODE_NONE};
    *error = NULL;
    void *planner = sw_df_planner_open(&fake->host, &fake->request, error);
    if (!planner)
        return SW_NODE_NONE;
    sw_df_planner_next(planner, NULL, on_fake_stage, &stage);
    assert_true(stage.called);
    if (!stage.error) {
        sw_df_planner_realize(planner, fake->graph, SW_NODE_NONE, on_fake_node, &node);
        assert_true(node.called);
    }
    *error = stage.error ? stage.error : node.error;
    stage.error = NULL;
    fake_stage_fini(&stage);
    sw_df_planner_close(planner);
    return node.node;
}

static sw_node build_ok(struct fake_host *fake) {
    struct sw_error *error;
    sw_node node = build(fake, &error);
    assert_no_error(error);
    assert_int_not_equal(node, SW_NODE_NONE);
    return node;
}

/* Builds what must fail; the error is to be freed. */
static struct sw_error *build_wrong(const char *script, const char *document) {
    struct fake_host fake;
    struct sw_error *error;
    fake_host_open(&fake, script, document);
    assert_int_equal(build(&fake, &error), SW_NODE_NONE);
    assert_non_null(error);
    fake_host_close(&fake);
    return error;
}

static void what_is_not_committed_is_refused_behind_the_stage(void **state) {
    (void)state;
    struct fake_host fake;
    struct fake_stage first = {0}, second = {0};
    struct sw_error *error = NULL;
    struct sw_stage_view view = {.size = sizeof(view), .name = "dockerfile"};
    fake_host_open(&fake, "printf 'FROM alpine\\nCOPY a /\\n' > Dockerfile; echo x > a; echo x > b", "dockerfile: Dockerfile\n");
    run_in(fake.folder, "echo changed > a; echo changed > b");
    void *planner = sw_df_planner_open(&fake.host, &fake.request, &error);
    assert_no_error(error);
    sw_df_planner_next(planner, NULL, on_fake_stage, &first);
    assert_no_error(first.error);
    sw_df_planner_next(planner, &view, on_fake_stage, &second);
    assert_non_null(second.error);
    assert_non_null(strstr(second.error->message, "the file \"a\" must be committed"));
    fake_stage_fini(&first);
    fake_stage_fini(&second);
    sw_df_planner_close(planner);
    fake_host_close(&fake);
}

static void one_stage_is_planned_and_then_the_end(void **state) {
    (void)state;
    struct fake_host fake;
    struct fake_stage first = {0}, second = {0};
    struct sw_error *error = NULL;
    struct sw_stage_view view = {.size = sizeof(view), .name = "dockerfile"};
    fake_host_open(&fake, "printf 'FROM alpine\\nARG A\\nCOPY a /\\n' > Dockerfile; echo x > a",
                   "dockerfile: Dockerfile\nargs: {A: 3.10}\naddHost: [\"h:1.2.3.4\"]\n");
    fake.request.cache_version = "v9";
    void *planner = sw_df_planner_open(&fake.host, &fake.request, &error);
    assert_no_error(error);
    sw_df_planner_next(planner, NULL, on_fake_stage, &first);
    sw_df_planner_next(planner, &view, on_fake_stage, &second);
    assert_string_equal(first.name, "dockerfile");
    assert_true(second.end && !second.error);
    static const char *const names[] = {"addHost",
                                        "base image Dockerfile:1",
                                        "instruction Dockerfile:2: ARG A",
                                        "instruction Dockerfile:3: COPY",
                                        "files of instruction Dockerfile:3: COPY",
                                        "cacheVersion"};
    static const char *const values[] = {"h:1.2.3.4", "alpine", "ARG A=3.1", "COPY a /", NULL, "v9"};
    assert_int_equal(first.names.len, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(first.names.items[i], names[i]);
        if (values[i])
            assert_string_equal(first.values.items[i], values[i]);
    }
    assert_int_equal(fake.resolved.len, 0); /* the digest needs no base image */
    fake_stage_fini(&first);
    fake_stage_fini(&second);
    sw_df_planner_close(planner);
    fake_host_close(&fake);
}

static void run_becomes_an_exec_with_a_whole_environment(void **state) {
    (void)state;
    struct fake_host fake;
    fake_host_open(&fake,
                   "cat > Dockerfile <<'E'\nFROM alpine\nARG V=1\nENV A=x\nUSER u:g\n"
                   "RUN --network=none --mount=type=cache,target=c,id=k,sharing=locked --mount=type=secret,id=s,env=S "
                   "--mount=type=bind,target=/b,source=d make $A\nE\nmkdir d && echo 1 > d/f",
                   "dockerfile: Dockerfile\naddHost: \"h:1.2.3.4\"\n");
    build_ok(&fake);
    const struct sw_op_exec *exec = graph->record(fake.graph, find_node(&fake, SW_OP_EXEC, "make"));
    static const char *const env[] = {"PATH=/bin", "V=1", "A=x"};
    assert_int_equal(exec->argv.count, 3);
    assert_string_equal(exec->argv.items[2], "make $A");
    assert_int_equal(exec->env.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(exec->env.items[i], env[i]);
    assert_string_equal(exec->cwd, "/base");
    assert_string_equal(exec->user, "u:g");
    assert_int_equal(exec->network, SW_NETWORK_NONE);
    assert_string_equal(exec->extra_hosts.items[0].value, "1.2.3.4");
    assert_int_equal(exec->mount_count, 3);
    assert_string_equal(exec->mounts[0].target, "/base/c");
    assert_string_equal(exec->mounts[0].id, "/k");
    assert_int_equal(exec->mounts[0].sharing, SW_CACHE_LOCKED);
    assert_string_equal(exec->mounts[1].env, "S");
    assert_null(exec->mounts[1].target);
    assert_int_equal(exec->mounts[1].required, 0);
    assert_string_equal(exec->mounts[2].source, "/d");
    assert_int_equal(exec->mounts[2].read_only, 1);
    fake_host_close(&fake);
}

/* The include patterns of the tree that the copy called `title` takes from, joined by blanks. */
static char *included(struct fake_host *fake, const char *title) {
    const struct sw_op_copy *copy = graph->record(fake->graph, find_node(fake, SW_OP_COPY, title));
    const struct sw_op_tree *tree = graph->record(fake->graph, copy->sources[0].from);
    return sw_strings_join(tree->filters[1].include, " ");
}

static void a_copy_reads_only_the_paths_that_it_names(void **state) {
    (void)state;
    struct fake_host fake;
    static const struct {
        const char *title;
        const char *want;
    } cases[] = {{"COPY a /1", "a"},         {"COPY ./d/ /2", "d"},
                 {"COPY a d/f /3", "a d/f"}, {"COPY . /4", ""},
                 {"COPY d/* /5", "d"},       {"COPY link /6", ""},
                 {"COPY e/l* /7", ""},       {"COPY d/../a /8", "a"},
                 {"COPY nope /9", "nope"},   {"COPY --parents ./d/./f /10", "d/f"}};
    sw_cleanup_buf struct sw_buf script = {0};
    sw_buf_puts(&script, "cat > Dockerfile <<'E'\nFROM scratch\n");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        sw_buf_printf(&script, "%s\n", cases[i].title);
    sw_buf_puts(&script, "E\nmkdir d e; echo 1 > a; echo 2 > d/f; ln -s a link; echo 3 > e/x; ln -s ../a e/l1");
    fake_host_open(&fake, sw_buf_text(&script), "dockerfile: Dockerfile\n");
    build_ok(&fake);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sw_cleanup_free char *got = included(&fake, cases[i].title);
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", cases[i].title, got, cases[i].want);
    }
    fake_host_close(&fake);
}

static void copies_carry_their_flags(void **state) {
    (void)state;
    struct fake_host fake;
    static const struct {
        const char *title;
        uint32_t flags;
    } cases[] = {{"COPY a /1", SW_COPY_CONTENTS | SW_COPY_FOLLOW_SOURCE},
                 {"COPY a /2/", SW_COPY_CONTENTS | SW_COPY_FOLLOW_SOURCE | SW_COPY_DEST_DIR},
                 {"COPY a* /3", SW_COPY_CONTENTS | SW_COPY_FOLLOW_SOURCE | SW_COPY_WILDCARD | SW_COPY_ALLOW_EMPTY},
                 {"COPY --parents a /4/", SW_COPY_CONTENTS | SW_COPY_FOLLOW_SOURCE | SW_COPY_PARENTS | SW_COPY_DEST_DIR},
                 {"ADD a /5", SW_COPY_CONTENTS | SW_COPY_FOLLOW_SOURCE | SW_COPY_UNPACK},
                 {"ADD --unpack=false a /6", SW_COPY_CONTENTS | SW_COPY_FOLLOW_SOURCE},
                 {"ADD https://e.com/f /7", 0},
                 {"ADD https://e.com/r.git /8", SW_COPY_CONTENTS}};
    sw_cleanup_buf struct sw_buf script = {0};
    sw_buf_puts(&script, "cat > Dockerfile <<'E'\nFROM scratch\n");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        sw_buf_printf(&script, "%s\n", cases[i].title);
    sw_buf_puts(&script, "E\necho 1 > a");
    fake_host_open(&fake, sw_buf_text(&script), "dockerfile: Dockerfile\n");
    fake.request.offline = 1;
    build_ok(&fake);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct sw_op_copy *copy = graph->record(fake.graph, find_node(&fake, SW_OP_COPY, cases[i].title));
        if (copy->sources[0].flags != cases[i].flags)
            fail_msg("%s: flags %x, not %x", cases[i].title, copy->sources[0].flags, cases[i].flags);
    }
    fake_host_close(&fake);
}

static void files_of_context_add_files_go_where_they_are_used(void **state) {
    (void)state;
    struct fake_host fake;
    fake_host_open(&fake,
                   "mkdir c && printf 'FROM scratch\\nCOPY a /\\nCOPY extra /x\\n' > c/Dockerfile; echo 1 > c/a; "
                   "echo extra > .gitignore; mkdir c/extra; echo e > c/extra/f",
                   "dockerfile: Dockerfile\ncontext: c\ncontextAddFiles: extra\n");
    build_ok(&fake);
    const struct sw_op_copy *plain = graph->record(fake.graph, find_node(&fake, SW_OP_COPY, "COPY a"));
    const struct sw_op_copy *added = graph->record(fake.graph, find_node(&fake, SW_OP_COPY, "COPY extra"));
    const struct sw_op_tree *without = graph->record(fake.graph, plain->sources[0].from);
    const struct sw_op_tree *with = graph->record(fake.graph, added->sources[0].from);
    assert_int_equal(without->host_paths.count, 0);
    assert_int_equal(with->host_paths.count, 1);
    assert_string_equal(with->host_paths.items[0], "c/extra");
    assert_string_equal(with->host_strip, "c");
    assert_string_equal(with->scope, "c");
    fake_host_close(&fake);
}

static void the_config_has_history_of_the_base_and_of_each_instruction(void **state) {
    (void)state;
    struct fake_host fake;
    fake_host_open(&fake, "printf 'FROM alpine\\nWORKDIR rel\\nCMD [\"x\"]\\n' > Dockerfile", "dockerfile: Dockerfile\n");
    sw_node node = build_ok(&fake);
    sw_cleanup_json json_t *config = json_loads(graph->config(fake.graph, node), 0, NULL);
    const json_t *history = json_object_get(config, "history");
    static const char *const want[] = {"base", "WORKDIR /base/rel", "CMD [\"x\"]"};
    assert_int_equal(json_array_size(history), 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(json_string_value(json_object_get(json_array_get(history, i), "created_by")), want[i]);
    assert_null(json_object_get(config, "rootfs"));
    assert_int_equal(fake.warnings.len, 1);
    assert_string_equal(fake.warnings.items[0], "WorkdirRelativePath 2");
    fake_host_close(&fake);
}

static void an_image_of_the_project_can_be_the_base(void **state) {
    (void)state;
    struct fake_host fake;
    fake_host_open(&fake, "printf 'ARG B\\nARG D\\nFROM $B\\nARG D\\nENV D=$D\\n' > Dockerfile",
                   "dockerfile: Dockerfile\ndependencies:\n- image: other\n  imports:\n  - {type: ImageName, targetBuildArg: B}\n"
                   "  - {type: ImageDigest, targetBuildArg: D}\n");
    sw_node node = build_ok(&fake);
    assert_int_equal(fake.resolved.len, 0);
    assert_non_null(strstr(graph->config(fake.graph, node), "D=sha256:dddd"));
    fake_host_close(&fake);
}

static void unused_stages_are_neither_resolved_nor_made(void **state) {
    (void)state;
    struct fake_host fake;
    fake_host_open(&fake, "printf 'FROM missing AS no\\nRUN never\\nFROM alpine AS yes\\nRUN x\\n' > Dockerfile",
                   "dockerfile: Dockerfile\ntarget: \"yes\"\n");
    build_ok(&fake);
    assert_int_equal(fake.resolved.len, 1);
    assert_string_equal(fake.resolved.items[0], "docker.io/library/alpine:latest linux/amd64");
    fake_host_close(&fake);
}

static void mistakes_are_errors_at_their_lines(void **state) {
    (void)state;
    static const struct {
        const char *script;
        const char *document;
        const char *message; /* a part of it */
        uint32_t code;
        uint32_t line;
    } cases[] = {
        {"echo > x", "dockerfile: Dockerfile\n", "there is no file \"Dockerfile\"", SW_ERROR_CONFIG, 1},
        {"echo > x", "dockerfile: ''\n", "the path of a Dockerfile is needed", SW_ERROR_CONFIG, 1},
        {": > Dockerfile", "dockerfile: Dockerfile\n", "the Dockerfile cannot be empty", SW_ERROR_CONFIG, 0},
        {"printf 'FROM a\\n\\nRNU x\\n' > Dockerfile", "dockerfile: Dockerfile\n", "unknown instruction: RNU (did you mean RUN?)",
         SW_ERROR_CONFIG, 3},
        {"printf 'FROM a AS b\\n' > Dockerfile", "dockerfile: Dockerfile\ntarget: c\n", "target stage \"c\" could not be found",
         SW_ERROR_CONFIG, 2},
        {"printf 'FROM alpine\\nRUN x\\nFROM missing\\n' > Dockerfile", "dockerfile: Dockerfile\n", "there is no image",
         SW_ERROR_NOT_FOUND, 3},
        {"printf '# syntax=some/frontend:1\\nFROM a\\n' > Dockerfile", "dockerfile: Dockerfile\nstaged: true\n",
         "only the front end \"some/frontend:1\" can read", SW_ERROR_UNSUPPORTED, 1},
        {"printf '# syntax=A!\\nFROM a\\n' > Dockerfile", "dockerfile: Dockerfile\n", "invalid reference format", SW_ERROR_CONFIG,
         1},
        {"printf 'FROM a\\nRUN --device=x/y=z,required w\\n' > Dockerfile", "dockerfile: Dockerfile\n", "needs the device",
         SW_ERROR_UNSUPPORTED, 2},
        {"printf 'FROM a\\n' > Dockerfile", "dockerfile: Dockerfile\naddHost: nonsense\n", "not of the form name:ip",
         SW_ERROR_CONFIG, 2},
        {"printf '# check=error=true\\nFROM a\\nWORKDIR x\\n' > Dockerfile", "dockerfile: Dockerfile\n", "lint violation found",
         SW_ERROR_CONFIG, 0},
        {"printf 'FROM a\\n' > Dockerfile; echo '[' > .dockerignore", "dockerfile: Dockerfile\n", "malformed", SW_ERROR_CONFIG, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sw_error *error = build_wrong(cases[i].script, cases[i].document);
        if (!strstr(error->message, cases[i].message) || error->code != cases[i].code || error->line != cases[i].line)
            fail_msg("%s: %u: %s (line %u)", cases[i].script, error->code, error->message, error->line);
        sw_error_free(error);
    }
}

static void staged_images_have_a_stage_for_each_instruction(void **state) {
    (void)state;
    struct fake_host fake;
    struct sw_error *error = NULL;
    fake_host_open(
        &fake,
        "printf 'FROM alpine AS b\\nRUN one\\nFROM alpine:2\\nARG V=1\\nRun x\\nENV A=$V\\nCOPY --from=b /a /c\\n' > Dockerfile",
        "dockerfile: Dockerfile\nstaged: true\n");
    void *planner = sw_df_planner_open(&fake.host, &fake.request, &error);
    assert_no_error(error);
    static const char *const names[] = {"Run", "ENV", "COPY"};
    static const size_t layers[] = {2, 2, 3};
    struct sw_stage_view view = {.size = sizeof(view), .name = "x"};
    sw_node below = SW_NODE_NONE;
    for (size_t i = 0; i < 3; i++) {
        struct fake_stage stage = {0};
        struct fake_node node = {0};
        sw_df_planner_next(planner, i > 0 ? &view : NULL, on_fake_stage, &stage);
        assert_no_error(stage.error);
        assert_string_equal(stage.name, names[i]);
        sw_df_planner_realize(planner, fake.graph, below, on_fake_node, &node);
        assert_no_error(node.error);
        sw_cleanup_json json_t *config = json_loads(graph->config(fake.graph, node.node), 0, NULL);
        size_t index, count = 0;
        json_t *entry;
        json_array_foreach(json_object_get(config, "history"), index, entry) {
            count += !json_is_true(json_object_get(entry, "empty_layer"));
        }
        assert_int_equal(count, layers[i]);
        below = node.node;
        fake_stage_fini(&stage);
    }
    struct fake_stage end = {0};
    sw_df_planner_next(planner, &view, on_fake_stage, &end);
    assert_true(end.end && !end.error);
    fake_stage_fini(&end);
    const struct sw_op_copy *copy = graph->record(fake.graph, find_node(&fake, SW_OP_COPY, "COPY --from=b"));
    assert_int_equal(graph->kind(fake.graph, copy->input), SW_OP_CONFIG);          /* it stands on the stage before it */
    assert_int_equal(graph->kind(fake.graph, copy->sources[0].from), SW_OP_IMAGE); /* another stage is an image of its own */
    sw_df_planner_close(planner);
    fake_host_close(&fake);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_stage_is_planned_and_then_the_end),
        cmocka_unit_test(what_is_not_committed_is_refused_behind_the_stage),
        cmocka_unit_test(run_becomes_an_exec_with_a_whole_environment),
        cmocka_unit_test(a_copy_reads_only_the_paths_that_it_names),
        cmocka_unit_test(copies_carry_their_flags),
        cmocka_unit_test(files_of_context_add_files_go_where_they_are_used),
        cmocka_unit_test(the_config_has_history_of_the_base_and_of_each_instruction),
        cmocka_unit_test(an_image_of_the_project_can_be_the_base),
        cmocka_unit_test(unused_stages_are_neither_resolved_nor_made),
        cmocka_unit_test(mistakes_are_errors_at_their_lines),
        cmocka_unit_test(staged_images_have_a_stage_for_each_instruction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
