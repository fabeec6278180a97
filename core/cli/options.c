#include "core/cli/options.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/suggest.h"

extern char **environ;

static void free_list(void *list) {
    sw_strlist_fini(list);
    free(list);
}

void sw_arguments_fini(struct sw_arguments *arguments) {
    sw_map_fini(&arguments->values, free_list);
    sw_strlist_fini(&arguments->positionals);
    sw_strlist_fini(&arguments->rest);
    *arguments = (struct sw_arguments){0};
}

static struct sw_strlist *values_of(struct sw_arguments *arguments, const char *name) {
    struct sw_strlist *list = sw_map_get(&arguments->values, name);
    if (!list) {
        list = sw_new(sizeof *list);
        sw_map_set(&arguments->values, name, list);
    }
    return list;
}

static const struct sw_option *find(const char *name, size_t len, uint32_t groups) {
    for (size_t i = 0; i < sw_option_count; i++)
        if ((sw_options[i].groups & groups) && strlen(sw_options[i].name) == len && strncmp(sw_options[i].name, name, len) == 0)
            return &sw_options[i];
    return NULL;
}

static const struct sw_option *find_letter(char letter, uint32_t groups) {
    for (size_t i = 0; i < sw_option_count; i++)
        if ((sw_options[i].groups & groups) && letter && sw_options[i].letter == letter)
            return &sw_options[i];
    return NULL;
}

/* ---- values ---- */

/* As Go's strconv.ParseBool: 1, 0, or -1. */
static int parse_bool(const char *text) {
    static const char *const yes[] = {"1", "t", "T", "TRUE", "true", "True"}, *const no[] = {"0",     "f",     "F",
                                                                                             "FALSE", "false", "False"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        if (strcmp(text, yes[i]) == 0)
            return 1;
        if (strcmp(text, no[i]) == 0)
            return 0;
    }
    return -1;
}

static bool set(struct sw_arguments *arguments, const struct sw_option *option, const char *value, const char *shown,
                struct sw_error **error) {
    struct sw_strlist *list = values_of(arguments, option->name);
    if (option->kind == SW_OPTION_FLAG && parse_bool(value) < 0)
        return sw_fail(error, SW_ERROR_USAGE, "%s: \"%s\" is neither true nor false", shown, value);
    if (option->kind != SW_OPTION_LIST)
        sw_strlist_fini(list); /* the last one counts */
    sw_strlist_add(list, value);
    return true;
}

/* ---- the command line ---- */

static bool unknown(const char *word, uint32_t groups, struct sw_error **error) {
    sw_cleanup_strlist struct sw_strlist names = {0};
    for (size_t i = 0; i < sw_option_count; i++)
        if (sw_options[i].groups & groups)
            sw_strlist_take(&names, sw_format("--%s", sw_options[i].name));
    sw_cleanup_free char *name = sw_strndup(word, strcspn(word, "="));
    const char *near = sw_suggest(name, sw_strlist_view(&names));
    if (near)
        return sw_fail(error, SW_ERROR_USAGE, "unknown option %s (did you mean %s?)", name, near);
    return sw_fail(error, SW_ERROR_USAGE, "unknown option %s", name);
}

static bool parse_long(struct sw_arguments *arguments, uint32_t groups, const char *const **at, struct sw_error **error) {
    const char *word = **at, *name = word + 2, *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);
    const struct sw_option *option = find(name, len, groups);
    if (!option)
        return unknown(word, groups, error);
    if (equals)
        return set(arguments, option, equals + 1, word, error);
    if (option->kind == SW_OPTION_FLAG)
        return set(arguments, option, "true", word, error);
    if (!(*at)[1])
        return sw_fail(error, SW_ERROR_USAGE, "%s needs a value: %s", word, option->value);
    return set(arguments, option, *++*at, word, error);
}

static bool parse_letters(struct sw_arguments *arguments, uint32_t groups, const char *const **at, struct sw_error **error) {
    const char *word = **at;
    for (const char *letter = word + 1; *letter; letter++) {
        const struct sw_option *option = find_letter(*letter, groups);
        if (!option)
            return sw_fail(error, SW_ERROR_USAGE, "unknown option -%c", *letter);
        if (option->kind == SW_OPTION_FLAG) {
            set(arguments, option, "true", word, NULL);
            continue;
        }
        if (letter[1])
            return set(arguments, option, letter[1] == '=' ? letter + 2 : letter + 1, word, error);
        if (!(*at)[1])
            return sw_fail(error, SW_ERROR_USAGE, "-%c needs a value: %s", *letter, option->value);
        return set(arguments, option, *++*at, word, error);
    }
    return true;
}

