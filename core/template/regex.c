#include "core/template/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/vec.h"
#include "core/template/regex_syntax.h"
#include "core/template/unicode.h"

enum { MATCH_LIMIT = 20000000, DEPTH_LIMIT = 1000000, NEST_LIMIT = 5000 };

struct sw_regex {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *context;
    char *pattern;       /* owned; names point into it */
    struct sw_vec names; /* struct sw_str, from group 1 on */
    struct sw_regex_span *spans;
    size_t span_count;
    /* The last text that was no UTF-8: its repaired form, and where each of its bytes comes from. */
    struct sw_str broken;
    struct sw_buf repaired;
    size_t *origins;
};

static bool compile(struct sw_regex *regex, const struct sw_buf *pattern, struct sw_buf *error) {
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    pcre2_set_parens_nest_limit(context, NEST_LIMIT);
    int code;
    PCRE2_SIZE offset;
    regex->code =
        pcre2_compile((PCRE2_SPTR)sw_buf_text(pattern), pattern->len,
                      PCRE2_UTF | PCRE2_ALT_CIRCUMFLEX | PCRE2_DOLLAR_ENDONLY | PCRE2_NO_UTF_CHECK, &code, &offset, context);
    pcre2_compile_context_free(context);
    if (regex->code)
        return true;
    char message[256];
    pcre2_get_error_message(code, (PCRE2_UCHAR *)message, sizeof message);
    sw_buf_printf(error, "error parsing regexp: %s: `%s`",
                  code == PCRE2_ERROR_UNKNOWN_UNICODE_PROPERTY ? "invalid character class range" : message, regex->pattern);
    return false;
}

struct sw_regex *sw_regex_new(struct sw_str pattern, struct sw_buf *error) {
    struct sw_regex *regex = sw_new(sizeof *regex);
    regex->pattern = sw_strndup(pattern.len ? pattern.data : "", pattern.len);
    regex->names.width = sizeof(struct sw_str);
    sw_cleanup_buf struct sw_buf translated = {0};
    if (!sw_regex_translate((struct sw_str){regex->pattern, pattern.len}, &translated, &regex->names, error) ||
        !compile(regex, &translated, error)) {
        sw_regex_free(regex);
        return NULL;
    }
    pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE);
    regex->data = pcre2_match_data_create_from_pattern(regex->code, NULL);
    regex->context = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(regex->context, MATCH_LIMIT);
    pcre2_set_depth_limit(regex->context, DEPTH_LIMIT);
    regex->span_count = regex->names.len + 1;
    regex->spans = sw_new_array(regex->span_count, sizeof *regex->spans);
    return regex;
}

void sw_regex_free(struct sw_regex *regex) {
    if (!regex)
        return;
    pcre2_code_free(regex->code);
    pcre2_match_data_free(regex->data);
    pcre2_match_context_free(regex->context);
    sw_vec_fini(&regex->names);
    sw_buf_fini(&regex->repaired);
    free(regex->pattern);
    free(regex->spans);
    free(regex->origins);
    free(regex);
}

/* Replaces bytes that are no UTF-8 by U+FFFD, which is what RE2 sees in their place. */
static void repair(struct sw_regex *regex, struct sw_str text) {
    regex->broken = text;
    sw_buf_truncate(&regex->repaired, 0);
    free(regex->origins);
    regex->origins = sw_new_array(text.len * 3 + 1, sizeof *regex->origins);
    size_t width;
    for (size_t i = 0; i < text.len; i += width) {
        uint32_t rune = sw_rune_decode(text.data + i, text.len - i, &width);
        size_t start = regex->repaired.len;
        sw_buf_add_rune(&regex->repaired, rune);
        for (size_t j = start; j < regex->repaired.len; j++)
            regex->origins[j] = i + (width > 1 ? j - start : 0);
    }
    regex->origins[regex->repaired.len] = text.len;
}

static size_t repaired_offset(const struct sw_regex *regex, size_t offset) {
    size_t low = 0, high = regex->repaired.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (regex->origins[middle] < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void set_spans(struct sw_regex *regex, int groups, bool repaired) {
    const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(regex->data);
    for (size_t i = 0; i < regex->span_count; i++) {
        regex->spans[i] = (struct sw_regex_span){-1, -1};
        if (i >= (size_t)groups || offsets[2 * i] == PCRE2_UNSET)
            continue;
        size_t start = offsets[2 * i], end = offsets[2 * i + 1];
        regex->spans[i].start = (ptrdiff_t)(repaired ? regex->origins[start] : start);
        regex->spans[i].end = (ptrdiff_t)(repaired ? regex->origins[end] : end);
    }
}

bool sw_regex_find(struct sw_regex *regex, struct sw_str text, size_t start, struct sw_regex_match *match, bool *found,
                   struct sw_buf *error) {
    bool repaired = !sw_utf8_valid(text.data, text.len);
    struct sw_str subject = text;
    if (repaired) {
        if (regex->broken.data != text.data || regex->broken.len != text.len)
            repair(regex, text);
        subject = (struct sw_str){regex->repaired.data, regex->repaired.len};
        start = repaired_offset(regex, start);
    }
    int groups = pcre2_match(regex->code, (PCRE2_SPTR)(subject.len ? subject.data : ""), subject.len, start, PCRE2_NO_UTF_CHECK,
                             regex->data, regex->context);
    *found = groups >= 0;
    if (groups < 0 && groups != PCRE2_ERROR_NOMATCH) {
        sw_buf_printf(error, "regular expression `%s` takes too long on this text", regex->pattern);
        return false;
    }
    if (*found)
        set_spans(regex, groups, repaired);
    *match = (struct sw_regex_match){regex->spans, regex->span_count};
    return true;
}

int sw_regex_group(const struct sw_regex *regex, struct sw_str name) {
    for (size_t i = 0; i < regex->names.len; i++)
        if (sw_str_equal(((const struct sw_str *)regex->names.data)[i], name))
            return (int)i + 1;
    return -1;
}
