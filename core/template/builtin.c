/* Go's own functions but for comparisons. */
#include <string.h>

#include "core/template/dict.h"
#include "core/template/engine.h"
#include "core/template/format.h"
#include "core/template/function.h"
#include "core/template/node.h"
#include "core/template/unicode.h"

static bool too_deep(struct sw_call *call) {
    return sw_call_fail(call, "the value contains itself or nests too deeply to be printed");
}

static bool fn_print(struct sw_call *call) {
    sw_cleanup_buf struct sw_buf text = {0};
    return sw_fmt_print(call->engine, &text, call->args, call->count) ? sw_return_taken(call, &text) : too_deep(call);
}

static bool fn_println(struct sw_call *call) {
    sw_cleanup_buf struct sw_buf text = {0};
    return sw_fmt_println(call->engine, &text, call->args, call->count) ? sw_return_taken(call, &text) : too_deep(call);
}

static bool fn_printf(struct sw_call *call) {
    sw_cleanup_buf struct sw_buf text = {0};
    if (!sw_fmt_printf(call->engine, &text, call->args[0].text, call->args + 1, call->count - 1))
        return too_deep(call);
    return sw_call_affords(call, text.len) && sw_return_taken(call, &text);
}

static bool fn_not(struct sw_call *call) {
    return sw_return_bool(call, !sw_truth(call->args[0]));
}

/* The text of arguments as print makes it, but for nil, which is "<no value>". */
static bool joined(struct sw_call *call, struct sw_buf *text) {
    struct sw_datum *args = sw_arena_new(call->arena, (call->count + 1) * sizeof *args);
    for (size_t i = 0; i < call->count; i++)
        args[i] = call->args[i].type == SW_T_NONE ? sw_text(sw_str_of("<no value>")) : call->args[i];
    return sw_fmt_print(call->engine, text, args, call->count) || too_deep(call);
}

static const char *html_of(char c) {
    switch (c) {
    case '\0':
        return "\xEF\xBF\xBD";
    case '"':
        return "&#34;";
    case '\'':
        return "&#39;";
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    default:
        return NULL;
    }
}

static bool fn_html(struct sw_call *call) {
    sw_cleanup_buf struct sw_buf text = {0}, out = {0};
    if (!joined(call, &text))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        const char *escape = html_of(text.data[i]);
        if (escape)
            sw_buf_puts(&out, escape);
        else
            sw_buf_putc(&out, text.data[i]);
    }
    return sw_return_taken(call, &out);
}

static void add_js(struct sw_buf *out, uint32_t rune, struct sw_str bytes) {
    if (rune == '\\' || rune == '\'' || rune == '"')
        sw_buf_printf(out, "\\%c", (char)rune);
    else if (rune == '<' || rune == '>' || rune == '&' || rune == '=' || rune < ' ')
        sw_buf_printf(out, "\\u%04X", rune);
    else if (rune < 0x80 || sw_rune_is_print(rune))
        sw_buf_add_str(out, bytes);
    else
        sw_buf_printf(out, "\\u%04X", rune);
}

static bool fn_js(struct sw_call *call) {
    sw_cleanup_buf struct sw_buf text = {0}, out = {0};
    if (!joined(call, &text))
        return false;
    size_t width;
    for (size_t i = 0; i < text.len; i += width) {
        uint32_t rune = sw_rune_decode(text.data + i, text.len - i, &width);
        add_js(&out, rune, (struct sw_str){text.data + i, width});
    }
    return sw_return_taken(call, &out);
}

static bool fn_urlquery(struct sw_call *call) {
    sw_cleanup_buf struct sw_buf text = {0}, out = {0};
    if (!joined(call, &text))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        bool kept = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c && strchr("-_.~", c));
        if (kept || c == ' ')
            sw_buf_putc(&out, kept ? (char)c : '+');
        else
            sw_buf_printf(&out, "%%%02X", c);
    }
    return sw_return_taken(call, &out);
}

static bool is_nil(struct sw_datum value) {
    enum sw_kind kind = sw_type_kind(value.type);
    return value.type == SW_T_NONE || (kind == SW_K_POINTER && !value.version);
}

static bool fn_len(struct sw_call *call) {
    struct sw_datum value = call->args[0];
    if (value.boxed && is_nil(value))
        return sw_call_fail(call, "len of nil pointer");
    if (value.type == SW_T_STRING)
        return sw_return(call, sw_int((int64_t)value.text.len));
    if (sw_is_list(value))
        return sw_return(call, sw_int((int64_t)sw_list_len(value)));
    if (sw_is_map(value))
        return sw_return(call, sw_int((int64_t)sw_dict_len(value.dict)));
    if (value.type == SW_T_NONE)
        return sw_call_fail(call, "reflect: call of reflect.Value.Type on zero Value");
    return sw_call_fail(call, "len of type %s", sw_type_name(value.type == SW_T_VERSION ? SW_T_VERSION_STRUCT : value.type));
}

