/* regex_class.h - sets of characters in regular expressions. */
#ifndef CORE_TEMPLATE_REGEX_CLASS_H
#define CORE_TEMPLATE_REGEX_CLASS_H

#include "core/base/vec.h"
#include "core/template/value.h"

struct sw_regex_range {
    uint32_t low;
    uint32_t high;
};

struct sw_regex_class {
    struct sw_vec ranges;     /* struct sw_regex_range */
    struct sw_buf properties; /* in PCRE2's syntax */
    bool negated;
};

void sw_regex_class_init(struct sw_regex_class *set);
void sw_regex_class_fini(struct sw_regex_class *set);
void sw_regex_class_add(struct sw_regex_class *set, uint32_t low, uint32_t high);

/* \d, \s, \w and their opposites, by letter; false for any other. With `fold`, case does not count. */
bool sw_regex_class_add_perl(struct sw_regex_class *set, char letter, bool fold);

/* A POSIX group such as "[:alpha:]" or "[:^digit:]"; false for an unknown one. */
bool sw_regex_class_add_posix(struct sw_regex_class *set, struct sw_str name, bool fold);

/* A Unicode category or script by name, in any spelling that RE2 takes; false for an unknown one. With `fold`, case does not count. */
bool sw_regex_class_add_unicode(struct sw_regex_class *set, struct sw_str name, bool negated, bool fold);

/* Appends the set for PCRE2. */
void sw_regex_class_write(struct sw_buf *out, const struct sw_regex_class *set, bool fold);

#endif
