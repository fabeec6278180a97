/* platform.h - comparing "os/arch[/variant]": which entry of an image index runs where.
 *
 * Names are normalised as containerd does (x86_64 is amd64, armhf is arm/v7). A processor runs code made for its older variants, so
 * a match has a rank; code of another word size is never chosen silently. */
#ifndef PLUGINS_REGISTRY_PLATFORM_H
#define PLUGINS_REGISTRY_PLATFORM_H

#include "slipway/types.h"

enum { SW_PLATFORM_PART = 32 };

struct sw_platform {
    char os[SW_PLATFORM_PART];
    char arch[SW_PLATFORM_PART];
    char variant[SW_PLATFORM_PART]; /* "" when there is none */
};

/* Reads "os/arch[/variant]" and normalises it. */
bool sw_platform_parse(const char *text, struct sw_platform *platform, struct sw_error **error);

/* Normalises three parts, each of which may be NULL. Parts that are too long become "?", which matches nothing. */
struct sw_platform sw_platform_of(const char *os, const char *arch, const char *variant);

/* How well code for `offered` runs on `wanted`: 0 not at all; else greater is better. */
int sw_platform_rank(const struct sw_platform *wanted, const struct sw_platform *offered);

/* "linux/arm/v7". To be freed. */
char *sw_platform_format(const struct sw_platform *platform);

#endif
