#include "plugins/dockerfile/flag.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/vec.h"
#include "plugins/dockerfile/lint.h"
#include "plugins/dockerfile/text.h"

static struct sw_df_flag *find(struct sw_df_flag *flags, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(flags[i].name, name) == 0)
            return &flags[i];
    return NULL;
}

static bool unknown(struct sw_df_flag *flags, size_t count, const char *name, struct sw_df_failure *failure) {
    const char **names = sw_arena_new(failure->arena, (count + 1) * sizeof(char *));
    for (size_t i = 0; i < count; i++)
        names[i] = flags[i].name;
    sw_df_fail(failure, "unknown flag: --%s", name);
    return sw_df_suggest(failure, name, (struct sw_strings){names, count}, SW_DF_CASE_MATTERS);
}

static bool set_bool(struct sw_df_flag *flag, const char *value, struct sw_df_failure *failure) {
    if (value && !*value)
        return sw_df_fail(failure, "missing a value on flag: --%s", flag->name);
    flag->on = !value || sw_df_equal_fold(value, "true");
    if (!flag->on && !sw_df_equal_fold(value, "false"))
        return sw_df_fail(failure, "expecting boolean value for flag --%s, not: %s", flag->name, value);
    return true;
}

static void append(struct sw_arena *arena, struct sw_strings *list, const char *text) {
    const char **items = sw_df_clone(arena, *list);
    items[list->count] = text;
    *list = (struct sw_strings){items, list->count + 1};
}

static bool set_flag(struct sw_df_flag *flag, const char *value, struct sw_df_failure *failure) {
    if (flag->kind == SW_DF_FLAG_BOOL)
        return set_bool(flag, value, failure);
    if (!value)
        return sw_df_fail(failure, "missing a value on flag: --%s", flag->name);
    if (flag->kind == SW_DF_FLAG_TEXT)
        flag->text = value;
    else
        append(failure->arena, &flag->list, value);
    return true;
}

bool sw_df_flags_parse(struct sw_strings given, struct sw_df_flag *flags, size_t count, struct sw_df_failure *failure) {
    for (size_t i = 0; i < count; i++)
        if (!flags[i].text)
            flags[i].text = "";
    for (size_t i = 0; i < given.count; i++) {
        const char *text = given.items[i];
        if (strcmp(text, "--") == 0)
            return true;
        if (!sw_df_has_prefix(text, "--"))
            return sw_df_fail(failure, "arg should start with -- : %s", text);
        const char *end = strchrnul(text, '=');
        const char *name = sw_arena_strn(failure->arena, text + 2, end - text < 2 ? 0 : (size_t)(end - text) - 2);
        struct sw_df_flag *flag = find(flags, count, name);
        if (!flag)
            return unknown(flags, count, name, failure);
        if (flag->used && flag->kind != SW_DF_FLAG_LIST)
            return sw_df_fail(failure, "duplicate flag specified: --%s", name);
        flag->used = true;
        if (!set_flag(flag, *end ? end + 1 : NULL, failure))
            return false;
    }
    return true;
}

static bool csv_fail(const char *what, size_t column, const char *reason, struct sw_df_failure *failure) {
    return sw_df_fail(failure, "failed to parse csv %s: parse error on line 1, column %zu: %s", what, column, reason);
}

/* Reads a quoted field whose opening quote is at `*at`. */
static bool quoted_field(const char *text, size_t *at, struct sw_buf *field, const char *what, struct sw_df_failure *failure) {
    size_t p = *at + 1;
    for (;;) {
        if (!text[p])
            return csv_fail(what, p + 1, "extraneous or missing \" in quoted-field", failure);
        if (text[p] != '"') {
            sw_buf_putc(field, text[p++]);
            continue;
        }
        if (text[p + 1] == '"') {
            sw_buf_putc(field, '"');
            p += 2;
            continue;
        }
        if (text[p + 1] && text[p + 1] != ',')
            return csv_fail(what, p + 1, "extraneous or missing \" in quoted-field", failure);
        *at = p + 1;
        return true;
    }
}

bool sw_df_csv(const char *text, const char *what, struct sw_strings *fields, struct sw_df_failure *failure) {
    sw_cleanup_vec struct sw_vec found = {.width = sizeof(char *)};
    *fields = (struct sw_strings){0};
    if (!*text)
        return sw_df_fail(failure, "failed to parse csv %s: EOF", what);
    for (size_t at = 0;; at++) {
        sw_cleanup_buf struct sw_buf field = {0};
        if (text[at] == '"') {
            if (!quoted_field(text, &at, &field, what, failure))
                return false;
        } else {
            for (; text[at] && text[at] != ','; at++) {
                if (text[at] == '"')
                    return csv_fail(what, at + 1, "bare \" in non-quoted-field", failure);
                sw_buf_putc(&field, text[at]);
            }
        }
        const char *copy = sw_arena_str(failure->arena, sw_buf_text(&field));
        sw_vec_push(&found, &copy);
        if (!text[at])
            break;
    }
    *fields = (struct sw_strings){sw_arena_copy(failure->arena, found.data, found.len * sizeof(char *)), found.len};
    return true;
}
