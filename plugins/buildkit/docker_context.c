#include "plugins/buildkit/docker_context.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"

void sw_docker_place_fini(struct sw_docker_place *place) {
    free(place->host);
    free(place->ca);
    free(place->cert);
    free(place->key);
    *place = (struct sw_docker_place){0};
}

static const char *env(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static char *config_folder(void) {
    if (env("DOCKER_CONFIG"))
        return sw_strdup(env("DOCKER_CONFIG"));
    return sw_format("%s/.docker", env("HOME") ? env("HOME") : "");
}

/* `folder`/`name` when it can be read, else NULL. */
static char *file_in(const char *folder, const char *name) {
    char *path = sw_format("%s/%s", folder, name);
    if (access(path, R_OK) == 0)
        return path;
    free(path);
    return NULL;
}

static void use_certificates(struct sw_docker_place *place, const char *folder) {
    place->ca = file_in(folder, "ca.pem");
    place->cert = file_in(folder, "cert.pem");
    place->key = file_in(folder, "key.pem");
}

static void from_environment(struct sw_docker_place *place) {
    place->host = sw_strdup(env("DOCKER_HOST"));
    if (!env("DOCKER_TLS_VERIFY") && !env("DOCKER_TLS"))
        return;
    sw_cleanup_free char *folder = env("DOCKER_CERT_PATH") ? sw_strdup(env("DOCKER_CERT_PATH")) : config_folder();
    place->tls = true;
    place->insecure = !env("DOCKER_TLS_VERIFY");
    use_certificates(place, folder);
}

/* Name of the current context, to be freed; NULL: the default one. */
static char *current_context(const char *folder) {
    if (env("DOCKER_CONTEXT"))
        return sw_strdup(env("DOCKER_CONTEXT"));
    sw_cleanup_free char *path = sw_format("%s/config.json", folder);
    sw_cleanup_json json_t *config = json_load_file(path, 0, NULL);
    const char *name = json_string_value(json_object_get(config, "currentContext"));
    return name && *name ? sw_strdup(name) : NULL;
}

static bool from_context(struct sw_docker_place *place, const char *folder, const char *name, struct sw_error **error) {
    char id[SW_SHA256_HEX];
    sw_sha256_hex(name, strlen(name), id);
    sw_cleanup_free char *path = sw_format("%s/contexts/meta/%s/meta.json", folder, id);
    sw_cleanup_free char *certificates = sw_format("%s/contexts/tls/%s/docker", folder, id);
    sw_cleanup_json json_t *meta = json_load_file(path, 0, NULL);
    json_t *docker = json_object_get(json_object_get(meta, "Endpoints"), "docker");
    const char *host = json_string_value(json_object_get(docker, "Host"));
    if (!host)
        return sw_fail(error, SW_ERROR_USAGE, "docker context \"%s\" has no endpoint: cannot read %s", name, path);
    place->host = sw_strdup(host);
    place->insecure = json_is_true(json_object_get(docker, "SkipTLSVerify"));
    use_certificates(place, certificates);
    place->tls = place->insecure || place->ca || place->cert;
    return true;
}

bool sw_docker_place_find(struct sw_docker_place *place, struct sw_error **error) {
    *place = (struct sw_docker_place){0};
    if (env("DOCKER_HOST")) {
        from_environment(place);
        return true;
    }
    sw_cleanup_free char *folder = config_folder();
    sw_cleanup_free char *name = current_context(folder);
    if (name && strcmp(name, "default"))
        return from_context(place, folder, name, error);
    place->host = sw_strdup("unix:///var/run/docker.sock");
    return true;
}
