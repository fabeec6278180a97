#include "plugins/local/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/vec.h"

/* <sys/mount.h> of glibc and <linux/mount.h> do not go together, and the calls are newer than some headers. */
int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);

enum { OLD_MOUNT_LIMIT = 4095, MS_FLAG_REC = 0x4000, MS_FLAG_PRIVATE = 0x40000, MS_FLAG_NODEV = 4 };

static int fs_open(const char *type) {
    return (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
}

static int fs_config(int context, unsigned command, const char *key, const void *value, int extra) {
    return (int)syscall(SYS_fsconfig, context, command, key, value, extra);
}

static int fs_mount(int context, unsigned attributes) {
    return (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes);
}

/* Each by name: module parameters change the defaults. */
static const char *const root_options[][2] = {
    {"redirect_dir", "off"}, {"metacopy", "off"}, {"index", "off"}, {"xino", "off"}, {NULL, NULL}};
static const char *const user_options[][2] = {
    {"userxattr", NULL}, {"redirect_dir", "nofollow"}, {"metacopy", "off"}, {"index", "off"}, {"xino", "off"}, {NULL, NULL}};

bool sw_overlay_in_user_namespace(void) {
    char text[128] = "";
    unsigned inside, outside, count;
    sw_cleanup_close int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, text, sizeof text - 1) <= 0)
        return false;
    return sscanf(text, "%u %u %u", &inside, &outside, &count) != 3 || outside != 0 || count != 4294967295U;
}

static const char *const (*options(void))[2] {
    return sw_overlay_in_user_namespace() ? user_options : root_options;
}

/* ---- the new interface ---- */

/* The context holds the only message that says what is wrong: "e overlay: too many lower directories, limit is 500". */
static bool fail_context(struct sw_error **error, int context) {
    int number = errno;
    sw_cleanup_buf struct sw_buf text = {0};
    char line[512];
    ssize_t len;
    while ((len = read(context, line, sizeof line - 1)) > 0) {
        line[len] = '\0';
        line[strcspn(line, "\n")] = '\0';
        sw_buf_printf(&text, "%s%s", text.len ? "; " : "", len > 2 && line[1] == ' ' ? line + 2 : line);
    }
    if (text.len)
        return sw_fail_errno(error, number, "cannot mount an overlay (%s)", sw_buf_text(&text));
    return sw_fail_errno(error, number, "cannot mount an overlay");
}

static bool set_folder(int context, const char *key, int folder, bool by_name) {
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", folder);
    if (!by_name && fs_config(context, FSCONFIG_SET_FD, key, NULL, folder) == 0)
        return true;
    return fs_config(context, FSCONFIG_SET_STRING, key, path, 0) == 0;
}

static bool set_options(int context) {
    for (const char *const(*option)[2] = options(); (*option)[0]; option++) {
        unsigned command = (*option)[1] ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;
        if (fs_config(context, command, (*option)[0], (*option)[1], 0))
            return false;
    }
    return true;
}

static bool set_all(int context, const struct sw_overlay *overlay) {
    bool by_name = overlay->way == SW_OVERLAY_STRINGS;
    for (size_t i = 0; i < overlay->lower_count; i++)
        if (!set_folder(context, "lowerdir+", overlay->lowers[i], by_name))
            return false;
    if (!set_options(context))
        return false;
    if (overlay->upper < 0)
        return true;
    return set_folder(context, "upperdir", overlay->upper, by_name) && set_folder(context, "workdir", overlay->work, by_name) &&
           fs_config(context, FSCONFIG_SET_FLAG, "volatile", NULL, 0) == 0;
}

static int mount_new(const struct sw_overlay *overlay, struct sw_error **error) {
    sw_cleanup_close int context = fs_open("overlay");
    if (context < 0) {
        sw_fail_errno(error, errno, "cannot use overlayfs");
        return -1;
    }
    if (!set_all(context, overlay) || fs_config(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0)) {
        fail_context(error, context);
        return -1;
    }
    unsigned attributes = (overlay->devices ? 0 : MOUNT_ATTR_NODEV) | (overlay->upper < 0 ? MOUNT_ATTR_RDONLY : 0);
    int fd = fs_mount(context, attributes);
    if (fd < 0)
        fail_context(error, context);
    return fd;
}

/* ---- mount(2), for kernels before 6.5 ---- */

struct old_mount {
    const struct sw_overlay *overlay;
    const char *data;
    struct sw_strlist folders; /* paths of the lowers, then of upper and work */
    int fd;
    int number; /* errno */
};

