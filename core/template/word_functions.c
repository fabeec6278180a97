/* Sprig's family of words: abbreviations, wrapping, case of words. */
#include "core/template/case_words.h"
#include "core/template/engine.h"
#include "core/template/function.h"
#include "core/template/random.h"
#include "core/template/unicode.h"

static bool is_space_byte(char c) {
    return sw_rune_is_space((unsigned char)c);
}

/* Cuts a text to `width` bytes, three of which are points at either end that was cut. */
static void abbreviate(struct sw_buf *out, struct sw_str text, int64_t offset, int64_t width) {
    int64_t len = (int64_t)text.len;
    if (len <= width) {
        sw_buf_add_str(out, text);
        return;
    }
    if (width < 4)
        return;
    if (offset > len)
        offset = len;
    if (len - offset < width - 3)
        offset = len - (width - 3);
    if (offset <= 4) {
        sw_buf_add_str(out, sw_str_slice(text, 0, (size_t)(width - 3)));
        sw_buf_puts(out, "...");
    } else if (width >= 7 && offset + width - 3 < len) {
        sw_buf_puts(out, "...");
        abbreviate(out, sw_str_slice(text, (size_t)offset, text.len), 0, width - 3);
    } else if (width >= 7) {
        sw_buf_puts(out, "...");
        sw_buf_add_str(out, sw_str_slice(text, (size_t)(len - (width - 3)), text.len));
    }
}

static bool fn_abbrev(struct sw_call *call) {
    if (call->args[0].number < 4)
        return sw_return(call, call->args[1]);
    sw_cleanup_buf struct sw_buf out = {0};
    abbreviate(&out, call->args[1].text, 0, call->args[0].number);
    return sw_return_taken(call, &out);
}

static bool fn_abbrevboth(struct sw_call *call) {
    int64_t left = call->args[0].number, right = call->args[1].number;
    if (right < 4 || (left > 0 && right < 7))
        return sw_return(call, call->args[2]);
    sw_cleanup_buf struct sw_buf out = {0};
    abbreviate(&out, call->args[2].text, left, right);
    return sw_return_taken(call, &out);
}

/* Works on bytes, each of which becomes the character of its number if there is any space to delete. */
static bool fn_nospace(struct sw_call *call) {
    struct sw_str text = call->args[0].text;
    sw_cleanup_buf struct sw_buf out = {0};
    size_t kept = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (is_space_byte(text.data[i]))
            continue;
        sw_buf_add_rune(&out, (unsigned char)text.data[i]);
        kept++;
    }
    return kept == text.len ? sw_return_text(call, text) : sw_return_taken(call, &out);
}

static bool fn_initials(struct sw_call *call) {
    struct sw_str text = call->args[0].text;
    sw_cleanup_buf struct sw_buf out = {0};
    bool gap = true;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_space_byte(text.data[i]) && gap)
            sw_buf_add_rune(&out, (unsigned char)text.data[i]);
        gap = is_space_byte(text.data[i]);
    }
    return sw_return_taken(call, &out);
}

static bool fn_untitle(struct sw_call *call) {
    struct sw_str text = call->args[0].text;
    sw_cleanup_buf struct sw_buf out = {0};
    bool start = true;
    size_t width;
    for (size_t i = 0; i < text.len; i += width) {
        uint32_t rune = sw_rune_decode(text.data + i, text.len - i, &width);
        bool space = sw_rune_is_space(rune);
        sw_buf_add_rune(&out, start && !space ? sw_rune_lower(rune) : rune);
        start = space;
    }
    return sw_return_taken(call, &out);
}

/* The other case; a lower-case letter that begins a word becomes title case. */
static bool fn_swapcase(struct sw_call *call) {
    struct sw_str text = call->args[0].text;
    sw_cleanup_buf struct sw_buf out = {0};
    bool start = true;
    size_t width;
    for (size_t i = 0; i < text.len; i += width) {
        uint32_t rune = sw_rune_decode(text.data + i, text.len - i, &width);
        if (sw_rune_is_upper(rune) || sw_rune_is_title(rune)) {
            sw_buf_add_rune(&out, sw_rune_lower(rune));
            start = false;
        } else if (sw_rune_is_lower(rune)) {
            sw_buf_add_rune(&out, start ? sw_rune_title(rune) : sw_rune_upper(rune));
            start = false;
        } else {
            sw_buf_add_rune(&out, rune);
            start = sw_rune_is_space(rune);
        }
    }
    return sw_return_taken(call, &out);
}

