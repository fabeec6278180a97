/* random.h - numbers that nobody can foresee. */
#ifndef CORE_TEMPLATE_RANDOM_H
#define CORE_TEMPLATE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void sw_random_bytes(void *out, size_t len);

/* A number from 0 to `bound` - 1, all equally likely; `bound` is not 0. */
uint64_t sw_random_below(uint64_t bound);

#endif
