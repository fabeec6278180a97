#include "plugins/local/bundle.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "plugins/local/rootless.h"
#include "plugins/local/seccomp.h"

const char *const sw_bundle_folders[] = {"/proc", "/sys", "/dev", NULL};

/* What docker gives. Steps can make device nodes with these: that they cannot open them is up to `nodev` on every mount. */
static const char *const capabilities[] = {
    "CAP_CHOWN",  "CAP_DAC_OVERRIDE", "CAP_FSETID",  "CAP_FOWNER",           "CAP_MKNOD",      "CAP_NET_RAW", "CAP_SETGID",
    "CAP_SETUID", "CAP_SETFCAP",      "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL",    "CAP_AUDIT_WRITE",
};

/* In the order of their numbers. */
static const char *const all_capabilities[] = {
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
};

static const char *const masked[] = {
    "/proc/acpi",       "/proc/asound",      "/proc/interrupts",  "/proc/kcore", "/proc/keys",    "/proc/latency_stats",
    "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi",  "/sys/firmware", "/sys/devices/virtual/powercap",
};

static const char *const read_only[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};

/* Nobody can make a node that opens in a folder mounted `nodev`, so the devices are the host's own, bound one by one. */
static const struct sw_bundle_mount standard_mounts[] = {
    {"/proc", "proc", "proc", "nosuid,noexec,nodev"},
    {"/dev", "tmpfs", "tmpfs", "nosuid,nodev,strictatime,mode=755,size=65536k"},
    {"/dev/pts", "devpts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5"},
    {"/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777,size=65536k"},
    {"/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev"},
    {"/dev/null", "bind", "/dev/null", "bind,nosuid,noexec"},
    {"/dev/zero", "bind", "/dev/zero", "bind,nosuid,noexec"},
    {"/dev/full", "bind", "/dev/full", "bind,nosuid,noexec"},
    {"/dev/random", "bind", "/dev/random", "bind,nosuid,noexec"},
    {"/dev/urandom", "bind", "/dev/urandom", "bind,nosuid,noexec"},
    {"/dev/tty", "bind", "/dev/tty", "bind,nosuid,noexec"},
};
/* Where there is no group "tty" to own them. */
static const struct sw_bundle_mount lone_pts = {"/dev/pts", "devpts", "devpts",
                                                "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620"};
static const struct sw_bundle_mount safe_sys = {"/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro"};
static const struct sw_bundle_mount insecure_sys = {"/sys", "sysfs", "sysfs", "nosuid,noexec,nodev"};
/* Runtimes mount the root folder anew, without the flags it had. */
static const struct sw_bundle_mount safe_root = {"/.", "bind", "/", "remount,bind,nodev"};
static const struct sw_bundle_mount insecure_dev = {"/dev", "bind", "/dev", "rbind"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static json_t *list(const char *const *items, size_t count) {
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_string(items[i]));
    return array;
}

