#include "core/template/method.h"

const struct sw_method *sw_method_find(enum sw_type type, struct sw_str name) {
    static const struct sw_method *const lists[] = {sw_time_methods, sw_semver_methods, sw_files_methods};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        for (const struct sw_method *method = lists[i]; method->function.name; method++)
            if (method->type == type && sw_str_is(name, method->function.name))
                return method;
    return NULL;
}

const char *const *sw_struct_fields(enum sw_type type) {
    static const char *const time[] = {"wall", "ext", "loc", NULL};
    static const char *const version[] = {"major", "minor", "patch", "pre", "metadata", "original", NULL};
    static const char *const certificate[] = {"Cert", "Key", NULL};
    static const char *const files[] = {"tree", NULL};
    static const char *const zone[] = {"name", "zone", "tx", "extend", "cacheStart", "cacheEnd", "cacheZone", NULL};
    switch (type) {
    case SW_T_TIME:
        return time;
    case SW_T_VERSION:
    case SW_T_VERSION_STRUCT:
        return version;
    case SW_T_CERTIFICATE:
        return certificate;
    case SW_T_FILES:
        return files;
    case SW_T_ZONE:
        return zone;
    default:
        return NULL;
    }
}

enum sw_field sw_struct_field(struct sw_datum value, struct sw_str name, struct sw_datum *out) {
    const char *const *names = sw_struct_fields(value.type);
    for (size_t i = 0; names && names[i]; i++) {
        if (!sw_str_is(name, names[i]))
            continue;
        if (value.type != SW_T_CERTIFICATE)
            return SW_FIELD_HIDDEN;
        *out = sw_text(i == 0 ? value.certificate->cert : value.certificate->key);
        return SW_FIELD_OPEN;
    }
    return SW_FIELD_NONE;
}
