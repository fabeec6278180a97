/* host.h - the host's table, kept since the plugin was loaded, and short ways to read documents with it. */
#ifndef PLUGINS_STAPEL_HOST_H
#define PLUGINS_STAPEL_HOST_H

#include "core/base/arena.h"
#include "slipway/plugin.h"

extern const struct sw_host *sw_stapel_host;

/* Value under `key` as text; "" when it is absent, null or no scalar. Lives as long as the document. */
const char *sw_stapel_text(const struct sw_value *map, const char *key);

/* Value under `key` unless it is null. */
const struct sw_value *sw_stapel_given(const struct sw_value *map, const char *key);

/* A list of texts; one text where a list may stand is a list of one. */
struct sw_strings sw_stapel_texts(struct sw_arena *arena, const struct sw_value *map, const char *key);

/* Pairs of a map of texts, sorted by key. */
struct sw_pairs sw_stapel_pairs(struct sw_arena *arena, const struct sw_value *map, const char *key);

/* werf's hash of a list, H256; lives in the arena. */
const char *sw_stapel_hash(struct sw_arena *arena, struct sw_strings items);

#endif
