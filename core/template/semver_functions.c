/* Sprig's semver and semverCompare, and the methods of versions. */
#include "core/template/engine.h"
#include "core/template/function.h"
#include "core/template/semver.h"

static bool return_version(struct sw_call *call, enum sw_type type, struct sw_semver version) {
    return sw_return(call, (struct sw_datum){.type = type, .version = sw_arena_copy(call->arena, &version, sizeof version)});
}

static bool fn_semver(struct sw_call *call) {
    struct sw_semver version;
    return sw_semver_parse(call->args[0].text, &version, call->error) && return_version(call, SW_T_VERSION, version);
}

static bool fn_semver_compare(struct sw_call *call) {
    struct sw_semver version;
    bool answer;
    sw_cleanup_buf struct sw_buf error = {0};
    bool good = sw_semver_parse(call->args[1].text, &version, &error);
    if (!good)
        version = (struct sw_semver){0};
    if (!sw_semver_satisfies(call->arena, call->args[0].text, &version, &answer, call->error))
        return false;
    return good ? sw_return_bool(call, answer) : sw_call_fail_str(call, "", (struct sw_str){error.data, error.len});
}

static bool m_major(struct sw_call *call) {
    return sw_return(call, sw_uint64(call->self.version->major));
}

static bool m_minor(struct sw_call *call) {
    return sw_return(call, sw_uint64(call->self.version->minor));
}

static bool m_patch(struct sw_call *call) {
    return sw_return(call, sw_uint64(call->self.version->patch));
}

static bool m_prerelease(struct sw_call *call) {
    return sw_return_text(call, call->self.version->prerelease);
}

static bool m_metadata(struct sw_call *call) {
    return sw_return_text(call, call->self.version->metadata);
}

static bool m_original(struct sw_call *call) {
    return sw_return_text(call, call->self.version->original);
}

static bool m_string(struct sw_call *call) {
    sw_cleanup_buf struct sw_buf text = {0};
    sw_semver_write(&text, call->self.version);
    return sw_return_taken(call, &text);
}

/* The order of the version and the argument; a nil one is what Go stumbles over. */
static bool compare(struct sw_call *call, int *order) {
    *order = 0;
    if (!call->args[0].version)
        return sw_call_fail(call, "runtime error: invalid memory address or nil pointer dereference");
    *order = sw_semver_compare(call->self.version, call->args[0].version);
    return true;
}

static bool m_compare(struct sw_call *call) {
    int order;
    return compare(call, &order) && sw_return(call, sw_int(order));
}

static bool m_equal(struct sw_call *call) {
    if (!call->args[0].version)
        return sw_return_bool(call, false);
    return sw_return_bool(call, sw_semver_compare(call->self.version, call->args[0].version) == 0);
}

static bool m_less_than(struct sw_call *call) {
    int order;
    return compare(call, &order) && sw_return_bool(call, order < 0);
}

static bool m_less_than_equal(struct sw_call *call) {
    int order;
    return compare(call, &order) && sw_return_bool(call, order <= 0);
}

static bool m_greater_than(struct sw_call *call) {
    int order;
    return compare(call, &order) && sw_return_bool(call, order > 0);
}

static bool m_greater_than_equal(struct sw_call *call) {
    int order;
    return compare(call, &order) && sw_return_bool(call, order >= 0);
}

/* Gives a changed version an original text of its own, with the "v" of the old one. */
static bool return_changed(struct sw_call *call, struct sw_semver version) {
    struct sw_buf text = {0};
    struct sw_str old = call->self.version->original;
    if (old.len && old.data[0] == 'v')
        sw_buf_putc(&text, 'v');
    sw_semver_write(&text, &version);
    version.original = sw_str_take(call->arena, &text);
    return return_version(call, SW_T_VERSION_STRUCT, version);
}

static struct sw_semver released(const struct sw_call *call) {
    struct sw_semver version = *call->self.version;
    version.prerelease = version.metadata = (struct sw_str){"", 0};
    return version;
}

static bool m_inc_patch(struct sw_call *call) {
    struct sw_semver version = released(call);
    version.patch += call->self.version->prerelease.len == 0;
    return return_changed(call, version);
}

