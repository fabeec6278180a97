#include "plugins/registry/reference.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"

enum { MAX_PATH = 255, MAX_TAG = 128, MAX_PORT = 65535, MAX_SHOWN = 400 };

/* Where parsing stands: the whole text for messages, and the part that is read. */
struct scan {
    const char *text;
    const char *at;
    const char *end;
    struct sw_error **error;
};

void sw_reference_fini(struct sw_reference *reference) {
    free(reference->domain);
    free(reference->path);
    free(reference->tag);
    free(reference->digest);
    memset(reference, 0, sizeof *reference);
}

/* Fails with the text shown and a caret below `at`. Bytes that a terminal would act on are replaced. */
static bool bad(const struct scan *scan, const char *at, const char *why) {
    if (!scan->error)
        return false;
    sw_cleanup_free char *shown = sw_strndup(scan->text, strnlen(scan->text, MAX_SHOWN));
    for (char *c = shown; *c; c++)
        if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f)
            *c = '?';
    sw_fail(scan->error, SW_ERROR_CONFIG, "\"%s\" is not an image reference: %s", shown, why);
    size_t column = (size_t)(at - scan->text);
    if (column <= MAX_SHOWN)
        (*scan->error)->excerpt = sw_format("  %s\n  %*s^", shown, (int)column, "");
    return false;
}

