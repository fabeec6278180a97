#include "core/template/format.h"

#include <string.h>

#include "core/template/dict.h"
#include "core/template/engine.h"
#include "core/template/method.h"
#include "core/template/printer.h"
#include "core/template/semver.h"
#include "core/template/time.h"
#include "core/template/unicode.h"

static void print_value(struct sw_printer *printer, struct sw_datum value, uint32_t verb, int depth);

static void puts_(struct sw_printer *printer, const char *text) {
    sw_buf_puts(printer->out, text);
}

bool sw_fmt_stringer(struct sw_buf *out, struct sw_datum value) {
    switch (value.type) {
    case SW_T_TIME:
        sw_time_write(out, value.time);
        return true;
    case SW_T_MONTH:
        sw_month_write(out, value.number);
        return true;
    case SW_T_WEEKDAY:
        sw_weekday_write(out, value.number);
        return true;
    case SW_T_DURATION:
        sw_duration_write(out, value.number);
        return true;
    case SW_T_ZONE:
        sw_buf_puts(out, sw_zone_name(value.zone));
        return true;
    case SW_T_VERSION:
    case SW_T_VERSION_STRUCT:
        sw_semver_write(out, value.version);
        return true;
    default:
        return false;
    }
}

static void bad_verb(struct sw_printer *printer, struct sw_datum value, uint32_t verb) {
    bool erroring = printer->erroring;
    printer->erroring = true;
    puts_(printer, "%!");
    sw_buf_add_rune(printer->out, verb);
    sw_buf_putc(printer->out, '(');
    puts_(printer, sw_type_name(value.type));
    if (value.type != SW_T_NONE) {
        sw_buf_putc(printer->out, '=');
        print_value(printer, value, 'v', 0);
    }
    sw_buf_putc(printer->out, ')');
    printer->erroring = erroring;
}

static void print_bool(struct sw_printer *printer, struct sw_datum value, uint32_t verb) {
    if (verb == 't' || verb == 'v')
        sw_verb_pad(printer->out, &printer->verb, sw_str_of(value.truth ? "true" : "false"));
    else
        bad_verb(printer, value, verb);
}

/* An unsigned number in hexadecimal, with or without its prefix whatever the flags say. */
static void print_0x(struct sw_printer *printer, uint64_t number, bool prefix) {
    struct sw_verb verb = printer->verb;
    verb.sharp = prefix;
    sw_verb_integer(printer->out, &verb, number, 16, SW_UNSIGNED, 'v');
}

static void print_integer(struct sw_printer *printer, struct sw_datum value, uint32_t verb) {
    enum sw_signed sign = sw_type_kind(value.type) == SW_K_INT ? SW_SIGNED : SW_UNSIGNED;
    const struct sw_verb *flags = &printer->verb;
    uint64_t number = value.natural;
    switch (verb) {
    case 'v':
        if (flags->sharp_v && sign == SW_UNSIGNED) {
            print_0x(printer, number, true);
            break;
        }
        /* fall through */
    case 'd':
        sw_verb_integer(printer->out, flags, number, 10, sign, 'd');
        break;
    case 'b':
        sw_verb_integer(printer->out, flags, number, 2, sign, 'b');
        break;
    case 'o':
    case 'O':
        sw_verb_integer(printer->out, flags, number, 8, sign, (char)verb);
        break;
    case 'x':
    case 'X':
        sw_verb_integer(printer->out, flags, number, 16, sign, (char)verb);
        break;
    case 'c':
        sw_verb_rune(printer->out, flags, number);
        break;
    case 'q':
        sw_verb_quoted_rune(printer->out, flags, number);
        break;
    case 'U':
        sw_verb_unicode(printer->out, flags, number);
        break;
    default:
        bad_verb(printer, value, verb);
    }
}

static bool is_float_verb(uint32_t verb) {
    return verb && verb < 0x80 && strchr("vbgGxXfFeE", (char)verb);
}

