/* platform.h - what all rooms know of platforms, "os/arch[/variant]". */
#ifndef CORE_BASE_PLATFORM_H
#define CORE_BASE_PLATFORM_H

#include <jansson.h>
#include <stdbool.h>

/* Whether a word, in lower case, is an operating system or an architecture that Go knows, as containerd asks. */
bool sw_platform_is_os(const char *word);
bool sw_platform_is_arch(const char *word);

/* Sets os, architecture and variant of an image config that names no architecture. `platform` may be NULL: nothing is set. */
void sw_platform_set(json_t *config, const char *platform);

#endif
