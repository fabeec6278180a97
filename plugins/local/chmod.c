#include "plugins/local/chmod.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/vec.h"

/* One change: "go", '+', "rX". */
struct clause {
    mode_t who; /* bits of the classes that it is about: 0700, 0070, 0007 and their special bits */
    char action;
    mode_t bits;    /* r, w, x for all classes, and special ones */
    bool cond_exec; /* X */
    char copy;      /* 'u', 'g' or 'o': the bits that this class has */
};

struct sw_chmod {
    int octal;
    struct sw_vec clauses;
};

void sw_chmod_free(struct sw_chmod *chmod) {
    if (!chmod)
        return;
    sw_vec_fini(&chmod->clauses);
    free(chmod);
}

void sw_chmod_free_p(struct sw_chmod **chmod) {
    sw_chmod_free(*chmod);
    *chmod = NULL;
}

int sw_chmod_octal(const struct sw_chmod *chmod) {
    return chmod->octal;
}

static mode_t class_bits(char who) {
    switch (who) {
    case 'u':
        return 04700;
    case 'g':
        return 02070;
    case 'o':
        return 01007;
    default:
        return 07777;
    }
}

static bool add_permission(struct clause *clause, char c) {
    switch (c) {
    case 'r':
        clause->bits |= 0444;
        return true;
    case 'w':
        clause->bits |= 0222;
        return true;
    case 'x':
        clause->bits |= 0111;
        return true;
    case 'X':
        clause->cond_exec = true;
        return true;
    case 's':
        clause->bits |= 06000;
        return true;
    case 't':
        clause->bits |= 01000;
        return true;
    case 'u':
    case 'g':
    case 'o':
        clause->copy = c;
        return true;
    default:
        return false;
    }
}

/* Reads "who" and its actions up to a comma. NULL: malformed. */
static const char *read_clauses(struct sw_chmod *chmod, const char *at) {
    mode_t who = 0;
    while (*at && strchr("ugoa", *at))
        who |= class_bits(*at++);
    bool is_all = who == 0;
    do {
        if (!*at || !strchr("+-=", *at))
            return NULL;
        struct clause clause = {.who = is_all ? 07777 : who, .action = *at++};
        while (*at && *at != ',' && !strchr("+-=", *at))
            if (!add_permission(&clause, *at++))
                return NULL;
        sw_vec_push(&chmod->clauses, &clause);
    } while (*at && *at != ',');
    return at;
}

static bool read_symbolic(struct sw_chmod *chmod, const char *at) {
    do {
        at = read_clauses(chmod, at);
    } while (at && *at == ',' && at++);
    return at != NULL;
}

struct sw_chmod *sw_chmod_new(const char *text, struct sw_error **error) {
    sw_cleanup_chmod struct sw_chmod *chmod = sw_new(sizeof *chmod);
    chmod->clauses.width = sizeof(struct clause);
    chmod->octal = -1;
    if (*text >= '0' && *text <= '9') {
        char *end;
        unsigned long value = strtoul(text, &end, 8);
        if (*end || value > 07777) {
            sw_fail(error, SW_ERROR_CONFIG, "invalid chmod parameter: '%s'. it should be octal string and between 0 and 07777",
                    text);
            return NULL;
        }
        chmod->octal = (int)value;
    } else if (!read_symbolic(chmod, text)) {
        sw_fail(error, SW_ERROR_CONFIG, "invalid chmod parameter: '%s': invalid syntax", text);
        return NULL;
    }
    return sw_steal(&chmod);
}

/* The three bits of one class, for all of them. */
static mode_t spread(mode_t mode, char class) {
    mode_t bits = (class == 'u' ? mode >> 6 : class == 'g' ? mode >> 3 : mode) & 07;
    return bits << 6 | bits << 3 | bits;
}

mode_t sw_chmod_apply(const struct sw_chmod *chmod, mode_t mode) {
    if (chmod->octal >= 0)
        return (mode_t)chmod->octal;
    mode_t bits = mode & 07777;
    for (size_t i = 0; i < chmod->clauses.len; i++) {
        const struct clause *clause = sw_vec_at(&chmod->clauses, i);
        mode_t change = clause->bits | (clause->copy ? spread(bits, clause->copy) : 0);
        if (clause->cond_exec && (S_ISDIR(mode) || (bits & 0111)))
            change |= 0111;
        change &= clause->who;
        if (clause->action == '=') {
            mode_t kept = S_ISDIR(mode) ? 06000 : 0; /* chmod(1) keeps these of folders unless they are named */
            bits &= ~(clause->who & ~(kept & ~change));
        }
        bits = clause->action == '-' ? bits & ~change : bits | change;
    }
    return bits;
}