static void write_float(struct sw_printer *printer, double value, uint32_t verb) {
    char letter = verb == 'v' ? 'g' : verb == 'F' ? 'f' : (char)verb;
    sw_verb_float(printer->out, &printer->verb, value, letter, strchr("feE", letter) ? 6 : -1);
}

static void print_float(struct sw_printer *printer, struct sw_datum value, uint32_t verb) {
    if (is_float_verb(verb))
        write_float(printer, value.real, verb);
    else
        bad_verb(printer, value, verb);
}

static void print_complex(struct sw_printer *printer, struct sw_datum value, uint32_t verb) {
    if (!is_float_verb(verb)) {
        bad_verb(printer, value, verb);
        return;
    }
    bool plus = printer->verb.plus;
    sw_buf_putc(printer->out, '(');
    write_float(printer, creal(value.complex128), verb);
    printer->verb.plus = true;
    write_float(printer, cimag(value.complex128), verb);
    puts_(printer, "i)");
    printer->verb.plus = plus;
}

static void print_string(struct sw_printer *printer, struct sw_datum value, uint32_t verb) {
    const struct sw_verb *flags = &printer->verb;
    switch (verb) {
    case 'v':
        if (flags->sharp_v) {
            sw_verb_quoted(printer->out, flags, value.text);
            break;
        }
        /* fall through */
    case 's':
        sw_verb_text(printer->out, flags, value.text);
        break;
    case 'x':
    case 'X':
        sw_verb_hex_text(printer->out, flags, value.text, verb == 'X');
        break;
    case 'q':
        sw_verb_quoted(printer->out, flags, value.text);
        break;
    default:
        bad_verb(printer, value, verb);
    }
}

static void print_pointer(struct sw_printer *printer, struct sw_datum value, uint32_t verb) {
    enum sw_kind kind = sw_type_kind(value.type);
    uint64_t address = (uintptr_t)value.version;
    if (kind != SW_K_POINTER && kind != SW_K_SLICE && kind != SW_K_MAP) {
        bad_verb(printer, value, verb);
    } else if (verb == 'v' && printer->verb.sharp_v) {
        sw_buf_printf(printer->out, "(%s)(", sw_type_name(value.type));
        if (address)
            print_0x(printer, address, true);
        else
            puts_(printer, "nil");
        sw_buf_putc(printer->out, ')');
    } else if (verb == 'v' && !address) {
        sw_verb_pad(printer->out, &printer->verb, sw_str_of("<nil>"));
    } else if (verb == 'v' || verb == 'p') {
        print_0x(printer, address, !printer->verb.sharp);
    } else if (verb && verb < 0x80 && strchr("bodxX", (char)verb)) {
        print_integer(printer, (struct sw_datum){.type = SW_T_UINT64, .natural = address}, verb);
    } else {
        bad_verb(printer, value, verb);
    }
}

/* The value's own methods; false if it has none that fits the verb. */
static bool print_by_method(struct sw_printer *printer, struct sw_datum value, uint32_t verb) {
    if (printer->erroring)
        return false;
    if (verb == 'w') {
        bad_verb(printer, value, verb);
        return true;
    }
    sw_cleanup_buf struct sw_buf text = {0};
    if (printer->verb.sharp_v) {
        if (value.type != SW_T_TIME)
            return false;
        sw_time_write_go(&text, value.time);
        sw_verb_text(printer->out, &printer->verb, (struct sw_str){text.data, text.len});
        return true;
    }
    if (!verb || verb >= 0x80 || !strchr("vsxXq", (char)verb) || !sw_fmt_stringer(&text, value))
        return false;
    print_string(printer, sw_text((struct sw_str){text.data, text.len}), verb);
    return true;
}

static void separate(struct sw_printer *printer, size_t index) {
    if (index)
        puts_(printer, printer->verb.sharp_v ? ", " : " ");
}

