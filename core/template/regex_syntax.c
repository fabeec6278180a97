#include "core/template/regex_syntax.h"

#include <string.h>

#include "core/template/regex_class.h"
#include "core/template/unicode.h"

enum { MAX_REPEAT = 1000, MAX_GROUPS_DEEP = 1000 };

struct flags {
    bool fold, multi_line, dot_all, lazy;
};

/* An open group (or the whole pattern). */
struct frame {
    struct flags flags; /* to go back to behind the group */
    size_t atom;        /* where the last item begins in the output */
    bool has_atom;
    bool repeated;    /* the last item has a repetition already */
    size_t start;     /* where the group begins in the output */
    int most_repeats; /* product of counted repetitions inside the group */
    int last_repeats; /* and inside the last item */
};

struct translator {
    struct sw_str whole;
    struct sw_str rest;
    struct sw_buf *out;
    struct sw_vec *names;
    struct sw_vec frames; /* struct frame */
    struct flags flags;
    struct sw_str last_repeat; /* from the operator just read to the end; empty: none */
    struct sw_buf *error;
};

static struct frame *top(struct translator *t) {
    return (struct frame *)t->frames.data + t->frames.len - 1;
}

static bool fail(struct translator *t, const char *message, struct sw_str part) {
    sw_buf_printf(t->error, "error parsing regexp: %s: `", message);
    sw_buf_add_str(t->error, part);
    sw_buf_putc(t->error, '`');
    return false;
}

/* The text from `start` up to what is left now. */
static struct sw_str since(const struct translator *t, struct sw_str start) {
    return sw_str_slice(start, 0, start.len - t->rest.len);
}

static void advance(struct translator *t, size_t len) {
    t->rest = sw_str_slice(t->rest, len, t->rest.len);
}

static bool at(const struct translator *t, size_t index, char c) {
    return index < t->rest.len && t->rest.data[index] == c;
}

/* The next character; SW_RUNE_ERROR at the end, which no rule takes. */
static bool take_rune(struct translator *t, uint32_t *rune) {
    size_t width = 0;
    *rune = t->rest.len ? sw_rune_decode(t->rest.data, t->rest.len, &width) : SW_RUNE_ERROR;
    if (*rune == SW_RUNE_ERROR && width == 1)
        return fail(t, "invalid UTF-8", t->rest);
    advance(t, width);
    return true;
}

static bool check_utf8(struct translator *t, struct sw_str text) {
    size_t width;
    for (size_t i = 0; i < text.len; i += width)
        if (sw_rune_decode(text.data + i, text.len - i, &width) == SW_RUNE_ERROR && width == 1)
            return fail(t, "invalid UTF-8", sw_str_slice(text, i, text.len));
    return true;
}

static void begin_atom(struct translator *t) {
    struct frame *frame = top(t);
    frame->atom = t->out->len;
    frame->has_atom = true;
    frame->repeated = false;
    frame->last_repeats = 1;
}

static void add_atom(struct translator *t, const char *text) {
    begin_atom(t);
    sw_buf_puts(t->out, text);
}

static void add_literal(struct translator *t, uint32_t rune) {
    begin_atom(t);
    if (rune >= 0xD800 && rune <= 0xDFFF)
        sw_buf_puts(t->out, "(?!)");
    else
        sw_buf_printf(t->out, t->flags.fold ? "(?i:\\x{%x})" : "\\x{%x}", rune);
}

static void open_frame(struct translator *t, const char *text) {
    struct frame frame = {.flags = t->flags, .start = t->out->len, .most_repeats = 1, .last_repeats = 1};
    sw_buf_puts(t->out, text);
    sw_vec_push(&t->frames, &frame);
}

static bool is_alnum(uint32_t rune) {
    return rune < 0x80 && (sw_rune_is_letter(rune) || sw_rune_is_digit(rune));
}

static int hex_value(uint32_t rune) {
    if (rune >= '0' && rune <= '9')
        return (int)rune - '0';
    uint32_t lower = rune | 0x20;
    return lower >= 'a' && lower <= 'f' ? (int)lower - 'a' + 10 : -1;
}

