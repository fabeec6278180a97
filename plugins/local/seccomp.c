#include "plugins/local/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "plugins/local/seccomp_rules.h"

/* A filter is a few thousand instructions of 8 bytes; the kernel's own limit is 4096 of them. */
enum { PROGRAM_LIMIT = 4096 * 8 };

/* ---- what holds on this architecture ---- */

static const char *const *native_calls(void) {
    static const char *const none[] = {NULL};
    switch (seccomp_arch_native()) {
    case SCMP_ARCH_X86_64:
    case SCMP_ARCH_X86:
        return sw_seccomp_allowed_x86;
    case SCMP_ARCH_AARCH64:
    case SCMP_ARCH_ARM:
        return sw_seccomp_allowed_arm;
    case SCMP_ARCH_RISCV64:
        return sw_seccomp_allowed_riscv;
    default:
        return none;
    }
}

/* The native architecture first, then those whose programs run on it too. */
static size_t architectures(uint32_t out[3]) {
    size_t count = 0;
    out[count++] = seccomp_arch_native();
    if (out[0] == SCMP_ARCH_X86_64) {
        out[count++] = SCMP_ARCH_X86;
        out[count++] = SCMP_ARCH_X32;
    } else if (out[0] == SCMP_ARCH_AARCH64) {
        out[count++] = SCMP_ARCH_ARM;
    }
    return count;
}

static const char *architecture_name(uint32_t architecture) {
    switch (architecture) {
    case SCMP_ARCH_X86_64:
        return "SCMP_ARCH_X86_64";
    case SCMP_ARCH_X86:
        return "SCMP_ARCH_X86";
    case SCMP_ARCH_X32:
        return "SCMP_ARCH_X32";
    case SCMP_ARCH_AARCH64:
        return "SCMP_ARCH_AARCH64";
    case SCMP_ARCH_ARM:
        return "SCMP_ARCH_ARM";
    case SCMP_ARCH_RISCV64:
        return "SCMP_ARCH_RISCV64";
    case SCMP_ARCH_PPC64LE:
        return "SCMP_ARCH_PPC64LE";
    case SCMP_ARCH_S390X:
        return "SCMP_ARCH_S390X";
    default:
        return NULL;
    }
}

/* ---- as configuration ---- */

static json_t *names_of(const char *const *calls) {
    json_t *names = json_array();
    for (; *calls; calls++)
        json_array_append_new(names, json_string(*calls));
    return names;
}

static const char *comparison_name(enum sw_seccomp_comparison comparison) {
    static const char *const names[] = {"SCMP_CMP_LT", "SCMP_CMP_EQ", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ"};
    return names[comparison];
}

/* In a configuration, `value` of MASKED_EQ is the mask and `valueTwo` what must be left. */
static json_t *rule_of(const struct sw_seccomp_argument *rule) {
    bool masked = rule->comparison == SW_SECCOMP_MASKED;
    return json_pack("{s:[s], s:s, s:[{s:i, s:I, s:I, s:s}]}", "names", rule->call, "action", "SCMP_ACT_ALLOW", "args", "index",
                     (int)rule->index, "value", (json_int_t)(masked ? rule->mask : rule->value), "valueTwo",
                     (json_int_t)(masked ? rule->value : 0), "op", comparison_name(rule->comparison));
}

json_t *sw_seccomp_rules(void) {
    json_t *calls = json_array(), *names = json_array();
    json_array_append_new(calls, json_pack("{s:o, s:s}", "names", names_of(sw_seccomp_allowed), "action", "SCMP_ACT_ALLOW"));
    if (native_calls()[0])
        json_array_append_new(calls, json_pack("{s:o, s:s}", "names", names_of(native_calls()), "action", "SCMP_ACT_ALLOW"));
    for (const struct sw_seccomp_argument *rule = sw_seccomp_allowed_by_argument; rule->call; rule++)
        json_array_append_new(calls, rule_of(rule));
    json_array_append_new(calls, json_pack("{s:[s], s:s, s:i}", "names", "clone3", "action", "SCMP_ACT_ERRNO", "errnoRet", ENOSYS));
    uint32_t list[3];
    size_t count = architectures(list);
    for (size_t i = 0; i < count; i++)
        if (architecture_name(list[i]))
            json_array_append_new(names, json_string(architecture_name(list[i])));
    return json_pack("{s:s, s:i, s:o, s:o}", "defaultAction", "SCMP_ACT_ERRNO", "defaultErrnoRet", EPERM, "architectures", names,
                     "syscalls", calls);
}

/* ---- as a program ---- */

/* A call that this libseccomp, or an architecture, does not know cannot be allowed and stays forbidden. */
static void allow(scmp_filter_ctx filter, const char *const *calls) {
    for (; *calls; calls++) {
        int number = seccomp_syscall_resolve_name(*calls);
        if (number != __NR_SCMP_ERROR)
            seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
    }
}

static bool allow_by_argument(scmp_filter_ctx filter, const struct sw_seccomp_argument *rule) {
    struct scmp_arg_cmp compare = {.arg = rule->index, .datum_a = rule->value};
    switch (rule->comparison) {
    case SW_SECCOMP_LESS:
        compare.op = SCMP_CMP_LT;
        break;
    case SW_SECCOMP_EQUAL:
        compare.op = SCMP_CMP_EQ;
        break;
    case SW_SECCOMP_GREATER:
        compare.op = SCMP_CMP_GT;
        break;
    case SW_SECCOMP_MASKED:
        compare.op = SCMP_CMP_MASKED_EQ;
        compare.datum_a = rule->mask;
        compare.datum_b = rule->value;
        break;
    }
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name(rule->call), 1, &compare) == 0;
}

