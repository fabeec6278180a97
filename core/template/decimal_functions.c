/* Sprig's sums of floats, which are worked out in exact decimals: addf, subf, mulf, divf. */
#include <math.h>
#include <openssl/bn.h>
#include <stdlib.h>
#include <string.h>

#include "core/template/cast.h"
#include "core/template/function.h"
#include "core/template/number.h"

enum { DIVISION_PLACES = 16, MAX_DIGITS = 20000 };

/* value times ten to the exponent. */
struct decimal {
    BIGNUM *value;
    int exponent;
};

/* dst = dst * 10^places */
static void scale(BIGNUM *number, int places, BN_CTX *context) {
    BIGNUM *power = BN_new(), *ten = BN_new(), *exponent = BN_new();
    BN_set_word(ten, 10);
    BN_set_word(exponent, (BN_ULONG)places);
    BN_exp(power, ten, exponent, context);
    BN_mul(number, number, power, context);
    BN_free(power);
    BN_free(ten);
    BN_free(exponent);
}

static bool from_float(struct sw_call *call, double real, struct decimal *out) {
    if (isnan(real) || isinf(real))
        return sw_call_fail(call, "Cannot create a Decimal from %s", isnan(real) ? "NaN" : real > 0 ? "+Inf" : "-Inf");
    char digits[32];
    int point, count = sw_shortest_digits(fabs(real), digits, &point);
    BN_dec2bn(&out->value, digits);
    BN_set_negative(out->value, real < 0);
    out->exponent = real == 0 ? 0 : point - count;
    return true;
}

static double to_float(const struct decimal *decimal) {
    char *digits = BN_bn2dec(decimal->value);
    struct sw_buf text = {0};
    sw_buf_printf(&text, "%se%d", digits, decimal->exponent);
    double real = strtod(text.data, NULL);
    sw_buf_fini(&text);
    OPENSSL_free(digits);
    return BN_is_zero(decimal->value) ? 0 : real;
}

static void align(struct decimal *a, struct decimal *b, BN_CTX *context) {
    struct decimal *finer = a->exponent < b->exponent ? a : b, *other = finer == a ? b : a;
    scale(other->value, other->exponent - finer->exponent, context);
    other->exponent = finer->exponent;
}

/* a = a / b to 16 places, half away from zero. */
static void divide(struct decimal *a, struct decimal *b, BN_CTX *context) {
    int shift = a->exponent - b->exponent + DIVISION_PLACES;
    scale(shift < 0 ? b->value : a->value, abs(shift), context);
    bool negative = BN_is_negative(a->value) != BN_is_negative(b->value);
    BIGNUM *quotient = BN_new(), *rest = BN_new();
    BN_div(quotient, rest, a->value, b->value, context);
    BN_lshift1(rest, rest);
    if (BN_ucmp(rest, b->value) >= 0) {
        if (negative)
            BN_sub_word(quotient, 1);
        else
            BN_add_word(quotient, 1);
    }
    BN_copy(a->value, quotient);
    a->exponent = -DIVISION_PLACES;
    BN_free(quotient);
    BN_free(rest);
}

static bool combine(struct sw_call *call, struct decimal *sum, struct decimal *next, char operation, BN_CTX *context) {
    switch (operation) {
    case '+':
        align(sum, next, context);
        BN_add(sum->value, sum->value, next->value);
        break;
    case '-':
        align(sum, next, context);
        BN_sub(sum->value, sum->value, next->value);
        break;
    case '*':
        BN_mul(sum->value, sum->value, next->value, context);
        sum->exponent += next->exponent;
        break;
    default:
        if (BN_is_zero(next->value))
            return sw_call_fail(call, "decimal division by 0");
        divide(sum, next, context);
    }
    return BN_num_bits(sum->value) / 3 < MAX_DIGITS || sw_call_fail(call, "the result has too many digits");
}

static bool fold(struct sw_call *call, char operation, double start, size_t from) {
    BN_CTX *context = BN_CTX_new();
    struct decimal sum = {BN_new(), 0}, next = {BN_new(), 0};
    bool good = from_float(call, start, &sum);
    for (size_t i = from; good && i < call->count; i++)
        good = from_float(call, sw_cast_float(call->args[i]), &next) && combine(call, &sum, &next, operation, context);
    if (good)
        sw_return(call, sw_float(to_float(&sum)));
    BN_free(sum.value);
    BN_free(next.value);
    BN_CTX_free(context);
    return good;
}

static bool fn_addf(struct sw_call *call) {
    return fold(call, '+', 0, 0);
}

static bool fn_subf(struct sw_call *call) {
    return fold(call, '-', sw_cast_float(call->args[0]), 1);
}

static bool fn_mulf(struct sw_call *call) {
    return fold(call, '*', sw_cast_float(call->args[0]), 1);
}

static bool fn_divf(struct sw_call *call) {
    return fold(call, '/', sw_cast_float(call->args[0]), 1);
}

static bool fn_add1f(struct sw_call *call) {
    struct sw_datum args[] = {call->args[0], sw_int(1)};
    call->args = args;
    call->count = 2;
    return fold(call, '+', 0, 0);
}

const struct sw_function sw_decimal_functions[] = {
    {"addf", "a*", 'f', fn_addf},  {"subf", "aa*", 'f', fn_subf}, {"mulf", "aa*", 'f', fn_mulf},
    {"divf", "aa*", 'f', fn_divf}, {"add1f", "a", 'f', fn_add1f}, {NULL, NULL, 0, NULL},
};
