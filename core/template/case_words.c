#include "core/template/case_words.h"

#include "core/template/unicode.h"

enum kind { WORD_NONE, WORD_NUMBER, WORD_UPPER, WORD_LETTERS, WORD_CONNECTOR, WORD_PUNCT, WORD_OTHER };

struct word {
    enum kind kind;
    struct sw_str text;
    struct sw_str rest; /* what follows it */
};

static bool is_connector(uint32_t rune) {
    return rune == '-' || rune == '_' || sw_rune_is_space(rune);
}

/* Letters but for CJK ideographs, which are words of their own kind. */
static bool is_alphabet(uint32_t rune) {
    if (!sw_rune_is_letter(rune))
        return false;
    return !((rune >= 0x4E00 && rune <= 0x9FCC) || (rune >= 0x3400 && rune <= 0x4D85) || (rune >= 0x20000 && rune <= 0x2B81D));
}

static bool is_small(uint32_t rune) {
    return is_alphabet(rune) && !sw_rune_is_upper(rune);
}

static bool is_other(uint32_t rune) {
    return !(is_connector(rune) || is_alphabet(rune) || sw_rune_is_number(rune) || sw_rune_is_punct(rune));
}

/* The next code point that is valid, with bad bytes before it; `previous` stands in when there is none. */
static uint32_t valid_rune(struct sw_str text, uint32_t previous, size_t *size) {
    *size = 0;
    while (*size < text.len) {
        size_t width;
        uint32_t rune = sw_rune_decode(text.data + *size, text.len - *size, &width);
        *size += width;
        if (rune != SW_RUNE_ERROR)
            return rune;
    }
    return previous;
}

/* How far a run of one kind goes on from `offset`. */
static size_t run_end(struct sw_str text, size_t offset, uint32_t rune, bool (*fits)(uint32_t)) {
    while (offset < text.len) {
        size_t size;
        rune = valid_rune(sw_str_slice(text, offset, text.len), rune, &size);
        if (!fits(rune))
            break;
        offset += size;
    }
    return offset;
}

/* A word that begins with an upper-case letter: a run of them, whose last one starts the next word if that goes on in lower case;
 * or one and the letters behind it. */
static size_t upper_end(struct sw_str text, size_t offset, uint32_t rune) {
    size_t size, last = 0;
    if (offset == text.len)
        return offset;
    rune = valid_rune(sw_str_slice(text, offset, text.len), rune, &size);
    if (!sw_rune_is_upper(rune))
        return is_alphabet(rune) ? run_end(text, offset + size, rune, is_small) : offset;
    do {
        last = size;
        offset += size;
        if (offset == text.len)
            return offset;
        rune = valid_rune(sw_str_slice(text, offset, text.len), rune, &size);
    } while (sw_rune_is_upper(rune));
    return is_alphabet(rune) ? offset - last : offset;
}

static struct word next_word(struct sw_str text) {
    struct word word = {WORD_NONE, sw_str_slice(text, 0, 0), text};
    size_t end;
    uint32_t rune = valid_rune(text, SW_RUNE_ERROR, &end);
    if (text.len == 0)
        return word;
    if (rune == SW_RUNE_ERROR) {
        word.kind = WORD_NONE;
    } else if (is_connector(rune)) {
        word.kind = WORD_CONNECTOR;
        end = run_end(text, end, rune, is_connector);
    } else if (sw_rune_is_punct(rune)) {
        word.kind = WORD_PUNCT;
        end = run_end(text, end, rune, sw_rune_is_punct);
    } else if (sw_rune_is_upper(rune)) {
        word.kind = WORD_UPPER;
        end = upper_end(text, end, rune);
    } else if (is_alphabet(rune)) {
        word.kind = WORD_LETTERS;
        end = run_end(text, end, rune, is_small);
    } else if (sw_rune_is_number(rune)) {
        word.kind = WORD_NUMBER;
        end = run_end(text, end, rune, sw_rune_is_number);
    } else {
        word.kind = WORD_OTHER;
        end = run_end(text, end, rune, is_other);
    }
    word.text = sw_str_slice(text, 0, end);
    word.rest = sw_str_slice(text, end, text.len);
    return word;
}

