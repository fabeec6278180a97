#include "core/base/suggest.h"

#include <ctype.h>
#include <string.h>

enum { LONGEST = 64 };

/* Edit distance (insert, delete, replace, swap of neighbours), case-insensitive. */
static size_t distance(const char *a, const char *b) {
    size_t n = strlen(a), m = strlen(b);
    if (n > LONGEST || m > LONGEST)
        return LONGEST;
    size_t rows[3][LONGEST + 1];
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *now = rows[i % 3], *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            int ca = tolower((unsigned char)a[i - 1]), cb = tolower((unsigned char)b[j - 1]);
            size_t best = before[j - 1] + (ca != cb);
            if (before[j] + 1 < best)
                best = before[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) && cb == tolower((unsigned char)a[i - 2]) &&
                earlier[j - 2] + 1 < best)
                best = earlier[j - 2] + 1;
            now[j] = best;
        }
    }
    return rows[n % 3][m];
}

const char *sw_suggest(const char *word, struct sw_strings candidates) {
    size_t limit = 1 + strlen(word) / 4, best = limit + 1;
    const char *nearest = NULL;
    for (size_t i = 0; i < candidates.count; i++) {
        size_t d = distance(word, candidates.items[i]);
        if (d < best) {
            best = d;
            nearest = candidates.items[i];
        }
    }
    return nearest;
}
