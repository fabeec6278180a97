/* tokens.h - bearer tokens of registries, got by the store plugin that speaks with them. All on the loop's thread. */
#ifndef CORE_PLUGIN_TOKENS_H
#define CORE_PLUGIN_TOKENS_H

#include "core/plugin/plugins.h"

/* Says whose stores are asked; NULL: nobody's. Borrowed. */
void sw_tokens_use(const struct sw_plugins *plugins);

/* See struct sw_host_credential. Fails when no store that is loaded gets tokens. */
void sw_tokens_fetch(const char *registry, struct sw_strings scopes, struct sw_cancel *cancel, sw_token_done done, void *context);

#endif