/* Digits in braces behind "\x{". `*good` is false when they are none. */
static bool take_braced_hex(struct translator *t, uint32_t *rune, bool *good) {
    int count = 0;
    *rune = 0;
    *good = false;
    while (t->rest.len) {
        uint32_t c;
        if (!take_rune(t, &c))
            return false;
        if (c == '}') {
            *good = count > 0;
            return true;
        }
        int value = hex_value(c);
        if (value < 0)
            return true;
        *rune = *rune * 16 + (uint32_t)value;
        if (*rune > SW_RUNE_MAX)
            return true;
        count++;
    }
    return true;
}

static bool take_hex(struct translator *t, uint32_t *rune, bool *good) {
    uint32_t first, second;
    *good = false;
    if (t->rest.len == 0)
        return true;
    if (!take_rune(t, &first))
        return false;
    if (first == '{')
        return take_braced_hex(t, rune, good);
    if (!take_rune(t, &second))
        return false;
    int high = hex_value(first), low = hex_value(second);
    *good = high >= 0 && low >= 0;
    *rune = (uint32_t)(high * 16 + low);
    return true;
}

static void take_octal(struct translator *t, uint32_t first, uint32_t *rune) {
    *rune = first - '0';
    for (int i = 1; i < 3 && t->rest.len && t->rest.data[0] >= '0' && t->rest.data[0] <= '7'; i++) {
        *rune = *rune * 8 + (uint32_t)(t->rest.data[0] - '0');
        advance(t, 1);
    }
}

/* An escape that stands for one character; the backslash is not yet taken. */
static bool take_escape(struct translator *t, uint32_t *rune) {
    static const char letters[] = "afnrtv", values[] = "\a\f\n\r\t\v";
    struct sw_str start = t->rest;
    uint32_t c;
    bool good = false;
    advance(t, 1);
    if (t->rest.len == 0)
        return fail(t, "trailing backslash at end of expression", t->rest);
    if (!take_rune(t, &c))
        return false;
    const char *letter = c && c < 0x80 ? strchr(letters, (char)c) : NULL;
    bool octal_follows = t->rest.len && t->rest.data[0] >= '0' && t->rest.data[0] <= '7';
    if (c == '0' || (c >= '1' && c <= '7' && octal_follows)) {
        take_octal(t, c, rune);
        return true;
    }
    if (c == 'x') {
        if (!take_hex(t, rune, &good))
            return false;
    } else if (letter) {
        *rune = (uint32_t)values[letter - letters];
        good = true;
    } else if (c < 0x80 && !is_alnum(c)) {
        *rune = c;
        good = true;
    }
    return good || fail(t, "invalid escape sequence", since(t, start));
}

/* \pX, \p{Name} and \P; `*taken` says whether one stands here. */
static bool take_unicode_class(struct translator *t, struct sw_regex_class *set, bool *taken) {
    struct sw_str start = t->rest;
    *taken = at(t, 0, '\\') && (at(t, 1, 'p') || at(t, 1, 'P'));
    if (!*taken)
        return true;
    bool negated = at(t, 1, 'P');
    uint32_t c;
    advance(t, 2);
    if (!take_rune(t, &c))
        return false;
    struct sw_str name = sw_str_slice(since(t, start), 2, since(t, start).len);
    if (c == '{') {
        const char *end = memchr(start.data, '}', start.len);
        if (!end)
            return check_utf8(t, start) && fail(t, "invalid character class range", start);
        size_t len = (size_t)(end - start.data);
        name = sw_str_slice(start, 3, len);
        if (!check_utf8(t, name))
            return false;
        t->rest = sw_str_slice(start, len + 1, start.len);
    }
    if (name.len && name.data[0] == '^') {
        negated = !negated;
        name = sw_str_slice(name, 1, name.len);
    }
    return sw_regex_class_add_unicode(set, name, negated, t->flags.fold) ||
           fail(t, "invalid character class range", since(t, start));
}

static bool take_perl_class(struct translator *t, struct sw_regex_class *set) {
    if (!at(t, 0, '\\') || t->rest.len < 2 || !sw_regex_class_add_perl(set, t->rest.data[1], t->flags.fold))
        return false;
    advance(t, 2);
    return true;
}