static bool alnum_lower(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool alnum(char c) {
    return alnum_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool scan_port(const struct scan *scan, const char *port, const char *end) {
    long value = 0;
    if (port == end)
        return bad(scan, port, "there is no port behind the colon");
    for (const char *c = port; c < end; c++) {
        if (*c < '0' || *c > '9')
            return bad(scan, c, "a port has digits only");
        value = value * 10 + (*c - '0');
        if (value > MAX_PORT)
            return bad(scan, port, "the port is greater than 65535");
    }
    if (!value)
        return bad(scan, port, "the port is 0");
    return true;
}

static bool scan_ipv6(const struct scan *scan, const char *start, const char *end) {
    const char *close = memchr(start, ']', (size_t)(end - start));
    if (!close)
        return bad(scan, start, "the bracket of the IPv6 address is not closed");
    sw_cleanup_free char *address = sw_strndup(start + 1, (size_t)(close - start - 1));
    struct in6_addr ignored;
    if (inet_pton(AF_INET6, address, &ignored) != 1)
        return bad(scan, start + 1, "this is not an IPv6 address");
    if (close + 1 == end)
        return true;
    if (close[1] != ':')
        return bad(scan, close + 1, "only a port can stand behind the IPv6 address");
    return scan_port(scan, close + 2, end);
}

static bool scan_domain(const struct scan *scan, const char *start, const char *end) {
    if (*start == '[')
        return scan_ipv6(scan, start, end);
    const char *label = start;
    const char *c = start;
    for (;; c++) {
        bool border = c == end || *c == '.' || *c == ':';
        if (border && c == label)
            return bad(scan, c, "a part of the host name is empty");
        if (border && (c[-1] == '-' || *label == '-'))
            return bad(scan, c[-1] == '-' ? c - 1 : label, "a part of the host name begins or ends with \"-\"");
        if (c == end)
            return true;
        if (*c == ':')
            return scan_port(scan, c + 1, end);
        if (*c == '.')
            label = c + 1;
        else if (!alnum(*c) && *c != '-')
            return bad(scan, c, "this byte cannot stand in a host name");
    }
}

/* One or two "_", one ".", or any number of "-" between letters and digits. */
static bool separator_valid(const char *start, size_t len) {
    if (len == 1)
        return true;
    if (*start == '_')
        return len == 2 && start[1] == '_';
    return strspn(start, "-") >= len;
}

static bool scan_component(const struct scan *scan, const char *start, const char *end) {
    const char *c = start;
    if (c == end)
        return bad(scan, c, "a part of the path is empty");
    while (c < end) {
        if (!alnum_lower(*c))
            return bad(scan, c,
                       isupper((unsigned char)*c) ? "the path has to be in lower case"
                       : strchr("._-", *c)        ? "a part of the path has to begin with a letter or a digit"
                                                  : "this byte cannot stand in a path");
        while (c < end && alnum_lower(*c))
            c++;
        if (c == end)
            return true;
        const char *separator = c;
        while (c < end && (*c == '.' || *c == '_' || *c == '-'))
            c++;
        if (c == separator)
            continue; /* a bad byte: the next round names it */
        if (c == end)
            return bad(scan, c - 1, "a part of the path has to end with a letter or a digit");
        if (!separator_valid(separator, (size_t)(c - separator)))
            return bad(scan, separator, "letters and digits are separated by \".\", \"_\", \"__\" or dashes");
    }
    return true;
}

static bool scan_path(const struct scan *scan, const char *start, const char *end) {
    for (const char *part = start;;) {
        const char *slash = memchr(part, '/', (size_t)(end - part));
        if (!scan_component(scan, part, slash ? slash : end)) {
            if (scan->error && strpbrk(start, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
                sw_cleanup_free char *lower = sw_strdup(scan->text);
                for (char *c = lower; *c; c++)
                    *c = (char)tolower((unsigned char)*c);
                *scan->error = sw_error_hint(*scan->error, "did you mean \"%s\"?", lower);
            }
            return false;
        }
        if (!slash)
            return true;
        part = slash + 1;
    }
}

bool sw_tag_valid(const char *tag, size_t len) {
    if (!len || len > MAX_TAG || (!alnum(*tag) && *tag != '_'))
        return false;
    for (size_t i = 1; i < len; i++)
        if (!alnum(tag[i]) && tag[i] != '_' && tag[i] != '.' && tag[i] != '-')
            return false;
    return true;
}

static bool scan_tag(const struct scan *scan, const char *start, const char *end) {
    size_t len = (size_t)(end - start);
    if (sw_tag_valid(start, len))
        return true;
    if (!len)
        return bad(scan, start, "there is no tag behind the colon");
    if (len > MAX_TAG)
        return bad(scan, start + MAX_TAG, "a tag has at most 128 characters");
    const char *c = start;
    while (c < end && (alnum(*c) || *c == '_' || (c > start && (*c == '.' || *c == '-'))))
        c++;
    return bad(scan, c, "this byte cannot stand here in a tag");
}

static size_t digest_hex_length(const char *digest) {
    if (!strncmp(digest, "sha256:", 7))
        return 64;
    if (!strncmp(digest, "sha512:", 7))
        return 128;
    return 0;
}

bool sw_reference_digest_valid(const char *digest) {
    size_t want = digest_hex_length(digest);
    return want && strspn(digest + 7, "0123456789abcdef") == want && digest[7 + want] == 0;
}

static bool scan_digest(const struct scan *scan, const char *digest) {
    if (sw_reference_digest_valid(digest))
        return true;
    size_t want = digest_hex_length(digest);
    if (!want)
        return bad(scan, digest, "unsupported digest algorithm: a digest is sha256:… or sha512:…");
    size_t good = strspn(digest + 7, "0123456789abcdef");
    if (digest[7 + good] && good < want)
        return bad(scan, digest + 7 + good, "a digest is written with the digits 0-9 and a-f");
    return bad(scan, digest + 7 + (good < want ? good : want),
               want == 64 ? "a sha256 digest has 64 digits" : "a sha512 digest has 128 digits");
}

/* Whether the text before the first slash names a host. */
static bool is_domain(const char *text, size_t len) {
    if (*text == '[' || (len == 9 && !strncmp(text, "localhost", 9)))
        return true;
    for (size_t i = 0; i < len; i++)
        if (text[i] == '.' || text[i] == ':' || isupper((unsigned char)text[i]))
            return true;
    return false;
}

static bool is_hub(const char *domain) {
    return !strcasecmp(domain, SW_HUB_DOMAIN) || !strcasecmp(domain, "index.docker.io");
}

static bool is_image_id(const char *start, const char *end) {
    return end - start == 64 && strspn(start, "0123456789abcdef") >= 64;
}

static void take_name(struct sw_reference *reference, const char *domain, size_t domain_len, const char *path, size_t path_len) {
    sw_cleanup_free char *given = sw_strndup(domain, domain_len);
    bool hub = !domain_len || is_hub(given);
    reference->domain = sw_strdup(hub ? SW_HUB_DOMAIN : given);
    bool library = hub && !memchr(path, '/', path_len);
    reference->path = sw_format("%s%.*s", library ? "library/" : "", (int)path_len, path);
}

static bool parse(struct scan *scan, struct sw_reference *reference) {
    const char *text = scan->text;
    const char *at = strchr(text, '@');
    const char *name_end = at ? at : text + strlen(text);
    const char *slash = memchr(text, '/', (size_t)(name_end - text));
    if (name_end == text)
        return bad(scan, text, "it is empty");
    if (strstr(text, "://"))
        return bad(scan, strstr(text, "://"), "a reference begins with the host, without a scheme");

    const char *path = text;
    size_t domain_len = 0;
    if (slash && slash > text && is_domain(text, (size_t)(slash - text))) {
        domain_len = (size_t)(slash - text);
        if (!scan_domain(scan, text, slash))
            return false;
        path = slash + 1;
    }
    const char *tag = path;
    while (tag < name_end && *tag != ':')
        tag++;
    if (!scan_path(scan, path, tag))
        return false;
    if (!slash && is_image_id(path, tag))
        return bad(scan, path, "64 hexadecimal digits are an image id, not a name");
    if (tag < name_end && !scan_tag(scan, tag + 1, name_end))
        return false;
    if (at && !scan_digest(scan, at + 1))
        return false;
    take_name(reference, text, domain_len, path, (size_t)(tag - path));
    if (strlen(reference->path) > MAX_PATH)
        return bad(scan, path, "the path has more than 255 characters");
    if (tag < name_end)
        reference->tag = sw_strndup(tag + 1, (size_t)(name_end - tag - 1));
    if (at)
        reference->digest = sw_strdup(at + 1);
    return true;
}

bool sw_reference_parse(const char *text, struct sw_reference *reference, struct sw_error **error) {
    struct scan scan = {.text = text, .error = error};
    if (parse(&scan, reference))
        return true;
    sw_reference_fini(reference);
    return false;
}

bool sw_reference_parse_repository(const char *text, struct sw_reference *reference, struct sw_error **error) {
    if (!strncasecmp(text, "https://", 8))
        text += 8;
    else if (!strncasecmp(text, "http://", 7))
        text += 7;
    if (!sw_reference_parse(text, reference, error))
        return false;
    if (!reference->tag && !reference->digest)
        return true;
    sw_fail(error, SW_ERROR_CONFIG, "\"%s\" is not the address of a repository: it has a %s", text,
            reference->digest ? "digest" : "tag");
    if (error)
        *error = sw_error_hint(*error, "a repository is HOST/NAME, as in localhost:5000/app");
    sw_reference_fini(reference);
    return false;
}

const char *sw_reference_wanted(const struct sw_reference *reference) {
    if (reference->digest)
        return reference->digest;
    return reference->tag ? reference->tag : "latest";
}

char *sw_reference_repository(const struct sw_reference *reference) {
    return sw_format("%s/%s", reference->domain, reference->path);
}

char *sw_reference_format(const struct sw_reference *reference) {
    return sw_format("%s/%s%s%s%s%s", reference->domain, reference->path, reference->tag ? ":" : "",
                     reference->tag ? reference->tag : "", reference->digest ? "@" : "",
                     reference->digest ? reference->digest : "");
}

char *sw_reference_host(const struct sw_reference *reference) {
    char *host = sw_strdup(reference->domain);
    for (char *c = host; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return host;
}
