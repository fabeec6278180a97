/* needles.h - what is looked for where a secret must not be: its value, plain and in the forms that programs like to write it in.
 *
 * The forms are base64, hex and URL-encoded. Of a value with several lines each longer line counts too. Short values ("true", "1234") are
 * not looked for: they stand everywhere. */
#ifndef CORE_BUILD_NEEDLES_H
#define CORE_BUILD_NEEDLES_H

#include <stdbool.h>

#include "core/base/vec.h"
#include "slipway/types.h"

enum { SW_NEEDLE_SHORTEST = 8 };

/* A zeroed one is empty. */
struct sw_needles {
    struct sw_vec items; /* of struct sw_needle */
    size_t longest;
};

struct sw_needle {
    char *id; /* of the secret */
    char *bytes;
    size_t len;
};

void sw_needles_add(struct sw_needles *needles, const char *id, struct sw_bytes value);

/* Wipes them. */
void sw_needles_fini(struct sw_needles *needles);

/* Id of the secret whose value stands in the text, or NULL. Borrowed. [any] */
const char *sw_needles_find(const struct sw_needles *needles, const char *text, size_t len);

#endif