static bool fill(scmp_filter_ctx filter) {
    uint32_t list[3];
    size_t count = architectures(list);
    for (size_t i = 1; i < count; i++)
        seccomp_arch_add(filter, list[i]);
    /* A tree of comparisons instead of a list: each call is checked in a few steps. */
    seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    allow(filter, sw_seccomp_allowed);
    allow(filter, native_calls());
    for (const struct sw_seccomp_argument *rule = sw_seccomp_allowed_by_argument; rule->call; rule++)
        if (!allow_by_argument(filter, rule))
            return false;
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;
}

static bool compile(struct sw_buf *program) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    sw_cleanup_close int fd = memfd_create("seccomp", MFD_CLOEXEC);
    struct stat status;
    bool done = filter && fd >= 0 && fill(filter) && seccomp_export_bpf(filter, fd) == 0 && fstat(fd, &status) == 0 &&
                status.st_size > 0 && status.st_size <= PROGRAM_LIMIT;
    if (done) {
        sw_buf_reserve(program, (size_t)status.st_size);
        done = pread(fd, program->data, (size_t)status.st_size, 0) == status.st_size;
        program->len = done ? (size_t)status.st_size : 0;
    }
    if (filter)
        seccomp_release(filter);
    return done;
}

/* The rules say all that the program depends on, besides who compiled it. */
static char *cache_name(void) {
    const struct scmp_version *version = seccomp_version();
    sw_cleanup_json json_t *rules = sw_seccomp_rules();
    sw_cleanup_free char *text = json_dumps(rules, JSON_COMPACT);
    sw_cleanup_free char *all = sw_format("%s libseccomp %u.%u.%u", text, version->major, version->minor, version->micro);
    char hex[SW_SHA256_HEX];
    sw_sha256_hex(all, strlen(all), hex);
    return sw_format("seccomp-%.32s", hex);
}

static char *encode(const struct sw_buf *program) {
    char *text = sw_new(program->len * 4 / 3 + 8);
    EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)program->data, (int)program->len);
    return text;
}

static char *read_cached(int folder, const char *name) {
    sw_cleanup_close int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return NULL;
    sw_cleanup_free char *text = sw_new(2 * PROGRAM_LIMIT + 1);
    ssize_t len = read(fd, text, 2 * PROGRAM_LIMIT);
    return len > 0 ? sw_steal(&text) : NULL;
}

/* Best effort: without the file, the next process compiles again. */
static void write_cached(int folder, const char *name, const char *text) {
    sw_cleanup_free char *temporary = sw_format("%s.%d", name, (int)getpid());
    sw_cleanup_close int fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return;
    bool whole = write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fdatasync(fd) == 0;
    if (!whole || renameat(folder, temporary, folder, name))
        unlinkat(folder, temporary, 0);
}

char *sw_seccomp_program(int folder, struct sw_error **error) {
    sw_cleanup_free char *name = cache_name();
    sw_cleanup_free char *cached = read_cached(folder, name);
    if (cached)
        return sw_steal(&cached);
    sw_cleanup_buf struct sw_buf program = {0};
    if (!compile(&program)) {
        sw_fail(error, SW_ERROR_INTERNAL, "cannot compile the filter of system calls");
        return NULL;
    }
    char *text = encode(&program);
    write_cached(folder, name, text);
    return text;
}
