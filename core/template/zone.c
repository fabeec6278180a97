#include "core/template/zone.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/template/time.h"

enum { HEADER_SIZE = 44, MAX_FILE = 1 << 20, DAY = 86400 };

struct kind {
    const char *name;
    int offset;
    bool dst;
};

struct transition {
    int64_t when;
    uint8_t kind;
};

struct sw_zone {
    const char *name;
    const struct kind *kinds;
    size_t kind_count;
    const struct transition *transitions;
    size_t transition_count;
    const char *rule; /* a POSIX TZ string for what comes behind the last transition; "" for none */
};

struct header {
    size_t utc_flags, standard_flags, leaps, transitions, kinds, name_bytes;
};

static uint32_t read32(const unsigned char *data) {
    return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

static int64_t read64(const unsigned char *data) {
    return (int64_t)((uint64_t)read32(data) << 32 | read32(data + 4));
}

static bool read_header(const struct sw_buf *file, size_t at, struct header *header, size_t *body, size_t time_size) {
    const unsigned char *data = (const unsigned char *)file->data + at;
    if (file->len < at + HEADER_SIZE || memcmp(data, "TZif", 4) != 0)
        return false;
    size_t *fields[] = {&header->utc_flags,   &header->standard_flags, &header->leaps,
                        &header->transitions, &header->kinds,          &header->name_bytes};
    for (size_t i = 0; i < 6; i++) {
        *fields[i] = read32(data + 20 + 4 * i);
        if (*fields[i] > MAX_FILE)
            return false;
    }
    *body = header->transitions * (time_size + 1) + header->kinds * 6 + header->name_bytes + header->leaps * (time_size + 4) +
            header->standard_flags + header->utc_flags;
    return file->len - at - HEADER_SIZE >= *body;
}

static bool read_kinds(struct sw_arena *arena, const unsigned char *data, const struct header *header, struct sw_zone *zone) {
    const char *names = sw_arena_strn(arena, (const char *)data + header->kinds * 6, header->name_bytes);
    struct kind *kinds = sw_arena_new(arena, header->kinds * sizeof *kinds);
    for (size_t i = 0; i < header->kinds; i++, data += 6) {
        if (data[5] >= header->name_bytes)
            return false;
        kinds[i] = (struct kind){names + data[5], (int)read32(data), data[4] != 0};
    }
    zone->kinds = kinds;
    zone->kind_count = header->kinds;
    return header->kinds > 0;
}

/* The 64-bit part of a file of version 2 and up. */
static bool read_zone(struct sw_arena *arena, const struct sw_buf *file, struct sw_zone *zone) {
    struct header header;
    size_t body, at = 0;
    if (!read_header(file, 0, &header, &body, 4) || file->data[4] < '2')
        return false;
    at = HEADER_SIZE + body;
    if (!read_header(file, at, &header, &body, 8))
        return false;
    at += HEADER_SIZE;
    const unsigned char *data = (const unsigned char *)file->data + at;
    struct transition *transitions = sw_arena_new(arena, header.transitions * sizeof *transitions);
    for (size_t i = 0; i < header.transitions; i++) {
        transitions[i] = (struct transition){read64(data + 8 * i), data[8 * header.transitions + i]};
        if (transitions[i].kind >= header.kinds)
            return false;
    }
    zone->transitions = transitions;
    zone->transition_count = header.transitions;
    if (!read_kinds(arena, data + 9 * header.transitions, &header, zone))
        return false;
    const char *rule = file->data + at + body;
    size_t left = file->len - at - body;
    const char *end = left > 1 ? memchr(rule + 1, '\n', left - 1) : NULL;
    zone->rule = end ? sw_arena_strn(arena, rule + 1, (size_t)(end - rule - 1)) : "";
    return true;
}

static bool read_file(const char *path, struct sw_buf *file) {
    sw_cleanup_file FILE *stream = fopen(path, "re");
    if (!stream)
        return false;
    char chunk[4096];
    for (size_t got; file->len < MAX_FILE && (got = fread(chunk, 1, sizeof chunk, stream)) > 0;)
        sw_buf_add(file, chunk, got);
    return !ferror(stream);
}

static const struct sw_zone *zone_from(struct sw_arena *arena, const char *path, const char *name) {
    sw_cleanup_buf struct sw_buf file = {0};
    struct sw_zone *zone = sw_arena_new(arena, sizeof *zone);
    if (!read_file(path, &file) || !read_zone(arena, &file, zone))
        return NULL;
    zone->name = sw_arena_str(arena, name);
    return zone;
}

bool sw_zone_load(struct sw_arena *arena, const char *name, const struct sw_zone **zone) {
    static const char *const folders[] = {"/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ", "/etc/zoneinfo"};
    *zone = NULL;
    if (!*name || strcmp(name, "UTC") == 0)
        return true;
    if (strcmp(name, "Local") == 0) {
        *zone = sw_zone_local(arena);
        return true;
    }
    if (strstr(name, "..") || name[0] == '/' || name[0] == '\\')
        return false;
    for (size_t i = 0; !*zone && i < sizeof folders / sizeof folders[0]; i++)
        *zone = zone_from(arena, sw_arena_format(arena, "%s/%s", folders[i], name), name);
    return *zone != NULL;
}

const struct sw_zone *sw_zone_local(struct sw_arena *arena) {
    const char *name = getenv("TZ");
    const struct sw_zone *zone = NULL;
    if (!name)
        return zone_from(arena, "/etc/localtime", "Local");
    if (*name == ':')
        name++;
    if (*name == '/')
        return zone_from(arena, name, name);
    if (strcmp(name, "Local") != 0)
        sw_zone_load(arena, name, &zone);
    return zone;
}

const struct sw_zone *sw_zone_fixed(struct sw_arena *arena, const char *name, int offset) {
    struct sw_zone *zone = sw_arena_new(arena, sizeof *zone);
    struct kind *kind = sw_arena_new(arena, sizeof *kind);
    *kind = (struct kind){sw_arena_str(arena, name), offset, false};
    *zone = (struct sw_zone){.name = kind->name, .kinds = kind, .kind_count = 1, .rule = ""};
    return zone;
}

const struct sw_zone *sw_zone_utc(void) {
    static const struct kind kind = {"UTC", 0, false};
    static const struct sw_zone utc = {.name = "UTC", .kinds = &kind, .kind_count = 1, .rule = ""};
    return &utc;
}

const char *sw_zone_name(const struct sw_zone *zone) {
    return zone ? zone->name : "UTC";
}

/* The kind that holds before the first transition. */
static size_t first_kind(const struct sw_zone *zone) {
    bool used = false;
    for (size_t i = 0; i < zone->transition_count; i++)
        used |= zone->transitions[i].kind == 0;
    if (!used)
        return 0;
    if (zone->transition_count && zone->kinds[zone->transitions[0].kind].dst)
        for (size_t i = zone->transitions[0].kind; i-- > 0;)
            if (!zone->kinds[i].dst)
                return i;
    for (size_t i = 0; i < zone->kind_count; i++)
        if (!zone->kinds[i].dst)
            return i;
    return 0;
}

/* POSIX rules: "CET-1CEST,M3.5.0,M10.5.0/3". Each taker moves `*text` on and returns false when there is nothing of the kind. */
static bool take_name(const char **text, char out[16]) {
    const char *start = *text, *end = start;
    if (*start == '<') {
        start++;
        end = strchr(start, '>');
        *text = end ? end + 1 : start;
    } else {
        while (isalpha((unsigned char)*end))
            end++;
        *text = end;
    }
    if (!end || end == start || end - start > 15)
        return false;
    memcpy(out, start, (size_t)(end - start));
    out[end - start] = '\0';
    return true;
}

static bool take_clock(const char **text, int64_t *seconds) {
    int sign = **text == '-' ? -1 : 1;
    if (**text == '-' || **text == '+')
        ++*text;
    if (!isdigit((unsigned char)**text))
        return false;
    int64_t unit = 3600;
    *seconds = 0;
    for (int i = 0; i < 3; i++, unit /= 60) {
        char *end;
        *seconds += strtol(*text, &end, 10) * unit;
        *text = end;
        if (*end != ':' || !isdigit((unsigned char)end[1]))
            break;
        ++*text;
    }
    *seconds *= sign;
    return true;
}

struct change {
    char kind; /* 'M', 'J' or '0' */
    int month, week, day;
    int64_t clock;
};

static bool take_change(const char **text, struct change *change) {
    *change = (struct change){.clock = 7200};
    if (**text != ',')
        return false;
    ++*text;
    int used = 0;
    if (sscanf(*text, "M%d.%d.%d%n", &change->month, &change->week, &change->day, &used) == 3 && used)
        change->kind = 'M';
    else if (sscanf(*text, "J%d%n", &change->day, &used) == 1 && used)
        change->kind = 'J';
    else if (sscanf(*text, "%d%n", &change->day, &used) == 1 && used)
        change->kind = '0';
    else
        return false;
    *text += used;
    if (**text != '/')
        return true;
    ++*text;
    return take_clock(text, &change->clock);
}

/* Seconds from the year's start to the change, on the clock that it ends. */
static int64_t change_in(const struct change *change, int64_t year) {
    struct sw_time start = sw_time_of(year, 1, 1, 0, 0, 0, 0, NULL);
    if (change->kind != 'M') {
        bool leap = sw_days_in(2, year) == 29;
        int day = change->kind == 'J' ? change->day - 1 + (leap && change->day > 59) : change->day;
        return day * (int64_t)DAY + change->clock;
    }
    struct sw_time first = sw_time_of(year, change->month, 1, 0, 0, 0, 0, NULL);
    int day = change->day - sw_time_civil(&first).weekday;
    day += day < 0 ? 7 : 0;
    for (int week = 1; week < change->week && day + 7 < sw_days_in(change->month, year); week++)
        day += 7;
    return first.seconds - start.seconds + day * (int64_t)DAY + change->clock;
}

/* What the rule says for a moment behind the last transition. */
static bool apply_rule(const char *rule, int64_t last, int64_t seconds, struct sw_zone_span *span) {
    static _Thread_local char names[2][16];
    int64_t standard, daylight;
    struct change begins, ends;
    if (!take_name(&rule, names[0]) || !take_clock(&rule, &standard))
        return false;
    standard = -standard;
    *span = (struct sw_zone_span){names[0], (int)standard, false, last, INT64_MAX};
    if (!*rule)
        return true;
    if (!take_name(&rule, names[1]))
        return false;
    daylight = standard + 3600;
    if (*rule != ',' && take_clock(&rule, &daylight))
        daylight = -daylight;
    if (!take_change(&rule, &begins) || !take_change(&rule, &ends))
        return false;
    struct sw_time moment = {.seconds = seconds};
    int64_t year = sw_time_civil(&moment).year;
    int64_t start = sw_time_of(year, 1, 1, 0, 0, 0, 0, NULL).seconds;
    int64_t next = sw_time_of(year + 1, 1, 1, 0, 0, 0, 0, NULL).seconds;
    int64_t on = start + change_in(&begins, year) - standard, off = start + change_in(&ends, year) - daylight;
    bool south = off < on, dst;
    int64_t low = south ? off : on, high = south ? on : off;
    dst = seconds < low ? south : seconds < high ? !south : south;
    span->name = names[dst];
    span->offset = (int)(dst ? daylight : standard);
    span->dst = dst;
    span->start = seconds < low ? start : seconds < high ? low : high;
    span->end = seconds < low ? low : seconds < high ? high : next;
    return true;
}

struct sw_zone_span sw_zone_at(const struct sw_zone *zone, int64_t seconds) {
    if (!zone)
        return (struct sw_zone_span){"UTC", 0, false, INT64_MIN, INT64_MAX};
    size_t count = zone->transition_count;
    if (count == 0 || seconds < zone->transitions[0].when) {
        const struct kind *kind = &zone->kinds[first_kind(zone)];
        return (struct sw_zone_span){kind->name, kind->offset, kind->dst, INT64_MIN, count ? zone->transitions[0].when : INT64_MAX};
    }
    size_t low = 0, high = count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (seconds < zone->transitions[middle].when)
            high = middle;
        else
            low = middle;
    }
    struct sw_zone_span span;
    int64_t start = zone->transitions[low].when;
    if (low == count - 1 && *zone->rule && apply_rule(zone->rule, start, seconds, &span))
        return span;
    const struct kind *kind = &zone->kinds[zone->transitions[low].kind];
    return (struct sw_zone_span){kind->name, kind->offset, kind->dst, start,
                                 low + 1 < count ? zone->transitions[low + 1].when : INT64_MAX};
}

bool sw_zone_offset_of(const struct sw_zone *zone, const char *abbreviation, int64_t seconds, int *offset) {
    if (!zone) {
        *offset = 0;
        return false;
    }
    for (size_t i = 0; i < zone->kind_count; i++) {
        if (strcmp(zone->kinds[i].name, abbreviation) != 0)
            continue;
        struct sw_zone_span span = sw_zone_at(zone, seconds - zone->kinds[i].offset);
        *offset = span.offset;
        if (strcmp(span.name, abbreviation) == 0)
            return true;
    }
    for (size_t i = 0; i < zone->kind_count; i++) {
        *offset = zone->kinds[i].offset;
        if (strcmp(zone->kinds[i].name, abbreviation) == 0)
            return true;
    }
    *offset = 0;
    return false;
}
