#include "plugins/dockerfile/explain_attributes.h"

#include <arpa/inet.h>
#include <string.h>

#include "plugins/dockerfile/flag.h"
#include "plugins/dockerfile/number.h"
#include "plugins/dockerfile/text.h"

/* The text of an attribute, "" when it is not there. */
static const char *get(const json_t *attributes, const char *key) {
    const char *text = json_string_value(json_object_get(attributes, key));
    return text ? text : "";
}

static bool read_integer(const char *text, int64_t *value, struct sw_df_failure *failure) {
    enum sw_df_number result = sw_df_signed(text, INT64_MAX, value);
    return result == SW_DF_NUMBER_OK || sw_df_fail(failure, "strconv.ParseInt: parsing %s: %s", sw_df_quote(failure->arena, text),
                                                   result == SW_DF_NUMBER_RANGE ? "value out of range" : "invalid syntax");
}

static bool read_resolve_mode(const json_t *attributes, struct sw_df_run_attributes *out, struct sw_df_failure *failure) {
    const char *mode = get(attributes, "image-resolve-mode");
    out->resolve_mode = strcmp(mode, "default") == 0 ? "" : mode;
    return !*out->resolve_mode || strcmp(mode, "pull") == 0 || strcmp(mode, "local") == 0 ||
           sw_df_fail(failure, "invalid image-resolve-mode: %s", mode);
}

/* An address in its shortest form; NULL when it is none. */
static const char *address(struct sw_arena *arena, const char *text) {
    unsigned char bytes[16];
    char plain[INET6_ADDRSTRLEN];
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (inet_pton(AF_INET, text, bytes) == 1)
        return sw_arena_str(arena, text);
    if (inet_pton(AF_INET6, text, bytes) != 1)
        return NULL;
    bool is_mapped = memcmp(bytes, mapped, sizeof(mapped)) == 0;
    inet_ntop(is_mapped ? AF_INET : AF_INET6, is_mapped ? bytes + sizeof(mapped) : bytes, plain, sizeof(plain));
    return sw_arena_str(arena, plain);
}

static bool read_hosts(const char *text, struct sw_df_run_attributes *out, struct sw_df_failure *failure) {
    struct sw_strings fields;
    if (!*text)
        return true;
    if (!sw_df_csv(text, "hosts", &fields, failure))
        return false;
    struct sw_pair *items = sw_arena_new(failure->arena, (fields.count + 1) * sizeof(*items));
    for (size_t i = 0; i < fields.count; i++) {
        const char *field = sw_df_lower(failure->arena, fields.items[i]), *equals = strchr(field, '=');
        if (!equals)
            return sw_df_fail(failure, "invalid key-value pair %s", fields.items[i]);
        items[i] =
            (struct sw_pair){sw_arena_strn(failure->arena, field, (size_t)(equals - field)), address(failure->arena, equals + 1)};
        if (!items[i].value)
            return sw_df_fail(failure, "failed to parse IP %s", equals + 1);
    }
    out->hosts = (struct sw_pairs){items, fields.count};
    return true;
}

