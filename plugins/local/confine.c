#include "plugins/local/confine.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"

/* How gcc and clang tell that AddressSanitizer is in. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* Windows of compressors and buffers, with room to spare; far from what would hurt the host. */
enum { MEMORY_LIMIT = 1 << 30 };

/* ---- system calls ---- */

static const char *const calls[] = {
    "arch_prctl",
    "brk",
    "clock_gettime",
    "clock_nanosleep",
    "clone",
    "clone3",
    "close",
    "copy_file_range",
    "dup",
    "exit",
    "exit_group",
    "fadvise64",
    "fallocate",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "fchown",
    "fchownat",
    "fcntl",
    "fgetxattr",
    "flistxattr",
    "fremovexattr",
    "fsetxattr",
    "fstat",
    "fstatfs",
    "fsync",
    "ftruncate",
    "futex",
    "getdents64",
    "getegid",
    "geteuid",
    "getgid",
    "getpid",
    "getppid",
    "getrandom",
    "gettid",
    "gettimeofday",
    "getuid",
    "getxattr",
    "ioctl",
    "lgetxattr",
    "linkat",
    "listxattr",
    "llistxattr",
    "lremovexattr",
    "lseek",
    "lsetxattr",
    "madvise",
    "mincore",
    "mkdirat",
    "mknodat",
    "mmap",
    "mprotect",
    "mremap",
    "munmap",
    "nanosleep",
    "newfstatat",
    "openat",
    "openat2",
    "poll",
    "pread64",
    "prlimit64",
    "pwrite64",
    "pwritev",
    "read",
    "readlink",
    "readlinkat",
    "readv",
    "removexattr",
    "renameat",
    "renameat2",
    "restart_syscall",
    "rseq",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sched_getaffinity",
    "sched_yield",
    "set_robust_list",
    "setxattr",
    "sigaltstack",
    "stat",
    "statx",
    "symlinkat",
    "sync_file_range",
    "sysinfo",
    "tgkill",
    "umask",
    "uname",
    "unlinkat",
    "utimensat",
    "write",
    "writev",
};

static bool filter_calls(struct sw_error **error) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    for (size_t i = 0; filter && i < sizeof calls / sizeof *calls; i++) {
        int number = seccomp_syscall_resolve_name(calls[i]);
        if (number != __NR_SCMP_ERROR)
            seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
    }
    bool done = filter && seccomp_load(filter) == 0;
    if (filter)
        seccomp_release(filter);
    return done || sw_fail(error, SW_ERROR_INTERNAL, "cannot filter system calls");
}

/* ---- capabilities ---- */

/* What unpacking needs: any owner and mode, devices, file capabilities, and overlayfs's attributes (trusted.*, CAP_SYS_ADMIN, whose
 * other powers the filter takes away). */
static bool drop_capabilities(struct sw_error **error) {
    static const unsigned kept[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_MKNOD, CAP_SETFCAP, CAP_SYS_ADMIN};
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};
    if (syscall(SYS_capget, &header, data))
        return sw_fail_errno(error, errno, "cannot read capabilities");
    uint32_t low = 0, high = 0;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        (kept[i] < 32 ? &low : &high)[0] |= 1u << (kept[i] % 32);
    data[0].effective &= low;
    data[1].effective &= high;
    data[0].permitted = data[0].effective;
    data[1].permitted = data[1].effective;
    data[0].inheritable = data[1].inheritable = 0;
    if (syscall(SYS_capset, &header, data) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return sw_fail_errno(error, errno, "cannot drop capabilities");
    return true;
}

/* ---- paths ---- */

static const uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
static const uint64_t everything = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                   LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                   LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                                   LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM |
                                   LANDLOCK_ACCESS_FS_REFER;

static bool allow_below(int rules, int folder, uint64_t access) {
    struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = folder};
    return syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

/* The first version could not link files between folders: kernels that have only that go without. */
static bool lock_paths(const struct sw_confine *confine, struct sw_error **error) {
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 2)
        return true;
    struct landlock_ruleset_attr attr = {.handled_access_fs = everything | LANDLOCK_ACCESS_FS_EXECUTE};
    sw_cleanup_close int rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    bool done = rules >= 0 && allow_below(rules, confine->writable, everything);
    for (size_t i = 0; i < confine->readable_count && done; i++)
        done = allow_below(rules, confine->readable[i], reading);
    if (!done || syscall(SYS_landlock_restrict_self, rules, 0))
        return sw_fail_errno(error, errno, "cannot restrict paths");
    return true;
}

bool sw_confine(const struct sw_confine *confine, struct sw_error **error) {
    struct rlimit memory = {MEMORY_LIMIT, MEMORY_LIMIT}, none = {0, 0};
#if SANITIZED
    memory = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY}; /* its shadow is terabytes of addresses */
#endif
    if (setrlimit(RLIMIT_AS, &memory) || setrlimit(RLIMIT_CORE, &none))
        return sw_fail_errno(error, errno, "cannot limit memory");
    return drop_capabilities(error) && lock_paths(confine, error) && filter_calls(error);
}
