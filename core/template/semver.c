#include "core/template/semver.h"

#include "core/template/number.h"
#include "core/template/quote.h"

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_word(char c) {
    return is_digit(c) || c == '-' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool fail(struct sw_buf *error, const char *message) {
    sw_buf_puts(error, message);
    return false;
}

/* A number without leading zeros off the front of `*rest`. */
static bool take_number(struct sw_str *rest, struct sw_str *number) {
    size_t len = 0;
    while (len < rest->len && is_digit(rest->data[len]))
        len++;
    *number = sw_str_slice(*rest, 0, len);
    *rest = sw_str_slice(*rest, len, rest->len);
    return len == 1 || (len > 1 && number->data[0] != '0');
}

/* Dot-separated words off the front of `*rest`, as many as there are. */
static struct sw_str take_words(struct sw_str *rest) {
    size_t len = 0;
    while (len < rest->len && (is_word(rest->data[len]) || rest->data[len] == '.'))
        len++;
    struct sw_str words = sw_str_slice(*rest, 0, len);
    *rest = sw_str_slice(*rest, len, rest->len);
    return words;
}

/* Whether `text` is a list of words; numbers among them must not begin with 0 if `strict`. */
static bool words_fit(struct sw_str text, bool strict) {
    for (size_t start = 0;; start++) {
        size_t end = start;
        bool number = true;
        for (; end < text.len && text.data[end] != '.'; end++)
            number &= is_digit(text.data[end]);
        if (end == start || (strict && number && end - start > 1 && text.data[start] == '0'))
            return false;
        if (end == text.len)
            return true;
        start = end;
    }
}

static bool parse_segment(struct sw_str text, uint64_t *out, struct sw_buf *error) {
    if (sw_parse_uint(text, 10, out) == SW_PARSED)
        return true;
    sw_buf_puts(error, "Error parsing version segment: strconv.ParseUint: parsing ");
    sw_quote(error, text, SW_UNICODE);
    return fail(error, ": value out of range");
}

bool sw_semver_parse(struct sw_str text, struct sw_semver *version, struct sw_buf *error) {
    static const char invalid[] = "Invalid Semantic Version";
    struct sw_str rest = text, numbers[3] = {{NULL, 0}};
    *version = (struct sw_semver){.original = text};
    if (rest.len && rest.data[0] == 'v')
        rest = sw_str_slice(rest, 1, rest.len);
    for (int i = 0; i < 3; i++) {
        if (i > 0) {
            if (rest.len == 0 || rest.data[0] != '.')
                break;
            rest = sw_str_slice(rest, 1, rest.len);
        }
        if (!take_number(&rest, &numbers[i]))
            return fail(error, invalid);
    }
    if (rest.len && rest.data[0] == '-') {
        rest = sw_str_slice(rest, 1, rest.len);
        version->prerelease = take_words(&rest);
        if (!words_fit(version->prerelease, true))
            return fail(error, invalid);
    }
    if (rest.len && rest.data[0] == '+') {
        rest = sw_str_slice(rest, 1, rest.len);
        version->metadata = take_words(&rest);
        if (!words_fit(version->metadata, false))
            return fail(error, invalid);
    }
    if (rest.len)
        return fail(error, invalid);
    uint64_t *segments[] = {&version->major, &version->minor, &version->patch};
    for (int i = 0; i < 3; i++)
        if (numbers[i].len && !parse_segment(numbers[i], segments[i], error))
            return false;
    return true;
}

static bool check_words(struct sw_str text, bool strict, const char *characters, struct sw_buf *error) {
    for (size_t start = 0; start <= text.len; start++) {
        size_t end = start;
        bool number = true;
        for (; end < text.len && text.data[end] != '.'; end++) {
            number &= is_digit(text.data[end]);
            if (!is_word(text.data[end]))
                return fail(error, characters);
        }
        if (end == start)
            return fail(error, "Invalid Metadata string");
        if (strict && number && end - start > 1 && text.data[start] == '0')
            return fail(error, "Version segment starts with 0");
        start = end;
    }
    return true;
}

bool sw_semver_check_prerelease(struct sw_str text, struct sw_buf *error) {
    return check_words(text, true, "Invalid Prerelease string", error);
}

bool sw_semver_check_metadata(struct sw_str text, struct sw_buf *error) {
    return check_words(text, false, "Invalid Metadata string", error);
}

static int order(uint64_t a, uint64_t b) {
    return (a > b) - (a < b);
}

/* One word of a pre-release: numbers by value and before others, a missing one first. */
static int compare_words(struct sw_str a, struct sw_str b) {
    if (sw_str_equal(a, b))
        return 0;
    if (a.len == 0 || b.len == 0)
        return a.len == 0 ? -1 : 1;
    uint64_t x, y;
    bool x_number = sw_parse_uint(a, 10, &x) == SW_PARSED, y_number = sw_parse_uint(b, 10, &y) == SW_PARSED;
    if (!x_number && !y_number)
        return sw_str_compare(a, b) > 0 ? 1 : -1;
    if (x_number != y_number)
        return x_number ? -1 : 1;
    return x > y ? 1 : -1;
}

static struct sw_str take_word(struct sw_str *rest) {
    size_t len = 0;
    while (len < rest->len && rest->data[len] != '.')
        len++;
    struct sw_str word = sw_str_slice(*rest, 0, len);
    *rest = sw_str_slice(*rest, len + (len < rest->len), rest->len);
    return word;
}

int sw_prerelease_compare(struct sw_str a, struct sw_str b) {
    while (a.len || b.len) {
        int found = compare_words(take_word(&a), take_word(&b));
        if (found)
            return found;
    }
    return 0;
}

int sw_semver_compare(const struct sw_semver *a, const struct sw_semver *b) {
    int found = order(a->major, b->major);
    if (!found)
        found = order(a->minor, b->minor);
    if (!found)
        found = order(a->patch, b->patch);
    if (found)
        return found;
    if (a->prerelease.len == 0 || b->prerelease.len == 0)
        return order(a->prerelease.len == 0, b->prerelease.len == 0);
    return sw_prerelease_compare(a->prerelease, b->prerelease);
}

bool sw_semver_identical(const struct sw_semver *a, const struct sw_semver *b) {
    return a->major == b->major && a->minor == b->minor && a->patch == b->patch && sw_str_equal(a->prerelease, b->prerelease) &&
           sw_str_equal(a->metadata, b->metadata) && sw_str_equal(a->original, b->original);
}

void sw_semver_write(struct sw_buf *out, const struct sw_semver *version) {
    sw_buf_printf(out, "%llu.%llu.%llu", (unsigned long long)version->major, (unsigned long long)version->minor,
                  (unsigned long long)version->patch);
    if (version->prerelease.len) {
        sw_buf_putc(out, '-');
        sw_buf_add_str(out, version->prerelease);
    }
    if (version->metadata.len) {
        sw_buf_putc(out, '+');
        sw_buf_add_str(out, version->metadata);
    }
}