static bool known_limit(const char *name) {
    static const char *const names[] = {"core",   "cpu",   "data", "fsize",  "locks",  "memlock",    "msgqueue", "nice",
                                        "nofile", "nproc", "rss",  "rtprio", "rttime", "sigpending", "stack"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool read_limit(const char *text, struct sw_df_ulimit *limit, struct sw_df_failure *failure) {
    const char *equals = strchr(text, '=');
    if (!equals)
        return sw_df_fail(failure, "invalid ulimit argument: %s", text);
    limit->name = sw_arena_strn(failure->arena, text, (size_t)(equals - text));
    if (!known_limit(limit->name))
        return sw_df_fail(failure, "invalid ulimit type: %s", limit->name);
    struct sw_strings values = sw_df_split(failure->arena, equals + 1, ':');
    if (values.count > 2)
        return sw_df_fail(failure, "too many limit value arguments - %s, can only have up to two, `soft[:hard]`", equals + 1);
    if (!read_integer(values.items[values.count - 1], &limit->hard, failure) ||
        !read_integer(values.items[0], &limit->soft, failure))
        return false;
    static const char wrong[] = "ulimit soft limit must be less than or equal to hard limit";
    if (limit->hard != -1 && limit->soft == -1)
        return sw_df_fail(failure, "%s: soft: -1 (unlimited), hard: %lld", wrong, (long long)limit->hard);
    return limit->hard == -1 || limit->soft <= limit->hard ||
           sw_df_fail(failure, "%s: %lld > %lld", wrong, (long long)limit->soft, (long long)limit->hard);
}

static bool read_limits(const char *text, struct sw_df_run_attributes *out, struct sw_df_failure *failure) {
    struct sw_strings fields;
    if (!*text)
        return true;
    if (!sw_df_csv(text, "ulimits", &fields, failure))
        return false;
    out->ulimits = sw_arena_new(failure->arena, (fields.count + 1) * sizeof(*out->ulimits));
    out->ulimit_count = fields.count;
    for (size_t i = 0; i < fields.count; i++)
        if (!read_limit(fields.items[i], &out->ulimits[i], failure))
            return false;
    return true;
}

/* ---- resources: they are checked, and have no place in the graph ---- */

static bool check_positive(const char *key, const char *text, struct sw_df_failure *failure) {
    int64_t value;
    if (!read_integer(text, &value, failure))
        return sw_df_fail_prefix(failure, "invalid %s value: %s: ", key, text);
    return value > 0 || sw_df_fail(failure, "invalid %s value: %s: must be > 0", key, text);
}

static bool check_swap(const char *key, const char *text, struct sw_df_failure *failure) {
    int64_t value;
    if (!read_integer(text, &value, failure))
        return sw_df_fail_prefix(failure, "invalid %s value: %s: ", key, text);
    return (value >= -1 && value != 0) || sw_df_fail(failure, "invalid %s value: %s: must be -1 (unlimited) or > 0", key, text);
}

static bool check_unsigned(const char *key, const char *text, struct sw_df_failure *failure) {
    uint64_t value;
    enum sw_df_number result = sw_df_unsigned(text, 10, UINT64_MAX, &value);
    if (result != SW_DF_NUMBER_OK)
        return sw_df_fail(failure, "invalid %s value: %s: strconv.ParseUint: parsing %s: %s", key, text,
                          sw_df_quote(failure->arena, text),
                          result == SW_DF_NUMBER_RANGE ? "value out of range" : "invalid syntax");
    return value > 0 || sw_df_fail(failure, "invalid %s value: %s: must be > 0", key, text);
}

enum { LARGEST_CPU = 8192 };

static bool is_cpu(const char *text, int64_t *number) {
    return sw_df_signed(text, INT64_MAX, number) == SW_DF_NUMBER_OK && *number >= 0;
}

/* "0-3,5" */
static bool check_set(const char *key, const char *text, struct sw_df_failure *failure) {
    struct sw_strings parts = sw_df_split(failure->arena, text, ',');
    for (size_t i = 0; i < parts.count; i++) {
        const char *part = sw_df_trim(failure->arena, parts.items[i]), *dash = strchr(part, '-'),
                   *what = dash ? "range" : "element";
        const char *first = dash ? sw_df_trim(failure->arena, sw_arena_strn(failure->arena, part, (size_t)(dash - part))) : part;
        const char *last = dash ? sw_df_trim(failure->arena, dash + 1) : part;
        int64_t low, high;
        if (!*part)
            continue;
        if (!is_cpu(first, &low) || !is_cpu(last, &high) || high < low)
            return sw_df_fail(failure, "invalid %s value: %s: invalid cpuset %s %s", key, text, what,
                              sw_df_quote(failure->arena, part));
        if (high > LARGEST_CPU)
            return sw_df_fail(failure, "invalid %s value: %s: cpuset %s %s exceeds maximum %d", key, text, what,
                              sw_df_quote(failure->arena, part), LARGEST_CPU);
    }
    return true;
}

static bool check_resources(const json_t *attributes, struct sw_df_failure *failure) {
    static const struct {
        const char *key;
        bool (*check)(const char *key, const char *text, struct sw_df_failure *failure);
    } resources[] = {{"memory", check_positive},    {"memswap", check_swap},      {"cpushares", check_unsigned},
                     {"cpuperiod", check_unsigned}, {"cpuquota", check_positive}, {"cpusetcpus", check_set},
                     {"cpusetmems", check_set}};
    for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
        const char *text = get(attributes, resources[i].key);
        if (*text && !resources[i].check(resources[i].key, text, failure))
            return sw_df_fail_prefix(failure, "failed to parse resource limits: ");
    }
    return true;
}

static bool read_network(const char *text, struct sw_df_run_attributes *out, struct sw_df_failure *failure) {
    out->network = text;
    return !*text || strcmp(text, "none") == 0 || strcmp(text, "host") == 0 || strcmp(text, "sandbox") == 0 ||
           sw_df_fail(failure, "invalid netmode %s", text);
}

bool sw_df_attributes_read(const json_t *attributes, struct sw_df_run_attributes *out, struct sw_df_failure *failure) {
    const char *shm = get(attributes, "shm-size");
    *out =
        (struct sw_df_run_attributes){.hostname = get(attributes, "hostname"), .cgroup_parent = get(attributes, "cgroup-parent")};
    if (!read_resolve_mode(attributes, out, failure))
        return false;
    if (!read_hosts(get(attributes, "add-hosts"), out, failure))
        return sw_df_fail_prefix(failure, "failed to parse additional hosts: ");
    if (*shm && !read_integer(shm, &out->shm_bytes, failure))
        return sw_df_fail_prefix(failure, "failed to parse shm size: ");
    if (!read_limits(get(attributes, "ulimit"), out, failure))
        return sw_df_fail_prefix(failure, "failed to parse ulimit: ");
    return check_resources(attributes, failure) && read_network(get(attributes, "force-network-mode"), out, failure);
}
