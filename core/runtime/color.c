#include "core/runtime/color.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum sw_color_mode chosen = SW_COLOR_AUTO;

void sw_color_set(enum sw_color_mode mode) {
    chosen = mode;
}

bool sw_color_wanted(void) {
    const char *no_color = getenv("NO_COLOR");
    return chosen == SW_COLOR_ON || (chosen == SW_COLOR_AUTO && !(no_color && *no_color));
}

bool sw_color_for(int fd) {
    const char *term = getenv("TERM");
    bool can = isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
    return chosen == SW_COLOR_ON || (can && sw_color_wanted());
}
