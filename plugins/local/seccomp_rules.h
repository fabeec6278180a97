/* seccomp_rules.h - which system calls a step may make: docker's default profile, as data. */
#ifndef PLUGINS_LOCAL_SECCOMP_RULES_H
#define PLUGINS_LOCAL_SECCOMP_RULES_H

#include <stdint.h>

/* Names of calls that are always allowed; NULL-terminated, as the ones for single architectures. */
extern const char *const sw_seccomp_allowed[];
extern const char *const sw_seccomp_allowed_x86[];
extern const char *const sw_seccomp_allowed_arm[];
extern const char *const sw_seccomp_allowed_riscv[];

enum sw_seccomp_comparison { SW_SECCOMP_LESS, SW_SECCOMP_EQUAL, SW_SECCOMP_GREATER, SW_SECCOMP_MASKED };

/* A call that is allowed when argument `index` compares so with `value` (after `mask`, for MASKED). */
struct sw_seccomp_argument {
    const char *call; /* NULL: the end of the list */
    unsigned index;
    enum sw_seccomp_comparison comparison;
    uint64_t value;
    uint64_t mask;
};
extern const struct sw_seccomp_argument sw_seccomp_allowed_by_argument[];

/* `clone3` fails with ENOSYS, so that programs fall back to `clone`, whose flags can be seen. */

#endif
