/* Sprig's family of strings: trimming, case, parts, joining. */
#include <string.h>

#include "core/template/dict.h"
#include "core/template/engine.h"
#include "core/template/format.h"
#include "core/template/function.h"
#include "core/template/quote.h"
#include "core/template/strings.h"
#include "core/template/unicode.h"

static struct sw_str arg(const struct sw_call *call, size_t index) {
    return call->args[index].text;
}

static bool fn_trim(struct sw_call *call) {
    return sw_return_text(call, sw_str_trim_space(arg(call, 0)));
}

static bool in_set(struct sw_str set, uint32_t rune) {
    size_t width;
    for (size_t i = 0; i < set.len; i += width)
        if (sw_rune_decode(set.data + i, set.len - i, &width) == rune)
            return true;
    return false;
}

static bool fn_trim_all(struct sw_call *call) {
    struct sw_str set = arg(call, 0), text = arg(call, 1);
    size_t width;
    while (text.len && in_set(set, sw_rune_decode(text.data, text.len, &width)))
        text = sw_str_slice(text, width, text.len);
    while (text.len && in_set(set, sw_rune_decode_last(text.data, text.len, &width)))
        text.len -= width;
    return sw_return_text(call, text);
}

static bool fn_trim_suffix(struct sw_call *call) {
    struct sw_str suffix = arg(call, 0), text = arg(call, 1);
    return sw_return_text(call, sw_str_has_suffix(text, suffix) ? sw_str_slice(text, 0, text.len - suffix.len) : text);
}

static bool fn_trim_prefix(struct sw_call *call) {
    struct sw_str prefix = arg(call, 0), text = arg(call, 1);
    return sw_return_text(call, sw_str_has_prefix(text, prefix) ? sw_str_slice(text, prefix.len, text.len) : text);
}

static bool map_runes(struct sw_call *call, uint32_t (*map)(uint32_t)) {
    struct sw_str text = arg(call, 0);
    sw_cleanup_buf struct sw_buf out = {0};
    size_t width;
    for (size_t i = 0; i < text.len; i += width)
        sw_buf_add_rune(&out, map(sw_rune_decode(text.data + i, text.len - i, &width)));
    return sw_return_taken(call, &out);
}

static bool fn_upper(struct sw_call *call) {
    return map_runes(call, sw_rune_upper);
}

static bool fn_lower(struct sw_call *call) {
    return map_runes(call, sw_rune_lower);
}

/* Whether a character separates words, for `title`. */
static bool separates(uint32_t rune) {
    if (rune < 0x80)
        return !(sw_rune_is_letter(rune) || sw_rune_is_digit(rune) || rune == '_');
    return !sw_rune_is_letter(rune) && !sw_rune_is_digit(rune) && sw_rune_is_space(rune);
}

static bool fn_title(struct sw_call *call) {
    struct sw_str text = arg(call, 0);
    sw_cleanup_buf struct sw_buf out = {0};
    size_t width;
    uint32_t previous = ' ';
    for (size_t i = 0; i < text.len; i += width) {
        uint32_t rune = sw_rune_decode(text.data + i, text.len - i, &width);
        sw_buf_add_rune(&out, separates(previous) ? sw_rune_title(rune) : rune);
        previous = rune;
    }
    return sw_return_taken(call, &out);
}

static bool fn_repeat(struct sw_call *call) {
    int64_t count = call->args[0].number;
    struct sw_str text = arg(call, 1);
    if (count < 0)
        return sw_call_fail(call, "strings: negative Repeat count");
    size_t size;
    if (__builtin_mul_overflow((size_t)count, text.len, &size) || size > SIZE_MAX / 2)
        return sw_call_fail(call, "strings: Repeat output length overflow");
    if (!sw_call_affords(call, size))
        return false;
    sw_cleanup_buf struct sw_buf out = {0};
    sw_buf_reserve(&out, size);
    for (int64_t i = 0; text.len && i < count; i++)
        sw_buf_add_str(&out, text);
    return sw_return_taken(call, &out);
}

