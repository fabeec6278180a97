#include "plugins/registry/proxy.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"

/* Whether literal address `host` lies in "ADDRESS/BITS". */
static bool in_range(const char *range, const char *host) {
    sw_cleanup_free char *network = sw_strdup(range);
    char *slash = strchr(network, '/');
    if (!slash)
        return false;
    *slash = 0;
    uint8_t a[16], b[16];
    int family = strchr(network, ':') ? AF_INET6 : AF_INET;
    if (inet_pton(family, network, a) != 1 || inet_pton(family, host, b) != 1)
        return false;
    unsigned long bits = strtoul(slash + 1, NULL, 10);
    if (bits > (family == AF_INET ? 32u : 128u))
        return false;
    if (memcmp(a, b, bits / 8))
        return false;
    unsigned rest = bits % 8;
    return !rest || (a[bits / 8] ^ b[bits / 8]) >> (8 - rest) == 0;
}

/* Takes "host:port" apart; an IPv6 address with a port has brackets. Returns 0 when no port is given. */
static uint32_t cut_port(char *entry) {
    size_t len = strlen(entry);
    if (*entry == '[') {
        char *close = strchr(entry, ']');
        if (!close)
            return 0;
        uint32_t port = close[1] == ':' ? (uint32_t)strtoul(close + 2, NULL, 10) : 0;
        memmove(entry, entry + 1, (size_t)(close - entry - 1));
        entry[close - entry - 1] = 0;
        return port;
    }
    char *colon = strchr(entry, ':');
    if (!colon || strchr(colon + 1, ':') || colon + 1 == entry + len)
        return 0;
    *colon = 0;
    return (uint32_t)strtoul(colon + 1, NULL, 10);
}

static bool entry_names(char *entry, const char *host, uint32_t port) {
    if (!strcmp(entry, "*"))
        return true;
    if (strchr(entry, '/'))
        return in_range(entry, host);
    uint32_t only = cut_port(entry);
    if (only && only != port)
        return false;
    bool below_only = *entry == '.' || !strncmp(entry, "*.", 2);
    const char *name = entry + (*entry == '*') + below_only;
    size_t name_len = strlen(name);
    size_t host_len = strlen(host);
    if (!name_len)
        return false;
    if (!below_only && !strcasecmp(host, name))
        return true;
    return host_len > name_len + 1 && host[host_len - name_len - 1] == '.' && !strcasecmp(host + host_len - name_len, name);
}

bool sw_proxy_excluded(const char *list, const char *host, uint32_t port) {
    sw_cleanup_free char *copy = sw_strdup(list);
    char *state = NULL;
    for (char *entry = strtok_r(copy, ", \t", &state); entry; entry = strtok_r(NULL, ", \t", &state))
        if (entry_names(entry, host, port))
            return true;
    return false;
}

static const char *variable(const char *lower, const char *upper) {
    const char *value = getenv(lower);
    if ((!value || !*value) && upper)
        value = getenv(upper);
    return value && *value ? value : NULL;
}

const char *sw_proxy_for(const struct sw_url *url) {
    if (sw_host_is_loopback(url->host))
        return "";
    const char *none = variable("no_proxy", "NO_PROXY");
    if (none && sw_proxy_excluded(none, url->host, url->port))
        return "";
    /* A web server hands a request's "Proxy" header to its programs as HTTP_PROXY. */
    bool cgi = getenv("REQUEST_METHOD") != NULL;
    const char *proxy = !strcasecmp(url->scheme, "https") ? variable("https_proxy", "HTTPS_PROXY")
                                                          : variable("http_proxy", cgi ? NULL : "HTTP_PROXY");
    if (!proxy)
        proxy = variable("all_proxy", "ALL_PROXY");
    return proxy ? proxy : "";
}
