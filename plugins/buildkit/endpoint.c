#include "plugins/buildkit/endpoint.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/suggest.h"
#include "plugins/buildkit/docker_context.h"

static const char *const schemes[] = {"unix", "tcp", "ssh", "docker", "docker+ssh", "docker-container"};

void sw_endpoint_fini(struct sw_endpoint *endpoint) {
    char **const texts[] = {&endpoint->address, &endpoint->path,        &endpoint->user,    &endpoint->host,
                            &endpoint->port,    &endpoint->container,   &endpoint->ca,      &endpoint->cert,
                            &endpoint->key,     &endpoint->server_name, &endpoint->platform};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(*texts[i]);
    *endpoint = (struct sw_endpoint){0};
}

static void set(char **text, char *value) {
    free(*text);
    *text = value;
}

static bool malformed(const char *address, const char *why, struct sw_error **error) {
    sw_fail(error, SW_ERROR_USAGE, "the BuildKit address \"%s\" %s", address, why);
    if (error)
        *error = sw_error_hint(*error,
                               "addresses are unix:///SOCKET, tcp://HOST:PORT, ssh://HOST, docker:// or docker-container://NAME");
    return false;
}

/* ---- parts ---- */

/* [USER@]HOST[:PORT]; an IPv6 address stands in brackets. */
static bool read_authority(const char *text, size_t len, struct sw_endpoint *endpoint) {
    const char *at = memchr(text, '@', len);
    if (at) {
        set(&endpoint->user, sw_strndup(text, (size_t)(at - text)));
        len -= (size_t)(at + 1 - text);
        text = at + 1;
    }
    const char *end = text + len, *port;
    if (len && *text == '[') {
        const char *close = memchr(text, ']', len);
        if (!close)
            return false;
        set(&endpoint->host, sw_strndup(text + 1, (size_t)(close - text - 1)));
        port = close + 1;
    } else {
        port = memchr(text, ':', len);
        port = port ? port : end;
        set(&endpoint->host, sw_strndup(text, (size_t)(port - text)));
    }
    if (port < end && *port != ':')
        return false;
    if (port < end)
        set(&endpoint->port, sw_strndup(port + 1, (size_t)(end - port - 1)));
    for (const char *digit = endpoint->port ? endpoint->port : "1"; *digit; digit++)
        if (!isdigit((unsigned char)*digit))
            return false;
    /* ssh takes what begins with '-' for an option. */
    return *endpoint->host && *endpoint->host != '-' && (!endpoint->user || (*endpoint->user && *endpoint->user != '-')) &&
           (!endpoint->port || *endpoint->port);
}

/* `folder`/`name`, or NULL when there is no such file. */
static char *file_in(const char *folder, const char *name) {
    char *path = sw_format("%s/%s", folder, name);
    if (access(path, F_OK) == 0)
        return path;
    free(path);
    return NULL;
}

/* The three files that a folder of certificates holds, as BuildKit and Docker call them or as a Kubernetes secret does. */
static bool use_tls_folder(struct sw_endpoint *endpoint, const char *folder, struct sw_error **error) {
    static const char *const names[][2] = {{"ca.pem", "ca.crt"}, {"cert.pem", "tls.crt"}, {"key.pem", "tls.key"}};
    char **const values[] = {&endpoint->ca, &endpoint->cert, &endpoint->key};
    for (size_t i = 0; i < 3; i++) {
        char *path = file_in(folder, names[i][0]);
        path = path ? path : file_in(folder, names[i][1]);
        if (!path)
            return sw_fail(error, SW_ERROR_USAGE, "the folder of certificates %s has neither %s nor %s", folder, names[i][0],
                           names[i][1]);
        set(values[i], path);
    }
    endpoint->tls = true;
    return true;
}

static bool read_option(struct sw_endpoint *endpoint, const char *text, struct sw_error **error) {
    static const char *const names[] = {"ca", "cert", "key", "name", "platform"};
    char **const values[] = {&endpoint->ca, &endpoint->cert, &endpoint->key, &endpoint->server_name, &endpoint->platform};
    if (!strncmp(text, "tls=", 4))
        return use_tls_folder(endpoint, text + 4, error);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t len = strlen(names[i]);
        if (strncmp(text, names[i], len) || text[len] != '=')
            continue;
        set(values[i], sw_strdup(text + len + 1));
        endpoint->tls = endpoint->tls || i < 3;
        return true;
    }
    return sw_fail(error, SW_ERROR_USAGE, "the BuildKit address \"%s\" has an unknown part \"%s\"", endpoint->address, text);
}

