/* verb.h - how one value of a basic type is written under a printf verb: flags, width and precision (the lower half of Go's fmt). */
#ifndef CORE_TEMPLATE_VERB_H
#define CORE_TEMPLATE_VERB_H

#include "core/base/buf.h"
#include "core/template/value.h"

struct sw_verb {
    bool has_width, has_precision;
    bool minus, plus, sharp, space, zero;
    bool plus_v;  /* %+v */
    bool sharp_v; /* %#v */
    int width;
    int precision;
};

enum sw_signed { SW_UNSIGNED, SW_SIGNED };

void sw_verb_pad(struct sw_buf *out, const struct sw_verb *verb, struct sw_str text);
void sw_verb_text(struct sw_buf *out, const struct sw_verb *verb, struct sw_str text); /* %s */
void sw_verb_hex_text(struct sw_buf *out, const struct sw_verb *verb, struct sw_str text, bool upper);
void sw_verb_quoted(struct sw_buf *out, const struct sw_verb *verb, struct sw_str text);
void sw_verb_rune(struct sw_buf *out, const struct sw_verb *verb, uint64_t rune);        /* %c */
void sw_verb_quoted_rune(struct sw_buf *out, const struct sw_verb *verb, uint64_t rune); /* %q */
void sw_verb_unicode(struct sw_buf *out, const struct sw_verb *verb, uint64_t rune);     /* %U */
/* `letter` is the verb's: it chooses upper-case digits and the prefix 0o. */
void sw_verb_integer(struct sw_buf *out, const struct sw_verb *verb, uint64_t number, unsigned base, enum sw_signed sign,
                     char letter);
void sw_verb_float(struct sw_buf *out, const struct sw_verb *verb, double value, char letter, int precision);

#endif
