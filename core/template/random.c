#include "core/template/random.h"

#include <sys/random.h>

void sw_random_bytes(void *out, size_t len) {
    for (size_t done = 0; done < len;) {
        ssize_t got = getrandom((char *)out + done, len - done, 0);
        if (got > 0)
            done += (size_t)got;
    }
}

uint64_t sw_random_below(uint64_t bound) {
    uint64_t limit = UINT64_MAX - UINT64_MAX % bound, number;
    do
        sw_random_bytes(&number, sizeof number);
    while (number >= limit);
    return number % bound;
}
