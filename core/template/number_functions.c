/* Sprig's family of whole numbers and floats; sums of decimals are decimal_functions.c's. */
#include <math.h>

#include "core/template/cast.h"
#include "core/template/engine.h"
#include "core/template/format.h"
#include "core/template/function.h"
#include "core/template/number.h"
#include "core/template/random.h"

static int64_t whole(const struct sw_call *call, size_t index) {
    return sw_cast_int(call->args[index]);
}

static bool return_int64(struct sw_call *call, int64_t number) {
    return sw_return(call, sw_int64(number));
}

static bool return_float(struct sw_call *call, double real) {
    return sw_return(call, sw_float(real));
}

/* Sums and products wrap around, as Go's do. */
static bool fn_add(struct sw_call *call) {
    uint64_t sum = 0;
    for (size_t i = 0; i < call->count; i++)
        sum += (uint64_t)whole(call, i);
    return return_int64(call, (int64_t)sum);
}

static bool fn_add1(struct sw_call *call) {
    return return_int64(call, (int64_t)((uint64_t)whole(call, 0) + 1));
}

static bool fn_sub(struct sw_call *call) {
    return return_int64(call, (int64_t)((uint64_t)whole(call, 0) - (uint64_t)whole(call, 1)));
}

static bool fn_mul(struct sw_call *call) {
    uint64_t product = (uint64_t)whole(call, 0);
    for (size_t i = 1; i < call->count; i++)
        product *= (uint64_t)whole(call, i);
    return return_int64(call, (int64_t)product);
}

static bool divide_by_zero(struct sw_call *call) {
    return sw_call_fail(call, "runtime error: integer divide by zero");
}

static bool fn_div(struct sw_call *call) {
    int64_t a = whole(call, 0), b = whole(call, 1);
    if (b == 0)
        return divide_by_zero(call);
    return return_int64(call, b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b);
}

static bool fn_mod(struct sw_call *call) {
    int64_t a = whole(call, 0), b = whole(call, 1);
    if (b == 0)
        return divide_by_zero(call);
    return return_int64(call, b == -1 ? 0 : a % b);
}

static bool fn_max(struct sw_call *call) {
    int64_t best = whole(call, 0);
    for (size_t i = 1; i < call->count; i++)
        best = whole(call, i) > best ? whole(call, i) : best;
    return return_int64(call, best);
}

static bool fn_min(struct sw_call *call) {
    int64_t best = whole(call, 0);
    for (size_t i = 1; i < call->count; i++)
        best = whole(call, i) < best ? whole(call, i) : best;
    return return_int64(call, best);
}

/* The larger by `sign` 1, the smaller by -1. An infinity wins, then NaN does; of two zeros the sign decides. */
static double choose(double a, double b, double sign) {
    if (a == sign * INFINITY || b == sign * INFINITY)
        return sign * INFINITY;
    if (isnan(a) || isnan(b))
        return NAN;
    if (a == 0 && b == 0)
        return (signbit(a) != 0) == (sign > 0) ? b : a;
    return sign * a > sign * b ? a : b;
}

static bool choose_all(struct sw_call *call, double sign) {
    double best = sw_cast_float(call->args[0]);
    for (size_t i = 1; i < call->count; i++)
        best = choose(best, sw_cast_float(call->args[i]), sign);
    return return_float(call, best);
}

static bool fn_maxf(struct sw_call *call) {
    return choose_all(call, 1);
}

static bool fn_minf(struct sw_call *call) {
    return choose_all(call, -1);
}

static bool fn_floor(struct sw_call *call) {
    return return_float(call, floor(sw_cast_float(call->args[0])));
}

static bool fn_ceil(struct sw_call *call) {
    return return_float(call, ceil(sw_cast_float(call->args[0])));
}

static bool fn_round(struct sw_call *call) {
    double on = call->count > 2 ? call->args[2].real : 0.5, integral;
    double power = pow(10, (double)call->args[1].number), digits = power * sw_cast_float(call->args[0]);
    double fraction = modf(digits, &integral);
    if (isinf(digits))
        fraction = NAN;
    return return_float(call, (fraction >= on ? ceil(digits) : floor(digits)) / power);
}

static bool fn_int(struct sw_call *call) {
    return sw_return(call, sw_int(whole(call, 0)));
}

static bool fn_int64(struct sw_call *call) {
    return return_int64(call, whole(call, 0));
}

static bool fn_float64(struct sw_call *call) {
    return return_float(call, sw_cast_float(call->args[0]));
}

static bool fn_atoi(struct sw_call *call) {
    int64_t number;
    sw_parse_int(call->args[0].text, 10, &number);
    return sw_return(call, sw_int(number));
}

static bool fn_to_decimal(struct sw_call *call) {
    sw_cleanup_buf struct sw_buf text = {0};
    int64_t number;
    sw_fmt_print(call->engine, &text, call->args, 1);
    bool good = sw_parse_int((struct sw_str){text.data, text.len}, 8, &number) == SW_PARSED;
    return return_int64(call, good ? number : 0);
}

