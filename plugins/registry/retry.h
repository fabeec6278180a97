/* retry.h - when to ask again, and how long to wait before. Pure: takes the time and a random number, so that tests decide both. */
#ifndef PLUGINS_REGISTRY_RETRY_H
#define PLUGINS_REGISTRY_RETRY_H

#include "slipway/types.h"

enum { SW_RETRY_ATTEMPTS = 6, SW_RETRY_TOTAL_MS = 5 * 60 * 1000 };

/* Whether an answer with `status` may be another one soon. `code` is the error code of its body, or NULL. */
bool sw_retry_status(uint32_t status, const char *code);

/* Milliseconds to wait after failure number `attempt` (from 1): exponential, with full jitter; `random` is any number. */
uint64_t sw_retry_backoff(uint32_t attempt, uint32_t random);

/* Reads a Retry-After header: seconds or an HTTP date, against `now` (seconds since 1970). Milliseconds; -1 when it is missing or
 * junk; SW_RETRY_TOTAL_MS + 1 or more when it asks for more than we wait. */
int64_t sw_retry_after(const char *header, int64_t now);

#endif
