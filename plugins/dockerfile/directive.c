#include "plugins/dockerfile/directive.h"

#include <jansson.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "plugins/dockerfile/text.h"

static const char *const names[] = {"syntax", "escape", "check"};
enum { NAME_COUNT = sizeof(names) / sizeof(names[0]) };

/* Length of the directive's name at the start of `text`, 0 when there is none. */
static size_t name_length(const char *text) {
    size_t len = 0;
    for (; text[len]; len++) {
        bool letter = (text[len] | 0x20) >= 'a' && (text[len] | 0x20) <= 'z';
        bool digit = text[len] >= '0' && text[len] <= '9';
        if (!letter && !(digit && len > 0))
            break;
    }
    return len;
}

static bool is_regexp_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

/* Value behind "name =", without blanks around it; NULL when the line is no assignment. */
static const char *value_of(struct sw_arena *arena, const char *text) {
    while (is_regexp_space(*text))
        text++;
    if (*text++ != '=')
        return NULL;
    while (is_regexp_space(*text))
        text++;
    size_t len = strlen(text);
    while (len > 0 && is_regexp_space(text[len - 1]))
        len--;
    return len > 0 ? sw_arena_strn(arena, text, len) : NULL;
}

bool sw_df_directive_line(struct sw_df_directive_reader *reader, const char *line, struct sw_df_directive *directive,
                          struct sw_df_failure *failure) {
    if (reader->done)
        return false;
    reader->done = true;
    if (!sw_df_has_prefix(line, reader->comment))
        return false;
    const char *text = sw_df_skip_space(line + strlen(reader->comment));
    size_t len = name_length(text);
    const char *value = len > 0 ? value_of(failure->arena, text + len) : NULL;
    if (!value)
        return false;
    const char *name = sw_df_lower(failure->arena, sw_arena_strn(failure->arena, text, len));
    for (unsigned i = 0; i < NAME_COUNT; i++) {
        if (strcmp(name, names[i]) != 0)
            continue;
        reader->done = false;
        if (reader->seen & 1u << i)
            return sw_df_fail(failure, "only one %s parser directive can be used", name);
        reader->seen |= 1u << i;
        *directive = (struct sw_df_directive){names[i], value};
        return true;
    }
    return false;
}

/* The file behind a byte order mark and a first line "#!…". */
static const char *without_preamble(const char *file) {
    if (sw_df_has_prefix(file, "\xEF\xBB\xBF"))
        file += 3;
    if (!sw_df_has_prefix(file, "#!"))
        return file;
    const char *end = strchr(file, '\n');
    return end ? end + 1 : "";
}

static const char *find(struct sw_arena *arena, const char *file, const char *name, const char *comment) {
    struct sw_df_directive_reader reader = {.comment = comment};
    struct sw_df_failure failure = {.arena = arena};
    while (*file && !reader.done) {
        const char *end = strchrnul(file, '\n');
        size_t len = (size_t)(end - file);
        if (len > 0 && file[len - 1] == '\r')
            len--;
        struct sw_df_directive directive;
        bool found = sw_df_directive_line(&reader, sw_arena_strn(arena, file, len), &directive, &failure);
        if (failure.text)
            return NULL;
        if (found && strcmp(directive.name, name) == 0)
            return directive.value;
        file = *end ? end + 1 : end;
    }
    return NULL;
}

const char *sw_df_directive_find(struct sw_arena *arena, const char *file, const char *name) {
    const char *value = find(arena, without_preamble(file), name, "#");
    if (!value)
        return NULL;
    const char *end = strchrnul(value, ' ');
    return sw_arena_strn(arena, value, (size_t)(end - value));
}

const char *sw_df_directive_syntax(struct sw_arena *arena, const char *file) {
    file = without_preamble(file);
    const char *value = find(arena, file, "syntax", "#");
    if (!value)
        value = find(arena, file, "syntax", "//");
    if (value || *sw_df_skip_space(file) != '{')
        return value;
    sw_cleanup_json json_t *object = json_loads(file, 0, NULL);
    const char *text = json_string_value(json_object_get(object, "syntax"));
    return text ? sw_arena_str(arena, text) : NULL;
}
