#include "plugins/dockerfile/mount.h"

#include <string.h>

#include "plugins/dockerfile/flag.h"
#include "plugins/dockerfile/lint.h"
#include "plugins/dockerfile/number.h"
#include "plugins/dockerfile/text.h"

static const char *const kind_names[] = {"bind", "cache", "tmpfs", "secret", "ssh"};
static const char *const sharing_names[] = {"shared", "private", "locked"};
static const char *const key_names[] = {"type",        "from", "source", "target",    "readonly", "id",  "sharing",
                                        "required",    "size", "mode",   "uid",       "gid",      "src", "dst",
                                        "destination", "ro",   "rw",     "readwrite", "env"};

enum { KIND_COUNT = 5, SHARING_COUNT = 3, KEY_COUNT = sizeof(key_names) / sizeof(key_names[0]) };

const char *sw_df_mount_kind_name(uint32_t kind) {
    return kind < KIND_COUNT ? kind_names[kind] : "host";
}

/* A mount being read: whether it is read-only is decided by its type unless a key says so. */
struct reader {
    struct sw_df_mount *mount;
    struct sw_df_failure *failure;
    const char *key; /* lower case */
    const char *field;
    bool read_only_given;
};

static bool is(const struct reader *reader, const char *a, const char *b, const char *c) {
    return strcmp(reader->key, a) == 0 || (b && strcmp(reader->key, b) == 0) || (c && strcmp(reader->key, c) == 0);
}

static bool wrong_type(struct reader *reader) {
    return sw_df_fail(reader->failure, "unexpected key '%s' for mount type '%s'", reader->key, kind_names[reader->mount->kind]);
}

static bool can_be_required(const struct reader *reader) {
    return reader->mount->kind == SW_MOUNT_SECRET || reader->mount->kind == SW_MOUNT_SSH;
}

/* A key without a value. */
static bool bare_key(struct reader *reader) {
    if (is(reader, "readonly", "ro", NULL) || is(reader, "readwrite", "rw", NULL)) {
        reader->mount->read_only = is(reader, "readonly", "ro", NULL);
        reader->read_only_given = true;
        return true;
    }
    if (!is(reader, "required", NULL, NULL))
        return sw_df_fail(reader->failure, "invalid field '%s' must be a key=value pair", reader->field);
    if (!can_be_required(reader))
        return wrong_type(reader);
    reader->mount->required = true;
    return true;
}

static bool set_kind(struct reader *reader, const char *value) {
    for (uint32_t i = 0; i < KIND_COUNT; i++)
        if (sw_df_equal_fold(value, kind_names[i])) {
            reader->mount->kind = i;
            return true;
        }
    sw_df_fail(reader->failure, "unsupported mount type %s", sw_df_quote(reader->failure->arena, value));
    return sw_df_suggest(reader->failure, value, (struct sw_strings){kind_names, KIND_COUNT}, SW_DF_CASE_MATTERS);
}

static bool set_sharing(struct reader *reader, const char *value) {
    for (uint32_t i = 0; i < SHARING_COUNT; i++)
        if (sw_df_equal_fold(value, sharing_names[i])) {
            reader->mount->sharing = sharing_names[i];
            return true;
        }
    sw_df_fail(reader->failure, "unsupported sharing value %s", sw_df_quote(reader->failure->arena, value));
    return sw_df_suggest(reader->failure, value, (struct sw_strings){sharing_names, SHARING_COUNT}, SW_DF_CASE_MATTERS);
}

static bool invalid_value(struct reader *reader, const char *value) {
    return sw_df_fail(reader->failure, "invalid value for %s: %s", reader->key, value);
}

static bool set_read_only(struct reader *reader, const char *value) {
    bool on;
    if (!sw_df_parse_bool(value, &on))
        return invalid_value(reader, value);
    reader->mount->read_only = is(reader, "readonly", "ro", NULL) ? on : !on;
    reader->read_only_given = true;
    return true;
}

static bool set_required(struct reader *reader, const char *value) {
    if (!can_be_required(reader))
        return wrong_type(reader);
    return sw_df_parse_bool(value, &reader->mount->required) || invalid_value(reader, value);
}

static bool set_size(struct reader *reader, const char *value) {
    if (reader->mount->kind != SW_MOUNT_TMPFS)
        return wrong_type(reader);
    return sw_df_size(value, &reader->mount->bytes) || invalid_value(reader, value);
}

static bool set_number(struct reader *reader, const char *value, unsigned base, uint32_t *number, bool *given) {
    uint64_t wide;
    if (sw_df_unsigned(value, base, UINT32_MAX, &wide) != SW_DF_NUMBER_OK)
        return sw_df_fail(reader->failure, "invalid value %s for %s", value, reader->key);
    *number = (uint32_t)wide;
    *given = true;
    return true;
}

static bool unexpected(struct sw_df_failure *failure, const char *key, const char *field, struct sw_strings known) {
    sw_df_fail(failure, "unexpected key '%s' in '%s'", key, field);
    return sw_df_suggest(failure, key, known, SW_DF_CASE_MATTERS);
}

