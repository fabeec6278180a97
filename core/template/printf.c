/* printf: directives with flags, width, precision and indexes of arguments. */
#include <string.h>

#include "core/template/format.h"
#include "core/template/printer.h"
#include "core/template/unicode.h"

enum { MAX_NUMBER = 1000000 };

/* Digits at `*at`; `*found` says whether there are any. Too large a number ends the format. */
static int parse_number(struct sw_str format, size_t *at, size_t end, bool *found) {
    int number = 0;
    *found = false;
    for (; *at < end && format.data[*at] >= '0' && format.data[*at] <= '9'; ++*at) {
        if (number > MAX_NUMBER) {
            *at = end;
            *found = false;
            return 0;
        }
        number = number * 10 + (format.data[*at] - '0');
        *found = true;
    }
    return number;
}

/* An argument as width or precision. */
static int number_from_arg(const struct sw_datum *args, size_t count, size_t *index, bool *found) {
    *found = false;
    if (*index >= count)
        return 0;
    struct sw_datum arg = args[(*index)++];
    enum sw_kind kind = sw_type_kind(arg.type);
    if ((kind != SW_K_INT && kind != SW_K_UINT) || arg.number > MAX_NUMBER || arg.number < -MAX_NUMBER)
        return 0;
    if (kind == SW_K_UINT && arg.natural > MAX_NUMBER)
        return 0;
    *found = true;
    return (int)arg.number;
}

/* "[n]" at `*at`: the argument to use next. `*after` says whether one stands there. */
static void parse_index(struct sw_printer *printer, struct sw_str format, size_t *at, size_t count, size_t *index, bool *after) {
    *after = false;
    if (*at >= format.len || format.data[*at] != '[')
        return;
    printer->reordered = true;
    const char *close = format.len - *at < 3 ? NULL : memchr(format.data + *at + 1, ']', format.len - *at - 1);
    if (!close) {
        printer->good_index = false;
        ++*at;
        return;
    }
    size_t end = (size_t)(close - format.data), digit = *at + 1;
    bool found;
    int number = digit < end ? parse_number(format, &digit, end, &found) : (found = false, 0);
    bool parsed = found && digit == end;
    *at = end + 1;
    if (parsed && number >= 1 && (size_t)number <= count) {
        *index = (size_t)number - 1;
        *after = true;
        return;
    }
    printer->good_index = false;
    *after = parsed;
}

static void parse_flags(struct sw_verb *verb, struct sw_str format, size_t *at) {
    for (; *at < format.len; ++*at) {
        switch (format.data[*at]) {
        case '#':
            verb->sharp = true;
            break;
        case '0':
            verb->zero = true;
            break;
        case '+':
            verb->plus = true;
            break;
        case '-':
            verb->minus = true;
            break;
        case ' ':
            verb->space = true;
            break;
        default:
            return;
        }
    }
}

struct directive {
    struct sw_str format;
    size_t at;
    const struct sw_datum *args;
    size_t count;
    size_t index; /* of the next argument */
    bool after;   /* an index stands just before */
};

static void parse_width(struct sw_printer *printer, struct directive *d) {
    struct sw_verb *verb = &printer->verb;
    if (d->at < d->format.len && d->format.data[d->at] == '*') {
        d->at++;
        verb->width = number_from_arg(d->args, d->count, &d->index, &verb->has_width);
        if (!verb->has_width)
            sw_buf_puts(printer->out, "%!(BADWIDTH)");
        if (verb->width < 0) {
            verb->width = -verb->width;
            verb->minus = true;
            verb->zero = false;
        }
        d->after = false;
        return;
    }
    verb->width = parse_number(d->format, &d->at, d->format.len, &verb->has_width);
    if (d->after && verb->has_width)
        printer->good_index = false;
}

