/* Constraints on versions: alternatives by "||", each a list of parts that must all hold. */
#include <string.h>

#include "core/base/vec.h"
#include "core/template/regex.h"
#include "core/template/semver.h"

enum operator{ OP_TILDE_OR_EQUAL, OP_NOT_EQUAL, OP_GREATER, OP_LESS, OP_GREATER_EQUAL, OP_LESS_EQUAL, OP_TILDE, OP_CARET };

/* A part: an operator and a version that may leave out minor and patch, or have a wildcard in their place. */
struct part {
    enum operator operator;
    struct sw_semver version;
    bool dirty; /* something is left out */
    bool minor_dirty, patch_dirty;
};

/* The syntax, put together from its pieces. A version: up to three numbers or wildcards, pre-release, metadata. */
static const char segment[] = "[0-9|x|X|\\*]+";
static const char words[] = "[0-9A-Za-z\\-]+(\\.[0-9A-Za-z\\-]+)*";
static const char operators[] = "=||!=|>|<|>=|=>|<=|=<|~|~>|\\^";

enum { VERSION_GROUPS = 10 }; /* of one version, with the group around it */

static void add_version(struct sw_buf *out) {
    sw_buf_printf(out, "v?(%s)(\\.%s)?(\\.%s)?(-(%s))?(\\+(%s))?", segment, segment, segment, words, words);
}

static void add_part(struct sw_buf *out) {
    sw_buf_printf(out, "(%s)\\s*(", operators);
    add_version(out);
    sw_buf_putc(out, ')');
}

static struct sw_regex *compile(struct sw_buf *pattern, struct sw_buf *error) {
    struct sw_regex *regex = sw_regex_new((struct sw_str){pattern->data, pattern->len}, error);
    sw_buf_fini(pattern);
    return regex;
}

static struct sw_str group(struct sw_str text, const struct sw_regex_match *match, size_t index) {
    struct sw_regex_span span = match->groups[index];
    return span.start < 0 ? (struct sw_str){"", 0} : sw_str_slice(text, (size_t)span.start, (size_t)span.end);
}

static bool improper(struct sw_buf *error, struct sw_str text) {
    sw_buf_puts(error, "improper constraint: ");
    sw_buf_add_str(error, text);
    return false;
}

/* Writes "a - b" as ">= a, <= b". */
static bool expand_ranges(struct sw_arena *arena, struct sw_str *text, struct sw_buf *error) {
    struct sw_buf pattern = {0}, out = {0};
    sw_buf_puts(&pattern, "\\s*(");
    add_version(&pattern);
    sw_buf_puts(&pattern, ")\\s+-\\s+(");
    add_version(&pattern);
    sw_buf_puts(&pattern, ")\\s*");
    struct sw_regex *regex = compile(&pattern, error);
    size_t at = 0;
    bool good = regex != NULL, found = true;
    while (good && found && at <= text->len) {
        struct sw_regex_match match;
        good = sw_regex_find(regex, *text, at, &match, &found, error);
        if (!good || !found)
            break;
        sw_buf_add_str(&out, sw_str_slice(*text, at, (size_t)match.groups[0].start));
        sw_buf_puts(&out, ">= ");
        sw_buf_add_str(&out, group(*text, &match, 1));
        sw_buf_puts(&out, ", <= ");
        sw_buf_add_str(&out, group(*text, &match, VERSION_GROUPS + 1));
        sw_buf_putc(&out, ' ');
        at = (size_t)match.groups[0].end;
    }
    sw_buf_add_str(&out, sw_str_slice(*text, at, text->len));
    sw_regex_free(regex);
    *text = sw_str_take(arena, &out);
    return good;
}

static bool is_wild(struct sw_str text) {
    if (text.len && text.data[0] == '.')
        text = sw_str_slice(text, 1, text.len);
    return text.len == 0 || sw_str_is(text, "x") || sw_str_is(text, "X") || sw_str_is(text, "*");
}

