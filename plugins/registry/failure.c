#include "plugins/registry/failure.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/registry/auth.h"
#include "plugins/registry/strict_json.h"

enum { MAX_MESSAGE = 500, MAX_CODE = 64, MAX_WARNINGS = 20 };

void sw_complaint_fini(struct sw_complaint *complaint) {
    free(complaint->code);
    free(complaint->message);
    memset(complaint, 0, sizeof *complaint);
}

/* One line without anything that a terminal acts on; NULL when nothing is left. */
static char *clean(const char *text, size_t len) {
    struct sw_buf out = {0};
    for (size_t i = 0; i < len && out.len < MAX_MESSAGE; i++) {
        unsigned char c = (unsigned char)text[i];
        bool blank = c <= 0x20 || c == 0x7f;
        if (!blank && (c != 0xc2 || i + 1 == len || (unsigned char)text[i + 1] >= 0xa0)) /* C1 controls in UTF-8 */
            sw_buf_putc(&out, (char)c);
        else if (out.len && out.data[out.len - 1] != ' ')
            sw_buf_putc(&out, ' ');
    }
    while (out.len && out.data[out.len - 1] == ' ')
        sw_buf_truncate(&out, out.len - 1);
    if (!out.len) {
        sw_buf_fini(&out);
        return NULL;
    }
    return sw_buf_take(&out);
}

static bool is_code(const char *text) {
    size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    return len && !text[len] && len <= MAX_CODE;
}

static char *detail_of(const json_t *error) {
    const json_t *detail = json_object_get(error, "detail");
    if (json_is_string(detail))
        return sw_strdup(json_string_value(detail));
    return json_is_object(detail) || json_is_array(detail) ? json_dumps(detail, JSON_COMPACT) : NULL;
}

static void read_json(const json_t *root, struct sw_complaint *complaint) {
    const json_t *first = json_array_get(json_object_get(root, "errors"), 0);
    const json_t *from = json_is_object(first) ? first : root;
    const char *code = sw_json_text(from, "code");
    const char *message = sw_json_text(from, "message");
    if (!message)
        message = sw_json_text(root, "error_description");
    if (!message)
        message = sw_json_text(root, "error");
    sw_cleanup_free char *detail = detail_of(from);
    sw_cleanup_free char *whole = sw_format("%s%s%s", message ? message : "", message && detail ? ": " : "", detail ? detail : "");
    if (code && is_code(code))
        complaint->code = sw_strdup(code);
    complaint->message = clean(whole, strlen(whole));
}

void sw_complaint_read(struct sw_bytes body, struct sw_complaint *complaint) {
    if (!body.len)
        return;
    sw_cleanup_json json_t *root = sw_strict_json(body, "the error", NULL);
    if (root)
        read_json(root, complaint);
    else if (*(const char *)body.data != '<') /* pages for browsers say nothing to a person here */
        complaint->message = clean(body.data, body.len);
}

static enum sw_error_code code_of(uint32_t status, const char *code) {
    if (status == 401 || status == 403)
        return SW_ERROR_AUTH;
    if (code && !strcmp(code, "DIGEST_INVALID"))
        return SW_ERROR_CORRUPT;
    if (status == 404)
        return SW_ERROR_NOT_FOUND;
    if (status == 405 || status == 415 || status == 501)
        return SW_ERROR_UNSUPPORTED;
    return SW_ERROR_UNAVAILABLE;
}

static struct sw_error *login_error(const struct sw_endpoint *endpoint, const char *path, const char *message) {
    const char *user = sw_auth_user(endpoint->auth);
    if (!user)
        return sw_error_hint(sw_error_new(SW_ERROR_AUTH, "%s%s%s wants a login%s%s", endpoint->host, path ? "/" : "",
                                          path ? path : "", message ? ": " : "", message ? message : ""),
                             SW_LOGIN_HINT, endpoint->host);
    return sw_error_hint(sw_error_new(SW_ERROR_AUTH, "%s does not let user \"%s\" do this%s%s%s%s", endpoint->host, user,
                                      path ? " in " : "", path ? path : "", message ? ": " : "", message ? message : ""),
                         "check the user's rights and the repository's name");
}

