#include "core/template/literal.h"

#include <math.h>
#include <string.h>

#include "core/template/number.h"
#include "core/template/quote.h"

static bool fail(struct sw_buf *error, const char *message, struct sw_str text) {
    sw_buf_printf(error, "%s: ", message);
    sw_quote(error, text, SW_UNICODE);
    return false;
}

static bool contains_any(struct sw_str text, const char *set) {
    for (size_t i = 0; i < text.len; i++)
        if (strchr(set, text.data[i]))
            return true;
    return false;
}

static bool parse_char(struct sw_str text, struct sw_number *number, struct sw_buf *error) {
    struct sw_str rest = sw_str_slice(text, 1, text.len);
    uint32_t rune;
    bool single_byte;
    if (!sw_unquote_char(&rest, '\'', &rune, &single_byte)) {
        sw_buf_puts(error, "invalid syntax");
        return false;
    }
    if (!sw_str_is(rest, "'")) {
        sw_buf_puts(error, "malformed character constant: ");
        sw_buf_add_str(error, text);
        return false;
    }
    *number = (struct sw_number){.is_int = true, .integer = rune, .is_uint = true, .natural = rune, .is_float = true, .real = rune};
    return true;
}

/* The integers that `real` is equal to, if any. */
static void set_integers(struct sw_number *number, double real) {
    if (real >= -0x1p63 && real < 0x1p63 && real == trunc(real)) {
        number->is_int = true;
        number->integer = (int64_t)real;
    }
    if (real >= 0 && real < 0x1p64 && real == trunc(real)) {
        number->is_uint = true;
        number->natural = (uint64_t)real;
    }
}

static void set_complex(struct sw_number *number, double real, double imaginary) {
    number->is_complex = true;
    number->complex128 = __builtin_complex(real, imaginary);
    if (imaginary != 0)
        return;
    number->is_float = true;
    number->real = real;
    set_integers(number, real);
}

static bool parse_complex(struct sw_str text, struct sw_number *number, struct sw_buf *error) {
    size_t split = 1;
    bool hex = contains_any(text, "xX");
    while (split < text.len &&
           !((text.data[split] == '+' || text.data[split] == '-') && !strchr(hex ? "pP" : "eEpP", text.data[split - 1])))
        split++;
    double parts[2];
    struct sw_str texts[] = {sw_str_slice(text, 0, split), sw_str_slice(text, split, text.len - 1)};
    for (int i = 0; i < 2; i++) {
        enum sw_parsed parsed = sw_parse_float(texts[i], &parts[i]);
        if (parsed == SW_PARSE_SYNTAX) {
            sw_buf_puts(error, "syntax error scanning complex number");
            return false;
        }
        if (parsed == SW_PARSE_RANGE) {
            fail(error, "strconv.ParseFloat: parsing", texts[i]);
            sw_buf_puts(error, ": value out of range");
            return false;
        }
    }
    set_complex(number, parts[0], parts[1]);
    return true;
}

static void parse_integer(struct sw_str text, struct sw_number *number) {
    number->is_uint = sw_parse_uint(text, 0, &number->natural) == SW_PARSED;
    number->is_int = sw_parse_int(text, 0, &number->integer) == SW_PARSED;
    if (number->is_int && number->integer == 0)
        number->is_uint = true; /* -0 */
    if (number->is_int)
        number->real = (double)number->integer;
    else if (number->is_uint)
        number->real = (double)number->natural;
    number->is_float = number->is_int || number->is_uint;
}

bool sw_number_parse(struct sw_token token, struct sw_number *number, struct sw_buf *error) {
    struct sw_str text = token.text;
    *number = (struct sw_number){0};
    if (token.kind == SW_TOKEN_CHAR_CONSTANT)
        return parse_char(text, number, error);
    if (token.kind == SW_TOKEN_COMPLEX)
        return parse_complex(text, number, error);
    double real;
    if (text.len && text.data[text.len - 1] == 'i' && sw_parse_float(sw_str_slice(text, 0, text.len - 1), &real) == SW_PARSED) {
        set_complex(number, 0, real);
        return true;
    }
    parse_integer(text, number);
    if (number->is_float)
        return true;
    if (sw_parse_float(text, &real) != SW_PARSED)
        return fail(error, "illegal number syntax", text);
    if (!contains_any(text, ".eEpP"))
        return fail(error, "integer overflow", text);
    number->is_float = true;
    number->real = real;
    set_integers(number, real);
    return true;
}

struct sw_datum sw_number_ideal(const struct sw_number *number, struct sw_str text) {
    if (number->is_complex)
        return (struct sw_datum){.type = SW_T_COMPLEX, .complex128 = number->complex128};
    bool hex = text.len > 2 && text.data[0] == '0' && (text.data[1] | 0x20) == 'x' && !contains_any(text, "pP");
    if (number->is_float && !hex && text.data[0] != '\'' && contains_any(text, ".eEpP"))
        return sw_float(number->real);
    return number->is_int ? sw_int(number->integer) : sw_none();
}