static enum operator operator_of(struct sw_str text) {
    static const struct {
        const char *text;
        enum operator operator;
    } known[] = {{"!=", OP_NOT_EQUAL},  {">", OP_GREATER},     {"<", OP_LESS},  {">=", OP_GREATER_EQUAL}, {"=>", OP_GREATER_EQUAL},
                 {"<=", OP_LESS_EQUAL}, {"=<", OP_LESS_EQUAL}, {"~", OP_TILDE}, {"~>", OP_TILDE},         {"^", OP_CARET}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (sw_str_is(text, known[i].text))
            return known[i].operator;
    return OP_TILDE_OR_EQUAL;
}

/* A part out of its groups: operator, whole version, its segments, "-pre". */
static bool make_part(struct sw_arena *arena, struct sw_str text, const struct sw_regex_match *match, struct part *part,
                      struct sw_buf *error) {
    struct sw_str major = group(text, match, 3), minor = group(text, match, 4), patch = group(text, match, 5);
    struct sw_str prerelease = group(text, match, 6);
    struct sw_buf version = {0};
    *part = (struct part){.operator= operator_of(group(text, match, 1))};
    if (is_wild(major)) {
        part->dirty = true;
        sw_buf_puts(&version, "0.0.0");
        sw_buf_add_str(&version, prerelease);
    } else if (is_wild(minor)) {
        part->dirty = part->minor_dirty = true;
        sw_buf_add_str(&version, major);
        sw_buf_puts(&version, ".0.0");
        sw_buf_add_str(&version, prerelease);
    } else if (is_wild(patch)) {
        part->dirty = part->patch_dirty = true;
        sw_buf_add_str(&version, major);
        sw_buf_add_str(&version, minor);
        sw_buf_puts(&version, ".0");
        sw_buf_add_str(&version, prerelease);
    } else {
        sw_buf_add_str(&version, group(text, match, 2));
    }
    sw_cleanup_buf struct sw_buf detail = {0};
    if (sw_semver_parse(sw_str_take(arena, &version), &part->version, &detail))
        return true;
    sw_buf_puts(error, "constraint Parser Error");
    return false;
}

/* Segments against the part's, as far as it has them. */
static bool same_release(const struct sw_semver *version, const struct part *part) {
    const struct sw_semver *other = &part->version;
    if (version->major != other->major)
        return false;
    if (part->minor_dirty)
        return true;
    return version->minor == other->minor && (part->patch_dirty || version->patch == other->patch);
}

static bool not_equal(const struct sw_semver *version, const struct part *part) {
    const struct sw_semver *other = &part->version;
    if (!part->dirty)
        return sw_semver_compare(version, other) != 0;
    if (version->prerelease.len && !other->prerelease.len)
        return false;
    if (!same_release(version, part))
        return true;
    if (part->minor_dirty)
        return false;
    if (part->patch_dirty)
        return (version->prerelease.len || other->prerelease.len) &&
               sw_prerelease_compare(version->prerelease, other->prerelease) != 0;
    return sw_semver_compare(version, other) != 0;
}

static bool greater(const struct sw_semver *version, const struct part *part) {
    const struct sw_semver *other = &part->version;
    if (!part->dirty)
        return sw_semver_compare(version, other) > 0;
    if (version->major != other->major)
        return version->major > other->major;
    if (part->minor_dirty)
        return false;
    return part->patch_dirty ? version->minor > other->minor : sw_semver_compare(version, other) > 0;
}

static bool less_or_equal(const struct sw_semver *version, const struct part *part) {
    const struct sw_semver *other = &part->version;
    if (!part->dirty)
        return sw_semver_compare(version, other) <= 0;
    if (version->major > other->major)
        return false;
    return !(version->major == other->major && version->minor > other->minor && !part->minor_dirty);
}

static bool tilde(const struct sw_semver *version, const struct part *part) {
    const struct sw_semver *other = &part->version;
    if (sw_semver_compare(version, other) < 0)
        return false;
    if (!other->major && !other->minor && !other->patch && !part->minor_dirty && !part->patch_dirty)
        return true;
    return version->major == other->major && (version->minor == other->minor || part->minor_dirty);
}

static bool caret(const struct sw_semver *version, const struct part *part) {
    const struct sw_semver *other = &part->version;
    if (sw_semver_compare(version, other) < 0)
        return false;
    if (other->major > 0 || part->minor_dirty)
        return version->major == other->major;
    if (version->major > 0)
        return false;
    if (other->minor > 0 || part->patch_dirty)
        return version->minor == other->minor;
    return version->minor == 0 && version->patch == other->patch;
}

static bool holds(const struct sw_semver *version, const struct part *part) {
    bool unwanted = version->prerelease.len && !part->version.prerelease.len;
    if (part->operator!= OP_NOT_EQUAL && unwanted)
        return false;
    switch (part->operator) {
    case OP_NOT_EQUAL:
        return not_equal(version, part);
    case OP_GREATER:
        return greater(version, part);
    case OP_LESS:
        return sw_semver_compare(version, &part->version) < 0;
    case OP_GREATER_EQUAL:
        return sw_semver_compare(version, &part->version) >= 0;
    case OP_LESS_EQUAL:
        return less_or_equal(version, part);
    case OP_TILDE:
        return tilde(version, part);
    case OP_CARET:
        return caret(version, part);
    case OP_TILDE_OR_EQUAL:
        break;
    }
    return part->dirty ? tilde(version, part) : sw_semver_compare(version, &part->version) == 0;
}

/* One alternative: whether it is well formed as a whole, then part by part. */
static bool check_alternative(struct sw_arena *arena, struct sw_regex *whole, struct sw_regex *single, struct sw_str text,
                              const struct sw_semver *version, bool *answer, struct sw_buf *error) {
    struct sw_regex_match match;
    bool found;
    *answer = true;
    if (!sw_regex_find(whole, text, 0, &match, &found, error))
        return false;
    if (!found)
        return improper(error, text);
    for (size_t at = 0; at < text.len;) {
        struct part part;
        if (!sw_regex_find(single, text, at, &match, &found, error))
            return false;
        if (!found)
            break;
        if (!make_part(arena, text, &match, &part, error))
            return false;
        *answer &= holds(version, &part);
        at = (size_t)match.groups[0].end;
    }
    return true;
}

static bool check_all(struct sw_arena *arena, struct sw_regex *whole, struct sw_regex *single, struct sw_str text,
                      const struct sw_semver *version, bool *answer, struct sw_buf *error) {
    *answer = false;
    for (bool more = true; more;) {
        ptrdiff_t at = sw_str_find(text, sw_str_of("||"));
        more = at >= 0;
        bool one;
        if (!check_alternative(arena, whole, single, more ? sw_str_slice(text, 0, (size_t)at) : text, version, &one, error))
            return false;
        *answer |= one;
        text = more ? sw_str_slice(text, (size_t)at + 2, text.len) : text;
    }
    return true;
}

bool sw_semver_satisfies(struct sw_arena *arena, struct sw_str constraint, const struct sw_semver *version, bool *answer,
                         struct sw_buf *error) {
    struct sw_buf whole = {0}, single = {0};
    if (!expand_ranges(arena, &constraint, error))
        return false;
    sw_buf_puts(&whole, "^(\\s*");
    add_part(&whole);
    sw_buf_puts(&whole, "\\s*)((?:\\s+|,\\s*)");
    add_part(&whole);
    sw_buf_puts(&whole, "\\s*)*$");
    add_part(&single);
    struct sw_regex *all = compile(&whole, error), *one = compile(&single, error);
    bool good = all && one && check_all(arena, all, one, constraint, version, answer, error);
    sw_regex_free(all);
    sw_regex_free(one);
    return good;
}