/* An element whose place is an interface shows a nil by the interface's type. */
static void print_element(struct sw_printer *printer, struct sw_datum value, enum sw_type place, uint32_t verb, int depth) {
    if (place != SW_T_ANY || value.type != SW_T_NONE) {
        print_value(printer, value, verb, depth + 1);
        return;
    }
    puts_(printer, printer->verb.sharp_v ? "interface {}(nil)" : "<nil>");
}

static void print_map(struct sw_printer *printer, struct sw_datum map, uint32_t verb, int depth) {
    bool go = printer->verb.sharp_v;
    puts_(printer, go ? sw_type_name(map.type) : "map");
    if (go && !map.dict) {
        puts_(printer, "(nil)");
        return;
    }
    puts_(printer, go ? "{" : "[");
    size_t count = sw_dict_len(map.dict);
    const struct sw_dict_entry *entries = sw_dict_sorted(&printer->engine->arena, map.dict);
    for (size_t i = 0; i < count; i++) {
        separate(printer, i);
        print_element(printer, entries[i].key, map.type == SW_T_ANYDICT ? SW_T_ANY : SW_T_STRING, verb, depth);
        sw_buf_putc(printer->out, ':');
        print_element(printer, entries[i].value, sw_type_element(map.type), verb, depth);
    }
    puts_(printer, go ? "}" : "]");
}

/* The bytes of a []uint8 as a text. */
static struct sw_str bytes_of(struct sw_printer *printer, struct sw_datum list) {
    size_t len = sw_list_len(list);
    char *bytes = sw_arena_new(&printer->engine->arena, len + 1);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)list.list->items[i].natural;
    return (struct sw_str){bytes, len};
}

static void print_list(struct sw_printer *printer, struct sw_datum list, uint32_t verb, int depth) {
    bool go = printer->verb.sharp_v;
    if (list.type == SW_T_BYTES && (verb == 's' || verb == 'q' || verb == 'x' || verb == 'X')) {
        print_string(printer, sw_text(bytes_of(printer, list)), verb);
        return;
    }
    if (go)
        puts_(printer, list.type == SW_T_BYTES && depth == 0 ? "[]byte" : sw_type_name(list.type));
    if (go && !list.list) {
        puts_(printer, "(nil)");
        return;
    }
    puts_(printer, go ? "{" : "[");
    for (size_t i = 0; i < sw_list_len(list); i++) {
        separate(printer, i);
        print_element(printer, sw_list_item(list, i), sw_type_element(list.type), verb, depth);
    }
    puts_(printer, go ? "}" : "]");
}

/* The values of a struct's fields, in order. */
static size_t fields_of(struct sw_datum value, struct sw_datum out[6]) {
    const struct sw_semver *version = value.version;
    switch (value.type) {
    case SW_T_TIME:
        sw_time_fields(value.time, &out[0].natural, &out[1].number);
        out[0].type = SW_T_UINT64;
        out[1].type = SW_T_INT64;
        out[2] = (struct sw_datum){.type = SW_T_ZONE, .zone = sw_time_zone_field(value.time)};
        return 3;
    case SW_T_VERSION:
    case SW_T_VERSION_STRUCT:
        out[0] = sw_uint64(version->major);
        out[1] = sw_uint64(version->minor);
        out[2] = sw_uint64(version->patch);
        out[3] = sw_text(version->prerelease);
        out[4] = sw_text(version->metadata);
        out[5] = sw_text(version->original);
        return 6;
    case SW_T_CERTIFICATE:
        out[0] = sw_text(value.certificate->cert);
        out[1] = sw_text(value.certificate->key);
        return 2;
    default:
        return 0;
    }
}

static void print_struct(struct sw_printer *printer, struct sw_datum value, uint32_t verb, int depth) {
    struct sw_datum fields[6];
    size_t count = fields_of(value, fields);
    const char *const *names = sw_struct_fields(value.type);
    if (printer->verb.sharp_v)
        puts_(printer, sw_type_name(value.type == SW_T_VERSION ? SW_T_VERSION_STRUCT : value.type));
    sw_buf_putc(printer->out, '{');
    for (size_t i = 0; i < count; i++) {
        separate(printer, i);
        if (printer->verb.plus_v || printer->verb.sharp_v)
            sw_buf_printf(printer->out, "%s:", names[i]);
        if (fields[i].type == SW_T_ZONE) /* the field is hidden, and so are the value's methods */
            print_pointer(printer, fields[i], verb);
        else
            print_value(printer, fields[i], verb, depth + 1);
    }
    sw_buf_putc(printer->out, '}');
}