/* Go's message for text[start:end] when the bounds do not fit. */
static bool bad_slice(struct sw_call *call, int64_t start, int64_t end, size_t len) {
    static const char text[] = "runtime error: slice bounds out of range";
    if (end < 0 || (uint64_t)end > len)
        return end < 0 ? sw_call_fail(call, "%s [:%lld]", text, (long long)end)
                       : sw_call_fail(call, "%s [:%lld] with length %zu", text, (long long)end, len);
    return sw_call_fail(call, "%s [%lld:%lld]", text, (long long)start, (long long)end);
}

static bool fn_substr(struct sw_call *call) {
    int64_t start = call->args[0].number, end = call->args[1].number;
    struct sw_str text = arg(call, 2);
    bool open = start >= 0 && (end < 0 || end > (int64_t)text.len);
    if (start < 0)
        start = 0;
    else if (open && start > (int64_t)text.len)
        return sw_call_fail(call, "runtime error: slice bounds out of range [%lld:%zu]", (long long)start, text.len);
    if (open)
        end = (int64_t)text.len;
    if (end < 0 || end > (int64_t)text.len || start > end)
        return bad_slice(call, start, end, text.len);
    return sw_return_text(call, sw_str_slice(text, (size_t)start, (size_t)end));
}

static bool fn_trunc(struct sw_call *call) {
    int64_t count = call->args[0].number;
    struct sw_str text = arg(call, 1);
    if (count < 0 && count > -(int64_t)text.len)
        text = sw_str_slice(text, text.len - (size_t)-count, text.len);
    else if (count >= 0 && (int64_t)text.len > count)
        text.len = (size_t)count;
    return sw_return_text(call, text);
}

static bool fn_contains(struct sw_call *call) {
    return sw_return_bool(call, sw_str_find(arg(call, 1), arg(call, 0)) >= 0);
}

static bool fn_has_prefix(struct sw_call *call) {
    return sw_return_bool(call, sw_str_has_prefix(arg(call, 1), arg(call, 0)));
}

static bool fn_has_suffix(struct sw_call *call) {
    return sw_return_bool(call, sw_str_has_suffix(arg(call, 1), arg(call, 0)));
}

static bool too_deep(struct sw_call *call) {
    return sw_call_fail(call, "the value contains itself or nests too deeply to be printed");
}

static bool fn_quote(struct sw_call *call) {
    sw_cleanup_buf struct sw_buf out = {0};
    for (size_t i = 0; i < call->count; i++) {
        if (call->args[i].type == SW_T_NONE)
            continue;
        sw_cleanup_buf struct sw_buf text = {0};
        if (!sw_fmt_strval(call->engine, &text, call->args[i]))
            return too_deep(call);
        sw_buf_puts(&out, out.len ? " " : "");
        sw_quote(&out, (struct sw_str){text.data, text.len}, SW_UNICODE);
    }
    return sw_return_taken(call, &out);
}

static bool fn_squote(struct sw_call *call) {
    sw_cleanup_buf struct sw_buf out = {0};
    for (size_t i = 0; i < call->count; i++) {
        if (call->args[i].type == SW_T_NONE)
            continue;
        sw_buf_puts(&out, out.len ? " '" : "'");
        if (!sw_fmt_print(call->engine, &out, &call->args[i], 1))
            return too_deep(call);
        sw_buf_putc(&out, '\'');
    }
    return sw_return_taken(call, &out);
}

static bool fn_cat(struct sw_call *call) {
    sw_cleanup_buf struct sw_buf out = {0};
    bool first = true;
    for (size_t i = 0; i < call->count; i++) {
        if (call->args[i].type == SW_T_NONE)
            continue;
        sw_buf_puts(&out, first ? "" : " ");
        first = false;
        if (!sw_fmt_print(call->engine, &out, &call->args[i], 1))
            return too_deep(call);
    }
    return sw_return_taken(call, &out);
}

