#include "core/template/adler.h"

uint32_t sw_adler32(struct sw_str data) {
    enum { MODULUS = 65521 };
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < data.len; i++) {
        a = (a + (unsigned char)data.data[i]) % MODULUS;
        b = (b + a) % MODULUS;
    }
    return b << 16 | a;
}
