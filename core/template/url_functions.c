/* Sprig's urlParse and urlJoin. */
#include "core/template/dict.h"
#include "core/template/engine.h"
#include "core/template/function.h"
#include "core/template/url.h"

static bool fn_url_parse(struct sw_call *call) {
    struct sw_url url;
    sw_cleanup_buf struct sw_buf error = {0};
    if (!sw_url_parse(call->arena, call->args[0].text, &url, &error))
        return sw_call_fail_str(call, "unable to parse url: ", (struct sw_str){error.data, error.len});
    struct sw_buf user = {0};
    sw_url_write_user(&user, &url);
    struct sw_dict *dict = sw_dict_new(call->arena);
    const struct {
        const char *key;
        struct sw_str value;
    } entries[] = {
        {"scheme", url.scheme},
        {"host", url.host},
        {"hostname", sw_url_hostname(url.host)},
        {"path", url.path},
        {"query", url.query},
        {"opaque", url.opaque},
        {"fragment", url.fragment},
        {"userinfo", sw_str_take(call->arena, &user)},
    };
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
        sw_dict_set(call->arena, dict, sw_str_of(entries[i].key), sw_text(entries[i].value));
    return sw_return(call, sw_of_dict(SW_T_DICT, dict));
}

/* A text of the dict; "" where it has none. */
static bool text_at(struct sw_call *call, const char *key, struct sw_str *text) {
    struct sw_datum *value = sw_dict_get(call->args[0].dict, sw_str_of(key));
    *text = (struct sw_str){"", 0};
    if (value && value->type == SW_T_NONE)
        return sw_call_fail(call, "runtime error: invalid memory address or nil pointer dereference");
    if (value && value->type != SW_T_STRING)
        return sw_call_fail(call, "unable to parse %s key, must be of type string, but %s found", key, sw_kind_name(value->type));
    if (value)
        *text = value->text;
    return true;
}

static bool take_user(struct sw_call *call, struct sw_str info, struct sw_url *url) {
    struct sw_url parsed;
    struct sw_buf text = {0};
    sw_cleanup_buf struct sw_buf error = {0};
    if (info.len == 0)
        return true;
    sw_buf_puts(&text, "proto://");
    sw_buf_add_str(&text, info);
    sw_buf_puts(&text, "@host");
    if (!sw_url_parse(call->arena, sw_str_take(call->arena, &text), &parsed, &error))
        return sw_call_fail_str(call, "unable to parse userinfo in dict: ", (struct sw_str){error.data, error.len});
    url->has_user = parsed.has_user;
    url->has_password = parsed.has_password;
    url->user = parsed.user;
    url->password = parsed.password;
    return true;
}

static bool fn_url_join(struct sw_call *call) {
    struct sw_url url = {.has_user = false};
    struct sw_str info;
    if (!text_at(call, "scheme", &url.scheme) || !text_at(call, "host", &url.host) || !text_at(call, "path", &url.path) ||
        !text_at(call, "query", &url.query) || !text_at(call, "opaque", &url.opaque) || !text_at(call, "fragment", &url.fragment) ||
        !text_at(call, "userinfo", &info) || !take_user(call, info, &url))
        return false;
    sw_cleanup_buf struct sw_buf out = {0};
    sw_url_write(&out, &url);
    return sw_return_taken(call, &out);
}

const struct sw_function sw_url_functions[] = {
    {"urlParse", "s", 'd', fn_url_parse},
    {"urlJoin", "d", 's', fn_url_join},
    {NULL, NULL, 0, NULL},
};
