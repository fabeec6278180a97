#include "core/template/url.h"

#include <string.h>

#include "core/template/ip_address.h"
#include "core/template/quote.h"
#include "core/template/unicode.h"

enum mode { MODE_PATH, MODE_FRAGMENT, MODE_USER, MODE_HOST, MODE_ZONE };

static bool is_alnum(char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Whether a character stands for itself in that part of a URL. */
static bool is_plain(char c, enum mode mode) {
    static const char *const plain[] = {
        [MODE_PATH] = "-_.~$&+,/:;=@",          [MODE_FRAGMENT] = "-_.~$&+,/:;=?@!()*", [MODE_USER] = "-_.~$&+,;=",
        [MODE_HOST] = "-_.~!$&'()*+,;=:[]<>\"", [MODE_ZONE] = "-_.~!$&'()*+,;=:[]<>\"",
    };
    return is_alnum(c) || (c && strchr(plain[mode], c));
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static bool fail(struct sw_buf *error, const char *message) {
    sw_buf_puts(error, message);
    return false;
}

static bool fail_with(struct sw_buf *error, const char *before, struct sw_str text, const char *after) {
    sw_buf_puts(error, before);
    sw_quote(error, text, SW_UNICODE);
    sw_buf_puts(error, after);
    return false;
}

/* The byte that "%xx" at `at` stands for; false if it is malformed or may not stand in that part. */
static bool read_escape(struct sw_str text, size_t at, enum mode mode, char *byte, struct sw_buf *error) {
    struct sw_str escape = sw_str_slice(text, at, text.len - at > 3 ? at + 3 : text.len);
    int high = escape.len == 3 ? hex_value(escape.data[1]) : -1, low = escape.len == 3 ? hex_value(escape.data[2]) : -1;
    bool good = high >= 0 && low >= 0, percent = sw_str_is(escape, "%25");
    *byte = good ? (char)(high << 4 | low) : 0;
    if (good && mode == MODE_HOST)
        good = high >= 8 || percent;
    if (good && mode == MODE_ZONE)
        good = percent || *byte == ' ' || is_plain(*byte, MODE_HOST);
    return good || fail_with(error, "invalid URL escape ", escape, "");
}

static bool unescape(struct sw_arena *arena, struct sw_str text, enum mode mode, struct sw_str *out, struct sw_buf *error) {
    struct sw_buf plain = {0};
    bool good = true;
    for (size_t i = 0; good && i < text.len; i++) {
        char byte = text.data[i];
        if (byte == '%') {
            good = read_escape(text, i, mode, &byte, error);
            i += 2;
        } else if (mode >= MODE_HOST && (unsigned char)byte < 0x80 && !is_plain(byte, mode)) {
            good = fail_with(error, "invalid character ", sw_str_slice(text, i, i + 1), " in host name");
        }
        sw_buf_putc(&plain, byte);
    }
    *out = sw_str_take(arena, &plain);
    return good;
}

static void escape(struct sw_buf *out, struct sw_str text, enum mode mode) {
    for (size_t i = 0; i < text.len; i++) {
        if (is_plain(text.data[i], mode))
            sw_buf_putc(out, text.data[i]);
        else
            sw_buf_printf(out, "%%%02X", (unsigned char)text.data[i]);
    }
}

/* Cuts at the first `separator`; without one the rest is empty. */
static struct sw_str cut(struct sw_str text, char separator, struct sw_str *rest) {
    const char *found = text.len ? memchr(text.data, separator, text.len) : NULL;
    size_t at = found ? (size_t)(found - text.data) : text.len;
    *rest = found ? sw_str_slice(text, at + 1, text.len) : sw_str_slice(text, text.len, text.len);
    return sw_str_slice(text, 0, at);
}

static bool is_port(struct sw_str text) {
    for (size_t i = 1; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.len == 0 || text.data[0] == ':';
}

/* "[…]" and what follows it. */
static bool parse_literal(struct sw_arena *arena, struct sw_str text, struct sw_str *host, struct sw_buf *error) {
    ptrdiff_t close = sw_str_find_last(text, sw_str_of("]"));
    if (close < 0)
        return fail(error, "missing ']' in host");
    struct sw_str port = sw_str_slice(text, (size_t)close + 1, text.len), name = sw_str_slice(text, 1, (size_t)close),
                  zone = {"", 0};
    if (!is_port(port))
        return fail_with(error, "invalid port ", port, " after host");
    ptrdiff_t percent = sw_str_find(name, sw_str_of("%25"));
    if (percent >= 0) {
        zone = sw_str_slice(name, (size_t)percent, name.len);
        name = sw_str_slice(name, 0, (size_t)percent);
    }
    if (!unescape(arena, name, MODE_HOST, &name, error) || !unescape(arena, zone, MODE_ZONE, &zone, error))
        return false;
    struct sw_buf whole = {0};
    sw_buf_add_str(&whole, name);
    sw_buf_add_str(&whole, zone);
    struct sw_str address = sw_str_take(arena, &whole);
    if (!sw_ip_address_check(address, error))
        return false;
    sw_buf_putc(&whole, '[');
    sw_buf_add_str(&whole, address);
    sw_buf_putc(&whole, ']');
    sw_buf_add_str(&whole, port);
    *host = sw_str_take(arena, &whole);
    return true;
}

static bool parse_host(struct sw_arena *arena, struct sw_str text, struct sw_str *host, struct sw_buf *error) {
    ptrdiff_t open = sw_str_find_last(text, sw_str_of("["));
    if (open > 0)
        return fail(error, "invalid IP-literal");
    if (open == 0)
        return parse_literal(arena, text, host, error);
    ptrdiff_t colon = sw_str_find_last(text, sw_str_of(":"));
    if (colon >= 0 && !is_port(sw_str_slice(text, (size_t)colon, text.len)))
        return fail_with(error, "invalid port ", sw_str_slice(text, (size_t)colon, text.len), " after host");
    return unescape(arena, text, MODE_HOST, host, error);
}

static bool is_userinfo(struct sw_str text) {
    for (size_t i = 0; i < text.len; i++)
        if (!is_alnum(text.data[i]) && (!text.data[i] || !strchr("-._:~!$&'()*+,;=%@", text.data[i])))
            return false;
    return true;
}

static bool parse_authority(struct sw_arena *arena, struct sw_str text, struct sw_url *url, struct sw_buf *error) {
    ptrdiff_t at = sw_str_find_last(text, sw_str_of("@"));
    struct sw_str host = at < 0 ? text : sw_str_slice(text, (size_t)at + 1, text.len);
    if (!parse_host(arena, host, &url->host, error))
        return false;
    if (at < 0)
        return true;
    struct sw_str info = sw_str_slice(text, 0, (size_t)at);
    if (!is_userinfo(info))
        return fail(error, "net/url: invalid userinfo");
    url->has_user = true;
    url->has_password = sw_str_find(info, sw_str_of(":")) >= 0;
    struct sw_str password, user = cut(info, ':', &password);
    return unescape(arena, user, MODE_USER, &url->user, error) && unescape(arena, password, MODE_USER, &url->password, error);
}

/* The scheme before ':', in lower case. `*rest` is what follows. */
static bool parse_scheme(struct sw_arena *arena, struct sw_str text, struct sw_url *url, struct sw_str *rest,
                         struct sw_buf *error) {
    *rest = text;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == ':') {
            if (i == 0)
                return fail(error, "missing protocol scheme");
            struct sw_buf scheme = {0};
            for (size_t j = 0; j < i; j++)
                sw_buf_putc(&scheme, (char)sw_rune_lower((unsigned char)text.data[j]));
            url->scheme = sw_str_take(arena, &scheme);
            *rest = sw_str_slice(text, i + 1, text.len);
            return true;
        }
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        bool other = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
        if (!letter && (!other || i == 0))
            return true;
    }
    return true;
}

static bool has_control(struct sw_str text) {
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7F)
            return true;
    return false;
}