/* "[:name:]" inside a class. */
static bool take_posix_class(struct translator *t, struct sw_regex_class *set, bool *taken) {
    *taken = false;
    if (t->rest.len <= 2 || !at(t, 0, '[') || !at(t, 1, ':'))
        return true;
    ptrdiff_t end = sw_str_find(sw_str_slice(t->rest, 2, t->rest.len), sw_str_of(":]"));
    if (end < 0)
        return true;
    struct sw_str name = sw_str_slice(t->rest, 0, (size_t)end + 4);
    if (!sw_regex_class_add_posix(set, name, t->flags.fold))
        return fail(t, "invalid character class range", name);
    advance(t, name.len);
    *taken = true;
    return true;
}

static bool take_class_char(struct translator *t, struct sw_str whole, uint32_t *rune) {
    if (t->rest.len == 0)
        return fail(t, "missing closing ]", whole);
    return t->rest.data[0] == '\\' ? take_escape(t, rune) : take_rune(t, rune);
}

static bool take_range(struct translator *t, struct sw_regex_class *set, struct sw_str whole) {
    struct sw_str start = t->rest;
    uint32_t low, high;
    if (!take_class_char(t, whole, &low))
        return false;
    high = low;
    if (t->rest.len >= 2 && at(t, 0, '-') && !at(t, 1, ']')) {
        advance(t, 1);
        if (!take_class_char(t, whole, &high))
            return false;
        if (high < low)
            return fail(t, "invalid character class range", since(t, start));
    }
    sw_regex_class_add(set, low, high);
    return true;
}

static bool take_class_members(struct translator *t, struct sw_regex_class *set) {
    struct sw_str whole = t->rest;
    advance(t, 1);
    set->negated = at(t, 0, '^');
    advance(t, set->negated);
    for (bool first = true; first || !at(t, 0, ']'); first = false) {
        bool taken;
        if (!take_posix_class(t, set, &taken))
            return false;
        if (!taken && !take_unicode_class(t, set, &taken))
            return false;
        if (!taken && !take_perl_class(t, set) && !take_range(t, set, whole))
            return false;
    }
    advance(t, 1);
    return true;
}

static bool take_class(struct translator *t) {
    struct sw_regex_class set;
    sw_regex_class_init(&set);
    bool good = take_class_members(t, &set);
    if (good) {
        begin_atom(t);
        sw_regex_class_write(t->out, &set, t->flags.fold);
    }
    sw_regex_class_fini(&set);
    return good;
}

/* \d and \p outside of brackets. */
static bool take_class_escape(struct translator *t, bool *taken) {
    struct sw_regex_class set;
    sw_regex_class_init(&set);
    bool good = take_unicode_class(t, &set, taken);
    if (good && !*taken)
        *taken = take_perl_class(t, &set);
    if (good && *taken) {
        begin_atom(t);
        sw_regex_class_write(t->out, &set, t->flags.fold);
    }
    sw_regex_class_fini(&set);
    return good;
}

/* \Q up to \E or the end. */
static bool take_quoted(struct translator *t) {
    struct sw_str text = sw_str_slice(t->rest, 2, t->rest.len);
    ptrdiff_t end = sw_str_find(text, sw_str_of("\\E"));
    struct sw_str after = end < 0 ? sw_str_slice(text, text.len, text.len) : sw_str_slice(text, (size_t)end + 2, text.len);
    t->rest = end < 0 ? text : sw_str_slice(text, 0, (size_t)end);
    while (t->rest.len) {
        uint32_t rune;
        if (!take_rune(t, &rune))
            return false;
        add_literal(t, rune);
    }
    t->rest = after;
    return true;
}

static bool take_backslash(struct translator *t) {
    static const struct {
        char letter;
        const char *text;
    } simple[] = {{'A', "(?:\\A)"}, {'b', "(?:\\b)"}, {'B', "(?:\\B)"}, {'z', "(?:\\z)"}};
    for (size_t i = 0; i < sizeof simple / sizeof simple[0]; i++) {
        if (!at(t, 1, simple[i].letter))
            continue;
        add_atom(t, simple[i].text);
        advance(t, 2);
        return true;
    }
    if (at(t, 1, 'C'))
        return fail(t, "invalid escape sequence", sw_str_slice(t->rest, 0, 2));
    if (at(t, 1, 'Q'))
        return take_quoted(t);
    bool taken;
    uint32_t rune;
    if (!take_class_escape(t, &taken))
        return false;
    if (taken)
        return true;
    if (!take_escape(t, &rune))
        return false;
    add_literal(t, rune);
    return true;
}

