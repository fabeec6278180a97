#include "core/template/dump.h"

#include "core/template/dict.h"
#include "core/template/engine.h"
#include "core/template/format.h"
#include "core/template/method.h"
#include "core/template/number.h"
#include "core/template/quote.h"

static bool dump(struct sw_engine *engine, struct sw_buf *out, struct sw_datum value, int depth);

static void indent(struct sw_buf *out, int depth) {
    for (int i = 0; i < depth; i++)
        sw_buf_putc(out, ' ');
}

static void write_sizes(struct sw_buf *out, size_t len, size_t cap) {
    if (len == 0 && cap == 0)
        return;
    sw_buf_putc(out, '(');
    if (len)
        sw_buf_printf(out, "len=%zu", len);
    if (cap)
        sw_buf_printf(out, "%scap=%zu", len ? " " : "", cap);
    sw_buf_puts(out, ") ");
}

static void end_line(struct sw_buf *out, bool last) {
    sw_buf_puts(out, last ? "\n" : ",\n");
}

static bool dump_list(struct sw_engine *engine, struct sw_buf *out, struct sw_datum list, int depth) {
    size_t len = sw_list_len(list);
    write_sizes(out, len, list.list->cap);
    sw_buf_puts(out, "{\n");
    for (size_t i = 0; i < len; i++) {
        indent(out, depth + 1);
        if (!dump(engine, out, sw_list_item(list, i), depth + 1))
            return false;
        end_line(out, i + 1 == len);
    }
    indent(out, depth);
    sw_buf_putc(out, '}');
    return true;
}

static bool dump_map(struct sw_engine *engine, struct sw_buf *out, struct sw_datum map, int depth) {
    size_t len = sw_dict_len(map.dict);
    const struct sw_dict_entry *entries = sw_dict_sorted(&engine->arena, map.dict);
    write_sizes(out, len, 0);
    sw_buf_puts(out, "{\n");
    for (size_t i = 0; i < len; i++) {
        indent(out, depth + 1);
        if (!dump(engine, out, entries[i].key, depth + 1))
            return false;
        sw_buf_puts(out, ": ");
        if (!dump(engine, out, entries[i].value, depth + 1))
            return false;
        end_line(out, i + 1 == len);
    }
    indent(out, depth);
    sw_buf_putc(out, '}');
    return true;
}

static void dump_certificate(struct sw_buf *out, struct sw_datum value, int depth) {
    struct sw_str fields[] = {value.certificate->cert, value.certificate->key};
    const char *const *names = sw_struct_fields(value.type);
    sw_buf_puts(out, "{\n");
    for (int i = 0; i < 2; i++) {
        indent(out, depth + 1);
        sw_buf_printf(out, "%s: (string) ", names[i]);
        write_sizes(out, fields[i].len, 0);
        sw_quote(out, fields[i], SW_UNICODE);
        end_line(out, i == 1);
    }
    indent(out, depth);
    sw_buf_putc(out, '}');
}

static bool dump(struct sw_engine *engine, struct sw_buf *out, struct sw_datum value, int depth) {
    if (depth > SW_MAX_NESTING || !sw_engine_may_write(engine, out))
        return false;
    sw_buf_printf(out, "(%s) ", sw_type_name(value.type == SW_T_NONE ? SW_T_ANY : value.type));
    bool list = sw_is_list(value), map = sw_is_map(value);
    if (value.type == SW_T_NONE || ((list || map) && !value.list)) {
        sw_buf_puts(out, "<nil>");
    } else if (list) {
        return dump_list(engine, out, value, depth);
    } else if (map) {
        return dump_map(engine, out, value, depth);
    } else if (value.type == SW_T_STRING) {
        write_sizes(out, value.text.len, 0);
        sw_quote(out, value.text, SW_UNICODE);
    } else if (value.type == SW_T_CERTIFICATE) {
        dump_certificate(out, value, depth);
    } else {
        return sw_fmt_print(engine, out, &value, 1);
    }
    return true;
}

bool sw_dump(struct sw_engine *engine, struct sw_buf *out, struct sw_datum value) {
    bool good = dump(engine, out, value, 0);
    sw_buf_putc(out, '\n');
    return good;
}
