/* zone.h - time zones out of the system's database. NULL stands for UTC. */
#ifndef CORE_TEMPLATE_ZONE_H
#define CORE_TEMPLATE_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"

struct sw_zone;

struct sw_zone_span {
    const char *name; /* such as "CET" */
    int offset;       /* seconds east of UTC */
    bool dst;
    int64_t start; /* the rule holds from this moment */
    int64_t end;   /* to before this one */
};

/* UTC as a value that templates can hold; elsewhere NULL stands for it. */
const struct sw_zone *sw_zone_utc(void);

/* The zone of a name such as "Europe/Berlin", or "Local"; false when the database has none. */
bool sw_zone_load(struct sw_arena *arena, const char *name, const struct sw_zone **zone);

/* The process's own: by TZ, or /etc/localtime. */
const struct sw_zone *sw_zone_local(struct sw_arena *arena);

/* A zone that always has one offset. */
const struct sw_zone *sw_zone_fixed(struct sw_arena *arena, const char *name, int offset);

const char *sw_zone_name(const struct sw_zone *zone);

/* What holds in the zone at a moment (seconds since 1970 UTC). */
struct sw_zone_span sw_zone_at(const struct sw_zone *zone, int64_t seconds);

/* The offset that an abbreviation stands for, best the one in effect around that moment. */
bool sw_zone_offset_of(const struct sw_zone *zone, const char *abbreviation, int64_t seconds, int *offset);

#endif