static bool m_inc_minor(struct sw_call *call) {
    struct sw_semver version = released(call);
    version.minor++;
    version.patch = 0;
    return return_changed(call, version);
}

static bool m_inc_major(struct sw_call *call) {
    struct sw_semver version = released(call);
    version.major++;
    version.minor = version.patch = 0;
    return return_changed(call, version);
}

static bool m_set_prerelease(struct sw_call *call) {
    struct sw_semver version = *call->self.version;
    version.prerelease = call->args[0].text;
    if (version.prerelease.len && !sw_semver_check_prerelease(version.prerelease, call->error))
        return false;
    return return_changed(call, version);
}

static bool m_set_metadata(struct sw_call *call) {
    struct sw_semver version = *call->self.version;
    version.metadata = call->args[0].text;
    if (version.metadata.len && !sw_semver_check_metadata(version.metadata, call->error))
        return false;
    return return_changed(call, version);
}

static bool return_bytes(struct sw_call *call, const struct sw_buf *text) {
    struct sw_list *list = sw_list_new(call->arena, text->len, text->len);
    for (size_t i = 0; i < text->len; i++)
        list->items[i] = (struct sw_datum){.type = SW_T_UINT8, .natural = (unsigned char)text->data[i]};
    return sw_return(call, sw_of_list(SW_T_BYTES, list));
}

static bool m_marshal_text(struct sw_call *call) {
    sw_cleanup_buf struct sw_buf text = {0};
    sw_semver_write(&text, call->self.version);
    return return_bytes(call, &text);
}

static bool m_marshal_json(struct sw_call *call) {
    sw_cleanup_buf struct sw_buf text = {0};
    sw_buf_putc(&text, '"');
    sw_semver_write(&text, call->self.version);
    sw_buf_putc(&text, '"');
    return return_bytes(call, &text);
}

const struct sw_function sw_semver_functions[] = {
    {"semver", "s", 'p', fn_semver},
    {"semverCompare", "ss", 'b', fn_semver_compare},
    {NULL, NULL, 0, NULL},
};

/* Both the pointer and the struct have these. */
#define SW_VERSION_METHOD(name, params, result, function)           \
    {SW_T_VERSION, {name, params, result, function}, NULL}, {       \
        SW_T_VERSION_STRUCT, {name, params, result, function}, NULL \
    }

const struct sw_method sw_semver_methods[] = {
    SW_VERSION_METHOD("Major", "", 'U', m_major),
    SW_VERSION_METHOD("Minor", "", 'U', m_minor),
    SW_VERSION_METHOD("Patch", "", 'U', m_patch),
    SW_VERSION_METHOD("Prerelease", "", 's', m_prerelease),
    SW_VERSION_METHOD("Metadata", "", 's', m_metadata),
    SW_VERSION_METHOD("String", "", 's', m_string),
    SW_VERSION_METHOD("IncPatch", "", 'V', m_inc_patch),
    SW_VERSION_METHOD("IncMinor", "", 'V', m_inc_minor),
    SW_VERSION_METHOD("IncMajor", "", 'V', m_inc_major),
    SW_VERSION_METHOD("SetPrerelease", "s", 'V', m_set_prerelease),
    SW_VERSION_METHOD("SetMetadata", "s", 'V', m_set_metadata),
    SW_VERSION_METHOD("MarshalText", "", 'S', m_marshal_text),
    SW_VERSION_METHOD("MarshalJSON", "", 'S', m_marshal_json),
    SW_VERSION_METHOD("Value", "", 'a', m_string),
    {SW_T_VERSION, {"Original", "", 's', m_original}, NULL},
    {SW_T_VERSION, {"Compare", "p", 'i', m_compare}, NULL},
    {SW_T_VERSION, {"Equal", "p", 'b', m_equal}, NULL},
    {SW_T_VERSION, {"LessThan", "p", 'b', m_less_than}, NULL},
    {SW_T_VERSION, {"LessThanEqual", "p", 'b', m_less_than_equal}, NULL},
    {SW_T_VERSION, {"GreaterThan", "p", 'b', m_greater_than}, NULL},
    {SW_T_VERSION, {"GreaterThanEqual", "p", 'b', m_greater_than_equal}, NULL},
    {SW_T_NONE, {NULL, NULL, 0, NULL}, NULL},
};