static void parse_precision(struct sw_printer *printer, struct directive *d) {
    struct sw_verb *verb = &printer->verb;
    if (d->at + 1 >= d->format.len || d->format.data[d->at] != '.')
        return;
    d->at++;
    if (d->after)
        printer->good_index = false;
    parse_index(printer, d->format, &d->at, d->count, &d->index, &d->after);
    if (d->at < d->format.len && d->format.data[d->at] == '*') {
        d->at++;
        verb->precision = number_from_arg(d->args, d->count, &d->index, &verb->has_precision);
        if (verb->precision < 0) {
            verb->precision = 0;
            verb->has_precision = false;
        }
        if (!verb->has_precision)
            sw_buf_puts(printer->out, "%!(BADPREC)");
        d->after = false;
        return;
    }
    verb->precision = parse_number(d->format, &d->at, d->format.len, &verb->has_precision);
    verb->has_precision = true;
}

static void bad_directive(struct sw_printer *printer, uint32_t verb, const char *why) {
    sw_buf_puts(printer->out, "%!");
    sw_buf_add_rune(printer->out, verb);
    sw_buf_puts(printer->out, why);
}

static void print_directive(struct sw_printer *printer, struct directive *d, uint32_t verb) {
    if (verb == '%') {
        sw_buf_putc(printer->out, '%');
    } else if (!printer->good_index) {
        bad_directive(printer, verb, "(BADINDEX)");
    } else if (d->index >= d->count) {
        bad_directive(printer, verb, "(MISSING)");
    } else {
        struct sw_verb *flags = &printer->verb;
        if (verb == 'v' || verb == 'w') {
            flags->sharp_v = flags->sharp;
            flags->plus_v = flags->plus;
            flags->sharp = flags->plus = false;
        }
        sw_print_arg(printer, d->args[d->index++], verb);
    }
}

/* One directive, behind its '%'. False when the format ended inside. */
static bool run_directive(struct sw_printer *printer, struct directive *d) {
    printer->verb = (struct sw_verb){0};
    printer->good_index = true;
    parse_flags(&printer->verb, d->format, &d->at);
    if (d->at < d->format.len && d->format.data[d->at] >= 'a' && d->format.data[d->at] <= 'z' && d->index < d->count) {
        print_directive(printer, d, (uint32_t)d->format.data[d->at++]);
        return true;
    }
    parse_index(printer, d->format, &d->at, d->count, &d->index, &d->after);
    parse_width(printer, d);
    parse_precision(printer, d);
    if (!d->after)
        parse_index(printer, d->format, &d->at, d->count, &d->index, &d->after);
    if (d->at >= d->format.len) {
        sw_buf_puts(printer->out, "%!(NOVERB)");
        return false;
    }
    size_t width;
    uint32_t verb = sw_rune_decode(d->format.data + d->at, d->format.len - d->at, &width);
    d->at += width;
    print_directive(printer, d, verb);
    return true;
}

static void print_extra(struct sw_printer *printer, const struct sw_datum *args, size_t count) {
    printer->verb = (struct sw_verb){0};
    sw_buf_puts(printer->out, "%!(EXTRA ");
    for (size_t i = 0; i < count; i++) {
        sw_buf_puts(printer->out, i ? ", " : "");
        sw_buf_puts(printer->out, sw_type_name(args[i].type));
        if (args[i].type == SW_T_NONE)
            continue;
        sw_buf_putc(printer->out, '=');
        sw_print_arg(printer, args[i], 'v');
    }
    sw_buf_putc(printer->out, ')');
}

bool sw_fmt_printf(struct sw_engine *engine, struct sw_buf *out, struct sw_str format, const struct sw_datum *args, size_t count) {
    struct sw_printer printer = {.engine = engine, .out = out};
    struct directive d = {.format = format, .args = args, .count = count};
    while (d.at < format.len) {
        const char *percent = memchr(format.data + d.at, '%', format.len - d.at);
        size_t end = percent ? (size_t)(percent - format.data) : format.len;
        sw_buf_add_str(out, sw_str_slice(format, d.at, end));
        d.at = end + 1;
        if (!percent || !run_directive(&printer, &d))
            break;
    }
    if (!printer.reordered && d.index < count)
        print_extra(&printer, args + d.index, count - d.index);
    return !printer.failed;
}
