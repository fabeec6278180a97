#include "core/plugin/tokens.h"

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"

static const struct sw_plugins *stores;

void sw_tokens_use(const struct sw_plugins *plugins) {
    stores = plugins;
}

static const struct sw_store_token *table_of(const char *registry) {
    sw_cleanup_free char *address = sw_format("%s/x", registry);
    const struct sw_plugin *plugin = stores ? sw_plugins_store_of(stores, address) : NULL;
    return plugin && plugin->store->get_extension ? plugin->store->get_extension(SW_EXT_TOKEN) : NULL;
}

void sw_tokens_fetch(const char *registry, struct sw_strings scopes, struct sw_cancel *cancel, sw_token_done done, void *context) {
    const struct sw_store_token *table = table_of(registry);
    if (table)
        table->fetch(registry, scopes, cancel, done, context);
    else
        done(context, NULL, 0, sw_error_new(SW_ERROR_UNAVAILABLE, "no store plugin gets tokens of %s", registry));
}
