#include "plugins/dockerfile/instruction.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "plugins/dockerfile/flag.h"
#include "plugins/dockerfile/number.h"
#include "plugins/dockerfile/text.h"

/* What the parse functions work on. */
struct parser {
    const struct sw_df_node *node;
    struct sw_arena *arena;
    struct sw_df_failure *failure;
    struct sw_df_instruction *out;
};

static bool parse_flags(struct parser *p, struct sw_df_flag *flags, size_t count) {
    return sw_df_flags_parse(p->node->flags, flags, count, p->failure);
}

static bool no_flags(struct parser *p) {
    return parse_flags(p, NULL, 0);
}

static bool at_least_one(struct parser *p, const char *name) {
    return sw_df_fail(p->failure, "%s requires at least one argument", name);
}

static bool exactly_one(struct parser *p, const char *name) {
    return sw_df_fail(p->failure, "%s requires exactly one argument", name);
}

/* ENV and LABEL. */
static bool parse_pairs(struct parser *p, const char *name) {
    struct sw_strings args = p->node->args;
    if (!no_flags(p))
        return false;
    if (args.count == 0)
        return at_least_one(p, name);
    size_t count = args.count / 3;
    p->out->pairs = sw_arena_new(p->arena, count * sizeof(struct sw_df_pair));
    p->out->pair_count = count;
    for (size_t i = 0; i < count; i++) {
        if (!*args.items[3 * i])
            return sw_df_fail(p->failure, "%s names can not be blank", name);
        p->out->pairs[i] = (struct sw_df_pair){args.items[3 * i], args.items[3 * i + 1], !*args.items[3 * i + 2]};
    }
    return true;
}

static bool parse_env(struct parser *p) {
    return parse_pairs(p, "ENV");
}

static bool parse_label(struct parser *p) {
    return parse_pairs(p, "LABEL");
}

static bool parse_arg(struct parser *p) {
    struct sw_strings args = p->node->args;
    if (args.count == 0)
        return at_least_one(p, "ARG");
    p->out->pairs = sw_arena_new(p->arena, args.count * sizeof(struct sw_df_pair));
    p->out->pair_count = args.count;
    for (size_t i = 0; i < args.count; i++) {
        const char *text = args.items[i], *equals = strchr(text, '=');
        if (equals == text)
            return sw_df_fail(p->failure, "ARG names can not be blank");
        size_t len = equals ? (size_t)(equals - text) : strlen(text);
        p->out->pairs[i] = (struct sw_df_pair){sw_arena_strn(p->arena, text, len), equals ? equals + 1 : NULL, false};
    }
    return true;
}

/* The one string of MAINTAINER, USER, WORKDIR. */
static bool parse_text(struct parser *p, const char *name) {
    if (p->node->args.count != 1)
        return exactly_one(p, name);
    p->out->text = p->node->args.items[0];
    return no_flags(p);
}

static bool parse_maintainer(struct parser *p) {
    return parse_text(p, "MAINTAINER");
}

static bool parse_user(struct parser *p) {
    return parse_text(p, "USER");
}

static bool parse_workdir(struct parser *p) {
    return parse_text(p, "WORKDIR");
}

static bool parse_stopsignal(struct parser *p) {
    if (p->node->args.count != 1)
        return exactly_one(p, "STOPSIGNAL");
    p->out->text = p->node->args.items[0];
    return true;
}

/* Content of the last heredoc called `name`. */
static const char *heredoc_content(struct parser *p, const char *name) {
    const char *content = "";
    for (size_t i = 0; i < p->node->heredoc_count; i++)
        if (strcmp(p->node->heredocs[i].name, name) == 0)
            content = p->node->heredocs[i].content;
    return content;
}