static bool indent(struct sw_call *call, const char *before) {
    int64_t count = call->args[0].number;
    struct sw_str text = arg(call, 1);
    if (count < 0)
        return sw_call_fail(call, "strings: negative Repeat count");
    size_t lines = 1, size;
    for (size_t i = 0; i < text.len; i++)
        lines += text.data[i] == '\n';
    if (__builtin_mul_overflow((size_t)count, lines, &size))
        size = SIZE_MAX;
    if (!sw_call_affords(call, size))
        return false;
    sw_cleanup_buf struct sw_buf out = {0};
    sw_buf_reserve(&out, size + text.len + 1);
    sw_buf_puts(&out, before);
    bool start = true;
    for (size_t i = 0; i <= text.len; i++) {
        for (int64_t j = 0; start && j < count; j++)
            sw_buf_putc(&out, ' ');
        if (i < text.len)
            sw_buf_putc(&out, text.data[i]);
        start = i < text.len && text.data[i] == '\n';
    }
    return sw_return_taken(call, &out);
}

static bool fn_indent(struct sw_call *call) {
    return indent(call, "");
}

static bool fn_nindent(struct sw_call *call) {
    return indent(call, "\n");
}

static bool fn_replace(struct sw_call *call) {
    struct sw_str old = arg(call, 0), with = arg(call, 1), text = arg(call, 2);
    sw_cleanup_buf struct sw_buf out = {0};
    if (sw_str_equal(old, with))
        return sw_return_text(call, text);
    if (old.len == 0)
        sw_buf_add_str(&out, with);
    while (text.len) {
        size_t width = 0;
        ptrdiff_t at = sw_str_find(text, old);
        if (old.len == 0)
            sw_rune_decode(text.data, text.len, &width);
        else
            width = at < 0 ? text.len : (size_t)at;
        sw_buf_add_str(&out, sw_str_slice(text, 0, width));
        text = sw_str_slice(text, width, text.len);
        if (at >= 0)
            sw_buf_add_str(&out, with);
        if (at >= 0 && old.len)
            text = sw_str_slice(text, old.len, text.len);
        if (!sw_call_affords(call, out.len))
            return false;
    }
    return sw_return_taken(call, &out);
}

static bool fn_plural(struct sw_call *call) {
    return sw_return(call, call->args[call->args[2].number == 1 ? 0 : 1]);
}

static bool fn_to_string(struct sw_call *call) {
    sw_cleanup_buf struct sw_buf out = {0};
    return sw_fmt_strval(call->engine, &out, call->args[0]) ? sw_return_taken(call, &out) : too_deep(call);
}

bool sw_strings_of(struct sw_call *call, struct sw_datum value, struct sw_datum *out) {
    *out = value;
    if (value.type == SW_T_STRINGS)
        return true;
    bool list = sw_is_list(value);
    size_t len = list ? sw_list_len(value) : value.type != SW_T_NONE;
    struct sw_list *texts = sw_list_new(call->arena, 0, len);
    for (size_t i = 0; i < len; i++) {
        struct sw_datum item = list ? sw_list_item(value, i) : value;
        if (item.type == SW_T_NONE)
            continue;
        struct sw_buf text = {0};
        bool good = sw_fmt_strval(call->engine, &text, item);
        sw_list_push(call->arena, texts, sw_text(sw_str_take(call->arena, &text)));
        if (!good)
            return too_deep(call);
    }
    *out = sw_of_list(SW_T_STRINGS, texts);
    return true;
}

static bool fn_to_strings(struct sw_call *call) {
    struct sw_datum list;
    return sw_strings_of(call, call->args[0], &list) && sw_return(call, list);
}