static void print_value(struct sw_printer *printer, struct sw_datum value, uint32_t verb, int depth) {
    if (printer->failed || depth > SW_MAX_NESTING || !sw_engine_may_write(printer->engine, printer->out)) {
        printer->failed = true;
        return;
    }
    if (print_by_method(printer, value, verb))
        return;
    switch (sw_type_kind(value.type)) {
    case SW_K_BOOL:
        print_bool(printer, value, verb);
        break;
    case SW_K_INT:
    case SW_K_UINT:
        print_integer(printer, value, verb);
        break;
    case SW_K_FLOAT:
        print_float(printer, value, verb);
        break;
    case SW_K_COMPLEX:
        print_complex(printer, value, verb);
        break;
    case SW_K_STRING:
        print_string(printer, value, verb);
        break;
    case SW_K_MAP:
        print_map(printer, value, verb, depth);
        break;
    case SW_K_SLICE:
        print_list(printer, value, verb, depth);
        break;
    case SW_K_STRUCT:
        print_struct(printer, value, verb, depth);
        break;
    case SW_K_POINTER:
        if (depth > 0 || value.type != SW_T_VERSION) {
            print_pointer(printer, value, verb);
            break;
        }
        sw_buf_putc(printer->out, '&');
        print_struct(printer, value, verb, depth + 1);
        break;
    case SW_K_INVALID:
    case SW_K_INTERFACE:
        break;
    }
}

void sw_print_arg(struct sw_printer *printer, struct sw_datum arg, uint32_t verb) {
    if (arg.type == SW_T_NONE) {
        if (verb == 'T' || verb == 'v')
            sw_verb_pad(printer->out, &printer->verb, sw_str_of("<nil>"));
        else
            bad_verb(printer, arg, verb);
    } else if (verb == 'T') {
        sw_verb_text(printer->out, &printer->verb, sw_str_of(sw_type_name(arg.type)));
    } else if (verb == 'p') {
        print_pointer(printer, arg, verb);
    } else {
        print_value(printer, arg, verb, 0);
    }
}

bool sw_fmt_print(struct sw_engine *engine, struct sw_buf *out, const struct sw_datum *args, size_t count) {
    struct sw_printer printer = {.engine = engine, .out = out};
    bool was_string = false;
    for (size_t i = 0; i < count; i++) {
        bool is_string = args[i].type == SW_T_STRING;
        if (i && !is_string && !was_string)
            sw_buf_putc(out, ' ');
        sw_print_arg(&printer, args[i], 'v');
        was_string = is_string;
    }
    return !printer.failed;
}

bool sw_fmt_println(struct sw_engine *engine, struct sw_buf *out, const struct sw_datum *args, size_t count) {
    struct sw_printer printer = {.engine = engine, .out = out};
    for (size_t i = 0; i < count; i++) {
        if (i)
            sw_buf_putc(out, ' ');
        sw_print_arg(&printer, args[i], 'v');
    }
    sw_buf_putc(out, '\n');
    return !printer.failed;
}

bool sw_fmt_strval(struct sw_engine *engine, struct sw_buf *out, struct sw_datum value) {
    if (value.type == SW_T_STRING) {
        sw_buf_add_str(out, value.text);
        return true;
    }
    if (value.type == SW_T_BYTES) {
        for (size_t i = 0; i < sw_list_len(value); i++)
            sw_buf_putc(out, (char)sw_list_item(value, i).natural);
        return true;
    }
    return sw_fmt_print(engine, out, &value, 1);
}
