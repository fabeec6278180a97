#include "plugins/registry/challenge.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"

enum { MAX_HEADER = 16 * 1024, MAX_CHALLENGES = 16, MAX_PARAMETERS = 32 };

struct reader {
    const char *at;
    const char *end;
};

void sw_challenge_fini(struct sw_challenge *challenge) {
    free(challenge->realm);
    free(challenge->service);
    free(challenge->scope);
    free(challenge->error_code);
    free(challenge->offered);
    memset(challenge, 0, sizeof *challenge);
}

static bool token_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static void skip_blanks(struct reader *in) {
    while (in->at < in->end && (*in->at == ' ' || *in->at == '\t'))
        in->at++;
}

static void skip_separators(struct reader *in) {
    while (in->at < in->end && (*in->at == ' ' || *in->at == '\t' || *in->at == ','))
        in->at++;
}

/* NULL when there is no token here. */
static char *read_token(struct reader *in) {
    const char *start = in->at;
    while (in->at < in->end && token_byte(*in->at))
        in->at++;
    return in->at == start ? NULL : sw_strndup(start, (size_t)(in->at - start));
}

static char *read_quoted(struct reader *in) {
    struct sw_buf text = {0};
    in->at++;
    while (in->at < in->end && *in->at != '"') {
        if (*in->at == '\\' && in->at + 1 < in->end)
            in->at++;
        sw_buf_putc(&text, *in->at++);
    }
    if (in->at < in->end)
        in->at++;
    return sw_buf_take(&text);
}

/* Reads `name = value`. False, with nothing read, when something else stands here. */
static bool read_parameter(struct reader *in, char **name, char **value) {
    struct reader start = *in;
    *name = read_token(in);
    skip_blanks(in);
    if (!*name || in->at == in->end || *in->at != '=')
        goto other;
    in->at++;
    skip_blanks(in);
    if (in->at < in->end && *in->at == '"')
        *value = read_quoted(in);
    else
        *value = read_token(in);
    if (*value)
        return true;
other:
    free(*name);
    *name = NULL;
    *in = start;
    return false;
}

/* The credentials form of schemes like Negotiate: one word that may end with "=". */
static void skip_token68(struct reader *in) {
    while (in->at < in->end && *in->at != ',' && *in->at != ' ')
        in->at++;
}

static void set_parameter(struct sw_challenge *challenge, const char *name, char **value) {
    char **slot = !strcasecmp(name, "realm")     ? &challenge->realm
                  : !strcasecmp(name, "service") ? &challenge->service
                  : !strcasecmp(name, "scope")   ? &challenge->scope
                  : !strcasecmp(name, "error")   ? &challenge->error_code
                                                 : NULL;
    if (slot && !*slot)
        *slot = sw_steal(value);
}

/* Reads one challenge. False at the end or at bytes that are none. */
static bool read_challenge(struct reader *in, struct sw_challenge *challenge, char **scheme) {
    skip_separators(in);
    *scheme = read_token(in);
    if (!*scheme)
        return false;
    skip_blanks(in);
    for (int count = 0; count < MAX_PARAMETERS; count++) {
        sw_cleanup_free char *name = NULL;
        sw_cleanup_free char *value = NULL;
        struct reader before = *in;
        skip_separators(in);
        if (!read_parameter(in, &name, &value)) {
            *in = before;
            break;
        }
        set_parameter(challenge, name, &value);
    }
    /* What follows a scheme without a comma and is no parameter is its token68. */
    if (in->at < in->end && *in->at != ',')
        skip_token68(in);
    return true;
}

static void name_offer(struct sw_buf *offered, const char *scheme) {
    sw_buf_printf(offered, "%s%s", offered->len ? ", " : "", scheme);
}

/* Decides whether `candidate` is better than what we have, and takes it then. */
static void consider(struct sw_challenge *best, struct sw_challenge *candidate, const char *scheme) {
    candidate->kind = !strcasecmp(scheme, "bearer") && candidate->realm && *candidate->realm ? SW_CHALLENGE_BEARER
                      : !strcasecmp(scheme, "basic")                                         ? SW_CHALLENGE_BASIC
                                                                                             : SW_CHALLENGE_NONE;
    bool basic = best->basic_offered || candidate->kind == SW_CHALLENGE_BASIC;
    if (candidate->kind > best->kind) {
        struct sw_challenge old = *best;
        *best = *candidate;
        *candidate = old;
    }
    best->basic_offered = basic;
}

void sw_challenge_parse(struct sw_strings headers, struct sw_challenge *challenge) {
    struct sw_buf offered = {0};
    int count = 0;
    for (size_t i = 0; i < headers.count; i++) {
        size_t len = strnlen(headers.items[i], MAX_HEADER);
        struct reader in = {headers.items[i], headers.items[i] + len};
        while (count++ < MAX_CHALLENGES) {
            sw_cleanup_challenge struct sw_challenge candidate = {0};
            sw_cleanup_free char *scheme = NULL;
            if (!read_challenge(&in, &candidate, &scheme))
                break;
            name_offer(&offered, scheme);
            consider(challenge, &candidate, scheme);
        }
    }
    challenge->offered = offered.len ? sw_buf_take(&offered) : NULL;
    sw_buf_fini(&offered);
}