static const char *hint_of(uint32_t status, const char *code) {
    static const struct {
        const char *code;
        const char *hint;
    } hints[] = {
        {"NAME_UNKNOWN", "check the repository's name; some registries want it to be created first"},
        {"NAME_INVALID", "the registry does not accept this name: lower case, and no more parts than it allows"},
        {"MANIFEST_UNKNOWN", "check the tag and the name; private images also look as if they were not there"},
        {"MANIFEST_BLOB_UNKNOWN", "the registry lost a part of the image, perhaps by its garbage collection: run again"},
        {"BLOB_UPLOAD_UNKNOWN", "the registry lost an upload: do its replicas share storage and secret?"},
        {"DIGEST_INVALID", "something between here and the registry changes what is sent: a proxy, a disk?"},
        {"TAG_INVALID", "the registry does not accept the tag, or does not let it be moved"},
        {"TOOMANYREQUESTS", "the registry limits requests: log in, use a mirror, or wait"},
    };
    for (size_t i = 0; code && i < sizeof hints / sizeof *hints; i++)
        if (!strcmp(code, hints[i].code))
            return hints[i].hint;
    if (status == 413)
        return "the registry, or a proxy before it, does not take bodies of this size";
    if (status == 429)
        return "the registry limits requests: log in, use a mirror, or wait";
    if (status >= 500)
        return "the registry itself failed: see its log, or try again later";
    return NULL;
}

struct sw_error *sw_failure_of_answer(const struct sw_endpoint *endpoint, const struct sw_answer *answer, const char *path) {
    sw_cleanup_complaint struct sw_complaint complaint = {0};
    sw_complaint_read((struct sw_bytes){answer->body.data, answer->body.len}, &complaint);
    if (answer->status == 401 || answer->status == 403)
        return login_error(endpoint, path, complaint.message);
    struct sw_error *error = sw_error_new(code_of(answer->status, complaint.code), "%s answered %u%s%s%s%s", endpoint->host,
                                          answer->status, complaint.code ? " " : "", complaint.code ? complaint.code : "",
                                          complaint.message ? ": " : "", complaint.message ? complaint.message : "");
    const char *hint = hint_of(answer->status, complaint.code);
    return hint ? sw_error_hint(error, "%s", hint) : error;
}

struct sw_error *sw_failure_of_call(const struct sw_endpoint *endpoint, enum sw_http_failure failure, const char *text) {
    const char *host = endpoint->host;
    switch (failure) {
    case SW_HTTP_RESOLVE:
        return sw_error_hint(sw_error_new(SW_ERROR_UNAVAILABLE, "%s is not a known host: %s", host, text),
                             "check the registry's name and this host's DNS");
    case SW_HTTP_CONNECT:
        return sw_error_hint(sw_error_new(SW_ERROR_UNAVAILABLE, "there is no connection to %s: %s", host, text),
                             "check that the registry runs, and its port");
    case SW_HTTP_PROXY:
        return sw_error_hint(sw_error_new(SW_ERROR_UNAVAILABLE, "the proxy does not lead to %s: %s", host, text),
                             "check http_proxy, https_proxy and no_proxy");
    case SW_HTTP_TLS_CERTIFICATE:
        return sw_error_hint(sw_error_new(SW_ERROR_UNAVAILABLE, "the certificate of %s is not trusted: %s", host, text),
                             "put its authority into /etc/containers/certs.d/%s/ca.crt, or use --skip-tls-verify-registry", host);
    case SW_HTTP_TLS_PROTOCOL:
        return sw_error_hint(sw_error_new(SW_ERROR_UNAVAILABLE, "%s does not speak TLS: %s", host, text),
                             "for a registry without TLS use --insecure-registry");
    case SW_HTTP_TIMEOUT:
        return sw_error_new(SW_ERROR_UNAVAILABLE, "%s is too slow: %s", host, text);
    case SW_HTTP_LIMIT:
        return sw_error_new(SW_ERROR_CORRUPT, "%s does not answer as it must: %s", host, text);
    case SW_HTTP_SOURCE:
        return sw_error_new(SW_ERROR_IO, "%s", text);
    default:
        return sw_error_new(SW_ERROR_UNAVAILABLE, "the connection to %s broke: %s", host, text);
    }
}

bool sw_failure_is_transient(enum sw_http_failure failure) {
    switch (failure) {
    case SW_HTTP_CONNECT:
    case SW_HTTP_PROXY:
    case SW_HTTP_BROKEN:
    case SW_HTTP_TIMEOUT:
        return true;
    default:
        return false;
    }
}

void sw_failure_show_warnings(struct sw_endpoint *endpoint, const struct sw_answer *answer) {
    const char *header = sw_answer_header(answer, "Warning");
    const char *quote = header ? strchr(header, '"') : NULL;
    const char *end = quote ? strrchr(quote + 1, '"') : NULL;
    if (!end || strncmp(header, "299 ", 4) || endpoint->warnings.count >= MAX_WARNINGS)
        return;
    sw_cleanup_free char *text = clean(quote + 1, (size_t)(end - quote - 1));
    if (!text || sw_map_has(&endpoint->warnings, text))
        return;
    sw_map_set(&endpoint->warnings, text, endpoint);
    sw_cleanup_free char *line = sw_format("%s says: %s", endpoint->host, text);
    endpoint->client->host->log("registry", SW_LOG_WARN, line);
}