static bool parse_sources(struct parser *p, const char *name) {
    struct sw_strings args = p->node->args;
    struct sw_df_copy *copy = &p->out->copy;
    struct sw_df_failure ignored = {.arena = p->arena};
    struct sw_df_heredoc heredoc;
    copy->dest = args.items[args.count - 1];
    if (sw_df_heredoc_parse(copy->dest, &heredoc, &ignored))
        return sw_df_fail(p->failure, "%s cannot accept a heredoc as a destination", name);
    const char **sources = sw_arena_new(p->arena, args.count * sizeof(char *));
    struct sw_df_inline *inlines = sw_arena_new(p->arena, args.count * sizeof(*inlines));
    for (size_t i = 0; i + 1 < args.count; i++) {
        if (!sw_df_heredoc_parse(args.items[i], &heredoc, &ignored)) {
            sources[copy->sources.count++] = args.items[i];
            continue;
        }
        const char *content = heredoc_content(p, heredoc.name);
        content = heredoc.chomp ? sw_df_chomp(p->arena, content) : content;
        inlines[copy->inline_count++] = (struct sw_df_inline){heredoc.name, content, heredoc.expand};
    }
    copy->sources.items = sources;
    copy->inlines = inlines;
    return true;
}

static bool no_destination(struct parser *p, const char *name) {
    return sw_df_fail(p->failure,
                      "%s requires at least two arguments, but only one was provided. Destination could not be determined", name);
}

static enum sw_df_tristate tristate(const struct sw_df_flag *flag) {
    return !flag->used ? SW_DF_UNSET : flag->on ? SW_DF_YES : SW_DF_NO;
}

static bool parse_add(struct parser *p) {
    struct sw_df_flag flags[] = {{.name = "chown", .kind = SW_DF_FLAG_TEXT},    {.name = "chmod", .kind = SW_DF_FLAG_TEXT},
                                 {.name = "link", .kind = SW_DF_FLAG_BOOL},     {.name = "keep-git-dir", .kind = SW_DF_FLAG_BOOL},
                                 {.name = "checksum", .kind = SW_DF_FLAG_TEXT}, {.name = "unpack", .kind = SW_DF_FLAG_BOOL},
                                 {.name = "exclude", .kind = SW_DF_FLAG_LIST}};
    if (p->node->args.count < 2)
        return no_destination(p, "ADD");
    if (!parse_flags(p, flags, sizeof(flags) / sizeof(flags[0])))
        return false;
    p->out->copy = (struct sw_df_copy){.from = "",
                                       .chown = flags[0].text,
                                       .chmod = flags[1].text,
                                       .link = flags[2].on,
                                       .keep_git_dir = tristate(&flags[3]),
                                       .checksum = flags[4].text,
                                       .unpack = tristate(&flags[5]),
                                       .excludes = flags[6].list};
    return parse_sources(p, "ADD");
}

static bool parse_copy(struct parser *p) {
    struct sw_df_flag flags[] = {{.name = "chown", .kind = SW_DF_FLAG_TEXT},   {.name = "from", .kind = SW_DF_FLAG_TEXT},
                                 {.name = "chmod", .kind = SW_DF_FLAG_TEXT},   {.name = "link", .kind = SW_DF_FLAG_BOOL},
                                 {.name = "exclude", .kind = SW_DF_FLAG_LIST}, {.name = "parents", .kind = SW_DF_FLAG_BOOL}};
    if (p->node->args.count < 2)
        return no_destination(p, "COPY");
    if (!parse_flags(p, flags, sizeof(flags) / sizeof(flags[0])))
        return false;
    p->out->copy = (struct sw_df_copy){.chown = flags[0].text,
                                       .from = flags[1].text,
                                       .chmod = flags[2].text,
                                       .link = flags[3].on,
                                       .excludes = flags[4].list,
                                       .parents = flags[5].on,
                                       .checksum = ""};
    return parse_sources(p, "COPY");
}