static bool parse_words(struct sw_arguments *arguments, uint32_t groups, const char *const *argv, struct sw_error **error) {
    for (const char *const *at = argv; *at; at++) {
        const char *word = *at;
        if (strcmp(word, "--") == 0) {
            arguments->has_rest = true;
            while (*++at)
                sw_strlist_add(&arguments->rest, *at);
            return true;
        }
        if (word[0] != '-' || !word[1])
            sw_strlist_add(&arguments->positionals, word);
        else if (!(word[1] == '-' ? parse_long(arguments, groups, &at, error) : parse_letters(arguments, groups, &at, error)))
            return false;
    }
    return true;
}

/* ---- the environment ---- */

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Values of all variables NAME_…, sorted by name, before those of the command line. */
static void add_family(struct sw_arguments *arguments, const struct sw_option *option, const char *pattern) {
    size_t prefix = strlen(pattern) - 1, count = 0;
    sw_cleanup_free const char **entries = NULL;
    for (char **entry = environ; *entry; entry++) {
        if (strncmp(*entry, pattern, prefix) != 0 || !strchr(*entry, '='))
            continue;
        entries = sw_resize(entries, count + 1, sizeof *entries);
        entries[count++] = *entry;
    }
    if (!count)
        return;
    qsort(entries, count, sizeof *entries, by_text);
    struct sw_strlist *list = values_of(arguments, option->name), given = *list;
    *list = (struct sw_strlist){0};
    for (size_t i = 0; i < count; i++)
        sw_strlist_add(list, strchr(entries[i], '=') + 1);
    sw_strlist_copy(list, sw_strlist_view(&given));
    sw_strlist_fini(&given);
}

static bool add_environment(struct sw_arguments *arguments, const struct sw_option *option, struct sw_error **error) {
    for (size_t i = 0; i < sizeof option->env / sizeof *option->env && option->env[i]; i++) {
        const char *name = option->env[i];
        if (name[strlen(name) - 1] == '*') {
            add_family(arguments, option, name);
            continue;
        }
        const char *value = getenv(name);
        if (!value || !*value || sw_map_has(&arguments->values, option->name))
            continue;
        if (!set(arguments, option, value, name, error))
            return false;
    }
    return true;
}

bool sw_arguments_parse(struct sw_arguments *arguments, uint32_t groups, const char *const *argv, struct sw_error **error) {
    groups |= SW_OPTIONS_COMMON | (groups & SW_OPTIONS_PROJECT ? SW_OPTIONS_OF_WERF : 0);
    arguments->groups = groups;
    if (!parse_words(arguments, groups, argv, error))
        return false;
    for (size_t i = 0; i < sw_option_count; i++)
        if ((sw_options[i].groups & groups) && !add_environment(arguments, &sw_options[i], error))
            return false;
    return true;
}

/* ---- reading ---- */

struct sw_strings sw_argument_list(const struct sw_arguments *arguments, const char *name) {
    assert(find(name, strlen(name), UINT32_MAX));
    const struct sw_strlist *list = sw_map_get(&arguments->values, name);
    return list ? sw_strlist_view(list) : (struct sw_strings){0};
}

const char *sw_argument(const struct sw_arguments *arguments, const char *name) {
    struct sw_strings values = sw_argument_list(arguments, name);
    return values.count ? values.items[values.count - 1] : NULL;
}

bool sw_argument_flag(const struct sw_arguments *arguments, const char *name) {
    const char *value = sw_argument(arguments, name);
    const struct sw_option *option = find(name, strlen(name), arguments->groups);
    if (!value && option)
        value = option->fallback;
    return value && parse_bool(value) == 1;
}

bool sw_argument_number(const struct sw_arguments *arguments, const char *name, int64_t fallback, int64_t *number,
                        struct sw_error **error) {
    const char *value = sw_argument(arguments, name);
    char *end;
    *number = fallback;
    if (!value)
        return true;
    errno = 0;
    *number = strtoll(value, &end, 10);
    if (errno || *end || end == value)
        return sw_fail(error, SW_ERROR_USAGE, "--%s: \"%s\" is no whole number", name, value);
    return true;
}
