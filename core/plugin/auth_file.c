#include "core/plugin/auth_file.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"

static const char hub[] = "docker.io";
static const char hub_server[] = "https://index.docker.io/v1/"; /* what helpers know it by */

static void wipe(char *text) {
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

void sw_auth_fini(struct sw_auth *auth) {
    free(auth->file);
    free(auth->helper);
    free(auth->server);
    wipe(auth->username);
    wipe(auth->password);
    wipe(auth->identity_token);
    wipe(auth->registry_token);
    *auth = (struct sw_auth){0};
}

/* A key without what docker has put around hosts over the years. To be freed. */
static char *normal_key(const char *key) {
    if (!strncmp(key, "http://", 7))
        key += 7;
    else if (!strncmp(key, "https://", 8))
        key += 8;
    size_t host = strcspn(key, "/");
    const char *rest = key + host;
    bool version =
        !strcmp(rest, "/") || !strcmp(rest, "/v1") || !strcmp(rest, "/v2") || !strcmp(rest, "/v1/") || !strcmp(rest, "/v2/");
    char *text = sw_strndup(key, version ? host : strlen(key));
    if (!strcmp(text, "index.docker.io") || !strcmp(text, "registry-1.docker.io")) {
        free(text);
        return sw_strdup(hub);
    }
    return text;
}

/* Member of `map` for `key`: one named exactly so, else one whose normal form is the same. */
static json_t *member(json_t *map, const char *key) {
    json_t *value = json_object_get(map, key);
    const char *name;
    if (value)
        return value;
    json_object_foreach(map, name, value) {
        sw_cleanup_free char *normal = normal_key(name);
        if (!strcmp(normal, key))
            return value;
    }
    return NULL;
}

/* Decodes base64; NULL: it is none. To be wiped. */
static char *decode_base64(const char *text) {
    sw_cleanup_buf struct sw_buf padded = {0};
    sw_buf_puts(&padded, text);
    while (padded.len % 4)
        sw_buf_putc(&padded, '=');
    char *out = sw_new(padded.len / 4 * 3 + 1);
    if (EVP_DecodeBlock((unsigned char *)out, (const unsigned char *)sw_buf_text(&padded), (int)padded.len) < 0) {
        free(out);
        out = NULL;
    }
    explicit_bzero(padded.data, padded.len);
    return out; /* what padding stands for is NULs, which end the text */
}

static bool read_user(json_t *entry, const char *file, const char *key, struct sw_auth *auth, struct sw_error **error) {
    const char *encoded = json_string_value(json_object_get(entry, "auth"));
    if (!encoded || !*encoded) {
        auth->username = sw_strdup(json_string_value(json_object_get(entry, "username")));
        auth->password = sw_strdup(json_string_value(json_object_get(entry, "password")));
        return true;
    }
    char *text = decode_base64(encoded);
    char *colon = text ? strchr(text, ':') : NULL;
    if (!colon) {
        wipe(text);
        return sw_fail(error, SW_ERROR_CONFIG, "%s: \"auth\" of %s is not the base64 of USER:PASSWORD", file, key);
    }
    auth->username = sw_strndup(text, (size_t)(colon - text));
    auth->password = sw_strdup(colon + 1);
    wipe(text);
    return true;
}

static const char *token(json_t *entry, const char *name) {
    const char *text = json_string_value(json_object_get(entry, name));
    return text && *text ? text : NULL;
}

/* Reads an entry of `auths`; `*filled` says whether it holds anything. */
static bool read_entry(json_t *entry, const char *file, const char *key, struct sw_auth *auth, bool *filled,
                       struct sw_error **error) {
    auth->registry_token = sw_strdup(token(entry, "registrytoken"));
    auth->identity_token = sw_strdup(token(entry, "identitytoken"));
    if (!read_user(entry, file, key, auth, error))
        return false;
    *filled = auth->registry_token || auth->identity_token || (auth->username && *auth->username);
    return true;
}

static void add_helper(struct sw_vec *auths, const char *file, const char *helper, const char *key) {
    struct sw_auth *auth = sw_vec_push(auths, NULL);
    auth->file = sw_strdup(file);
    auth->helper = sw_strdup(helper);
    auth->server = sw_strdup(!strcmp(key, hub) ? hub_server : key);
}

struct search {
    const char *file;
    json_t *helpers; /* credHelpers */
    json_t *entries; /* auths */
    const char *store;
    struct sw_vec *auths;
};

/* What the file says for one key. `*found` when that ends the search. */
static bool search_key(const struct search *search, const char *key, bool is_host, bool *found, struct sw_error **error) {
    const char *helper = json_string_value(member(search->helpers, key));
    if (helper && *helper) {
        add_helper(search->auths, search->file, helper, key);
        return true; /* a helper that does not know it leaves the word to the next */
    }
    json_t *entry = member(search->entries, key);
    if (entry) {
        struct sw_auth auth = {.file = sw_strdup(search->file)};
        bool good = read_entry(entry, search->file, key, &auth, found, error);
        if (good && *found)
            sw_vec_push(search->auths, &auth);
        else
            sw_auth_fini(&auth);
        if (!good || *found)
            return good;
    }
    if (is_host && search->store && *search->store)
        add_helper(search->auths, search->file, search->store, key);
    return true;
}

static json_t *load(const char *file, bool *missing, struct sw_error **error) {
    json_error_t cause;
    *missing = false;
    sw_cleanup_close int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        *missing = errno == ENOENT || errno == ENOTDIR;
        if (!*missing)
            sw_fail_errno(error, errno, "%s", file);
        return NULL;
    }
    json_t *root = json_loadfd(fd, 0, &cause);
    if (root && json_is_object(root))
        return root;
    sw_fail(error, SW_ERROR_CONFIG, root ? "%s is no JSON object" : "%s is no JSON: line %d", file, cause.line);
    json_decref(root);
    return NULL;
}

/* jansson's memory is not ours to wipe in general, but the strings of a document that nobody else holds are. */
static void wipe_json(json_t *value) {
    const char *name;
    json_t *child;
    if (json_is_string(value))
        explicit_bzero((char *)json_string_value(value), json_string_length(value));
    json_object_foreach(value, name, child) wipe_json(child);
}

bool sw_auth_file_read(const char *file, const char *registry, struct sw_vec *auths, struct sw_error **error) {
    bool missing, good = true, found = false;
    json_t *root = load(file, &missing, error);
    if (!root)
        return missing;
    size_t len = strlen(file);
    bool old = len >= 10 && !strcmp(file + len - 10, ".dockercfg"); /* is what `auths` is in the others */
    struct search search = {
        .file = file,
        .helpers = old ? NULL : json_object_get(root, "credHelpers"),
        .entries = old ? root : json_object_get(root, "auths"),
        .store = old ? NULL : json_string_value(json_object_get(root, "credsStore")),
        .auths = auths,
    };
    char *key = normal_key(registry);
    while (good && !found) { /* the whole path first, then up to the host */
        char *slash = strrchr(key, '/');
        good = search_key(&search, key, !slash, &found, error);
        if (!slash)
            break;
        *slash = '\0';
    }
    free(key);
    wipe_json(root);
    json_decref(root);
    return good;
}