static bool set_key(struct reader *reader, const char *value) {
    struct sw_df_mount *mount = reader->mount;
    if (is(reader, "type", NULL, NULL))
        return set_kind(reader, value);
    if (is(reader, "sharing", NULL, NULL))
        return set_sharing(reader, value);
    if (is(reader, "readonly", "ro", NULL) || is(reader, "readwrite", "rw", NULL))
        return set_read_only(reader, value);
    if (is(reader, "required", NULL, NULL))
        return set_required(reader, value);
    if (is(reader, "size", NULL, NULL))
        return set_size(reader, value);
    if (is(reader, "mode", NULL, NULL))
        return set_number(reader, value, 8, &mount->mode, &mount->has_mode);
    if (is(reader, "uid", NULL, NULL))
        return set_number(reader, value, 10, &mount->uid, &mount->has_uid);
    if (is(reader, "gid", NULL, NULL))
        return set_number(reader, value, 10, &mount->gid, &mount->has_gid);
    if (is(reader, "from", NULL, NULL))
        mount->from = value;
    else if (is(reader, "source", "src", NULL))
        mount->source = value;
    else if (is(reader, "target", "dst", "destination"))
        mount->target = value;
    else if (is(reader, "id", NULL, NULL))
        mount->id = value;
    else if (is(reader, "env", NULL, NULL))
        mount->env = value;
    else
        return unexpected(reader->failure, reader->key, reader->field, (struct sw_strings){key_names, KEY_COUNT});
    return true;
}

static bool read_field(struct reader *reader, const struct sw_df_expander *expander) {
    struct sw_arena *arena = reader->failure->arena;
    const char *equals = strchr(reader->field, '=');
    size_t len = equals ? (size_t)(equals - reader->field) : strlen(reader->field);
    reader->key = sw_df_lower(arena, sw_arena_strn(arena, reader->field, len));
    if (!equals)
        return !expander || bare_key(reader);
    const char *value = equals + 1;
    if (expander) {
        if (!expander->expand(expander->context, value, &value, reader->failure))
            return false;
        return set_key(reader, value);
    }
    if (!is(reader, "from", NULL, NULL))
        return true;
    const char *dollar = strchr(value, '$');
    if (dollar && dollar[1])
        return sw_df_fail(reader->failure, "'%s' doesn't support variable expansion, define alias stage instead", reader->key);
    return set_key(reader, value);
}

static bool validate(const struct sw_df_mount *mount, struct sw_df_failure *failure) {
    const char *kind = kind_names[mount->kind];
    if (mount->kind == SW_MOUNT_BIND || mount->kind == SW_MOUNT_TMPFS) {
        const char *key = mount->has_mode ? "mode" : mount->has_uid ? "uid" : mount->has_gid ? "gid" : NULL;
        if (key)
            return sw_df_fail(failure, "%s not allowed for \"%s\" type mounts", key, kind);
    }
    if (mount->kind == SW_MOUNT_SECRET) {
        if (*mount->from)
            return sw_df_fail(failure, "secret mount should not have a from");
        if (*mount->sharing)
            return sw_df_fail(failure, "secret mount should not define sharing");
        if (!*mount->source && !*mount->target && !*mount->id)
            return sw_df_fail(failure, "invalid secret mount. one of source, target required");
        if (*mount->source && *mount->id)
            return sw_df_fail(failure, "both source and id can't be set");
    }
    if (*mount->sharing && mount->kind != SW_MOUNT_CACHE)
        return sw_df_fail(failure, "invalid cache sharing set for %s mount", kind);
    return true;
}

bool sw_df_mount_parse(const char *text, const struct sw_df_expander *expander, struct sw_df_mount *mount,
                       struct sw_df_failure *failure) {
    *mount = (struct sw_df_mount){.from = "", .source = "", .target = "", .id = "", .sharing = ""};
    struct reader reader = {.mount = mount, .failure = failure};
    struct sw_strings fields;
    if (!sw_df_csv(text, "mounts", &fields, failure))
        return false;
    for (size_t i = 0; i < fields.count; i++) {
        reader.field = fields.items[i];
        if (!read_field(&reader, expander))
            return false;
    }
    if (!reader.read_only_given)
        mount->read_only = mount->kind != SW_MOUNT_CACHE && mount->kind != SW_MOUNT_TMPFS;
    return validate(mount, failure);
}

bool sw_df_device_parse(const char *text, struct sw_df_device *device, struct sw_df_failure *failure) {
    static const char *const keys[] = {"name", "required"};
    *device = (struct sw_df_device){.name = ""};
    struct sw_strings fields;
    if (!sw_df_csv(text, "devices", &fields, failure))
        return false;
    for (size_t i = 0; i < fields.count; i++) {
        const char *field = fields.items[i], *equals = strchr(field, '=');
        size_t len = equals ? (size_t)(equals - field) : strlen(field);
        const char *key = sw_df_lower(failure->arena, sw_arena_strn(failure->arena, field, len));
        if (strcmp(key, "required") == 0) {
            device->required = !equals;
            if (equals && !sw_df_parse_bool(equals + 1, &device->required))
                return sw_df_fail(failure, "invalid value for %s: %s", key, equals + 1);
        } else if (equals && strcmp(key, "name") == 0) {
            if (*device->name)
                return sw_df_fail(failure, "device name already set to %s", device->name);
            device->name = equals + 1;
        } else if (!*device->name) {
            device->name = field;
        } else if (!equals) {
            return sw_df_fail(failure, "invalid field '%s' must be a key=value pair", field);
        } else {
            return unexpected(failure, key, field, (struct sw_strings){keys, 2});
        }
    }
    return true;
}
