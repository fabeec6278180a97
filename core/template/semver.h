/* semver.h - semantic versions as Masterminds/semver v3 reads, orders and constrains them. */
#ifndef CORE_TEMPLATE_SEMVER_H
#define CORE_TEMPLATE_SEMVER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/template/value.h"

struct sw_semver {
    uint64_t major, minor, patch;
    struct sw_str prerelease;
    struct sw_str metadata;
    struct sw_str original;
};

/* "v1.2.3-pre+meta", the "v" and all numbers but the first optional. Borrows `text`. False with a message in `error`. */
bool sw_semver_parse(struct sw_str text, struct sw_semver *version, struct sw_buf *error);

/* -1, 0 or 1; build metadata does not count. */
int sw_semver_compare(const struct sw_semver *a, const struct sw_semver *b);
int sw_prerelease_compare(struct sw_str a, struct sw_str b);

/* All fields equal, the original text too. */
bool sw_semver_identical(const struct sw_semver *a, const struct sw_semver *b);

void sw_semver_write(struct sw_buf *out, const struct sw_semver *version);

/* Whether a pre-release (dot-separated words of letters, digits and '-', numbers without leading zeros) or metadata is well formed. */
bool sw_semver_check_prerelease(struct sw_str text, struct sw_buf *error);
bool sw_semver_check_metadata(struct sw_str text, struct sw_buf *error);

/* Whether `version` fulfils a constraint such as ">= 1.2, < 3 || ^4". False with a message in `error` when it is malformed. */
bool sw_semver_satisfies(struct sw_arena *arena, struct sw_str constraint, const struct sw_semver *version, bool *answer,
                         struct sw_buf *error);

#endif
