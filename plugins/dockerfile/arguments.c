#include "plugins/dockerfile/arguments.h"

#include <string.h>

#include "core/base/vec.h"
#include "plugins/dockerfile/text.h"
#include "plugins/dockerfile/words.h"

enum { ONBUILD_DEPTH = 8 };

static bool mixed_array(struct sw_df_failure *failure) {
    return sw_df_fail(failure, "when using JSON array syntax, arrays must be comprised of strings only");
}

static struct sw_strings one(struct sw_arena *arena, const char *text) {
    const char **items = sw_arena_new(arena, sizeof(char *));
    items[0] = text;
    return (struct sw_strings){items, 1};
}

typedef bool (*parse_args)(const char *text, char escape, struct sw_df_node *node, struct sw_df_failure *failure);

static bool parse_string(const char *text, char escape, struct sw_df_node *node, struct sw_df_failure *failure) {
    (void)escape;
    if (*text)
        node->args = one(failure->arena, text);
    return true;
}

static bool parse_fields(const char *text, char escape, struct sw_df_node *node, struct sw_df_failure *failure) {
    (void)escape;
    if (*text)
        node->args = sw_df_fields(failure->arena, text);
    return true;
}

/* JSON, or else what `otherwise` makes of the text. */
static bool parse_json_or(const char *text, char escape, struct sw_df_node *node, parse_args otherwise,
                          struct sw_df_failure *failure) {
    enum sw_df_array form = sw_df_json_strings(failure->arena, text, &node->args);
    if (form == SW_DF_ARRAY_MIXED)
        return mixed_array(failure);
    node->json = form == SW_DF_ARRAY_STRINGS;
    return node->json || otherwise(text, escape, node, failure);
}

static bool parse_command(const char *text, char escape, struct sw_df_node *node, struct sw_df_failure *failure) {
    return parse_json_or(text, escape, node, parse_string, failure);
}

static bool parse_list(const char *text, char escape, struct sw_df_node *node, struct sw_df_failure *failure) {
    return parse_json_or(text, escape, node, parse_fields, failure);
}

static bool parse_words(const char *text, char escape, struct sw_df_node *node, struct sw_df_failure *failure) {
    node->args = sw_df_words(failure->arena, text, escape);
    return true;
}

/* NAME VALUE, the form of old. */
static bool parse_legacy_pair(const char *text, struct sw_df_node *node, const char *instruction, struct sw_df_failure *failure) {
    const char **items = sw_arena_new(failure->arena, 3 * sizeof(char *));
    items[1] = sw_df_cut_blank(failure->arena, text, &items[0]);
    items[2] = "";
    if (!items[1])
        return sw_df_fail(failure, "%s must have two arguments", instruction);
    node->args = (struct sw_strings){items, 3};
    return true;
}

static bool parse_pairs(const char *text, char escape, struct sw_df_node *node, const char *instruction,
                        struct sw_df_failure *failure) {
    struct sw_strings words = sw_df_words(failure->arena, text, escape);
    if (words.count == 0)
        return true;
    if (!strchr(words.items[0], '='))
        return parse_legacy_pair(text, node, instruction, failure);
    const char **items = sw_arena_new(failure->arena, words.count * 3 * sizeof(char *));
    for (size_t i = 0; i < words.count; i++) {
        const char *equals = strchr(words.items[i], '=');
        if (!equals)
            return sw_df_fail(failure, "Syntax error - can't find = in %s. Must be of the form: name=value",
                              sw_df_quote(failure->arena, words.items[i]));
        items[3 * i] = sw_arena_strn(failure->arena, words.items[i], (size_t)(equals - words.items[i]));
        items[3 * i + 1] = equals + 1;
        items[3 * i + 2] = "=";
    }
    node->args = (struct sw_strings){items, words.count * 3};
    return true;
}

static bool parse_env(const char *text, char escape, struct sw_df_node *node, struct sw_df_failure *failure) {
    return parse_pairs(text, escape, node, "ENV", failure);
}