static void write_word(struct sw_buf *out, const struct word *word, enum kind kind, char joiner) {
    struct sw_str text = word->text;
    if (kind != WORD_UPPER && kind != WORD_CONNECTOR) {
        sw_buf_add_str(out, text);
        return;
    }
    size_t width;
    for (size_t i = 0; i < text.len; i += width) {
        uint32_t rune = sw_rune_decode(text.data + i, text.len - i, &width);
        if (is_connector(rune))
            sw_buf_putc(out, joiner);
        else
            sw_buf_add_rune(out, sw_rune_is_upper(rune) ? sw_rune_lower(rune) : rune);
    }
}

static bool wants_joiner(enum kind next) {
    return next != WORD_CONNECTOR && next != WORD_PUNCT;
}

/* Letters and numbers that belong to a number before them, and what follows those. */
static struct word write_tail(struct sw_buf *out, struct word word, char joiner) {
    while (word.kind == WORD_LETTERS || word.kind == WORD_NUMBER) {
        write_word(out, &word, word.kind, joiner);
        word = next_word(word.rest);
    }
    if (word.kind != WORD_NONE && wants_joiner(word.kind))
        sw_buf_putc(out, joiner);
    return word;
}

/* Behind a word that is neither number, punctuation nor connector: decides about the joiner, and takes a number with what goes with
 * it. Gives the word to go on with. */
static struct word after_word(struct sw_buf *out, struct word word, char joiner) {
    if (word.kind != WORD_NUMBER) {
        if (wants_joiner(word.kind))
            sw_buf_putc(out, joiner);
        return word;
    }
    if (word.rest.len == 0)
        return word;
    struct word number = word;
    word = next_word(word.rest);
    if (word.kind == WORD_LETTERS) {
        sw_buf_putc(out, joiner);
        write_word(out, &number, WORD_NUMBER, joiner);
        return write_tail(out, word, joiner);
    }
    write_word(out, &number, WORD_NUMBER, joiner);
    if (wants_joiner(word.kind))
        sw_buf_putc(out, joiner);
    return word;
}

void sw_case_join(struct sw_buf *out, struct sw_str text, char joiner) {
    if (text.len == 0)
        return;
    struct word word = next_word(text);
    while (word.rest.len) {
        struct word previous = word;
        if (previous.kind != WORD_CONNECTOR)
            write_word(out, &previous, previous.kind, joiner);
        word = next_word(word.rest);
        if (previous.kind == WORD_NUMBER)
            word = write_tail(out, word, joiner);
        else if (previous.kind == WORD_CONNECTOR)
            write_word(out, &previous, WORD_CONNECTOR, joiner);
        else if (previous.kind != WORD_PUNCT)
            word = after_word(out, word, joiner);
    }
    write_word(out, &word, word.kind, joiner);
}

static uint32_t take(struct sw_str *text) {
    size_t width;
    uint32_t rune = sw_rune_decode(text->data, text->len, &width);
    *text = sw_str_slice(*text, width, text->len);
    return rune;
}

void sw_case_camel(struct sw_buf *out, struct sw_str text) {
    uint32_t rune = 0, before;
    bool any = text.len > 0;
    while (text.len) {
        rune = take(&text);
        if (!is_connector(rune)) {
            rune = sw_rune_upper(rune);
            break;
        }
        sw_buf_add_rune(out, rune);
    }
    if (!any)
        return;
    while (text.len) {
        before = rune;
        rune = take(&text);
        if (is_connector(rune) && is_connector(before))
            sw_buf_add_rune(out, before);
        else if (is_connector(before))
            rune = sw_rune_upper(rune);
        else
            sw_buf_add_rune(out, before);
    }
    sw_buf_add_rune(out, rune);
}
