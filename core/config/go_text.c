#define PCRE2_CODE_UNIT_WIDTH 8
#include "core/config/go_text.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"

enum { MATCH_LIMIT = 10000000 };

static bool unit_of(const char **text, double *nanoseconds) {
    static const struct {
        const char *name;
        double factor;
    } units[] = {{"ns", 1},   {"us", 1e3}, {"\xC2\xB5s", 1e3}, {"\xCE\xBCs", 1e3},
                 {"ms", 1e6}, {"s", 1e9},  {"m", 60 * 1e9},    {"h", 3600 * 1e9}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t len = strlen(units[i].name);
        if (strncmp(*text, units[i].name, len) != 0)
            continue;
        *text += len;
        *nanoseconds = units[i].factor;
        return true;
    }
    return false;
}

bool sw_go_duration(const char *text, int64_t *nanoseconds) {
    bool negative = *text == '-';
    double sum = 0;
    text += *text == '-' || *text == '+';
    if (strcmp(text, "0") == 0) {
        *nanoseconds = 0;
        return true;
    }
    if (!*text)
        return false;
    while (*text) {
        size_t whole = strspn(text, "0123456789"), fraction = 0;
        double number = strtod(text, NULL), factor;
        if (text[whole] == '.')
            fraction = 1 + strspn(text + whole + 1, "0123456789");
        if (whole + fraction == 0 || (whole == 0 && fraction == 1))
            return false;
        text += whole + fraction;
        if (!unit_of(&text, &factor))
            return false;
        sum += number * factor;
    }
    if (sum > 9.2233720368547e18)
        return false;
    *nanoseconds = (int64_t)(negative ? -sum : sum);
    return true;
}

static bool is_pattern(const char *entry) {
    size_t len = strlen(entry);
    return len >= 2 && entry[0] == '/' && entry[len - 1] == '/';
}

/* What PCRE knows and RE2 does not. NULL when there is no such thing. */
static const char *not_in_re2(const char *re) {
    bool in_class = false;
    for (const char *c = re; *c; c++) {
        if (*c == '\\' && c[1]) {
            c++;
            if (!in_class && *c >= '1' && *c <= '9')
                return "back references are not supported";
            if (strchr("GKRXZkg", *c))
                return "invalid escape sequence";
        } else if (in_class) {
            in_class = *c != ']';
        } else if (*c == '[') {
            in_class = true;
            c += c[1] == '^';
            c += c[1] == ']';
        } else if (strncmp(c, "(?", 2) == 0 &&
                   (strchr("=!>|(&R#", c[2]) || strncmp(c, "(?<=", 4) == 0 || strncmp(c, "(?<!", 4) == 0)) {
            return "invalid or unsupported Perl syntax: look-around and its like do not exist here";
        } else if (strchr("*+?}", *c) && c[1] == '+') {
            return "invalid nested repetition operator";
        }
    }
    return NULL;
}

/* The whole of `entry` as an anchored pattern; NULL and `*problem` when it is malformed. */
static pcre2_code *compile(const char *entry, char **problem) {
    size_t len = strlen(entry) - 2;
    sw_cleanup_free char *re = sw_strndup(entry + 1, len);
    const char *foreign = not_in_re2(re);
    if (foreign) {
        *problem = sw_strdup(foreign);
        return NULL;
    }
    int number;
    PCRE2_SIZE offset;
    sw_cleanup_free char *anchored =
        sw_format("^%s$", re); /* as werf builds it, so that an alternative is anchored at one end only */
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)anchored, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_DOLLAR_ENDONLY, &number, &offset, NULL);
    if (code)
        return code;
    PCRE2_UCHAR text[160];
    pcre2_get_error_message(number, text, sizeof text);
    *problem = sw_format("%s at character %zu", (const char *)text, offset > len + 1 ? len + 1 : offset ? offset : 1);
    return NULL;
}

bool sw_go_pattern_valid(const char *entry, char **problem) {
    *problem = NULL;
    if (!is_pattern(entry))
        return true;
    pcre2_code *code = compile(entry, problem);
    pcre2_code_free(code);
    return code != NULL;
}

bool sw_go_pattern_matches(const char *entry, const char *text) {
    if (!is_pattern(entry))
        return strcmp(entry, text) == 0;
    sw_cleanup_free char *problem = NULL;
    pcre2_code *code = compile(entry, &problem);
    if (!code)
        return false;
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(code, NULL);
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(limits, MATCH_LIMIT);
    int found = pcre2_match(code, (PCRE2_SPTR)text, strlen(text), 0, 0, data, limits);
    pcre2_match_context_free(limits);
    pcre2_match_data_free(data);
    pcre2_code_free(code);
    return found >= 0;
}
