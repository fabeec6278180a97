#include "plugins/dockerfile/lint.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "plugins/dockerfile/directive.h"
#include "plugins/dockerfile/text.h"

static struct sw_strings trimmed_list(struct sw_arena *arena, const char *text) {
    struct sw_strings parts = sw_df_split(arena, text, ',');
    const char **items = sw_df_clone(arena, parts);
    for (size_t i = 0; i < parts.count; i++)
        items[i] = sw_df_trim(arena, items[i]);
    return (struct sw_strings){items, parts.count};
}

static bool check_part(const char *part, struct sw_df_check *check, struct sw_df_failure *failure) {
    struct sw_arena *arena = failure->arena;
    const char *equals = strchr(part, '=');
    if (!equals)
        return sw_df_fail(failure, "invalid check option %s", sw_df_quote(arena, part));
    const char *key = sw_df_trim(arena, sw_arena_strn(arena, part, (size_t)(equals - part)));
    const char *value = sw_df_trim(arena, equals + 1);
    bool all = strcmp(value, "all") == 0;
    if (strcmp(key, "skip") == 0) {
        if (all)
            check->skip_all = true;
        else
            check->skip = trimmed_list(arena, value);
        return true;
    }
    if (strcmp(key, "experimental") == 0) {
        if (all)
            check->experimental_all = true;
        else
            check->experimental = trimmed_list(arena, value);
        return true;
    }
    if (strcmp(key, "error") != 0)
        return sw_df_fail(failure, "invalid check option %s", sw_df_quote(arena, key));
    if (!sw_df_parse_bool(value, &check->as_error))
        return sw_df_fail(failure, "failed to parse check option %s: strconv.ParseBool: parsing %s: invalid syntax",
                          sw_df_quote(arena, part), sw_df_quote(arena, value));
    return true;
}

bool sw_df_check_parse(const char *text, struct sw_df_check *check, struct sw_df_failure *failure) {
    *check = (struct sw_df_check){0};
    text = text ? sw_df_trim(failure->arena, text) : "";
    for (int part = 1; *text; part++) {
        const char *end = part < 3 ? strchrnul(text, ';') : text + strlen(text);
        if (!check_part(sw_arena_strn(failure->arena, text, (size_t)(end - text)), check, failure))
            return false;
        if (!*end)
            break;
        text = end + 1;
        if (!*text)
            return check_part("", check, failure);
    }
    return true;
}

void sw_df_lint_init(struct sw_df_lint *lint, struct sw_arena *arena) {
    *lint = (struct sw_df_lint){.arena = arena, .warnings = {.width = sizeof(struct sw_df_warning)}};
}

void sw_df_lint_fini(struct sw_df_lint *lint) {
    sw_vec_fini(&lint->warnings);
}

static bool has(struct sw_strings list, const char *text) {
    for (size_t i = 0; i < list.count; i++)
        if (strcmp(list.items[i], text) == 0)
            return true;
    return false;
}

/* The `check=` among comments; an empty one when there is none, or when it is malformed. */
static struct sw_df_check check_of_comments(struct sw_arena *arena, struct sw_strings comments) {
    struct sw_df_check check = {0};
    struct sw_df_failure failure = {.arena = arena};
    for (size_t i = 0; i < comments.count; i++) {
        struct sw_df_directive_reader reader = {.comment = ""};
        struct sw_df_directive directive;
        if (!sw_df_directive_line(&reader, comments.items[i], &directive, &failure) || strcmp(directive.name, "check") != 0)
            continue;
        const char *end = strchrnul(directive.value, ' ');
        const char *value = sw_arena_strn(arena, directive.value, (size_t)(end - directive.value));
        return sw_df_check_parse(value, &check, &failure) ? check : (struct sw_df_check){0};
    }
    return check;
}

static bool is_experimental(const char *rule) {
    return strcmp(rule, "InvalidDefinitionDescription") == 0;
}

static bool wanted(struct sw_df_lint *lint, struct sw_df_spot spot, const char *rule) {
    if (lint->silent)
        return false;
    struct sw_df_check local = check_of_comments(lint->arena, spot.comments);
    if (is_experimental(rule))
        return lint->check.experimental_all || local.experimental_all || has(lint->check.experimental, rule) ||
               has(local.experimental, rule);
    return !lint->check.skip_all && !local.skip_all && !has(lint->check.skip, rule) && !has(local.skip, rule);
}

void sw_df_warn(struct sw_df_lint *lint, struct sw_df_spot spot, const char *rule, const char *format, ...) {
    if (!wanted(lint, spot, rule))
        return;
    va_list args;
    va_start(args, format);
    sw_cleanup_free char *text = sw_vformat(format, args);
    va_end(args);
    struct sw_df_warning warning = {rule, sw_arena_str(lint->arena, text), spot.first, spot.last};
    sw_vec_push(&lint->warnings, &warning);
}