static bool parse_label(const char *text, char escape, struct sw_df_node *node, struct sw_df_failure *failure) {
    return parse_pairs(text, escape, node, "LABEL", failure);
}

/* The type, then a command. As with flags, bytes are looked at, not runes. */
static bool parse_healthcheck(const char *text, char escape, struct sw_df_node *node, struct sw_df_failure *failure) {
    size_t len = 0;
    while (text[len] && !sw_df_is_space((unsigned char)text[len]))
        len++;
    if (len == 0)
        return true;
    const char *type = sw_arena_strn(failure->arena, text, len), *rest = text + len;
    while (*rest && sw_df_is_space((unsigned char)*rest))
        rest++;
    if (*rest && !parse_command(rest, escape, node, failure))
        return false;
    const char **items = sw_arena_new(failure->arena, (node->args.count + 1) * sizeof(char *));
    items[0] = type;
    for (size_t i = 0; i < node->args.count; i++)
        items[i + 1] = node->args.items[i];
    node->args = (struct sw_strings){items, node->args.count + 1};
    return true;
}

static bool node_parse(const char *line, char escape, unsigned depth, struct sw_df_node *node, struct sw_df_failure *failure);

static bool parse_trigger(const char *text, char escape, unsigned depth, struct sw_df_node *node, struct sw_df_failure *failure) {
    if (!*text)
        return true;
    struct sw_df_node *trigger = sw_arena_new(failure->arena, sizeof(*trigger));
    if (!node_parse(text, escape, depth + 1, trigger, failure))
        return false;
    /* Of a trigger in a trigger, nothing but that there is one. */
    struct sw_strings args = trigger->args;
    if (trigger->trigger)
        args = one(failure->arena, "");
    const char **items = sw_arena_new(failure->arena, (args.count + 1) * sizeof(char *));
    items[0] = trigger->name;
    for (size_t i = 0; i < args.count; i++)
        items[i + 1] = args.items[i];
    node->args = (struct sw_strings){items, args.count + 1};
    node->trigger = trigger;
    return true;
}

static parse_args rule_of(const char *name) {
    static const struct {
        const char *name;
        parse_args parse;
    } rules[] = {{"ADD", parse_list},      {"ARG", parse_words},          {"CMD", parse_command},
                 {"COPY", parse_list},     {"ENTRYPOINT", parse_command}, {"ENV", parse_env},
                 {"EXPOSE", parse_fields}, {"FROM", parse_fields},        {"HEALTHCHECK", parse_healthcheck},
                 {"LABEL", parse_label},   {"MAINTAINER", parse_string},  {"RUN", parse_command},
                 {"SHELL", parse_command}, {"STOPSIGNAL", parse_string},  {"USER", parse_string},
                 {"VOLUME", parse_list},   {"WORKDIR", parse_string}};
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (sw_df_equal_fold(rules[i].name, name))
            return rules[i].parse;
    return NULL;
}

static bool node_parse(const char *line, char escape, unsigned depth, struct sw_df_node *node, struct sw_df_failure *failure) {
    *node = (struct sw_df_node){.original = sw_arena_str(failure->arena, line)};
    const char *rest = sw_df_cut_blank(failure->arena, sw_df_trim(failure->arena, line), &node->name);
    rest = rest ? sw_df_flags(failure->arena, rest, escape, &node->flags) : "";
    rest = sw_df_trim(failure->arena, rest);
    if (sw_df_equal_fold(node->name, "ONBUILD") && depth < ONBUILD_DEPTH)
        return parse_trigger(rest, escape, depth, node, failure);
    parse_args parse = rule_of(node->name);
    if (parse)
        return parse(rest, escape, node, failure);
    node->args = one(failure->arena, "");
    return true;
}

bool sw_df_node_parse(const char *line, char escape, struct sw_df_node *node, struct sw_df_failure *failure) {
    return node_parse(line, escape, 0, node, failure);
}