static bool is_capture_name(struct sw_str name) {
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] != '_' && !is_alnum((unsigned char)name.data[i]))
            return false;
    return name.len > 0;
}

static bool open_capture(struct translator *t, struct sw_str name) {
    sw_vec_push(t->names, &name);
    open_frame(t, "(");
    if (t->frames.len > MAX_GROUPS_DEEP)
        return fail(t, "expression nests too deeply", t->whole);
    return true;
}

static bool take_named_group(struct translator *t, size_t skip) {
    struct sw_str start = t->rest;
    const char *close = memchr(start.data, '>', start.len);
    if (!close)
        return check_utf8(t, start) && fail(t, "invalid named capture", start);
    size_t end = (size_t)(close - start.data);
    struct sw_str name = sw_str_slice(start, skip, end);
    if (!check_utf8(t, name))
        return false;
    if (!is_capture_name(name))
        return fail(t, "invalid named capture", sw_str_slice(start, 0, end + 1));
    advance(t, end + 1);
    return open_capture(t, name);
}

/* Sets the flag of a letter; false if there is none. */
static bool set_flag(struct flags *flags, uint32_t letter, bool on) {
    switch (letter) {
    case 'i':
        flags->fold = on;
        return true;
    case 'm':
        flags->multi_line = on;
        return true;
    case 's':
        flags->dot_all = on;
        return true;
    case 'U':
        flags->lazy = on;
        return true;
    default:
        return false;
    }
}

/* "(?flags)" and "(?flags:". */
static bool take_flags(struct translator *t) {
    struct sw_str start = t->rest;
    struct flags flags = t->flags;
    bool on = true, saw = false;
    advance(t, 2);
    while (t->rest.len) {
        uint32_t c;
        if (!take_rune(t, &c))
            return false;
        if (set_flag(&flags, c, on)) {
            saw = true;
        } else if (c == '-' && on) {
            on = false;
            saw = false;
        } else if ((c == ':' || c == ')') && (on || saw)) {
            if (c == ':')
                open_frame(t, "(?:");
            t->flags = flags;
            return true;
        } else {
            break;
        }
    }
    return fail(t, "invalid or unsupported Perl syntax", since(t, start));
}

static bool take_open(struct translator *t) {
    if (!at(t, 1, '?')) {
        advance(t, 1);
        return open_capture(t, (struct sw_str){"", 0});
    }
    if (t->rest.len > 4 && at(t, 2, 'P') && at(t, 3, '<'))
        return take_named_group(t, 4);
    if (t->rest.len > 3 && at(t, 2, '<'))
        return take_named_group(t, 3);
    return take_flags(t);
}

static bool take_close(struct translator *t) {
    if (t->frames.len < 2)
        return fail(t, "unexpected )", t->whole);
    struct frame closed = *top(t);
    t->frames.len--;
    t->flags = closed.flags;
    sw_buf_putc(t->out, ')');
    struct frame *frame = top(t);
    frame->atom = closed.start;
    frame->has_atom = true;
    frame->repeated = false;
    frame->last_repeats = closed.most_repeats > closed.last_repeats ? closed.most_repeats : closed.last_repeats;
    advance(t, 1);
    return true;
}

static void insert(struct sw_buf *out, size_t place, const char *text) {
    sw_cleanup_buf struct sw_buf tail = {0};
    sw_buf_add(&tail, out->data + place, out->len - place);
    sw_buf_truncate(out, place);
    sw_buf_puts(out, text);
    sw_buf_add(out, sw_buf_text(&tail), tail.len);
}

/* Puts a repetition behind the last item. `start` is the text from the operator on, which has been taken. */
static bool repeat(struct translator *t, const char *operator, int most, struct sw_str start) {
    bool lazy = t->flags.lazy;
    if (at(t, 0, '?')) {
        advance(t, 1);
        lazy = !lazy;
    }
    if (t->last_repeat.len)
        return fail(t, "invalid nested repetition operator", since(t, t->last_repeat));
    struct frame *frame = top(t);
    if (!frame->has_atom)
        return fail(t, "missing argument to repetition operator", since(t, start));
    if (frame->repeated) {
        insert(t->out, frame->atom, "(?:");
        sw_buf_putc(t->out, ')');
    }
    frame->repeated = true;
    frame->last_repeats *= most > 1 ? most : 1;
    if (most >= 2 && frame->last_repeats > MAX_REPEAT)
        return fail(t, "invalid repeat count", since(t, start));
    if (frame->last_repeats > frame->most_repeats)
        frame->most_repeats = frame->last_repeats;
    sw_buf_puts(t->out, operator);
    sw_buf_puts(t->out, lazy ? "?" : "");
    t->last_repeat = start;
    return true;
}