/* How many steps lead from `start` towards `stop`, which is not reached. */
static uint64_t steps_between(int64_t start, int64_t stop, int64_t step) {
    if (stop < start ? step >= 0 : step <= 0)
        return 0;
    uint64_t distance = stop < start ? (uint64_t)start - (uint64_t)stop : (uint64_t)stop - (uint64_t)start;
    uint64_t size = step < 0 ? 0 - (uint64_t)step : (uint64_t)step;
    return distance / size + (distance % size != 0);
}

static bool make_steps(struct sw_call *call, int64_t start, int64_t stop, int64_t step) {
    uint64_t count = steps_between(start, stop, step);
    if (count > SIZE_MAX / 64 || !sw_call_affords(call, count * sizeof(struct sw_datum)))
        return sw_call_fail(call, "%s", call->error->len ? "" : "the template uses too much memory");
    call->engine->memory += count * sizeof(struct sw_datum);
    size_t cap = 0;
    while (cap < count)
        cap = sw_list_grown(cap, cap + 1, sizeof(int64_t));
    struct sw_list *list = sw_list_new(call->arena, count, cap);
    for (uint64_t i = 0; i < cap; i++)
        list->items[i] = sw_int(i < count ? (int64_t)((uint64_t)start + i * (uint64_t)step) : 0);
    return sw_return(call, sw_of_list(SW_T_INTS, list));
}

static bool fn_until(struct sw_call *call) {
    int64_t count = call->args[0].number;
    return make_steps(call, 0, count, count < 0 ? -1 : 1);
}

static bool fn_until_step(struct sw_call *call) {
    return make_steps(call, call->args[0].number, call->args[1].number, call->args[2].number);
}

static bool write_steps(struct sw_call *call, int64_t start, int64_t end, int64_t step) {
    uint64_t stop = (uint64_t)end + (end < start ? UINT64_MAX : 1);
    uint64_t count = steps_between(start, (int64_t)stop, step);
    if (count > SIZE_MAX / 64 || !sw_call_affords(call, count * 2))
        return sw_call_fail(call, "%s", call->error->len ? "" : "the template uses too much memory");
    sw_cleanup_buf struct sw_buf out = {0};
    for (uint64_t i = 0; i < count; i++)
        sw_buf_printf(&out, "%s%lld", i ? " " : "", (long long)((uint64_t)start + i * (uint64_t)step));
    return sw_return_taken(call, &out);
}

/* One argument: from 1. Two: from the first to the second. Three: the step stands between them. */
static bool fn_seq(struct sw_call *call) {
    const struct sw_datum *args = call->args;
    switch (call->count) {
    case 1:
        return write_steps(call, 1, args[0].number, args[0].number < 1 ? -1 : 1);
    case 2:
        return write_steps(call, args[0].number, args[1].number, args[1].number < args[0].number ? -1 : 1);
    case 3:
        if (args[2].number < args[0].number && args[1].number > 0)
            return sw_return_text(call, sw_str_of(""));
        return write_steps(call, args[0].number, args[2].number, args[1].number);
    default:
        return sw_return_text(call, sw_str_of(""));
    }
}

static bool fn_rand_int(struct sw_call *call) {
    int64_t low = call->args[0].number, high = call->args[1].number;
    if (high <= low)
        return sw_call_fail(call, "invalid argument to Intn");
    return sw_return(call, sw_int((int64_t)((uint64_t)low + sw_random_below((uint64_t)high - (uint64_t)low))));
}

const struct sw_function sw_number_functions[] = {
    {"add", "a*", 'I', fn_add},
    {"add1", "a", 'I', fn_add1},
    {"sub", "aa", 'I', fn_sub},
    {"mul", "aa*", 'I', fn_mul},
    {"div", "aa", 'I', fn_div},
    {"mod", "aa", 'I', fn_mod},
    {"max", "aa*", 'I', fn_max},
    {"biggest", "aa*", 'I', fn_max},
    {"min", "aa*", 'I', fn_min},
    {"maxf", "aa*", 'f', fn_maxf},
    {"minf", "aa*", 'f', fn_minf},
    {"floor", "a", 'f', fn_floor},
    {"ceil", "a", 'f', fn_ceil},
    {"round", "aif*", 'f', fn_round},
    {"int", "a", 'i', fn_int},
    {"int64", "a", 'I', fn_int64},
    {"float64", "a", 'f', fn_float64},
    {"atoi", "s", 'i', fn_atoi},
    {"toDecimal", "a", 'I', fn_to_decimal},
    {"until", "i", 'L', fn_until},
    {"untilStep", "iii", 'L', fn_until_step},
    {"seq", "i*", 's', fn_seq},
    {"randInt", "ii", 'i', fn_rand_int},
    {NULL, NULL, 0, NULL},
};