static bool parse_onbuild(struct parser *p) {
    const struct sw_df_node *node = p->node;
    if (node->args.count == 0)
        return at_least_one(p, "ONBUILD");
    if (!no_flags(p))
        return false;
    const char *trigger = sw_df_upper(p->arena, sw_df_trim(p->arena, node->args.items[0]));
    if (strcmp(trigger, "ONBUILD") == 0)
        return sw_df_fail(p->failure, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
    if (strcmp(trigger, "MAINTAINER") == 0 || strcmp(trigger, "FROM") == 0)
        return sw_df_fail(p->failure, "%s isn't allowed as an ONBUILD trigger", trigger);
    sw_cleanup_buf struct sw_buf text = {0};
    const char *rest = sw_df_skip_space(node->original) + strlen("ONBUILD");
    rest += strspn(rest, " \t\n\f\r");
    sw_buf_puts(&text, rest);
    for (size_t i = 0; i < node->heredoc_count; i++)
        sw_buf_printf(&text, "\n%s%s", node->heredocs[i].content, node->heredocs[i].name);
    p->out->text = sw_arena_str(p->arena, sw_buf_text(&text));
    return true;
}

/* A command in either form. */
static struct sw_strings command_of(struct parser *p, struct sw_strings args) {
    if (args.count == 0 || p->node->json)
        return args;
    const char **items = sw_arena_new(p->arena, sizeof(char *));
    items[0] = sw_df_join(p->arena, args, " ");
    return (struct sw_strings){items, 1};
}

static bool parse_command(struct parser *p) {
    if (!no_flags(p))
        return false;
    p->out->args = command_of(p, p->node->args);
    p->out->shell_form = !p->node->json;
    return true;
}

static bool parse_mounts(struct parser *p, struct sw_strings values) {
    struct sw_df_run *run = &p->out->run;
    run->mounts = values;
    run->froms = sw_arena_new(p->arena, (values.count + 1) * sizeof(char *));
    for (size_t i = 0; i < values.count; i++) {
        struct sw_df_mount mount;
        if (!sw_df_mount_parse(values.items[i], NULL, &mount, p->failure))
            return false;
        run->froms[i] = mount.from;
    }
    return true;
}

static bool parse_devices(struct parser *p, struct sw_strings values) {
    struct sw_df_device *devices = sw_arena_new(p->arena, (values.count + 1) * sizeof(*devices));
    for (size_t i = 0; i < values.count; i++)
        if (!sw_df_device_parse(values.items[i], &devices[i], p->failure))
            return false;
    p->out->run.devices = devices;
    p->out->run.device_count = values.count;
    return true;
}

static bool is_one_of(const char *text, const char *a, const char *b, const char *c) {
    return strcmp(text, a) == 0 || strcmp(text, b) == 0 || (c && strcmp(text, c) == 0);
}

static bool parse_run(struct parser *p) {
    struct sw_df_flag flags[] = {{.name = "mount", .kind = SW_DF_FLAG_LIST},
                                 {.name = "network", .kind = SW_DF_FLAG_TEXT, .text = "default"},
                                 {.name = "security", .kind = SW_DF_FLAG_TEXT, .text = "sandbox"},
                                 {.name = "device", .kind = SW_DF_FLAG_LIST}};
    if (!parse_flags(p, flags, sizeof(flags) / sizeof(flags[0])))
        return false;
    p->out->args = command_of(p, p->node->args);
    p->out->shell_form = !p->node->json;
    p->out->run.network = flags[1].text;
    p->out->run.security = flags[2].text;
    if (!parse_devices(p, flags[3].list) || !parse_mounts(p, flags[0].list))
        return false;
    if (!is_one_of(flags[1].text, "default", "none", "host"))
        return sw_df_fail(p->failure, "invalid network mode %s", sw_df_quote(p->arena, flags[1].text));
    if (!is_one_of(flags[2].text, "sandbox", "insecure", NULL))
        return sw_df_fail(p->failure, "security %s is not valid", sw_df_quote(p->arena, flags[2].text));
    return true;
}

static bool parse_shell(struct parser *p) {
    if (!no_flags(p))
        return false;
    p->out->args = command_of(p, p->node->args);
    if (p->out->args.count == 0)
        return at_least_one(p, "SHELL");
    return p->node->json || sw_df_fail(p->failure, "SHELL requires the arguments to be in JSON form");
}

static bool parse_interval(struct parser *p, const struct sw_df_flag *flag, int64_t *out) {
    if (!*flag->text)
        return true;
    if (!sw_df_duration(flag->text, out, p->failure))
        return false;
    if (*out != 0 && *out < 1000000)
        return sw_df_fail(p->failure, "Interval \"%s\" cannot be less than 1ms", flag->name);
    return true;
}

static bool parse_retries(struct parser *p, const char *text, int64_t *out) {
    if (!*text)
        return true;
    enum sw_df_number kind = sw_df_signed(text, INT32_MAX, out);
    if (kind != SW_DF_NUMBER_OK)
        return sw_df_fail(p->failure, "strconv.ParseInt: parsing %s: %s", sw_df_quote(p->arena, text),
                          kind == SW_DF_NUMBER_SYNTAX ? "invalid syntax" : "value out of range");
    if (*out < 0)
        return sw_df_fail(p->failure, "--retries cannot be negative (%lld)", (long long)*out);
    return true;
}

/* The list that docker keeps as a health check's test: its type, then the command. */
static struct sw_strings health_test(struct parser *p, const char *type, struct sw_strings command) {
    const char **items = sw_arena_new(p->arena, (command.count + 1) * sizeof(char *));
    items[0] = type;
    for (size_t i = 0; i < command.count; i++)
        items[i + 1] = command.items[i];
    return (struct sw_strings){items, command.count + 1};
}

static bool parse_health_command(struct parser *p, const char *type, struct sw_strings args) {
    struct sw_df_health *health = &p->out->health;
    struct sw_df_flag flags[] = {{.name = "interval", .kind = SW_DF_FLAG_TEXT},
                                 {.name = "timeout", .kind = SW_DF_FLAG_TEXT},
                                 {.name = "start-period", .kind = SW_DF_FLAG_TEXT},
                                 {.name = "start-interval", .kind = SW_DF_FLAG_TEXT},
                                 {.name = "retries", .kind = SW_DF_FLAG_TEXT}};
    if (!parse_flags(p, flags, sizeof(flags) / sizeof(flags[0])))
        return false;
    if (strcmp(type, "CMD") != 0)
        return sw_df_fail(p->failure, "Unknown type %s in HEALTHCHECK (try CMD)", sw_df_quote(p->arena, type));
    struct sw_strings command = command_of(p, args);
    if (command.count == 0)
        return sw_df_fail(p->failure, "Missing command after HEALTHCHECK CMD");
    health->test = health_test(p, p->node->json ? "CMD" : "CMD-SHELL", command);
    return parse_interval(p, &flags[0], &health->interval) && parse_interval(p, &flags[1], &health->timeout) &&
           parse_interval(p, &flags[2], &health->start_period) && parse_interval(p, &flags[3], &health->start_interval) &&
           parse_retries(p, flags[4].text, &health->retries);
}

static bool parse_healthcheck(struct parser *p) {
    struct sw_strings args = p->node->args;
    if (args.count == 0)
        return at_least_one(p, "HEALTHCHECK");
    const char *type = sw_df_upper(p->arena, args.items[0]);
    args = (struct sw_strings){args.items + 1, args.count - 1};
    if (strcmp(type, "NONE") != 0)
        return parse_health_command(p, type, args);
    if (args.count != 0)
        return sw_df_fail(p->failure, "HEALTHCHECK NONE takes no arguments");
    p->out->health.test = health_test(p, type, args);
    return true;
}

static int compare_strings(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool parse_expose(struct parser *p) {
    struct sw_strings args = p->node->args;
    if (args.count == 0)
        return at_least_one(p, "EXPOSE");
    if (!no_flags(p))
        return false;
    const char **ports = sw_df_clone(p->arena, args);
    qsort(ports, args.count, sizeof(char *), compare_strings);
    p->out->args = (struct sw_strings){ports, args.count};
    return true;
}

static bool parse_volume(struct parser *p) {
    struct sw_strings args = p->node->args;
    if (args.count == 0)
        return at_least_one(p, "VOLUME");
    if (!no_flags(p))
        return false;
    const char **volumes = sw_df_clone(p->arena, args);
    for (size_t i = 0; i < args.count; i++) {
        volumes[i] = sw_df_trim(p->arena, volumes[i]);
        if (!*volumes[i])
            return sw_df_fail(p->failure, "VOLUME specified can not be an empty string");
    }
    p->out->args = (struct sw_strings){volumes, args.count};
    return true;
}

static const struct {
    const char *name;
    bool (*parse)(struct parser *p);
} rules[] = {
    [SW_DF_ADD] = {"ADD", parse_add},
    [SW_DF_ARG] = {"ARG", parse_arg},
    [SW_DF_CMD] = {"CMD", parse_command},
    [SW_DF_COPY] = {"COPY", parse_copy},
    [SW_DF_ENTRYPOINT] = {"ENTRYPOINT", parse_command},
    [SW_DF_ENV] = {"ENV", parse_env},
    [SW_DF_EXPOSE] = {"EXPOSE", parse_expose},
    [SW_DF_FROM] = {"FROM", NULL},
    [SW_DF_HEALTHCHECK] = {"HEALTHCHECK", parse_healthcheck},
    [SW_DF_LABEL] = {"LABEL", parse_label},
    [SW_DF_MAINTAINER] = {"MAINTAINER", parse_maintainer},
    [SW_DF_ONBUILD] = {"ONBUILD", parse_onbuild},
    [SW_DF_RUN] = {"RUN", parse_run},
    [SW_DF_SHELL] = {"SHELL", parse_shell},
    [SW_DF_STOPSIGNAL] = {"STOPSIGNAL", parse_stopsignal},
    [SW_DF_USER] = {"USER", parse_user},
    [SW_DF_VOLUME] = {"VOLUME", parse_volume},
    [SW_DF_WORKDIR] = {"WORKDIR", parse_workdir},
};

enum { RULE_COUNT = sizeof(rules) / sizeof(rules[0]) };

static bool unknown_instruction(const struct sw_df_node *node, struct sw_df_failure *failure) {
    const char **names = sw_arena_new(failure->arena, RULE_COUNT * sizeof(char *));
    for (size_t i = 0; i < RULE_COUNT; i++)
        names[i] = rules[i].name;
    sw_df_fail(failure, "unknown instruction: %s", node->name);
    return sw_df_suggest(failure, node->name, (struct sw_strings){names, RULE_COUNT}, SW_DF_CASE_IGNORED);
}

struct sw_df_spot sw_df_instruction_spot(const struct sw_df_instruction *instruction) {
    return (struct sw_df_spot){instruction->comments, instruction->first, instruction->last};
}

struct sw_df_spot sw_df_stage_spot(const struct sw_df_stage *stage) {
    return (struct sw_df_spot){stage->comments, stage->first, stage->last};
}

static struct sw_df_spot node_spot(const struct sw_df_node *node) {
    return (struct sw_df_spot){node->comments, node->first, node->last};
}

/* The comment above should begin with the name that it describes. */
static void check_description(const struct sw_df_node *node, const char *what, struct sw_strings names, struct sw_df_lint *lint) {
    if (node->comments.count == 0 || names.count == 0)
        return;
    const char *comment = node->comments.items[node->comments.count - 1];
    size_t len = strcspn(comment, " ");
    for (size_t i = 0; i < names.count; i++)
        if (strlen(names.items[i]) == len && memcmp(names.items[i], comment, len) == 0)
            return;
    sw_df_warn(lint, node_spot(node), "InvalidDefinitionDescription",
               "Comment for %s should follow the format: `# %s <description>`", what,
               names.count > 1 ? "<arg_key>" : names.items[0]);
}

static void check_arg_description(const struct sw_df_instruction *arg, struct sw_df_lint *lint) {
    const char **names = sw_arena_new(lint->arena, (arg->pair_count + 1) * sizeof(char *));
    for (size_t i = 0; i < arg->pair_count; i++)
        names[i] = arg->pairs[i].key;
    check_description(arg->node, "ARG", (struct sw_strings){names, arg->pair_count}, lint);
}

static bool valid_stage_name(const char *name) {
    if (*name < 'a' || *name > 'z')
        return false;
    for (; *name; name++)
        if (!(*name >= 'a' && *name <= 'z') && !(*name >= '0' && *name <= '9') && !strchr("-_.", *name))
            return false;
    return true;
}

/* Text behind the comment's first word, if that is `name`. */
static const char *doc_of(struct sw_strings comments, const char *name) {
    size_t len = strlen(name);
    for (size_t i = 0; len > 0 && i < comments.count; i++)
        if (strncmp(comments.items[i], name, len) == 0 && comments.items[i][len] == ' ')
            return comments.items[i] + len + 1;
    return "";
}

static bool parse_from(const struct sw_df_node *node, struct sw_df_stage *stage, struct sw_df_failure *failure) {
    struct sw_strings args = node->args;
    struct sw_df_flag flags[] = {{.name = "platform", .kind = SW_DF_FLAG_TEXT}};
    *stage = (struct sw_df_stage){.name = ""};
    if (args.count == 3 && sw_df_equal_fold(args.items[1], "as")) {
        stage->name = sw_df_lower(failure->arena, args.items[2]);
        if (!valid_stage_name(stage->name))
            return sw_df_fail(failure, "invalid name for build stage: %s, name can't start with a number or contain symbols",
                              sw_df_quote(failure->arena, args.items[2]));
    } else if (args.count != 1) {
        return sw_df_fail(failure, "FROM requires either one or three arguments");
    }
    if (!sw_df_flags_parse(node->flags, flags, 1, failure))
        return false;
    stage->base = args.items[0];
    stage->platform = flags[0].text;
    stage->word = node->name;
    stage->doc = doc_of(node->comments, stage->name);
    stage->code = sw_df_trim(failure->arena, node->original);
    stage->comments = node->comments;
    stage->first = node->first;
    stage->last = node->last;
    return true;
}

/* A stage cannot begin where an instruction is wanted: a trigger of a base image says so. BuildKit's words. */
static bool refuse_from(const struct sw_df_node *node, struct sw_df_failure *failure) {
    struct sw_df_stage stage;
    return parse_from(node, &stage, failure) && sw_df_fail(failure, "*instructions.Stage is not a command type");
}

bool sw_df_instruction_parse(const struct sw_df_node *node, struct sw_df_lint *lint, struct sw_df_instruction *out,
                             struct sw_df_failure *failure) {
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (!sw_df_equal_fold(rules[i].name, node->name) || !rules[i].parse)
            continue;
        if (i == SW_DF_MAINTAINER && lint)
            sw_df_warn(lint, node_spot(node), "MaintainerDeprecated",
                       "Maintainer instruction is deprecated in favor of using label");
        *out = (struct sw_df_instruction){.kind = (enum sw_df_kind)i,
                                          .name = node->name,
                                          .code = sw_df_trim(failure->arena, node->original),
                                          .first = node->first,
                                          .last = node->last,
                                          .comments = node->comments,
                                          .heredocs = node->heredocs,
                                          .heredoc_count = node->heredoc_count,
                                          .node = node};
        struct parser parser = {node, failure->arena, failure, out};
        if (!rules[i].parse(&parser))
            return sw_df_fail_at(failure, node->first, node->last);
        if (i == SW_DF_ARG && lint)
            check_arg_description(out, lint);
        return true;
    }
    if (sw_df_equal_fold(node->name, "FROM"))
        refuse_from(node, failure);
    else
        unknown_instruction(node, failure);
    return sw_df_fail_at(failure, node->first, node->last);
}

static void check_from_casing(const struct sw_df_node *node, struct sw_df_lint *lint) {
    struct sw_strings args = node->args;
    struct sw_arena *arena = lint->arena;
    if (args.count == 3 && strcmp(args.items[2], sw_df_lower(arena, args.items[2])) != 0)
        sw_df_warn(lint, node_spot(node), "StageNameCasing", "Stage name '%s' should be lowercase", args.items[2]);
    if (args.count < 3)
        return;
    bool lower = strcmp(node->name, sw_df_lower(arena, node->name)) == 0;
    bool upper = strcmp(node->name, sw_df_upper(arena, node->name)) == 0;
    const char *as = lower ? sw_df_lower(arena, args.items[1]) : sw_df_upper(arena, args.items[1]);
    if ((lower || upper) && strcmp(as, args.items[1]) != 0)
        sw_df_warn(lint, node_spot(node), "FromAsCasing", "'%s' and '%s' keywords' casing do not match", args.items[1], node->name);
}

static bool read_from(const struct sw_df_node *node, struct sw_df_lint *lint, struct sw_df_stage *stage,
                      struct sw_df_failure *failure) {
    check_from_casing(node, lint);
    if (!parse_from(node, stage, failure)) {
        sw_df_fail_at(failure, node->first, node->last);
        return sw_df_fail_prefix(failure, "dockerfile parse error on line %u: ", node->first);
    }
    if (*stage->name)
        check_description(node, "FROM", (struct sw_strings){&stage->name, 1}, lint);
    return true;
}

static bool read_instruction(const struct sw_df_node *node, struct sw_df_lint *lint, struct sw_df_instruction *out,
                             struct sw_df_failure *failure) {
    return sw_df_instruction_parse(node, lint, out, failure) ||
           sw_df_fail_prefix(failure, "dockerfile parse error on line %u: ", node->first);
}

/* Stages refer to one another, and are followed from one to the next: there is an end to how many. */
enum { STAGE_LIMIT = 10000 };

bool sw_df_program_parse(const struct sw_df_file *file, struct sw_df_lint *lint, struct sw_df_program *out,
                         struct sw_df_failure *failure) {
    struct sw_arena *arena = failure->arena;
    struct sw_df_instruction *all = sw_arena_new(arena, (file->node_count + 1) * sizeof(*all));
    struct sw_df_stage *stages = sw_arena_new(arena, (file->node_count + 1) * sizeof(*stages)), *stage = NULL;
    *out = (struct sw_df_program){.stages = stages, .globals = all};
    for (size_t i = 0, used = 0; i < file->node_count; i++) {
        const struct sw_df_node *node = &file->nodes[i];
        if (sw_df_equal_fold(node->name, "FROM")) {
            if (out->stage_count == STAGE_LIMIT) {
                sw_df_fail(failure, "there are more than %d stages", STAGE_LIMIT);
                return sw_df_fail_at(failure, node->first, node->last);
            }
            stage = &stages[out->stage_count++];
            if (!read_from(node, lint, stage, failure))
                return false;
            stage->instructions = &all[used];
            continue;
        }
        if (!read_instruction(node, lint, &all[used], failure))
            return false;
        if (stage) {
            stage->instruction_count++;
        } else if (all[used].kind == SW_DF_ARG) {
            out->global_count++;
        } else {
            sw_df_fail(failure, "no build stage in current context");
            return sw_df_fail_at(failure, node->first, node->last);
        }
        used++;
    }
    return true;
}
