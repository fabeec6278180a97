/* platforms.h - the platforms whose programs this host can run: its own, and those that the kernel hands to an emulator. */
#ifndef PLUGINS_LOCAL_PLATFORMS_H
#define PLUGINS_LOCAL_PLATFORMS_H

#include "core/base/vec.h"

/* The host's own first. `emulators`: folder of the kernel's binfmt_misc, normally /proc/sys/fs/binfmt_misc. */
void sw_platforms_find(const char *emulators, struct sw_strlist *platforms);

/* Whether `platform` ("os/arch[/variant]") is one of them; a variant that is not asked for matches any. */
bool sw_platforms_has(const struct sw_strlist *platforms, const char *platform);

#endif
