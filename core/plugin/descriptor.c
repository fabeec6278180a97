#include "core/plugin/descriptor.h"

#include <jansson.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"

/* Size of a table up to and with its last member of v1.0: what came later may be missing. */
#define SIZE_WITH(type, member) (offsetof(type, member) + sizeof(((type *)0)->member))

enum { MAX_NAME = 64, MAX_CLAIMS = 64 };

const char *sw_descriptor_kind(uint32_t kind) {
    static const char *const names[] = {NULL, "builder", "backend", "store"};
    return kind < sizeof names / sizeof *names ? names[kind] : NULL;
}

const char *const *sw_descriptor_claims(const struct sw_plugin *plugin) {
    if (plugin->kind == SW_PLUGIN_BUILDER)
        return plugin->builder->claims;
    return plugin->kind == SW_PLUGIN_STORE ? plugin->store->schemes : NULL;
}

static char *check_size(const char *table, uint32_t size, size_t least) {
    return size < least ? sw_format("its table %s is too short: %u bytes, at least %zu are needed", table, size, least) : NULL;
}

static char *check_name(const char *name) {
    if (!name)
        return sw_strdup("it has no name");
    size_t len = strnlen(name, MAX_NAME + 1);
    if (!len || len > MAX_NAME || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != len || name[0] == '-')
        return sw_format("its name \"%.*s\" is not made of 1 to %d characters of a-z, 0-9 and -", (int)len, name, MAX_NAME);
    return NULL;
}

static char *missing(const char *table, const char *function) {
    return sw_format("its table %s lacks the function %s", table, function);
}

static char *check_claims(const char *what, const char *const *claims) {
    size_t count = 0;
    if (!claims || !claims[0])
        return sw_format("it claims no %s", what);
    for (; claims[count]; count++)
        if (count == MAX_CLAIMS)
            return sw_format("it claims more than %d times a %s", MAX_CLAIMS, what);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (!strcmp(claims[i], claims[j]))
                return sw_format("it claims the %s \"%s\" twice", what, claims[i]);
    return NULL;
}

static char *check_schema(const char *schema) {
    json_error_t cause;
    if (!schema)
        return sw_strdup("it has no schema for its documents");
    sw_cleanup_json json_t *root = json_loads(schema, 0, &cause);
    if (!json_is_object(root))
        return sw_format("its schema is no JSON object%s%s", root ? "" : ": ", root ? "" : cause.text);
    return NULL;
}

static char *check_builder(const struct sw_builder *builder) {
    if (!builder)
        return sw_strdup("it says that it is a builder, but has no builder table");
    char *reason = check_size("sw_builder", builder->size, SIZE_WITH(struct sw_builder, get_extension));
    if (reason || (reason = check_claims("key", builder->claims)) || (reason = check_schema(builder->schema)))
        return reason;
    return !builder->plan      ? missing("sw_builder", "plan")
           : !builder->next    ? missing("sw_builder", "next")
           : !builder->realize ? missing("sw_builder", "realize")
           : !builder->close   ? missing("sw_builder", "close")
                               : NULL;
}

static char *check_backend(const struct sw_backend *backend) {
    if (!backend)
        return sw_strdup("it says that it is a backend, but has no backend table");
    char *reason = check_size("sw_backend", backend->size, SIZE_WITH(struct sw_backend, get_extension));
    if (reason)
        return reason;
    return !backend->capabilities                  ? missing("sw_backend", "capabilities")
           : !backend->solve                       ? missing("sw_backend", "solve")
           : !backend->open_blob && !backend->push ? missing("sw_backend", "open_blob")
                                                   : NULL;
}

static char *check_store(const struct sw_store *store) {
    if (!store)
        return sw_strdup("it says that it is a store, but has no store table");
    char *reason = check_size("sw_store", store->size, SIZE_WITH(struct sw_store, get_extension));
    if (reason || (reason = check_claims("scheme", store->schemes)))
        return reason;
    return !store->open           ? missing("sw_store", "open")
           : !store->close        ? missing("sw_store", "close")
           : !store->resolve      ? missing("sw_store", "resolve")
           : !store->list         ? missing("sw_store", "list")
           : !store->get_manifest ? missing("sw_store", "get_manifest")
           : !store->get_blob     ? missing("sw_store", "get_blob")
           : !store->fetch_blob   ? missing("sw_store", "fetch_blob")
           : !store->put_blob     ? missing("sw_store", "put_blob")
           : !store->put_manifest ? missing("sw_store", "put_manifest")
           : !store->remove       ? missing("sw_store", "remove")
                                  : NULL;
}

static char *check_table(const struct sw_plugin *plugin) {
    switch (plugin->kind) {
    case SW_PLUGIN_BUILDER:
        return check_builder(plugin->builder);
    case SW_PLUGIN_BACKEND:
        return check_backend(plugin->backend);
    case SW_PLUGIN_STORE:
        return check_store(plugin->store);
    default:
        return sw_format("its kind %u is neither builder (1), backend (2) nor store (3)", plugin->kind);
    }
}

char *sw_descriptor_check(const struct sw_plugin *plugin) {
    char *reason = check_size("sw_plugin", plugin->size, SIZE_WITH(struct sw_plugin, stop));
    if (reason)
        return reason;
    if (plugin->abi_major != SW_ABI_MAJOR)
        return sw_format("it speaks ABI %u, this host speaks ABI %d", plugin->abi_major, SW_ABI_MAJOR);
    if (plugin->abi_minor > SW_ABI_MINOR)
        return sw_format("it needs ABI %u.%u, this host has %d.%d", plugin->abi_major, plugin->abi_minor, SW_ABI_MAJOR,
                         SW_ABI_MINOR);
    if ((reason = check_name(plugin->name)))
        return reason;
    if (!plugin->version || !*plugin->version)
        return sw_strdup("it has no version");
    return check_table(plugin);
}
