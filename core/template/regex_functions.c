/* Sprig's family of regular expressions: each in a plain form, which says more of a bad pattern, and a "must" form. */
#include <stdlib.h>
#include <string.h>

#include "core/base/vec.h"
#include "core/template/engine.h"
#include "core/template/function.h"
#include "core/template/quote.h"
#include "core/template/regex.h"
#include "core/template/unicode.h"

enum { FIRST_ROOM = 10 }; /* for which Go makes room at once; the bounds of `slice` show it */

/* A text being searched from match to match. */
struct search {
    struct sw_call *call;
    struct sw_regex *regex;
    struct sw_str text;
};

static bool is_must(const struct sw_call *call) {
    return strncmp(call->name, "must", 4) == 0;
}

/* Compiles the first argument. */
static bool open_search(struct sw_call *call, struct search *search) {
    struct sw_str pattern = call->args[0].text;
    sw_cleanup_buf struct sw_buf error = {0};
    *search = (struct search){call, sw_regex_new(pattern, &error), call->args[1].text};
    if (search->regex)
        return true;
    if (!is_must(call)) {
        sw_buf_puts(call->error, "regexp: Compile(");
        if (sw_can_backquote(pattern)) {
            sw_buf_putc(call->error, '`');
            sw_buf_add_str(call->error, pattern);
            sw_buf_putc(call->error, '`');
        } else {
            sw_quote(call->error, pattern, SW_UNICODE);
        }
        sw_buf_puts(call->error, "): ");
    }
    return sw_call_fail_str(call, "", (struct sw_str){error.data, error.len});
}

static bool find(struct search *search, size_t start, struct sw_regex_match *match, bool *found) {
    return sw_regex_find(search->regex, search->text, start, match, found, search->call->error);
}

static struct sw_str part(const struct search *search, struct sw_regex_span span) {
    return sw_str_slice(search->text, (size_t)span.start, (size_t)span.end);
}

static size_t rune_width(struct sw_str text, size_t at) {
    size_t width = 0;
    if (at < text.len)
        sw_rune_decode(text.data + at, text.len - at, &width);
    return width;
}

static bool fn_match(struct sw_call *call) {
    sw_cleanup_buf struct sw_buf error = {0};
    struct sw_regex *regex = sw_regex_new(call->args[0].text, &error);
    if (!regex)
        return is_must(call) ? sw_call_fail_str(call, "", (struct sw_str){error.data, error.len}) : sw_return_bool(call, false);
    struct sw_regex_match match;
    bool found, good = sw_regex_find(regex, call->args[1].text, 0, &match, &found, call->error);
    sw_regex_free(regex);
    return good && sw_return_bool(call, found);
}

static bool fn_find(struct sw_call *call) {
    struct search search;
    struct sw_regex_match match;
    bool found;
    if (!open_search(call, &search))
        return false;
    bool good = find(&search, 0, &match, &found);
    struct sw_str text = good && found ? part(&search, match.groups[0]) : (struct sw_str){"", 0};
    sw_regex_free(search.regex);
    return good && sw_return_text(call, text);
}

/* Up to `most` matches; an empty one right behind another does not count. */
static bool find_all(struct search *search, size_t most, struct sw_vec *spans) {
    ptrdiff_t last_end = -1;
    for (size_t at = 0; spans->len < most && at <= search->text.len;) {
        struct sw_regex_match match;
        bool found;
        if (!find(search, at, &match, &found))
            return false;
        if (!found)
            break;
        struct sw_regex_span span = match.groups[0];
        bool accept = true;
        if ((size_t)span.end == at) {
            size_t width = rune_width(search->text, at);
            accept = span.start != last_end;
            at = width ? at + width : search->text.len + 1;
        } else {
            at = (size_t)span.end;
        }
        last_end = span.end;
        if (accept)
            sw_vec_push(spans, &span);
    }
    return true;
}

static size_t most_of(struct sw_datum count) {
    return count.number < 0 ? SIZE_MAX : (size_t)count.number;
}

static bool fn_find_all(struct sw_call *call) {
    struct search search;
    sw_cleanup_vec struct sw_vec spans = {.width = sizeof(struct sw_regex_span)};
    if (!open_search(call, &search))
        return false;
    bool good = find_all(&search, most_of(call->args[2]), &spans);
    sw_regex_free(search.regex);
    struct sw_list *list = spans.len ? sw_list_new(call->arena, 0, FIRST_ROOM) : NULL;
    for (size_t i = 0; i < spans.len; i++)
        sw_list_push(call->arena, list, sw_text(part(&search, ((struct sw_regex_span *)spans.data)[i])));
    return good && sw_return(call, sw_of_list(SW_T_STRINGS, list));
}

static bool fn_split(struct sw_call *call) {
    struct search search;
    sw_cleanup_vec struct sw_vec spans = {.width = sizeof(struct sw_regex_span)};
    if (!open_search(call, &search))
        return false;
    size_t most = most_of(call->args[2]);
    bool good = find_all(&search, most, &spans);
    sw_regex_free(search.regex);
    if (!good)
        return false;
    if (most == 0)
        return sw_return(call, sw_of_list(SW_T_STRINGS, NULL));
    struct sw_list *list = sw_list_new(call->arena, 0, spans.len + 1);
    struct sw_str text = search.text;
    size_t begin = 0, end = 0;
    if (call->args[0].text.len > 0 && text.len == 0) {
        sw_list_push(call->arena, list, sw_text(text));
        return sw_return(call, sw_of_list(SW_T_STRINGS, list));
    }
    for (size_t i = 0; i < spans.len && list->len + 1 < most; i++) {
        struct sw_regex_span span = ((struct sw_regex_span *)spans.data)[i];
        end = (size_t)span.start;
        if (span.end != 0)
            sw_list_push(call->arena, list, sw_text(sw_str_slice(text, begin, end)));
        begin = (size_t)span.end;
    }
    if (end != text.len)
        sw_list_push(call->arena, list, sw_text(sw_str_slice(text, begin, text.len)));
    return sw_return(call, sw_of_list(SW_T_STRINGS, list));
}

