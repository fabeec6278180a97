#include "core/template/cast.h"

#include "core/template/number.h"

int64_t sw_cut_float(double real) {
    return real >= -0x1p63 && real < 0x1p63 ? (int64_t)real : INT64_MIN;
}

/* "3.00" without its zeros behind the point. */
static struct sw_str without_zero_decimals(struct sw_str text) {
    bool zero = false;
    for (size_t i = text.len; i > 0; i--) {
        char c = text.data[i - 1];
        if (c == '.' && zero)
            return sw_str_slice(text, 0, i - 1);
        if (c == '0')
            zero = true;
        else if (c != '.')
            break;
    }
    return text;
}

int64_t sw_cast_int(struct sw_datum value) {
    int64_t number;
    switch (value.type) {
    case SW_T_BOOL:
        return value.truth;
    case SW_T_FLOAT:
        return sw_cut_float(value.real);
    case SW_T_STRING:
        return sw_parse_int(without_zero_decimals(value.text), 0, &number) == SW_PARSED ? number : 0;
    case SW_T_INT:
    case SW_T_INT64:
    case SW_T_MONTH:
    case SW_T_WEEKDAY:
        return value.number;
    case SW_T_UINT8:
    case SW_T_UINT32:
    case SW_T_UINT64:
        return (int64_t)value.natural;
    default:
        return 0;
    }
}

double sw_cast_float(struct sw_datum value) {
    double real;
    switch (value.type) {
    case SW_T_FLOAT:
        return value.real;
    case SW_T_STRING:
        return sw_parse_float(value.text, &real) == SW_PARSED ? real : 0;
    case SW_T_UINT8:
    case SW_T_UINT32:
    case SW_T_UINT64:
        return (double)value.natural;
    default:
        return (double)sw_cast_int(value);
    }
}
