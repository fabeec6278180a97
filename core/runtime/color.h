/* color.h - whether what is printed has colors. */
#ifndef CORE_RUNTIME_COLOR_H
#define CORE_RUNTIME_COLOR_H

#include <stdbool.h>

enum sw_color_mode { SW_COLOR_AUTO, SW_COLOR_ON, SW_COLOR_OFF };

/* For the whole process; AUTO at the start. */
void sw_color_set(enum sw_color_mode mode);

/* Whether a live display has colors: with AUTO unless $NO_COLOR is set (no-color.org). */
bool sw_color_wanted(void);

/* Whether text printed to `fd` has colors: with AUTO only on a terminal that can show them. */
bool sw_color_for(int fd);

#endif