static bool read_options(struct sw_endpoint *endpoint, const char *text, struct sw_error **error) {
    while (text && *text) {
        size_t len = strcspn(text, "&");
        sw_cleanup_free char *option = sw_strndup(text, len);
        if (!read_option(endpoint, option, error))
            return false;
        text += len + (text[len] == '&');
    }
    return true;
}

static const char *setting(const struct sw_host *host, const char *name) {
    const char *value = host->setting("buildkit", name);
    return value && *value ? value : NULL;
}

/* Certificates that hold for all tcp:// daemons, unless an address names its own. */
static bool use_settings(const struct sw_host *host, struct sw_endpoint *endpoint, struct sw_error **error) {
    static const char *const names[] = {"buildkit-tls-ca", "buildkit-tls-cert", "buildkit-tls-key", "buildkit-tls-name"};
    char **const values[] = {&endpoint->ca, &endpoint->cert, &endpoint->key, &endpoint->server_name};
    const char *folder = setting(host, "buildkit-tls-dir");
    if (folder && (setting(host, names[0]) || setting(host, names[1]) || setting(host, names[2])))
        return sw_fail(error, SW_ERROR_USAGE, "--buildkit-tls-dir and --buildkit-tls-ca, -cert or -key exclude each other");
    if (folder && !endpoint->ca && !endpoint->cert && !use_tls_folder(endpoint, folder, error))
        return false;
    for (size_t i = 0; i < 4; i++) {
        const char *value = setting(host, names[i]);
        if (!value || *values[i])
            continue;
        *values[i] = sw_strdup(value);
        endpoint->tls = endpoint->tls || i < 3;
    }
    return true;
}

/* ---- docker's own daemon ---- */

/* Reads where a Docker daemon is, "SCHEME://…". */
static bool read_docker_host(const char *text, struct sw_endpoint *endpoint, struct sw_error **error) {
    const char *rest = strstr(text, "://");
    size_t scheme = rest ? (size_t)(rest - text) : 0;
    rest = rest ? rest + 3 : text;
    if (scheme == 4 && !strncmp(text, "unix", 4)) {
        endpoint->carrier = SW_ENDPOINT_UNIX;
        set(&endpoint->path, sw_strdup(rest));
        return *rest == '/' || malformed(text, "names no socket", error);
    }
    bool ssh = scheme == 3 && !strncmp(text, "ssh", 3);
    bool tcp = (scheme == 3 && !strncmp(text, "tcp", 3)) || (scheme == 4 && !strncmp(text, "http", 4)) ||
               (scheme == 5 && !strncmp(text, "https", 5));
    if (!ssh && !tcp)
        return malformed(text, "is of a kind that cannot be used for Docker", error);
    endpoint->carrier = ssh ? SW_ENDPOINT_SSH : SW_ENDPOINT_TCP;
    endpoint->tls = endpoint->tls || scheme == 5;
    if (!read_authority(rest, strcspn(rest, "/"), endpoint))
        return malformed(text, "has no host and port", error);
    if (tcp && !endpoint->port)
        endpoint->port = sw_strdup(endpoint->tls ? "2376" : "2375");
    return true;
}

static bool use_docker(struct sw_endpoint *endpoint, struct sw_error **error) {
    struct sw_docker_place place;
    bool ok = sw_docker_place_find(&place, error);
    if (ok) {
        endpoint->tls = place.tls;
        endpoint->insecure = place.insecure;
        set(&endpoint->ca, sw_steal(&place.ca));
        set(&endpoint->cert, sw_steal(&place.cert));
        set(&endpoint->key, sw_steal(&place.key));
        ok = read_docker_host(place.host, endpoint, error);
    }
    sw_docker_place_fini(&place);
    return ok;
}

/* ---- addresses ---- */

static bool is_scheme(const char *address, const char *scheme) {
    size_t len = strlen(scheme);
    return !strncmp(address, scheme, len) && !strncmp(address + len, "://", 3);
}

static bool read_unix(struct sw_endpoint *endpoint, const char *rest, struct sw_error **error) {
    endpoint->carrier = SW_ENDPOINT_UNIX;
    set(&endpoint->path, sw_strdup(rest));
    return *rest == '/' || malformed(endpoint->address, "names no socket by its absolute path", error);
}

