#include "core/plugin/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/map.h"
#include "core/runtime/mask.h"

enum { MAX_SECRET = 1024 * 1024 };

struct secret {
    char *plan_id;
    char *id;
    enum sw_secret_origin source;
    char *text;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sw_map secrets; /* by key() */
static struct sw_map sockets; /* by key(): path */

static char *key(const char *plan_id, const char *id) {
    return sw_format("%s\n%s", plan_id ? plan_id : "", id);
}

static void free_secret(void *value) {
    struct secret *secret = value;
    if (!secret)
        return;
    explicit_bzero(secret->text, strlen(secret->text));
    free(secret->text);
    free(secret->plan_id);
    free(secret->id);
    free(secret);
}

/* A dump of this program's memory, or of a step's, would have values in it. */
static void forbid_core_dumps(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur > 0) {
        limit.rlim_cur = 0;
        setrlimit(RLIMIT_CORE, &limit);
    }
}

void sw_secrets_add(const char *plan_id, const char *id, enum sw_secret_origin source, const char *text) {
    sw_cleanup_free char *name = key(plan_id, id);
    struct secret *secret = sw_new(sizeof *secret);
    forbid_core_dumps();
    *secret = (struct secret){sw_strdup(plan_id), sw_strdup(id), source, sw_strdup(text)};
    pthread_mutex_lock(&lock);
    free_secret(sw_map_set(&secrets, name, secret));
    pthread_mutex_unlock(&lock);
}

void sw_secrets_add_ssh(const char *plan_id, const char *id, const char *socket) {
    sw_cleanup_free char *name = key(plan_id, id);
    pthread_mutex_lock(&lock);
    free(sw_map_set(&sockets, name, sw_strdup(socket)));
    pthread_mutex_unlock(&lock);
}

void sw_secrets_free_value(struct sw_bytes *value) {
    if (value->data) {
        explicit_bzero((void *)value->data, value->len);
        free((void *)value->data);
    }
    *value = (struct sw_bytes){0};
}

/* Reads a whole file in one go, since a buffer that grows would leave copies behind. */
static bool read_file(const struct secret *secret, struct sw_bytes *value, struct sw_error **error) {
    struct stat status;
    sw_cleanup_close int fd = open(secret->text, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status))
        return sw_fail_errno(error, errno, "secret %s: %s", secret->id, secret->text);
    if (!S_ISREG(status.st_mode) || status.st_size > MAX_SECRET)
        return sw_fail(error, SW_ERROR_CONFIG, "secret %s: %s is %s", secret->id, secret->text,
                       S_ISREG(status.st_mode) ? "larger than 1 MiB" : "no regular file");
    char *data = sw_new((size_t)status.st_size + 1);
    *value = (struct sw_bytes){data, (size_t)status.st_size};
    for (size_t done = 0; done < value->len;) {
        ssize_t len = read(fd, data + done, value->len - done);
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0) {
            int number = errno;
            sw_secrets_free_value(value);
            return sw_fail_errno(error, number, "secret %s: %s", secret->id, secret->text);
        }
        if (!len) {
            value->len = done;
            break;
        }
        done += (size_t)len;
    }
    return true;
}

static bool read_value(const struct secret *secret, struct sw_bytes *value, struct sw_error **error) {
    if (secret->source == SW_SECRET_FROM_FILE)
        return read_file(secret, value, error);
    const char *text = secret->source == SW_SECRET_FROM_ENV ? getenv(secret->text) : secret->text;
    if (!text)
        return sw_fail(error, SW_ERROR_NOT_FOUND, "secret %s: environment variable %s is not set", secret->id, secret->text);
    *value = (struct sw_bytes){sw_strdup(text), strlen(text)};
    return true;
}

bool sw_secrets_value(const char *plan_id, const char *id, struct sw_bytes *value, struct sw_error **error) {
    sw_cleanup_free char *name = key(plan_id, id);
    *value = (struct sw_bytes){0};
    pthread_mutex_lock(&lock);
    struct secret *secret = sw_map_get(&secrets, name);
    bool good = secret ? read_value(secret, value, error) : sw_fail(error, SW_ERROR_NOT_FOUND, "secret %s is not configured", id);
    if (!good && secret && error && *error)
        (*error)->code = SW_ERROR_CONFIG; /* it is wanted, whatever the step says: only one that nobody names may be missing */
    pthread_mutex_unlock(&lock);
    if (good)
        sw_mask_add(value->data, value->len);
    return good;
}

const char *sw_secrets_ssh_socket(const char *plan_id, const char *id) {
    sw_cleanup_free char *name = key(plan_id, id);
    pthread_mutex_lock(&lock);
    const char *path = sw_map_get(&sockets, name);
    pthread_mutex_unlock(&lock);
    return path;
}

void sw_secrets_each(void (*visit)(void *context, const char *id, struct sw_bytes value), void *context) {
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < secrets.len; i++) {
        const struct secret *secret = secrets.entries[i].key ? secrets.entries[i].value : NULL;
        struct sw_bytes value = {0};
        if (secret && read_value(secret, &value, NULL))
            visit(context, secret->id, value);
        sw_secrets_free_value(&value);
    }
    pthread_mutex_unlock(&lock);
}

void sw_secrets_end(void) {
    sw_map_fini(&secrets, free_secret);
    sw_map_fini(&sockets, free);
    secrets = sockets = (struct sw_map){0};
}
