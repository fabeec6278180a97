#include "plugins/buildkit/random_id.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

void sw_random_id(char out[SW_RANDOM_ID_SIZE]) {
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    uint8_t bytes[SW_RANDOM_ID_SIZE];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        abort(); /* the kernel gives this many bytes whole */
    for (int i = 0; i < SW_RANDOM_ID_SIZE - 1; i++)
        out[i] = digits[bytes[i] % 36];
    out[SW_RANDOM_ID_SIZE - 1] = '\0';
}
