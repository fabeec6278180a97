#include "plugins/registry/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"

enum { MAX_URL = 64 * 1024 };

enum address_kind { ADDRESS_PUBLIC = 0, ADDRESS_LOOPBACK, ADDRESS_LINK_LOCAL, ADDRESS_PRIVATE, ADDRESS_UNSPECIFIED };

static void free_parts(CURLU **parts) {
    curl_url_cleanup(*parts);
}

void sw_url_fini(struct sw_url *url) {
    free(url->text);
    free(url->scheme);
    free(url->host);
    free(url->path);
    memset(url, 0, sizeof *url);
}

/* A copy in our own memory; NULL when the part is not there. */
static char *part_of(CURLU *parts, CURLUPart what, unsigned flags) {
    char *value = NULL;
    if (curl_url_get(parts, what, &value, flags) != CURLUE_OK)
        return NULL;
    char *copy = sw_strdup(value);
    curl_free(value);
    return copy;
}

static void take_host(struct sw_url *url, CURLU *parts) {
    sw_cleanup_free char *host = part_of(parts, CURLUPART_HOST, 0);
    size_t len = host ? strlen(host) : 0;
    bool bracket = len > 2 && host[0] == '[' && host[len - 1] == ']';
    url->host = sw_strndup(len ? host + bracket : "", len - (bracket ? 2 : 0));
    for (char *c = url->host; *c; c++)
        *c = (char)tolower((unsigned char)*c);
}

static bool printable(const char *text) {
    size_t len = 0;
    for (; text[len]; len++)
        if (len == MAX_URL || (unsigned char)text[len] <= 0x20 || (unsigned char)text[len] >= 0x7f)
            return false;
    return len > 0;
}

bool sw_url_resolve(const char *base, const char *location, struct sw_url *url, struct sw_error **error) {
    if (!printable(location))
        return sw_fail(error, SW_ERROR_UNAVAILABLE, "it is empty, too long, or has bytes that no URL has");
    __attribute__((cleanup(free_parts))) CURLU *parts = curl_url();
    if (!parts || (base && curl_url_set(parts, CURLUPART_URL, base, 0) != CURLUE_OK) ||
        curl_url_set(parts, CURLUPART_URL, location, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
        return sw_fail(error, SW_ERROR_UNAVAILABLE, "\"%.200s\" is not a URL", location);
    sw_cleanup_free char *user = part_of(parts, CURLUPART_USER, 0);
    sw_cleanup_free char *port = part_of(parts, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    curl_url_set(parts, CURLUPART_FRAGMENT, NULL, 0);
    url->scheme = part_of(parts, CURLUPART_SCHEME, 0);
    url->path = part_of(parts, CURLUPART_PATH, 0);
    url->text = part_of(parts, CURLUPART_URL, 0);
    url->port = port ? (uint32_t)strtoul(port, NULL, 10) : 0;
    take_host(url, parts);
    if (user)
        sw_fail(error, SW_ERROR_UNAVAILABLE, "a URL with a user name in it is not followed");
    else if (!url->scheme || !url->text || (strcasecmp(url->scheme, "http") && strcasecmp(url->scheme, "https")))
        sw_fail(error, SW_ERROR_UNAVAILABLE, "\"%.200s\" is neither http nor https", location);
    else if (!*url->host)
        sw_fail(error, SW_ERROR_UNAVAILABLE, "\"%.200s\" names no host", location);
    else
        return true;
    sw_url_fini(url);
    return false;
}

bool sw_url_same_origin(const struct sw_url *a, const struct sw_url *b) {
    return !strcasecmp(a->scheme, b->scheme) && !strcmp(a->host, b->host) && a->port == b->port;
}

static enum address_kind kind_of_v4(uint32_t address) {
    if (!(address >> 24))
        return ADDRESS_UNSPECIFIED;
    if (address >> 24 == 127)
        return ADDRESS_LOOPBACK;
    if (address >> 16 == 0xa9fe)
        return ADDRESS_LINK_LOCAL;
    if (address >> 24 == 10 || address >> 20 == 0xac1 || address >> 16 == 0xc0a8 || address >> 22 == (0x64400000 >> 22))
        return ADDRESS_PRIVATE;
    return ADDRESS_PUBLIC;
}

static enum address_kind kind_of_v6(const struct in6_addr *address) {
    const uint8_t *b = address->s6_addr;
    if (IN6_IS_ADDR_V4MAPPED(address))
        return kind_of_v4((uint32_t)b[12] << 24 | (uint32_t)b[13] << 16 | (uint32_t)b[14] << 8 | b[15]);
    if (IN6_IS_ADDR_LOOPBACK(address))
        return ADDRESS_LOOPBACK;
    if (IN6_IS_ADDR_UNSPECIFIED(address))
        return ADDRESS_UNSPECIFIED;
    if (IN6_IS_ADDR_LINKLOCAL(address))
        return ADDRESS_LINK_LOCAL;
    return (b[0] & 0xfe) == 0xfc ? ADDRESS_PRIVATE : ADDRESS_PUBLIC;
}

static enum address_kind kind_of(const char *host) {
    struct in_addr v4;
    struct in6_addr v6;
    size_t len = strlen(host);
    if (!strcasecmp(host, "localhost") || (len > 10 && !strcasecmp(host + len - 10, ".localhost")))
        return ADDRESS_LOOPBACK;
    if (inet_aton(host, &v4)) /* takes 127.1 and 0x7f000001 too, as resolvers do */
        return kind_of_v4(ntohl(v4.s_addr));
    if (inet_pton(AF_INET6, host, &v6) == 1)
        return kind_of_v6(&v6);
    return ADDRESS_PUBLIC;
}

bool sw_host_is_loopback(const char *host) {
    return kind_of(host) == ADDRESS_LOOPBACK;
}

bool sw_url_may_follow(const struct sw_url *from, const struct sw_url *to, bool insecure, struct sw_error **error) {
    if (!strcasecmp(from->scheme, "https") && !strcasecmp(to->scheme, "http") && !insecure)
        return sw_fail(error, SW_ERROR_UNAVAILABLE, "%s leads from https to plain http at %s", from->host, to->host);
    enum address_kind kind = kind_of(to->host);
    if (kind != ADDRESS_PUBLIC && kind != kind_of(from->host) && strcmp(from->host, to->host))
        return sw_fail(error, SW_ERROR_UNAVAILABLE, "%s leads to %s, an address of this host's own network", from->host, to->host);
    return true;
}

char *sw_url_escape(const char *text) {
    struct sw_buf out = {0};
    for (; *text; text++)
        if (isalnum((unsigned char)*text) || strchr("-._~", *text))
            sw_buf_putc(&out, *text);
        else
            sw_buf_printf(&out, "%%%02X", (unsigned char)*text);
    return sw_buf_take(&out);
}
