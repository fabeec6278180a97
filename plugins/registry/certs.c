#include "plugins/registry/certs.h"

#include <curl/curl.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"

enum { MAX_CERTIFICATES = 4 << 20 };

void sw_tls_fini(struct sw_tls *tls) {
    free(tls->ca);
    free(tls->cert);
    free(tls->key);
    memset(tls, 0, sizeof *tls);
}

static bool add_file(struct sw_buf *out, const char *path, struct sw_error **error) {
    sw_cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat stat;
    if (fd < 0 || fstat(fd, &stat) < 0)
        return sw_fail_errno(error, errno, "cannot read %s", path);
    if (!S_ISREG(stat.st_mode) || stat.st_size > MAX_CERTIFICATES)
        return sw_fail(error, SW_ERROR_CONFIG, "%s is not a file of certificates", path);
    sw_buf_reserve(out, (size_t)stat.st_size + 1);
    char chunk[8192];
    ssize_t n;
    while ((n = read(fd, chunk, sizeof chunk)) > 0)
        sw_buf_add(out, chunk, (size_t)n);
    if (n < 0)
        return sw_fail_errno(error, errno, "cannot read %s", path);
    sw_buf_putc(out, '\n');
    return true;
}

/* The certificates that this system trusts; a missing bundle leaves only the registry's own. */
static void add_system_bundle(struct sw_buf *out) {
    const char *path = getenv("SSL_CERT_FILE");
    if (!path || !*path)
        path = curl_version_info(CURLVERSION_NOW)->cainfo;
    if (path)
        add_file(out, path, NULL);
}

static bool ends_with(const char *name, const char *suffix) {
    size_t len = strlen(name);
    size_t suffix_len = strlen(suffix);
    return len > suffix_len && !strcmp(name + len - suffix_len, suffix);
}

/* The path of NAME.<other> for NAME.<one>; it has to be there. */
static bool partner(const char *folder, const char *name, const char *one, const char *other, char **path,
                    struct sw_error **error) {
    *path = sw_format("%s/%.*s%s", folder, (int)(strlen(name) - strlen(one)), name, other);
    if (!access(*path, R_OK))
        return true;
    sw_fail(error, SW_ERROR_CONFIG, "%s/%s has no partner: %s is missing", folder, name, *path);
    free(*path);
    *path = NULL;
    return false;
}

static bool read_names(const char *folder, struct sw_strlist *names, struct sw_error **error) {
    sw_cleanup_dir DIR *dir = opendir(folder);
    if (!dir)
        return sw_fail_errno(error, errno, "cannot read %s", folder);
    for (struct dirent *entry; (entry = readdir(dir));)
        sw_strlist_add(names, entry->d_name);
    sw_strlist_sort(names);
    return true;
}

bool sw_certs_load_folder(const char *folder, struct sw_tls *tls, struct sw_error **error) {
    sw_cleanup_strlist struct sw_strlist names = {0};
    sw_cleanup_buf struct sw_buf authorities = {0};
    if (!read_names(folder, &names, error))
        return false;
    for (size_t i = 0; i < names.len; i++) {
        const char *name = names.items[i];
        if (ends_with(name, ".crt")) {
            sw_cleanup_free char *path = sw_format("%s/%s", folder, name);
            if (!authorities.len)
                add_system_bundle(&authorities);
            if (!add_file(&authorities, path, error))
                return false;
        } else if (ends_with(name, ".cert")) {
            sw_cleanup_free char *key = NULL;
            if (!partner(folder, name, ".cert", ".key", &key, error))
                return false;
            if (tls->cert)
                continue;
            tls->cert = sw_format("%s/%s", folder, name);
            tls->key = sw_steal(&key);
        } else if (ends_with(name, ".key")) {
            sw_cleanup_free char *cert = NULL;
            if (!partner(folder, name, ".key", ".cert", &cert, error))
                return false;
        }
    }
    if (authorities.len)
        tls->ca = sw_buf_take(&authorities);
    return true;
}

bool sw_certs_load(const char *host, struct sw_tls *tls, struct sw_error **error) {
    const char *home = getenv("HOME");
    const char *config = getenv("XDG_CONFIG_HOME");
    sw_cleanup_strlist struct sw_strlist roots = {0};
    if (home && *home)
        sw_strlist_take(&roots, sw_format("%s/.config/containers/certs.d", home));
    sw_strlist_add(&roots, "/etc/containers/certs.d");
    sw_strlist_add(&roots, "/etc/docker/certs.d");
    if (config && *config)
        sw_strlist_take(&roots, sw_format("%s/docker/certs.d", config));
    for (size_t i = 0; i < roots.len; i++) {
        sw_cleanup_free char *folder = sw_format("%s/%s", roots.items[i], host);
        if (!access(folder, F_OK))
            return sw_certs_load_folder(folder, tls, error);
    }
    return true;
}