/* The name behind '$', maybe in braces. `*used` bytes belong to it; false if it is none. */
static bool take_group_name(struct sw_str text, struct sw_str *name, size_t *used) {
    bool brace = text.len && text.data[0] == '{';
    size_t start = brace, end = start, width;
    for (; end < text.len; end += width) {
        uint32_t rune = sw_rune_decode(text.data + end, text.len - end, &width);
        if (!sw_rune_is_letter(rune) && !sw_rune_is_digit(rune) && rune != '_')
            break;
    }
    if (end == start || (brace && (end >= text.len || text.data[end] != '}')))
        return false;
    *name = sw_str_slice(text, start, end);
    *used = end + brace;
    return true;
}

/* The number that a group's name is; -1 for a word. */
static int group_number(struct sw_str name) {
    int number = 0;
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] < '0' || name.data[i] > '9' || number >= 100000000)
            return -1;
        number = number * 10 + (name.data[i] - '0');
    }
    return name.data[0] == '0' && name.len > 1 ? -1 : number;
}

/* The replacement with $1, ${name} and $$ filled in. */
static void expand(struct sw_buf *out, const struct search *search, struct sw_str template, const struct sw_regex_match *match) {
    while (template.len) {
        const char *dollar = memchr(template.data, '$', template.len);
        size_t before = dollar ? (size_t)(dollar - template.data) : template.len;
        sw_buf_add_str(out, sw_str_slice(template, 0, before));
        if (!dollar)
            return;
        template = sw_str_slice(template, before + 1, template.len);
        struct sw_str name;
        size_t used;
        if (template.len && template.data[0] == '$') {
            sw_buf_putc(out, '$');
            template = sw_str_slice(template, 1, template.len);
        } else if (!take_group_name(template, &name, &used)) {
            sw_buf_putc(out, '$');
        } else {
            template = sw_str_slice(template, used, template.len);
            int number = group_number(name);
            if (number < 0)
                number = sw_regex_group(search->regex, name);
            if (number >= 0 && (size_t)number < match->count && match->groups[number].start >= 0)
                sw_buf_add_str(out, part(search, match->groups[number]));
        }
    }
}

static bool replace_all(struct search *search, struct sw_str with, bool literal, struct sw_buf *out) {
    size_t last_end = 0;
    struct sw_str text = search->text;
    for (size_t at = 0; at <= text.len;) {
        struct sw_regex_match match;
        bool found;
        if (!find(search, at, &match, &found))
            return false;
        if (!found)
            break;
        size_t start = (size_t)match.groups[0].start, end = (size_t)match.groups[0].end;
        sw_buf_add_str(out, sw_str_slice(text, last_end, start));
        if (end > last_end || start == 0) {
            if (literal)
                sw_buf_add_str(out, with);
            else
                expand(out, search, with, &match);
        }
        last_end = end;
        size_t width = rune_width(text, at);
        at = at + width > end ? at + width : at + 1 > end ? at + 1 : end;
        if (!sw_call_affords(search->call, out->len))
            return false;
    }
    sw_buf_add_str(out, sw_str_slice(text, last_end, text.len));
    return true;
}

static bool replace(struct sw_call *call, bool literal) {
    struct search search;
    sw_cleanup_buf struct sw_buf out = {0};
    if (!open_search(call, &search))
        return false;
    bool good = replace_all(&search, call->args[2].text, literal, &out);
    sw_regex_free(search.regex);
    return good && sw_return_taken(call, &out);
}

static bool fn_replace_all(struct sw_call *call) {
    return replace(call, false);
}

static bool fn_replace_all_literal(struct sw_call *call) {
    return replace(call, true);
}

static bool fn_quote_meta(struct sw_call *call) {
    sw_cleanup_buf struct sw_buf out = {0};
    struct sw_str text = call->args[0].text;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] && strchr("\\.+*?()|[]{}^$", text.data[i]))
            sw_buf_putc(&out, '\\');
        sw_buf_putc(&out, text.data[i]);
    }
    return sw_return_taken(call, &out);
}

const struct sw_function sw_regex_functions[] = {
    {"regexMatch", "ss", 'b', fn_match},
    {"mustRegexMatch", "ss", 'b', fn_match},
    {"regexFind", "ss", 's', fn_find},
    {"mustRegexFind", "ss", 's', fn_find},
    {"regexFindAll", "ssi", 'S', fn_find_all},
    {"mustRegexFindAll", "ssi", 'S', fn_find_all},
    {"regexSplit", "ssi", 'S', fn_split},
    {"mustRegexSplit", "ssi", 'S', fn_split},
    {"regexReplaceAll", "sss", 's', fn_replace_all},
    {"mustRegexReplaceAll", "sss", 's', fn_replace_all},
    {"regexReplaceAllLiteral", "sss", 's', fn_replace_all_literal},
    {"mustRegexReplaceAllLiteral", "sss", 's', fn_replace_all_literal},
    {"regexQuoteMeta", "s", 's', fn_quote_meta},
    {NULL, NULL, 0, NULL},
};
