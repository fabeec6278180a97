#include "plugins/local/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/map.h"

struct sw_leases {
    int fd;
    pthread_mutex_t lock;
    struct sw_map held; /* name -> struct hold */
};

struct hold {
    unsigned uses; /* 0: taken alone */
};

struct sw_leases *sw_leases_open(int folder, const char *name, struct sw_error **error) {
    int fd = openat(folder, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0) {
        sw_fail_errno(error, errno, "cannot open the lock file of the store");
        return NULL;
    }
    struct sw_leases *leases = sw_new(sizeof *leases);
    leases->fd = fd;
    pthread_mutex_init(&leases->lock, NULL);
    return leases;
}

void sw_leases_close(struct sw_leases *leases) {
    if (!leases)
        return;
    sw_close(&leases->fd);
    sw_map_fini(&leases->held, free);
    pthread_mutex_destroy(&leases->lock);
    free(leases);
}

static struct flock range_of(const char *name, short type) {
    char hex[SW_SHA256_HEX];
    sw_sha256_hex(name, strlen(name), hex);
    hex[15] = '\0'; /* 60 bits: a positive offset */
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)strtoull(hex, NULL, 16), .l_len = 1};
}

static bool set(struct sw_leases *leases, const char *name, short type) {
    struct flock range = range_of(name, type);
    return fcntl(leases->fd, F_OFD_SETLK, &range) == 0;
}

static void hold(struct sw_leases *leases, const char *name, unsigned uses) {
    struct hold *held = sw_new(sizeof *held);
    held->uses = uses;
    sw_map_set(&leases->held, name, held);
}

static void let_go(struct sw_leases *leases, const char *name) {
    free(sw_map_remove(&leases->held, name));
    set(leases, name, F_UNLCK);
}

bool sw_lease_use(struct sw_leases *leases, const char *name) {
    pthread_mutex_lock(&leases->lock);
    struct hold *held = sw_map_get(&leases->held, name);
    bool done = held ? held->uses > 0 : set(leases, name, F_RDLCK);
    if (done && held)
        held->uses++;
    else if (done)
        hold(leases, name, 1);
    pthread_mutex_unlock(&leases->lock);
    return done;
}

void sw_lease_end_use(struct sw_leases *leases, const char *name) {
    pthread_mutex_lock(&leases->lock);
    struct hold *held = sw_map_get(&leases->held, name);
    if (held && held->uses && --held->uses == 0)
        let_go(leases, name);
    pthread_mutex_unlock(&leases->lock);
}

bool sw_lease_take(struct sw_leases *leases, const char *name) {
    pthread_mutex_lock(&leases->lock);
    bool done = !sw_map_has(&leases->held, name) && set(leases, name, F_WRLCK);
    if (done)
        hold(leases, name, 0);
    pthread_mutex_unlock(&leases->lock);
    return done;
}

void sw_lease_release(struct sw_leases *leases, const char *name) {
    pthread_mutex_lock(&leases->lock);
    const struct hold *held = sw_map_get(&leases->held, name);
    if (held && !held->uses)
        let_go(leases, name);
    pthread_mutex_unlock(&leases->lock);
}

bool sw_lease_busy(struct sw_leases *leases, const char *name) {
    pthread_mutex_lock(&leases->lock);
    bool busy = sw_map_has(&leases->held, name);
    struct flock range = range_of(name, F_WRLCK);
    if (!busy && fcntl(leases->fd, F_OFD_GETLK, &range) == 0)
        busy = range.l_type != F_UNLCK;
    pthread_mutex_unlock(&leases->lock);
    return busy;
}
