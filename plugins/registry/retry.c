#include "plugins/registry/retry.h"

#include <string.h>
#include <time.h>

enum { BASE_MS = 500, CAP_MS = 30 * 1000, MAX_SECONDS = 1000000 };

bool sw_retry_status(uint32_t status, const char *code) {
    switch (status) {
    case 408:
    case 425:
    case 429:
    case 499:
    case 502:
    case 503:
    case 504:
        return true;
    case 500:
        return !code || !strcmp(code, "UNKNOWN") || !strcmp(code, "UNAVAILABLE");
    default:
        return status >= 520 && status <= 524;
    }
}

uint64_t sw_retry_backoff(uint32_t attempt, uint32_t random) {
    uint32_t shift = attempt > 1 ? attempt - 1 : 0;
    uint64_t most = shift < 6 ? (uint64_t)BASE_MS << shift : CAP_MS;
    if (most > CAP_MS)
        most = CAP_MS;
    return random % (most + 1);
}

int64_t sw_retry_after(const char *header, int64_t now) {
    if (!header || !*header)
        return -1;
    size_t digits = strspn(header, "0123456789");
    if (!header[digits]) {
        int64_t seconds = 0;
        for (size_t i = 0; i < digits && seconds < MAX_SECONDS; i++)
            seconds = seconds * 10 + (header[i] - '0');
        return seconds * 1000;
    }
    struct tm when = {0};
    const char *end = strptime(header, "%a, %d %b %Y %H:%M:%S GMT", &when);
    if (!end || *end)
        return -1;
    int64_t seconds = (int64_t)timegm(&when) - now;
    if (seconds < 0)
        return 0;
    return (seconds < MAX_SECONDS ? seconds : MAX_SECONDS) * 1000;
}