/* Digits without leading zeros; -1 for too many. False if there are none. */
static bool take_count(struct sw_str text, size_t *index, int *count) {
    size_t start = *index;
    *count = 0;
    for (; *index < text.len && text.data[*index] >= '0' && text.data[*index] <= '9'; ++*index)
        *count = *count < 0 || *count >= 100000000 ? -1 : *count * 10 + (text.data[*index] - '0');
    return *index > start && !(text.data[start] == '0' && *index > start + 1);
}

/* "{n}", "{n,}" or "{n,m}"; anything else is a literal brace. */
static bool take_counted(struct translator *t, bool *taken) {
    struct sw_str start = t->rest;
    size_t index = 1;
    int low, high;
    *taken = false;
    if (!take_count(start, &index, &low))
        return true;
    high = low;
    if (index < start.len && start.data[index] == ',') {
        index++;
        high = -1;
        if (index < start.len && start.data[index] != '}') {
            if (!take_count(start, &index, &high))
                return true;
            low = high < 0 ? -1 : low;
        }
    }
    if (index >= start.len || start.data[index] != '}')
        return true;
    *taken = true;
    advance(t, index + 1);
    if (low < 0 || low > MAX_REPEAT || high > MAX_REPEAT || (high >= 0 && low > high))
        return fail(t, "invalid repeat count", since(t, start));
    sw_cleanup_buf struct sw_buf operator= {0};
    if (high < 0)
        sw_buf_printf(&operator, "{%d,}", low);
    else
        sw_buf_printf(&operator, "{%d,%d}", low, high);
    return repeat(t, operator.data, high < 0 ? low : high, start);
}

static bool take_operator(struct translator *t) {
    struct sw_str start = t->rest;
    char operator[2] = {start.data[0], '\0'};
    advance(t, 1);
    return repeat(t, operator, 1, start);
}

static bool take_item(struct translator *t) {
    bool taken;
    uint32_t rune;
    switch (t->rest.data[0]) {
    case '(':
        return take_open(t);
    case ')':
        return take_close(t);
    case '|':
        sw_buf_putc(t->out, '|');
        top(t)->has_atom = false;
        break;
    case '^':
        add_atom(t, t->flags.multi_line ? "(?m:^)" : "(?:\\A)");
        break;
    case '$':
        add_atom(t, t->flags.multi_line ? "(?m:$)" : "(?:\\z)");
        break;
    case '.':
        add_atom(t, t->flags.dot_all ? "(?s:.)" : "[^\\n]");
        break;
    case '[':
        return take_class(t);
    case '\\':
        return take_backslash(t);
    case '*':
    case '+':
    case '?':
        return take_operator(t);
    case '{':
        if (!take_counted(t, &taken))
            return false;
        if (taken)
            return true;
        add_literal(t, '{');
        break;
    default:
        if (!take_rune(t, &rune))
            return false;
        add_literal(t, rune);
        return true;
    }
    advance(t, 1);
    return true;
}

static bool translate(struct translator *t) {
    while (t->rest.len) {
        struct sw_str before = t->last_repeat;
        if (!take_item(t))
            return false;
        if (t->last_repeat.len == before.len)
            t->last_repeat = (struct sw_str){NULL, 0};
    }
    return t->frames.len == 1 || fail(t, "missing closing )", t->whole);
}

bool sw_regex_translate(struct sw_str pattern, struct sw_buf *out, struct sw_vec *names, struct sw_buf *error) {
    struct translator t = {
        .whole = pattern, .rest = pattern, .out = out, .names = names, .frames = {.width = sizeof(struct frame)}, .error = error};
    open_frame(&t, "");
    bool good = translate(&t);
    sw_vec_fini(&t.frames);
    return good;
}
