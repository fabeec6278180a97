#include "plugins/dockerfile/pattern.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/vec.h"
#include "plugins/dockerfile/text.h"

enum { ANY = 0x110000, STAR = 0x110001 }; /* beyond all runes */
enum { WORK_LIMIT = 1 << 28 };            /* runes of a pattern times runes of a value */

struct runes {
    uint32_t *items; /* to be freed */
    size_t count;
};

static struct runes decode(const char *text) {
    struct runes runes = {sw_new_array(strlen(text) + 1, sizeof(uint32_t)), 0};
    size_t len;
    while ((len = sw_df_rune(text, &runes.items[runes.count])) > 0) {
        text += len;
        runes.count++;
    }
    return runes;
}

static void reverse(uint32_t *items, size_t count) {
    for (size_t i = 0; i < count / 2; i++) {
        uint32_t item = items[i];
        items[i] = items[count - 1 - i];
        items[count - 1 - i] = item;
    }
}

/* Turns the text of a pattern into runes, ANY and STAR, in place. */
static bool compile(struct runes *pattern, const char *text, struct sw_df_failure *failure) {
    size_t out = 0;
    for (size_t i = 0; i < pattern->count; i++) {
        uint32_t rune = pattern->items[i];
        if (rune == '*') {
            rune = STAR;
        } else if (rune == '?') {
            rune = ANY;
        } else if (rune == '\\') {
            uint32_t next = i + 1 < pattern->count ? pattern->items[i + 1] : SW_DF_RUNE_BAD;
            if (next == '}' || next == '/')
                continue;
            if (next != '*' && next != '?' && next != '\\') {
                sw_cleanup_buf struct sw_buf bad = {0};
                sw_df_put_rune(&bad, next);
                return sw_df_fail(failure, "invalid pattern (%s) in substitution: invalid escape '\\%s'", text, sw_buf_text(&bad));
            }
            rune = next;
            i++;
        }
        pattern->items[out++] = rune;
    }
    pattern->count = out;
    return true;
}

/* A match in progress. `failed` remembers the pairs of positions that cannot lead to one, so that many stars cost no more than
 * pattern times text. */
struct matcher {
    struct runes pattern;
    struct runes text;
    enum sw_df_greed greed;
    uint8_t *failed;
};

static bool tried(const struct matcher *m, size_t p, size_t t) {
    size_t bit = p * (m->text.count + 1) + t;
    return m->failed[bit / 8] & 1u << bit % 8;
}

/* A star that cannot lead to a match from `t` cannot from any later place of its run either. */
static void give_up(struct matcher *m, size_t p, size_t t, size_t limit) {
    for (; t <= limit && !tried(m, p, t); t++) {
        size_t bit = p * (m->text.count + 1) + t;
        m->failed[bit / 8] |= (uint8_t)(1u << bit % 8);
    }
}

struct branch {
    size_t p;     /* a star */
    size_t t;     /* where it began */
    size_t limit; /* where its run must end at the latest */
    size_t next;  /* end of its run to try next */
};

static size_t run_limit(const struct matcher *m, size_t t) {
    while (t < m->text.count && m->text.items[t] != '\n')
        t++;
    return t;
}

/* Goes on from (*p, *t) as long as there is no choice. False at a dead end. */
static bool advance(struct matcher *m, size_t *p, size_t *t) {
    while (*p < m->pattern.count && m->pattern.items[*p] != STAR) {
        uint32_t want = m->pattern.items[*p];
        if (*t >= m->text.count)
            return false;
        uint32_t have = m->text.items[*t];
        if (want == ANY ? have == '\n' : want != have)
            return false;
        ++*p;
        ++*t;
    }
    return true;
}

/* Takes the next choice of the innermost star that has one left; ends those that have not. */
static bool backtrack(struct matcher *m, struct sw_vec *branches, size_t *p, size_t *t) {
    while (branches->len > 0) {
        struct branch *b = sw_vec_at(branches, branches->len - 1);
        if (b->next == SIZE_MAX || b->next > b->limit) {
            give_up(m, b->p, b->t, b->limit);
            branches->len--;
            continue;
        }
        *t = b->next;
        *p = b->p + 1;
        if (m->greed == SW_DF_SHORTEST)
            b->next++;
        else
            b->next = b->next == b->t ? SIZE_MAX : b->next - 1;
        return true;
    }
    return false;
}

/* Matches at `start`; *end is where the match ends. */
static bool match_at(struct matcher *m, size_t start, size_t *end) {
    sw_cleanup_vec struct sw_vec branches = {.width = sizeof(struct branch)};
    size_t p = 0, t = start;
    for (;;) {
        bool alive = advance(m, &p, &t);
        if (alive && p == m->pattern.count) {
            *end = t;
            return true;
        }
        if (alive && !tried(m, p, t)) {
            size_t limit = run_limit(m, t);
            sw_vec_push(&branches, &(struct branch){p, t, limit, m->greed == SW_DF_SHORTEST ? t : limit});
        }
        if (!backtrack(m, &branches, &p, &t))
            return false;
    }
}

static bool matcher_init(struct matcher *m, const char *pattern, const char *text, enum sw_df_greed greed,
                         struct sw_df_failure *failure) {
    *m = (struct matcher){.pattern = decode(pattern), .text = decode(text), .greed = greed};
    if (!compile(&m->pattern, pattern, failure))
        return false;
    if ((m->pattern.count + 1) * (m->text.count + 1) > WORK_LIMIT)
        return sw_df_fail(failure, "invalid pattern (%s) in substitution: it is too long for its value", pattern);
    m->failed = sw_new((m->pattern.count + 1) * (m->text.count + 1) / 8 + 1);
    return true;
}

