#include "plugins/registry/endpoint.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/registry/auth.h"
#include "plugins/registry/certs.h"
#include "plugins/registry/proxy.h"
#include "plugins/registry/reference.h"

enum { RETRIES_FREE = 20, RETRIES_SHARE = 5 };

bool sw_setting_names_host(const char *setting, const char *host) {
    static const char *const everybody[] = {"1", "true", "yes", "on"};
    if (!setting || !*setting)
        return false;
    for (size_t i = 0; i < sizeof everybody / sizeof *everybody; i++)
        if (!strcasecmp(setting, everybody[i]))
            return true;
    sw_cleanup_url struct sw_url url = {0};
    sw_cleanup_free char *text = sw_format("https://%s/", host);
    if (!sw_url_resolve(NULL, text, &url, NULL))
        return false;
    return strcmp(setting, "0") && strcasecmp(setting, "false") && sw_proxy_excluded(setting, url.host, url.port);
}

static const char *bare_host(const char *host, char *out, size_t size) {
    size_t len = *host == '[' ? strcspn(host + 1, "]") : strcspn(host, ":");
    if (*host == '[')
        host++;
    if (len >= size)
        len = size - 1;
    memcpy(out, host, len);
    out[len] = 0;
    return out;
}

/* Takes in one mirror, "[http[s]://]HOST[/]"; one that cannot be used is left out with a warning. */
static void add_mirror(struct sw_endpoint *endpoint, const char *text) {
    const struct sw_host *host = endpoint->client->host;
    bool plain = !strncasecmp(text, "http://", 7);
    const char *name = text + (plain ? 7 : !strncasecmp(text, "https://", 8) ? 8 : 0);
    sw_cleanup_free char *bare = sw_strndup(name, strcspn(name, "/"));
    sw_cleanup_free char *repository = sw_format("%s/x", bare);
    sw_cleanup_reference struct sw_reference reference = {0};
    bool good = !strchr(name, '/') || !strchr(name, '/')[1];
    struct sw_endpoint *mirror = NULL;
    if (good && sw_reference_parse_repository(repository, &reference, NULL) && strcmp(reference.domain, endpoint->host)) {
        sw_cleanup_free char *lower = sw_reference_host(&reference);
        mirror = sw_client_endpoint(endpoint->client, lower, NULL);
    }
    if (!mirror) {
        sw_cleanup_free char *warning = sw_format("mirror \"%s\" is not the address of a registry: it is not used", text);
        host->log("registry", SW_LOG_WARN, warning);
        return;
    }
    if (plain) {
        mirror->insecure = true;
        mirror->scheme = SW_SCHEME_HTTP;
    }
    sw_vec_push(&endpoint->mirrors, &mirror);
}

static void add_mirrors(struct sw_endpoint *endpoint, const char *setting) {
    sw_cleanup_free char *copy = sw_strdup(setting);
    char *state = NULL;
    for (char *one = copy ? strtok_r(copy, ", ", &state) : NULL; one; one = strtok_r(NULL, ", ", &state))
        add_mirror(endpoint, one);
}

struct sw_endpoint *sw_endpoint_source(struct sw_endpoint *endpoint, size_t turn) {
    if (turn < endpoint->mirrors.len)
        return *(struct sw_endpoint **)sw_vec_at(&endpoint->mirrors, turn);
    return turn == endpoint->mirrors.len ? endpoint : NULL;
}

struct sw_endpoint *sw_client_endpoint(struct sw_client *client, const char *host, struct sw_error **error) {
    struct sw_endpoint *endpoint = sw_map_get(&client->endpoints, host);
    if (endpoint)
        return endpoint;
    struct sw_tls tls = {0};
    if (!sw_certs_load(host, &tls, error)) {
        sw_tls_fini(&tls);
        return NULL;
    }
    char bare[256];
    const struct sw_host *settings = client->host;
    endpoint = sw_new(sizeof *endpoint);
    endpoint->client = client;
    endpoint->host = sw_strdup(host);
    endpoint->authority = sw_strdup(strcmp(host, SW_HUB_DOMAIN) ? host : "registry-1.docker.io");
    endpoint->insecure = sw_setting_names_host(settings->setting("registry", "insecure-registry"), host);
    endpoint->loopback = sw_host_is_loopback(bare_host(host, bare, sizeof bare));
    endpoint->tls = tls;
    endpoint->tls.verify =
        !endpoint->insecure && !sw_setting_names_host(settings->setting("registry", "skip-tls-verify-registry"), host);
    endpoint->auth = sw_auth_new(endpoint);
    endpoint->mirrors.width = sizeof(struct sw_endpoint *);
    sw_map_set(&client->endpoints, host, endpoint);
    if (!strcmp(host, SW_HUB_DOMAIN))
        add_mirrors(endpoint, settings->setting("registry", "container-registry-mirror"));
    return endpoint;
}

static void free_endpoint(void *value) {
    struct sw_endpoint *endpoint = value;
    sw_auth_free(endpoint->auth);
    sw_tls_fini(&endpoint->tls);
    sw_map_fini(&endpoint->warnings, NULL);
    sw_map_fini(&endpoint->blobs, NULL);
    sw_map_fini(&endpoint->uploads, NULL);
    sw_vec_fini(&endpoint->mirrors);
    free(endpoint->host);
    free(endpoint->authority);
    free(endpoint);
}

void sw_client_fini(struct sw_client *client) {
    sw_map_fini(&client->endpoints, free_endpoint);
}

/* This machine's registries speak plain http as a rule, others marked insecure rather TLS with a certificate of their own. */
enum sw_scheme sw_endpoint_first_scheme(const struct sw_endpoint *endpoint) {
    if (endpoint->scheme)
        return endpoint->scheme;
    return endpoint->loopback ? SW_SCHEME_HTTP : SW_SCHEME_HTTPS;
}

enum sw_scheme sw_endpoint_other_scheme(const struct sw_endpoint *endpoint, enum sw_scheme tried) {
    if (endpoint->scheme || (!endpoint->loopback && !endpoint->insecure))
        return SW_SCHEME_UNKNOWN;
    enum sw_scheme first = sw_endpoint_first_scheme(endpoint);
    if (tried != first)
        return SW_SCHEME_UNKNOWN;
    return first == SW_SCHEME_HTTP ? SW_SCHEME_HTTPS : SW_SCHEME_HTTP;
}

char *sw_endpoint_url(const struct sw_endpoint *endpoint, enum sw_scheme scheme, const char *path) {
    return sw_format("%s://%s%s", scheme == SW_SCHEME_HTTP ? "http" : "https", endpoint->authority, path);
}

bool sw_endpoint_may_retry(struct sw_endpoint *endpoint) {
    if (endpoint->retries >= RETRIES_FREE + endpoint->requests / RETRIES_SHARE)
        return false;
    endpoint->retries++;
    return true;
}

static char *blob_key(const char *path, const char *digest) {
    return sw_format("%s@%s", path, digest);
}

void sw_endpoint_remember_blob(struct sw_endpoint *endpoint, const char *path, const char *digest) {
    sw_cleanup_free char *key = blob_key(path, digest);
    sw_map_set(&endpoint->blobs, key, endpoint);
}

bool sw_endpoint_knows_blob(const struct sw_endpoint *endpoint, const char *path, const char *digest) {
    sw_cleanup_free char *key = blob_key(path, digest);
    return sw_map_has(&endpoint->blobs, key);
}

void sw_endpoint_forget_blobs(struct sw_endpoint *endpoint) {
    sw_map_fini(&endpoint->blobs, NULL);
    memset(&endpoint->blobs, 0, sizeof endpoint->blobs);
}