/* All but the fragment. */
static bool parse_main(struct sw_arena *arena, struct sw_str text, struct sw_url *url, struct sw_buf *error) {
    struct sw_str rest, after;
    if (has_control(text))
        return fail(error, "net/url: invalid control character in URL");
    if (sw_str_is(text, "*")) {
        url->path = text;
        return true;
    }
    if (!parse_scheme(arena, text, url, &rest, error))
        return false;
    rest = cut(rest, '?', &url->query);
    if (!sw_str_has_prefix(rest, sw_str_of("/"))) {
        if (url->scheme.len) {
            url->opaque = rest;
            return true;
        }
        if (sw_str_find(cut(rest, '/', &after), sw_str_of(":")) >= 0)
            return fail(error, "first path segment in URL cannot contain colon");
    }
    if (sw_str_has_prefix(rest, sw_str_of("//")) && (url->scheme.len || !sw_str_has_prefix(rest, sw_str_of("///")))) {
        struct sw_str authority = cut(sw_str_slice(rest, 2, rest.len), '/', &after);
        rest = sw_str_slice(rest, 2 + authority.len, rest.len);
        if (!parse_authority(arena, authority, url, error))
            return false;
    }
    return unescape(arena, rest, MODE_PATH, &url->path, error);
}

bool sw_url_parse(struct sw_arena *arena, struct sw_str text, struct sw_url *url, struct sw_buf *error) {
    static const struct sw_str none = {"", 0};
    *url = (struct sw_url){none, none, none, none, none, none, false, false, none, none};
    struct sw_str fragment, before = cut(text, '#', &fragment);
    sw_cleanup_buf struct sw_buf detail = {0};
    if (!parse_main(arena, before, url, &detail)) {
        fail_with(error, "parse ", before, ": ");
        return fail(error, sw_buf_text(&detail));
    }
    if (unescape(arena, fragment, MODE_FRAGMENT, &url->fragment, &detail))
        return true;
    fail_with(error, "parse ", text, ": ");
    return fail(error, sw_buf_text(&detail));
}

