/* store_calls.h - the calls of the store plugin as plain functions that wait for their end. */
#ifndef TESTS_UNIT_PLUGINS_REGISTRY_STORE_CALLS_H
#define TESTS_UNIT_PLUGINS_REGISTRY_STORE_CALLS_H

#include "core/base/buf.h"
#include "core/base/vec.h"
#include "slipway/store.h"

/* Starts the plugin anew, with nothing known of any host. */
void store_restart(void);
void store_stop(void);
const struct sw_store *store_table(void);

/* Each returns the error, or NULL; the caller frees it with sw_error_free. Outputs may be NULL. */
struct sw_error *store_resolve(const char *reference, const char *platform, char **digest, bool *through_index);
struct sw_error *store_list(const char *address, struct sw_strlist *tags);
struct sw_error *store_get_manifest(const char *address, const char *name, struct sw_buf *body);
struct sw_error *store_get_blob(const char *address, const char *digest, uint64_t bytes, struct sw_buf *out);
/* Fetches into a file in memory, whose bytes go to `out`. */
struct sw_error *store_fetch_blob(const char *address, const char *digest, uint64_t bytes, struct sw_buf *out);
struct sw_error *store_put_blob(const char *address, const char *digest, struct sw_bytes bytes, const char *from);
struct sw_error *store_put_manifest(const char *address, const char *tag, const char *media_type, struct sw_bytes body,
                                    char **digest);
/* A token for one scope, by the plugin's extension; NULL when the registry has none. */
struct sw_error *store_token(const char *registry, const char *scope, char **token, uint32_t *seconds);
struct sw_error *store_remove(const char *address, const char *name);

/* How often put_blob's bytes were opened since the restart. */
unsigned store_opened(void);

/* Cancels every call that follows `ms` milliseconds after its start; 0: never. */
void store_cancel_after(uint64_t ms);

#endif
