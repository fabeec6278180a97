#include <stdarg.h>
#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/template/engine.h"
#include "core/template/function.h"

enum sw_type sw_param_type(char letter) {
    switch (letter) {
    case 'b':
        return SW_T_BOOL;
    case 'i':
        return SW_T_INT;
    case 'u':
        return SW_T_UINT32;
    case 'f':
        return SW_T_FLOAT;
    case 's':
        return SW_T_STRING;
    case 't':
        return SW_T_TIME;
    case 'c':
        return SW_T_CERTIFICATE;
    case 'd':
        return SW_T_DICT;
    case 'l':
        return SW_T_LIST;
    case 'p':
        return SW_T_VERSION;
    case 'D':
        return SW_T_DURATION;
    case 'z':
        return SW_T_ZONE;
    case 'v':
        return SW_T_REFLECT;
    default:
        return SW_T_ANY;
    }
}

bool sw_call_fail(struct sw_call *call, const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *text = sw_vformat(format, args);
    va_end(args);
    sw_buf_puts(call->error, text);
    free(text);
    return false;
}

bool sw_call_fail_str(struct sw_call *call, const char *before, struct sw_str text) {
    sw_buf_puts(call->error, before);
    sw_buf_add_str(call->error, text);
    return false;
}

bool sw_return(struct sw_call *call, struct sw_datum value) {
    call->result = value;
    return true;
}

bool sw_return_text(struct sw_call *call, struct sw_str text) {
    return sw_return(call, sw_text(text));
}

bool sw_return_taken(struct sw_call *call, struct sw_buf *buf) {
    if (!sw_call_affords(call, buf->len))
        return false;
    call->engine->memory += buf->len;
    return sw_return_text(call, sw_str_take(call->arena, buf));
}

bool sw_return_bool(struct sw_call *call, bool truth) {
    return sw_return(call, sw_bool(truth));
}

bool sw_call_affords(struct sw_call *call, size_t bytes) {
    size_t limit = call->engine->limits.memory;
    if (bytes <= limit && call->engine->memory <= limit - bytes)
        return true;
    return sw_call_fail(call, "the template uses more than %zu bytes of memory", limit);
}

bool sw_call_takes_long(struct sw_call *call) {
    enum { LONG = 5000 };
    struct sw_engine *engine = call->engine;
    engine->steps += LONG;
    return engine->steps <= engine->limits.steps ||
           sw_call_fail(call, "the template does not come to an end: stopped after %llu steps",
                        (unsigned long long)engine->limits.steps);
}