struct sw_str sw_url_hostname(struct sw_str host) {
    ptrdiff_t colon = sw_str_find_last(host, sw_str_of(":"));
    if (colon >= 0 && is_port(sw_str_slice(host, (size_t)colon, host.len)))
        host = sw_str_slice(host, 0, (size_t)colon);
    if (host.len >= 2 && host.data[0] == '[' && host.data[host.len - 1] == ']')
        host = sw_str_slice(host, 1, host.len - 1);
    return host;
}

void sw_url_write_user(struct sw_buf *out, const struct sw_url *url) {
    escape(out, url->user, MODE_USER);
    if (!url->has_password)
        return;
    sw_buf_putc(out, ':');
    escape(out, url->password, MODE_USER);
}

static void write_authority(struct sw_buf *out, const struct sw_url *url) {
    if (!url->scheme.len && !url->host.len && !url->has_user)
        return;
    if (url->host.len || url->path.len || url->has_user)
        sw_buf_puts(out, "//");
    if (url->has_user) {
        sw_url_write_user(out, url);
        sw_buf_putc(out, '@');
    }
    escape(out, url->host, MODE_HOST);
}

static void write_path(struct sw_buf *out, const struct sw_url *url) {
    sw_cleanup_buf struct sw_buf path = {0};
    if (sw_str_is(url->path, "*"))
        sw_buf_putc(&path, '*');
    else
        escape(&path, url->path, MODE_PATH);
    struct sw_str text = {sw_buf_text(&path), path.len}, rest;
    if (text.len && text.data[0] != '/' && url->host.len)
        sw_buf_putc(out, '/');
    if (out->len == 0 && sw_str_find(cut(text, '/', &rest), sw_str_of(":")) >= 0)
        sw_buf_puts(out, "./");
    sw_buf_add_str(out, text);
}

void sw_url_write(struct sw_buf *out, const struct sw_url *url) {
    if (url->scheme.len) {
        sw_buf_add_str(out, url->scheme);
        sw_buf_putc(out, ':');
    }
    if (url->opaque.len) {
        sw_buf_add_str(out, url->opaque);
    } else {
        write_authority(out, url);
        write_path(out, url);
    }
    if (url->query.len) {
        sw_buf_putc(out, '?');
        sw_buf_add_str(out, url->query);
    }
    if (url->fragment.len) {
        sw_buf_putc(out, '#');
        escape(out, url->fragment, MODE_FRAGMENT);
    }
}
