#include "plugins/registry/token.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/registry/strict_json.h"
#include "plugins/registry/url.h"

enum { MAX_TOKEN = 64 * 1024, USUAL_LIFE = 60, LONGEST_LIFE = 3600, MARGIN = 10, SHORTEST_LIFE = 5 };

void sw_token_fini(struct sw_token *token) {
    if (token->value)
        explicit_bzero(token->value, strlen(token->value));
    free(token->value);
    memset(token, 0, sizeof *token);
}

static uint32_t life(const json_t *root) {
    json_int_t seconds = json_integer_value(json_object_get(root, "expires_in"));
    if (seconds <= 0)
        seconds = USUAL_LIFE;
    if (seconds > LONGEST_LIFE)
        seconds = LONGEST_LIFE;
    return seconds - MARGIN > SHORTEST_LIFE ? (uint32_t)seconds - MARGIN : SHORTEST_LIFE;
}

bool sw_token_parse(struct sw_bytes body, struct sw_token *token, struct sw_error **error) {
    sw_cleanup_json json_t *root = sw_strict_json(body, "the answer", error);
    if (!root)
        return false;
    const char *value = sw_json_text(root, "access_token");
    if (!value || !*value)
        value = sw_json_text(root, "token");
    if (!value || !*value)
        return sw_fail(error, SW_ERROR_AUTH, "the answer holds no token");
    size_t len = 0;
    for (; value[len]; len++)
        if (value[len] <= 0x20 || value[len] >= 0x7f || len > MAX_TOKEN)
            return sw_fail(error, SW_ERROR_AUTH, "the token is too long or has bytes that no token has");
    token->value = sw_strdup(value);
    token->seconds = life(root);
    return true;
}

static void add_field(struct sw_buf *out, const char *name, const char *value) {
    sw_cleanup_free char *escaped = sw_url_escape(value);
    char last = out->len ? out->data[out->len - 1] : '&';
    sw_buf_printf(out, "%s%s=%s", last == '?' || last == '&' ? "" : "&", name, escaped);
    explicit_bzero(escaped, strlen(escaped));
}

char *sw_token_query(const char *realm, const char *service, const char *account, struct sw_strings scopes) {
    struct sw_buf out = {0};
    sw_buf_puts(&out, realm);
    if (!strchr(realm, '?'))
        sw_buf_putc(&out, '?');
    if (service)
        add_field(&out, "service", service);
    for (size_t i = 0; i < scopes.count; i++)
        add_field(&out, "scope", scopes.items[i]);
    if (account)
        add_field(&out, "account", account);
    add_field(&out, "client_id", "slipway");
    return sw_buf_take(&out);
}

char *sw_token_form(const char *refresh_token, const char *service, struct sw_strings scopes) {
    struct sw_buf out = {0};
    struct sw_buf joined = {0};
    for (size_t i = 0; i < scopes.count; i++)
        sw_buf_printf(&joined, "%s%s", i ? " " : "", scopes.items[i]);
    sw_buf_reserve(&out, strlen(refresh_token) * 3 + joined.len * 3 + 1024); /* no copies of the secret left behind by growth */
    add_field(&out, "grant_type", "refresh_token");
    add_field(&out, "refresh_token", refresh_token);
    if (service)
        add_field(&out, "service", service);
    add_field(&out, "client_id", "slipway");
    if (joined.len)
        add_field(&out, "scope", joined.data);
    sw_buf_fini(&joined);
    return sw_buf_take(&out);
}

char *sw_token_basic(const char *user, const char *password) {
    char *text = sw_format("%s:%s", user, password);
    size_t len = strlen(text);
    char *encoded = sw_new((len + 2) / 3 * 4 + 1);
    EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)text, (int)len);
    explicit_bzero(text, len);
    free(text);
    return encoded;
}