static bool add_folder(struct sw_strlist *folders, int folder) {
    char link[40], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t len = readlink(link, path, sizeof path - 1);
    if (len <= 0)
        return false;
    sw_strlist_take(folders, sw_strndup(path, (size_t)len));
    return true;
}

/* Asked before the namespace is left: from within a new one, the kernel tells paths of the old one's mounts as seen from its root, which
 * in a chroot is not ours. */
static bool find_folders(const struct sw_overlay *overlay, struct sw_strlist *folders) {
    for (size_t i = 0; i < overlay->lower_count; i++)
        if (!add_folder(folders, overlay->lowers[i]))
            return false;
    return overlay->upper < 0 || (add_folder(folders, overlay->upper) && add_folder(folders, overlay->work));
}

/* Short names for all folders, so that the options of many layers fit. */
static bool link_folders(const struct old_mount *old) {
    size_t lowers = old->overlay->lower_count;
    for (size_t i = 0; i < old->folders.len; i++) {
        char name[24];
        snprintf(name, sizeof name, "%zu", i);
        if (symlink(old->folders.items[i], i < lowers ? name : i == lowers ? "u" : "w") != 0)
            return false;
    }
    return true;
}

static bool prepare_privately(const struct old_mount *old) {
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_FLAG_REC | MS_FLAG_PRIVATE, NULL) == 0 &&
           mount("tmpfs", "/mnt", "tmpfs", 0, NULL) == 0 && chdir("/mnt") == 0 && mkdir("merged", 0700) == 0 && link_folders(old);
}

/* Runs in a thread whose mount namespace nobody shares; what is taken out of it is a copy that is attached nowhere. */
static void *mount_privately(void *context) {
    struct old_mount *old = context;
    if (prepare_privately(old) && mount("overlay", "merged", "overlay", old->overlay->devices ? 0 : MS_FLAG_NODEV, old->data) == 0)
        old->fd = (int)syscall(SYS_open_tree, AT_FDCWD, "merged", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    old->number = errno;
    return NULL;
}

static int mount_old(const struct sw_overlay *overlay, struct sw_error **error) {
    sw_cleanup_buf struct sw_buf data = {0};
    for (size_t i = 0; i < overlay->lower_count; i++)
        sw_buf_printf(&data, "%s%zu", i ? ":" : "lowerdir=", i);
    if (overlay->upper >= 0)
        sw_buf_puts(&data, ",upperdir=u,workdir=w,volatile");
    for (const char *const(*option)[2] = options(); (*option)[0]; option++)
        sw_buf_printf(&data, ",%s%s%s", (*option)[0], (*option)[1] ? "=" : "", (*option)[1] ? (*option)[1] : "");
    /* The kernel would cut the text at its limit and mount what is left. */
    if (data.len > OLD_MOUNT_LIMIT) {
        sw_fail(error, SW_ERROR_UNSUPPORTED, "the options for %zu layers do not fit one page", overlay->lower_count);
        return -1;
    }
    struct old_mount old = {.overlay = overlay, .data = sw_buf_text(&data), .fd = -1};
    pthread_t thread;
    if (!find_folders(overlay, &old.folders))
        old.number = errno;
    else if ((old.number = pthread_create(&thread, NULL, mount_privately, &old)) == 0)
        pthread_join(thread, NULL);
    sw_strlist_fini(&old.folders);
    if (old.fd < 0)
        sw_fail_errno(error, old.number, "cannot mount an overlay");
    return old.fd;
}

static struct sw_error *explain(struct sw_error *error) {
    if (error && error->code == SW_ERROR_DENIED)
        error = sw_error_hint(error, "the local backend needs to be root, or user namespaces must be allowed on this host");
    return error;
}

int sw_overlay_mount(const struct sw_overlay *overlay, struct sw_error **error) {
    struct sw_error *cause = NULL;
    int fd = -1;
    if (overlay->lower_count > SW_OVERLAY_LOWERS) {
        sw_fail(error, SW_ERROR_UNSUPPORTED, "overlayfs stacks at most %d layers, and %zu are asked for", SW_OVERLAY_LOWERS,
                overlay->lower_count);
        return -1;
    }
    if (overlay->way != SW_OVERLAY_OLD_MOUNT)
        fd = mount_new(overlay, &cause);
    if (overlay->way == SW_OVERLAY_OLD_MOUNT || (fd < 0 && overlay->way == SW_OVERLAY_BEST && cause->code != SW_ERROR_DENIED)) {
        struct sw_error *second = NULL;
        fd = mount_old(overlay, &second);
        if (!cause)
            cause = second;
        else
            sw_error_free(second);
    }
    if (fd >= 0) {
        sw_error_free(cause);
        return fd;
    }
    sw_pass(error, explain(cause));
    return -1;
}