static void matcher_fini(struct matcher *m) {
    free(m->pattern.items);
    free(m->text.items);
    free(m->failed);
}

static void put_runes(struct sw_buf *out, const struct runes *text, size_t from, size_t to) {
    for (size_t i = from; i < to; i++)
        sw_df_put_rune(out, text->items[i]);
}

const char *sw_df_cut_prefix(const char *pattern, const char *value, enum sw_df_greed greed, struct sw_df_failure *failure) {
    struct matcher m;
    const char *result = NULL;
    size_t end = 0;
    if (matcher_init(&m, pattern, value, greed, failure)) {
        sw_cleanup_buf struct sw_buf out = {0};
        put_runes(&out, &m.text, match_at(&m, 0, &end) ? end : 0, m.text.count);
        result = sw_arena_str(failure->arena, sw_buf_text(&out));
    }
    matcher_fini(&m);
    return result;
}

/* The pattern from its end to its start; an escape stays before the rune that it belongs to. */
static char *reverse_pattern(struct sw_arena *arena, const char *pattern) {
    struct runes in = decode(pattern);
    sw_cleanup_buf struct sw_buf out = {0};
    size_t *starts = sw_new_array(in.count + 1, sizeof(size_t)), units = 0;
    for (size_t i = 0; i < in.count; i += in.items[i] == '\\' && i + 1 < in.count ? 2 : 1)
        starts[units++] = i;
    starts[units] = in.count;
    while (units-- > 0)
        put_runes(&out, &in, starts[units], starts[units + 1]);
    free(starts);
    free(in.items);
    return sw_arena_str(arena, sw_buf_text(&out));
}

static char *reverse_text(struct sw_arena *arena, const char *text) {
    struct runes runes = decode(text);
    sw_cleanup_buf struct sw_buf out = {0};
    reverse(runes.items, runes.count);
    put_runes(&out, &runes, 0, runes.count);
    free(runes.items);
    return sw_arena_str(arena, sw_buf_text(&out));
}

const char *sw_df_cut_suffix(const char *pattern, const char *value, enum sw_df_greed greed, struct sw_df_failure *failure) {
    struct sw_arena *arena = failure->arena;
    const char *rest = sw_df_cut_prefix(reverse_pattern(arena, pattern), reverse_text(arena, value), greed, failure);
    return rest ? reverse_text(arena, rest) : NULL;
}

/* Puts the template's text, with `$0` replaced by the match and all other names by nothing. */
static void put_template(struct sw_buf *out, const char *template, const struct runes *text, size_t from, size_t to) {
    while (*template) {
        const char *name = template + 1;
        if (*template != '$') {
            sw_buf_putc(out, *template ++);
            continue;
        }
        if (*name == '$') {
            sw_buf_putc(out, '$');
            template += 2;
            continue;
        }
        bool braced = *name == '{';
        name += braced;
        size_t len = 0;
        uint32_t rune;
        for (size_t n; (n = sw_df_rune(name + len, &rune)) > 0; len += n)
            if (!sw_df_is_letter(rune) && !sw_df_is_digit(rune) && rune != '_')
                break;
        if (len == 0 || (braced && name[len] != '}')) {
            sw_buf_putc(out, '$');
            template ++;
            continue;
        }
        if (len == 1 && *name == '0')
            put_runes(out, text, from, to);
        template = name + len + braced;
    }
}

const char *sw_df_replace_first(const char *pattern, const char *value, const char *replacement, struct sw_df_failure *failure) {
    struct matcher m;
    const char *result = NULL;
    if (matcher_init(&m, pattern, value, SW_DF_LONGEST, failure)) {
        sw_cleanup_buf struct sw_buf out = {0};
        size_t start = 0, end = 0;
        while (start <= m.text.count && !match_at(&m, start, &end))
            start++;
        if (start <= m.text.count) {
            put_runes(&out, &m.text, 0, start);
            sw_buf_puts(&out, replacement);
            put_runes(&out, &m.text, end, m.text.count);
        } else {
            put_runes(&out, &m.text, 0, m.text.count);
        }
        result = sw_arena_str(failure->arena, sw_buf_text(&out));
    }
    matcher_fini(&m);
    return result;
}

const char *sw_df_replace_all(const char *pattern, const char *value, const char *replacement, struct sw_df_failure *failure) {
    struct matcher m;
    const char *result = NULL;
    if (matcher_init(&m, pattern, value, SW_DF_LONGEST, failure)) {
        sw_cleanup_buf struct sw_buf out = {0};
        size_t done = 0, at = 0, end = 0;
        while (at <= m.text.count && out.len <= 4 * m.text.count + SW_DF_GROWTH_LIMIT) {
            size_t start = at;
            while (start <= m.text.count && !match_at(&m, start, &end))
                start++;
            if (start > m.text.count)
                break;
            put_runes(&out, &m.text, done, start);
            if (end > done || start == 0) /* no empty match right behind another one */
                put_template(&out, replacement, &m.text, start, end);
            done = end;
            at = end > at ? end : at + 1;
        }
        put_runes(&out, &m.text, done, m.text.count);
        if (out.len > 4 * m.text.count + SW_DF_GROWTH_LIMIT) /* four bytes a rune at most */
            sw_df_fail(failure, "the text grows too large by substitutions");
        else
            result = sw_arena_str(failure->arena, sw_buf_text(&out));
    }
    matcher_fini(&m);
    return result;
}
