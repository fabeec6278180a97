/* unicode.h - UTF-8 and the properties of code points.
 *
 * Bytes that are no UTF-8 decode, one at a time, to U+FFFD. */
#ifndef CORE_TEMPLATE_UNICODE_H
#define CORE_TEMPLATE_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"

enum { SW_RUNE_ERROR = 0xFFFD, SW_RUNE_MAX = 0x10FFFF };

/* General categories, as in the Unicode standard. */
enum sw_category {
    SW_LU,
    SW_LL,
    SW_LT,
    SW_LM,
    SW_LO,
    SW_MN,
    SW_MC,
    SW_ME,
    SW_ND,
    SW_NL,
    SW_NO,
    SW_PC,
    SW_PD,
    SW_PS,
    SW_PE,
    SW_PI,
    SW_PF,
    SW_PO,
    SW_SM,
    SW_SC,
    SW_SK,
    SW_SO,
    SW_ZS,
    SW_ZL,
    SW_ZP,
    SW_CC,
    SW_CF,
    SW_CO,
    SW_CS,
    SW_CN,
};

/* The first code point of `text` and its length in bytes: 1 for a bad byte, 0 (and SW_RUNE_ERROR) at the end. */
uint32_t sw_rune_decode(const char *text, size_t len, size_t *width);

/* The last code point of `text`, likewise. */
uint32_t sw_rune_decode_last(const char *text, size_t len, size_t *width);

/* Writes up to four bytes and returns their number; what is no code point becomes U+FFFD. */
size_t sw_rune_encode(uint32_t rune, char out[4]);
void sw_buf_add_rune(struct sw_buf *buf, uint32_t rune);

size_t sw_rune_count(const char *text, size_t len);
bool sw_utf8_valid(const char *text, size_t len);

enum sw_category sw_rune_category(uint32_t rune);
bool sw_rune_is_letter(uint32_t rune);
bool sw_rune_is_digit(uint32_t rune);  /* decimal digits */
bool sw_rune_is_number(uint32_t rune); /* every kind of number */
bool sw_rune_is_punct(uint32_t rune);
bool sw_rune_is_upper(uint32_t rune);
bool sw_rune_is_lower(uint32_t rune);
bool sw_rune_is_title(uint32_t rune);
bool sw_rune_is_space(uint32_t rune); /* the property White_Space */
bool sw_rune_is_print(uint32_t rune); /* letters, marks, numbers, punctuation, symbols and the ASCII space */

/* Simple mappings: one code point to one. */
uint32_t sw_rune_upper(uint32_t rune);
uint32_t sw_rune_lower(uint32_t rune);
uint32_t sw_rune_title(uint32_t rune);

#endif
