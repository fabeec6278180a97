#include "core/config/go_text.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/template/regex.h"

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

/* Compiles "PREFIX re SUFFIX" of an entry `/re/`; NULL and a message when it is malformed. */
static struct sw_regex *compile(const char *entry, const char *prefix, const char *suffix, struct sw_buf *problem) {
    sw_cleanup_free char *text = sw_format("%s%.*s%s", prefix, (int)(strlen(entry) - 2), entry + 1, suffix);
    return sw_regex_new(sw_str_of(text), problem);
}

bool sw_go_pattern_valid(const char *entry, char **problem) {
    *problem = NULL;
    if (!is_pattern(entry))
        return true;
    struct sw_buf message = {0};
    struct sw_regex *regex = compile(entry, "", "", &message);
    if (!regex)
        *problem = sw_buf_take(&message);
    sw_buf_fini(&message);
    sw_regex_free(regex);
    return !*problem;
}

bool sw_go_pattern_matches(const char *entry, const char *text) {
    if (!is_pattern(entry))
        return strcmp(entry, text) == 0;
    struct sw_buf message = {0};
    struct sw_regex_match match;
    bool found = false;
    /* As werf puts it together, so that of alternatives each is anchored at one end only. */
    struct sw_regex *regex = compile(entry, "^", "$", &message);
    bool good = regex && sw_regex_find(regex, sw_str_of(text), 0, &match, &found, &message);
    sw_buf_fini(&message);
    sw_regex_free(regex);
    return good && found;
}