/* A list index out of `value`, at most `len`. */
static bool index_of(struct sw_call *call, struct sw_datum value, size_t len, size_t *index) {
    enum sw_kind kind = sw_type_kind(value.type);
    if (value.type == SW_T_NONE)
        return sw_call_fail(call, "cannot index slice/array with nil");
    if (kind != SW_K_INT && kind != SW_K_UINT)
        return sw_call_fail(call, "cannot index slice/array with type %s", sw_type_name(value.type));
    if (value.number < 0 || (uint64_t)value.number > len)
        return sw_call_fail(call, "index out of range: %lld", (long long)value.number);
    *index = (size_t)value.number;
    return true;
}

static bool index_sequence(struct sw_call *call, struct sw_datum item, struct sw_datum index, struct sw_datum *out) {
    bool text = item.type == SW_T_STRING;
    size_t len = text ? item.text.len : sw_list_len(item), at = 0;
    if (!index_of(call, index, len, &at))
        return false;
    if (at == len)
        return sw_call_fail(call, text ? "reflect: string index out of range" : "reflect: slice index out of range");
    *out = text ? (struct sw_datum){.type = SW_T_UINT8, .natural = (unsigned char)item.text.data[at]} : sw_list_at(item, at);
    return true;
}

static bool index_map(struct sw_call *call, struct sw_datum map, struct sw_datum key, struct sw_datum *out) {
    if (map.type != SW_T_ANYDICT && key.type == SW_T_NONE)
        return sw_call_fail(call, "value is nil; should be of type string");
    if (map.type != SW_T_ANYDICT && key.type != SW_T_STRING)
        return sw_call_fail(call, "value has type %s; should be string", sw_type_name(key.type));
    if (sw_is_list(key) || sw_is_map(key))
        return sw_call_fail(call, "runtime error: hash of unhashable type %s", sw_type_name(key.type));
    struct sw_datum *entry = sw_dict_find(map.dict, key);
    bool texts = map.type == SW_T_TEXTS;
    *out = entry ? *entry : texts ? sw_text((struct sw_str){"", 0}) : sw_none();
    out->boxed = !texts;
    return true;
}

static bool fn_index(struct sw_call *call) {
    struct sw_datum item = sw_unboxed(call->args[0]);
    if (item.type == SW_T_NONE)
        return sw_call_fail(call, "index of untyped nil");
    for (size_t i = 1; i < call->count; i++) {
        struct sw_datum index = sw_unboxed(call->args[i]);
        if (is_nil(item))
            return sw_call_fail(call, "index of nil pointer");
        bool good;
        if (item.type == SW_T_STRING || sw_is_list(item))
            good = index_sequence(call, item, index, &item);
        else if (sw_is_map(item))
            good = index_map(call, item, index, &item);
        else
            return sw_call_fail(call, "can't index item of type %s",
                                sw_type_name(item.type == SW_T_VERSION ? SW_T_VERSION_STRUCT : item.type));
        if (!good)
            return false;
    }
    return sw_return(call, item);
}

/* No value is a function, so `call` can only say what it got instead. */
static bool fn_call(struct sw_call *call) {
    struct sw_datum value = sw_unboxed(call->args[0]);
    if (value.type == SW_T_NONE)
        return sw_call_fail(call, "call of nil");
    sw_buf_puts(call->error, "non-function ");
    if (call->at->kind == SW_NODE_COMMAND && call->at->nodes.len > 1)
        sw_node_write(call->error, call->at->nodes.items[1]);
    else if (value.type == SW_T_STRING)
        sw_buf_add_str(call->error, value.text);
    else
        sw_buf_printf(call->error, "<%s Value>", sw_type_name(value.type));
    return sw_call_fail(call, " of type %s", sw_type_name(value.type));
}

const struct sw_function sw_builtin_functions[] = {
    {"and", "vv*", 'v', NULL}, /* evaluates its own arguments */
    {"or", "vv*", 'v', NULL},           {"not", "v", 'b', fn_not},         {"call", "vv*", 'v', fn_call},
    {"html", "a*", 's', fn_html},       {"js", "a*", 's', fn_js},          {"urlquery", "a*", 's', fn_urlquery},
    {"index", "vv*", 'v', fn_index},    {"len", "v", 'i', fn_len},         {"print", "a*", 's', fn_print},
    {"println", "a*", 's', fn_println}, {"printf", "sa*", 's', fn_printf}, {NULL, NULL, 0, NULL},
};