static bool fn_join(struct sw_call *call) {
    struct sw_datum list;
    if (!sw_strings_of(call, call->args[1], &list))
        return false;
    sw_cleanup_buf struct sw_buf out = {0};
    for (size_t i = 0; i < sw_list_len(list); i++) {
        if (i)
            sw_buf_add_str(&out, arg(call, 0));
        sw_buf_add_str(&out, sw_list_item(list, i).text);
    }
    return sw_call_affords(call, out.len) && sw_return_taken(call, &out);
}

/* The parts between separators, at most `most` (negative: all). An empty separator parts characters. */
static struct sw_list *split(struct sw_call *call, struct sw_str separator, struct sw_str text, int64_t most) {
    if (most == 0)
        return NULL;
    struct sw_list *parts = sw_list_new(call->arena, 0, 0);
    while (most < 0 || (int64_t)parts->len + 1 < most) {
        size_t width = 0;
        ptrdiff_t at = sw_str_find(text, separator);
        if (separator.len == 0) {
            sw_rune_decode(text.data, text.len, &width);
            if (width == 0 || (width == text.len && most >= 0))
                break;
            at = (ptrdiff_t)width;
        }
        if (at < 0)
            break;
        sw_list_push(call->arena, parts, sw_text(sw_str_slice(text, 0, (size_t)at)));
        text = sw_str_slice(text, (size_t)at + separator.len, text.len);
    }
    if (separator.len || text.len)
        sw_list_push(call->arena, parts, sw_text(text));
    parts->cap = parts->len;
    return parts;
}

static bool fn_split_list(struct sw_call *call) {
    return sw_return(call, sw_of_list(SW_T_STRINGS, split(call, arg(call, 0), arg(call, 1), -1)));
}

static bool return_numbered(struct sw_call *call, const struct sw_list *parts) {
    struct sw_dict *dict = sw_dict_new(call->arena);
    for (size_t i = 0; parts && i < parts->len; i++)
        sw_dict_set(call->arena, dict, sw_str_of(sw_arena_format(call->arena, "_%zu", i)), parts->items[i]);
    return sw_return(call, sw_of_dict(SW_T_TEXTS, dict));
}

static bool fn_split(struct sw_call *call) {
    return return_numbered(call, split(call, arg(call, 0), arg(call, 1), -1));
}

static bool fn_splitn(struct sw_call *call) {
    return return_numbered(call, split(call, arg(call, 0), arg(call, 2), call->args[1].number));
}

const struct sw_function sw_string_functions[] = {
    {"trim", "s", 's', fn_trim},
    {"trimAll", "ss", 's', fn_trim_all},
    {"trimall", "ss", 's', fn_trim_all},
    {"trimSuffix", "ss", 's', fn_trim_suffix},
    {"trimPrefix", "ss", 's', fn_trim_prefix},
    {"upper", "s", 's', fn_upper},
    {"lower", "s", 's', fn_lower},
    {"title", "s", 's', fn_title},
    {"repeat", "is", 's', fn_repeat},
    {"substr", "iis", 's', fn_substr},
    {"trunc", "is", 's', fn_trunc},
    {"contains", "ss", 'b', fn_contains},
    {"hasPrefix", "ss", 'b', fn_has_prefix},
    {"hasSuffix", "ss", 'b', fn_has_suffix},
    {"quote", "a*", 's', fn_quote},
    {"squote", "a*", 's', fn_squote},
    {"cat", "a*", 's', fn_cat},
    {"indent", "is", 's', fn_indent},
    {"nindent", "is", 's', fn_nindent},
    {"replace", "sss", 's', fn_replace},
    {"plural", "ssi", 's', fn_plural},
    {"toString", "a", 's', fn_to_string},
    {"toStrings", "a", 'S', fn_to_strings},
    {"join", "sa", 's', fn_join},
    {"split", "ss", 'm', fn_split},
    {"splitn", "sis", 'm', fn_splitn},
    {"splitList", "ss", 'S', fn_split_list},
    {NULL, NULL, 0, NULL},
};