/* Environments and arguments may hold any bytes; JSON cannot, so broken UTF-8 is replaced rather than lost. */
static json_t *text(const char *value) {
    json_t *string = json_string(value);
    if (string)
        return string;
    sw_cleanup_free char *copy = sw_strdup(value);
    for (char *c = copy; *c; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    return json_string(copy);
}

static json_t *texts(struct sw_strings strings) {
    json_t *array = json_array();
    for (size_t i = 0; i < strings.count; i++)
        json_array_append_new(array, text(strings.items[i]));
    return array;
}

static json_t *options_of(const char *options) {
    json_t *array = json_array();
    while (*options) {
        size_t len = strcspn(options, ",");
        json_array_append_new(array, json_stringn(options, len));
        options += len + (options[len] == ',');
    }
    return array;
}

static void add_mount(json_t *array, const struct sw_bundle_mount *mount) {
    json_t *entry = json_object();
    json_object_set_new(entry, "destination", text(mount->destination));
    json_object_set_new(entry, "type", json_string(mount->type));
    json_object_set_new(entry, "source", text(mount->source));
    json_object_set_new(entry, "options", options_of(mount->options));
    json_array_append_new(array, entry);
}

static json_t *mounts_of(const struct sw_bundle *bundle) {
    json_t *array = json_array();
    if (!bundle->insecure)
        add_mount(array, &safe_root);
    add_mount(array, &standard_mounts[0]);
    if (bundle->insecure)
        add_mount(array, &insecure_dev);
    for (size_t i = 1; i < COUNT(standard_mounts) && !bundle->insecure; i++) {
        bool lone = !strcmp(standard_mounts[i].type, "devpts") && !sw_rootless_has_users();
        add_mount(array, lone ? &lone_pts : &standard_mounts[i]);
    }
    add_mount(array, bundle->insecure ? &insecure_sys : &safe_sys);
    for (size_t i = 0; i < bundle->mount_count; i++)
        add_mount(array, &bundle->mounts[i]);
    return array;
}

/* What this process itself may not have, it cannot give. */
static json_t *list_held(const char *const *names, size_t count) {
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
            json_array_append_new(array, json_string(names[i]));
    return array;
}

static json_t *insecure_capabilities(void) {
    static const char *const sets[] = {"bounding", "effective", "permitted", "inheritable", "ambient"};
    json_t *object = json_object();
    for (size_t i = 0; i < COUNT(sets); i++)
        json_object_set_new(object, sets[i], list_held(all_capabilities, COUNT(all_capabilities)));
    return object;
}

/* A process of another user than root starts with none, but can get them back by a set-uid program. */
static json_t *capabilities_of(const struct sw_bundle *bundle) {
    size_t count = COUNT(capabilities), held = bundle->uid == 0 ? count : 0;
    if (bundle->insecure)
        return insecure_capabilities();
    json_t *object = json_object();
    json_object_set_new(object, "bounding", list(capabilities, count));
    json_object_set_new(object, "effective", list(capabilities, held));
    json_object_set_new(object, "permitted", list(capabilities, held));
    json_object_set_new(object, "inheritable", json_array());
    json_object_set_new(object, "ambient", json_array());
    return object;
}

/* The terminal that the runtime makes is as large as ours. */
static void set_console_size(json_t *process) {
    struct winsize size;
    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col)
        json_object_set_new(process, "consoleSize", json_pack("{s:i, s:i}", "height", size.ws_row, "width", size.ws_col));
}

static json_t *process_of(const struct sw_bundle *bundle) {
    json_t *groups = json_array(), *user = json_object(), *process = json_object();
    for (size_t i = 0; i < bundle->group_count; i++)
        json_array_append_new(groups, json_integer(bundle->groups[i]));
    json_object_set_new(user, "uid", json_integer(bundle->uid));
    json_object_set_new(user, "gid", json_integer(bundle->gid));
    json_object_set_new(user, "umask", json_integer(022));
    json_object_set_new(user, "additionalGids", groups);
    json_object_set_new(process, "terminal", json_boolean(bundle->terminal));
    if (bundle->terminal)
        set_console_size(process);
    json_object_set_new(process, "user", user);
    json_object_set_new(process, "args", texts(bundle->argv));
    json_object_set_new(process, "env", texts(bundle->env));
    json_object_set_new(process, "cwd", text(bundle->cwd));
    json_object_set_new(process, "capabilities", capabilities_of(bundle));
    json_object_set_new(process, "noNewPrivileges", json_false());
    return process;
}

static json_t *linux_of(const struct sw_bundle *bundle) {
    static const char *const kinds[] = {"pid", "ipc", "uts", "mount"};
    json_t *namespaces = json_array(), *object = json_object();
    for (size_t i = 0; i < COUNT(kinds); i++)
        json_array_append_new(namespaces, json_pack("{s:s}", "type", kinds[i]));
    if (bundle->own_network)
        json_array_append_new(namespaces, json_pack("{s:s}", "type", "network"));
    json_object_set_new(object, "namespaces", namespaces);
    if (bundle->insecure)
        return object;
    json_object_set_new(object, "maskedPaths", list(masked, COUNT(masked)));
    json_object_set_new(object, "readonlyPaths", list(read_only, COUNT(read_only)));
    json_object_set_new(object, "seccomp", sw_seccomp_rules());
    return object;
}

char *sw_bundle_text(const struct sw_bundle *bundle) {
    sw_cleanup_json json_t *config = json_object();
    json_object_set_new(config, "ociVersion", json_string("1.0.2"));
    json_object_set_new(config, "process", process_of(bundle));
    json_object_set_new(config, "root", json_pack("{s:s, s:b}", "path", bundle->root, "readonly", 0));
    json_object_set_new(config, "hostname", text(bundle->hostname));
    json_object_set_new(config, "mounts", mounts_of(bundle));
    json_object_set_new(config, "linux", linux_of(bundle));
    if (!bundle->insecure && bundle->seccomp)
        json_object_set_new(config, "annotations", json_pack("{s:s}", "run.oci.seccomp_bpf_data", bundle->seccomp));
    return json_dumps(config, JSON_COMPACT);
}