/* Breaks lines at spaces so that none is longer than `width` bytes; a longer word is cut if `cut`, else it stands out. */
static bool wrap(struct sw_call *call, struct sw_str text, int64_t wanted, struct sw_str line_break, bool cut) {
    size_t width = wanted < 1 ? 1 : (size_t)wanted, offset = 0;
    sw_cleanup_buf struct sw_buf out = {0};
    while (text.len - offset > width) {
        if (text.data[offset] == ' ') {
            offset++;
            continue;
        }
        ptrdiff_t space = sw_str_find_last(sw_str_slice(text, offset, offset + width + 1), sw_str_of(" "));
        size_t end = offset + (space < 0 ? width : (size_t)space);
        if (space < 0 && !cut) {
            ptrdiff_t next = sw_str_find(sw_str_slice(text, end, text.len), sw_str_of(" "));
            space = next;
            end = next < 0 ? text.len : end + (size_t)next;
        }
        sw_buf_add_str(&out, sw_str_slice(text, offset, end));
        offset = end;
        if (end == text.len && space < 0 && !cut)
            break;
        sw_buf_add_str(&out, line_break);
        offset += space >= 0;
        if (!sw_call_affords(call, out.len))
            return false;
    }
    sw_buf_add_str(&out, sw_str_slice(text, offset, text.len));
    return sw_return_taken(call, &out);
}

static bool fn_wrap(struct sw_call *call) {
    return wrap(call, call->args[1].text, call->args[0].number, sw_str_of("\n"), false);
}

static bool fn_wrap_with(struct sw_call *call) {
    struct sw_str line_break = call->args[1].text;
    return wrap(call, call->args[2].text, call->args[0].number, line_break.len ? line_break : sw_str_of("\n"), true);
}

static bool join_words(struct sw_call *call, char joiner) {
    sw_cleanup_buf struct sw_buf out = {0};
    sw_case_join(&out, call->args[0].text, joiner);
    return sw_return_taken(call, &out);
}

static bool fn_snakecase(struct sw_call *call) {
    return join_words(call, '_');
}

static bool fn_kebabcase(struct sw_call *call) {
    return join_words(call, '-');
}

static bool fn_camelcase(struct sw_call *call) {
    sw_cleanup_buf struct sw_buf out = {0};
    sw_case_camel(&out, call->args[0].text);
    return sw_return_taken(call, &out);
}

static bool fn_shuffle(struct sw_call *call) {
    struct sw_str text = call->args[0].text;
    uint32_t *runes = sw_arena_new(call->arena, (text.len + 1) * sizeof *runes);
    size_t count = 0, width;
    for (size_t i = 0; i < text.len; i += width)
        runes[count++] = sw_rune_decode(text.data + i, text.len - i, &width);
    for (size_t i = count; i > 1; i--) {
        size_t other = (size_t)sw_random_below(i);
        uint32_t rune = runes[i - 1];
        runes[i - 1] = runes[other];
        runes[other] = rune;
    }
    sw_cleanup_buf struct sw_buf out = {0};
    for (size_t i = 0; i < count; i++)
        sw_buf_add_rune(&out, runes[i]);
    return sw_return_taken(call, &out);
}

const struct sw_function sw_word_functions[] = {
    {"abbrev", "is", 's', fn_abbrev},
    {"abbrevboth", "iis", 's', fn_abbrevboth},
    {"nospace", "s", 's', fn_nospace},
    {"initials", "s", 's', fn_initials},
    {"untitle", "s", 's', fn_untitle},
    {"swapcase", "s", 's', fn_swapcase},
    {"wrap", "is", 's', fn_wrap},
    {"wrapWith", "iss", 's', fn_wrap_with},
    {"snakecase", "s", 's', fn_snakecase},
    {"kebabcase", "s", 's', fn_kebabcase},
    {"camelcase", "s", 's', fn_camelcase},
    {"shuffle", "s", 's', fn_shuffle},
    {NULL, NULL, 0, NULL},
};