bool sw_df_lint_verdict(const struct sw_df_lint *lint, struct sw_df_failure *failure) {
    if (!lint->check.as_error || lint->silent || lint->warnings.len == 0)
        return true;
    sw_cleanup_strlist struct sw_strlist rules = {0};
    for (size_t i = 0; i < lint->warnings.len; i++) {
        const struct sw_df_warning *warning = sw_vec_at(&lint->warnings, i);
        if (!sw_strlist_has(&rules, warning->rule))
            sw_strlist_add(&rules, warning->rule);
    }
    sw_strlist_sort(&rules);
    const char *names = sw_df_join(failure->arena, sw_strlist_view(&rules), ", ");
    return sw_df_fail(failure, "lint violation found for rules: %s", names);
}

static int compare_warnings(const void *a, const void *b) {
    const struct sw_df_warning *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    int order = strcmp(x->rule, y->rule);
    return order ? order : strcmp(x->text, y->text);
}

void sw_df_lint_sort(struct sw_df_lint *lint) {
    if (lint->warnings.len > 1)
        qsort(lint->warnings.data, lint->warnings.len, lint->warnings.width, compare_warnings);
}

enum { NEAR_LIMIT = 3, WORD_LIMIT = 256 };

static size_t decode(const char *text, uint32_t *runes) {
    size_t count = 0;
    for (size_t len; count < WORD_LIMIT && (len = sw_df_rune(text, &runes[count])) > 0; text += len)
        count++;
    return count;
}

/* Levenshtein's distance in runes; NEAR_LIMIT when it is that or more. */
static size_t distance(const char *a, const char *b) {
    uint32_t x[WORD_LIMIT], y[WORD_LIMIT];
    size_t n = decode(a, x), m = decode(b, y);
    if (n == WORD_LIMIT || m == WORD_LIMIT || (n > m ? n - m : m - n) >= NEAR_LIMIT)
        return NEAR_LIMIT;
    size_t row[WORD_LIMIT + 1];
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = diagonal + (x[i - 1] != y[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[m] < NEAR_LIMIT ? row[m] : NEAR_LIMIT;
}

/* How much a candidate looks like the word, for those at the same distance: the same letters in another order look most alike. */
static unsigned likeness(const char *word, const char *candidate) {
    int counts[256] = {0};
    bool same_letters = strlen(word) == strlen(candidate);
    for (const char *p = word; *p; p++)
        counts[(unsigned char)*p]++;
    for (const char *p = candidate; *p; p++)
        counts[(unsigned char)*p]--;
    for (size_t i = 0; i < 256; i++)
        same_letters = same_letters && counts[i] == 0;
    return same_letters ? 2 : *word == *candidate;
}

/* `text` in the case of `model`. */
static const char *in_case_of(struct sw_arena *arena, const char *text, const char *model) {
    if (strcmp(model, sw_df_lower(arena, model)) == 0)
        return sw_df_lower(arena, text);
    if (strcmp(model, sw_df_upper(arena, model)) == 0)
        return sw_df_upper(arena, text);
    return text;
}

const char *sw_df_nearest(struct sw_arena *arena, const char *word, struct sw_strings candidates, enum sw_df_case matters) {
    const char *nearest = NULL, *wanted_word = matters == SW_DF_CASE_MATTERS ? word : sw_df_lower(arena, word);
    size_t best = NEAR_LIMIT;
    unsigned best_likeness = 0;
    for (size_t i = 0; i < candidates.count; i++) {
        const char *candidate = candidates.items[i];
        if (matters == SW_DF_CASE_IGNORED)
            candidate = sw_df_lower(arena, candidate);
        if (strcmp(candidate, wanted_word) == 0)
            return NULL;
        size_t d = distance(wanted_word, candidate);
        unsigned alike = likeness(wanted_word, candidate);
        if (d < best || (d == best && d < NEAR_LIMIT && alike > best_likeness)) {
            best = d;
            best_likeness = alike;
            nearest = matters == SW_DF_CASE_MATTERS ? candidate : in_case_of(arena, candidate, word);
        }
    }
    return nearest && *nearest ? nearest : NULL;
}

bool sw_df_suggest(struct sw_df_failure *failure, const char *word, struct sw_strings candidates, enum sw_df_case matters) {
    const char *nearest = sw_df_nearest(failure->arena, word, candidates, matters);
    return nearest ? sw_df_fail_suffix(failure, " (did you mean %s?)", nearest) : false;
}