static bool read_tcp(struct sw_endpoint *endpoint, const char *rest, struct sw_error **error) {
    endpoint->carrier = SW_ENDPOINT_TCP;
    if (!read_authority(rest, strcspn(rest, "/"), endpoint) || endpoint->user)
        return malformed(endpoint->address, "has no host and port", error);
    if (!endpoint->port)
        endpoint->port = sw_strdup(endpoint->speaks == SW_ENDPOINT_DOCKER ? "2375" : "1234");
    return true;
}

static bool read_ssh(struct sw_endpoint *endpoint, const char *rest, struct sw_error **error) {
    size_t len = strcspn(rest, "/");
    endpoint->carrier = SW_ENDPOINT_SSH;
    if (!read_authority(rest, len, endpoint))
        return malformed(endpoint->address, "has no host", error);
    if (rest[len] && rest[len + 1])
        set(&endpoint->path, sw_strdup(rest + len));
    return true;
}

static bool read_container(struct sw_endpoint *endpoint, const char *rest, struct sw_error **error) {
    endpoint->speaks = SW_ENDPOINT_CONTAINER;
    set(&endpoint->container, sw_strdup(rest));
    if (!*rest)
        return malformed(endpoint->address, "names no container", error);
    for (const char *c = rest; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("_.-", *c))
            return malformed(endpoint->address, "names a container that cannot be one", error);
    return use_docker(endpoint, error);
}

static bool read_address(const struct sw_host *host, struct sw_endpoint *endpoint, const char *address, const char *rest,
                         struct sw_error **error) {
    if (is_scheme(address, "unix"))
        return read_unix(endpoint, rest, error);
    if (is_scheme(address, "tcp"))
        return use_settings(host, endpoint, error) && read_tcp(endpoint, rest, error);
    if (is_scheme(address, "ssh"))
        return read_ssh(endpoint, rest, error);
    if (is_scheme(address, "docker-container"))
        return read_container(endpoint, rest, error);
    endpoint->speaks = SW_ENDPOINT_DOCKER;
    if (is_scheme(address, "docker+ssh"))
        return read_ssh(endpoint, rest, error);
    if (is_scheme(address, "docker"))
        return !*rest         ? use_docker(endpoint, error)
               : *rest == '/' ? read_unix(endpoint, rest, error)
                              : read_tcp(endpoint, rest, error);
    size_t len = strcspn(address, ":");
    sw_cleanup_free char *scheme = sw_strndup(address, len);
    const char *near = sw_suggest(scheme, (struct sw_strings){schemes, sizeof schemes / sizeof *schemes});
    malformed(address, "is of an unknown kind", error);
    if (near && error)
        *error = sw_error_hint(*error, "did you mean %s://…?", near);
    return false;
}

bool sw_endpoint_parse(const struct sw_host *host, const char *address, struct sw_endpoint *endpoint, struct sw_error **error) {
    *endpoint = (struct sw_endpoint){0};
    size_t len = strcspn(address, "?");
    endpoint->address = sw_strndup(address, len);
    const char *colon = strstr(endpoint->address, "://");
    const char *rest = colon ? colon + 3 : "";
    bool ok = read_options(endpoint, address[len] ? address + len + 1 : NULL, error) &&
              read_address(host, endpoint, endpoint->address, rest, error);
    if (ok && !endpoint->cert != !endpoint->key)
        ok = malformed(endpoint->address, "needs both a certificate and its key, or neither", error);
    if (!ok)
        sw_endpoint_fini(endpoint);
    return ok;
}

static bool add(const struct sw_host *host, struct sw_vec *endpoints, const char *address, struct sw_error **error) {
    struct sw_endpoint endpoint;
    if (!sw_endpoint_parse(host, address, &endpoint, error))
        return false;
    sw_vec_push(endpoints, &endpoint);
    return true;
}

bool sw_endpoints_find(const struct sw_host *host, struct sw_vec *endpoints, struct sw_error **error) {
    const char *list = host->setting("buildkit", "buildkit-addr");
    if (!list || !*list)
        list = getenv("BUILDKIT_HOST");
    if (!list || !*list)
        return add(host, endpoints, "docker://", error);
    while (*list) {
        size_t len = strcspn(list, ",");
        sw_cleanup_free char *address = sw_strndup(list, len);
        if (*address && !add(host, endpoints, address, error))
            return false;
        list += len + (list[len] == ',');
    }
    return endpoints->len > 0 || sw_fail(error, SW_ERROR_USAGE, "the list of BuildKit addresses is empty");
}
