#include "core/build/expand.h"

#include <ctype.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"

struct scan {
    const char *word; /* whole, for errors */
    const char *at;
    const json_t *env;
    struct sw_buf out;
    struct sw_error **error;
};

static const char *value_of(const struct scan *scan, const char *name, size_t len) {
    size_t index;
    json_t *item;
    json_array_foreach(scan->env, index, item) {
        const char *text = json_string_value(item);
        if (text && strncmp(text, name, len) == 0 && text[len] == '=')
            return text + len + 1;
    }
    return "";
}

static size_t name_length(const char *text) {
    size_t len = 0;
    if (isdigit((unsigned char)text[0]))
        return 1;
    while (isalnum((unsigned char)text[len]) || text[len] == '_')
        len++;
    return len;
}

static bool malformed(struct scan *scan) {
    return sw_fail(scan->error, SW_ERROR_CONFIG, "malformed substitution in \"%s\"", scan->word);
}

/* The word of a modifier, up to the brace that closes it. */
static char *modifier_word(struct scan *scan) {
    int depth = 1;
    const char *start = scan->at;
    for (; *scan->at; scan->at++) {
        depth += *scan->at == '{';
        depth -= *scan->at == '}';
        if (depth == 0)
            return sw_strndup(start, (size_t)(scan->at++ - start));
    }
    malformed(scan);
    return NULL;
}

static bool braced(struct scan *scan) {
    const char *name = scan->at;
    size_t len = name_length(name);
    const char *value = value_of(scan, name, len);
    scan->at += len;
    if (len == 0)
        return malformed(scan);
    if (*scan->at == '}') {
        scan->at++;
        sw_buf_puts(&scan->out, value);
        return true;
    }
    if (*scan->at == ':')
        scan->at++;
    char modifier = *scan->at;
    if (modifier != '-' && modifier != '+')
        return malformed(scan);
    scan->at++;
    sw_cleanup_free char *word = modifier_word(scan);
    sw_cleanup_free char *expanded = word ? sw_expand_word(word, scan->env, scan->error) : NULL;
    if (!expanded)
        return false;
    bool set = *value != '\0';
    if (modifier == '-')
        sw_buf_puts(&scan->out, set ? value : expanded);
    else if (set)
        sw_buf_puts(&scan->out, expanded);
    return true;
}

static bool variable(struct scan *scan) {
    scan->at++;
    if (*scan->at == '{') {
        scan->at++;
        return braced(scan);
    }
    size_t len = name_length(scan->at);
    if (len == 0) {
        sw_buf_putc(&scan->out, '$');
        return true;
    }
    sw_buf_puts(&scan->out, value_of(scan, scan->at, len));
    scan->at += len;
    return true;
}

static bool scan_word(struct scan *scan) {
    bool in_double = false, in_single = false;
    while (*scan->at) {
        char c = *scan->at;
        if (in_single && c != '\'') {
            sw_buf_putc(&scan->out, c);
        } else if (c == '\'' && !in_double) {
            in_single = !in_single;
        } else if (c == '"') {
            in_double = !in_double;
        } else if (c == '\\' && scan->at[1]) {
            scan->at++;
            if (in_double && !strchr("\"$\\", *scan->at))
                sw_buf_putc(&scan->out, '\\');
            sw_buf_putc(&scan->out, *scan->at);
        } else if (c == '$') {
            if (!variable(scan))
                return false;
            continue;
        } else {
            sw_buf_putc(&scan->out, c);
        }
        scan->at++;
    }
    return (!in_double && !in_single) || sw_fail(scan->error, SW_ERROR_CONFIG, "a quote is not closed in \"%s\"", scan->word);
}

char *sw_expand_word(const char *word, const json_t *env, struct sw_error **error) {
    struct scan scan = {.word = word, .at = word, .env = env, .error = error};
    if (scan_word(&scan))
        return sw_buf_take(&scan.out);
    sw_buf_fini(&scan.out);
    return NULL;
}
