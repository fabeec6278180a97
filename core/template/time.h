/* time.h - moments, durations and time zones, as Go's package time has them: calendar arithmetic, layouts, texts. */
#ifndef CORE_TEMPLATE_TIME_H
#define CORE_TEMPLATE_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/template/value.h"
#include "core/template/zone.h"

enum { SW_SECOND = 1000000000 };

struct sw_time {
    int64_t seconds; /* since 1970-01-01 00:00:00 UTC */
    int32_t nanos;
    bool monotonic;             /* made by `now`: prints a reading of the monotonic clock */
    int64_t reading;            /* nanoseconds */
    const struct sw_zone *zone; /* NULL: UTC */
};

/* A moment's date and clock in its zone. */
struct sw_civil {
    int64_t year;
    int month; /* 1 to 12 */
    int day;
    int hour, minute, second;
    int weekday;  /* 0: Sunday */
    int year_day; /* 1 to 366 */
    const char *zone;
    int offset; /* seconds east of UTC */
};

/* 0001-01-01 00:00:00 UTC. */
struct sw_time sw_time_zero(void);
struct sw_time sw_time_now(void);
struct sw_civil sw_time_civil(const struct sw_time *time);

/* The moment of a date and clock in `zone`; values out of range carry over. */
struct sw_time sw_time_of(int64_t year, int64_t month, int64_t day, int64_t hour, int64_t minute, int64_t second, int64_t nanos,
                          const struct sw_zone *zone);
int sw_days_in(int month, int64_t year);

struct sw_time sw_time_add(struct sw_time time, int64_t nanos);
int64_t sw_time_sub(struct sw_time a, struct sw_time b); /* nanoseconds, at most 292 years */
int sw_time_compare(struct sw_time a, struct sw_time b);

/* Whether Go's == finds two equal: same moment and same zone. */
bool sw_time_identical(const struct sw_time *a, const struct sw_time *b);

/* By a layout such as "2006-01-02 15:04:05 MST". */
void sw_time_format(struct sw_buf *out, const struct sw_time *time, struct sw_str layout);
void sw_time_write(struct sw_buf *out, const struct sw_time *time);    /* String */
void sw_time_write_go(struct sw_buf *out, const struct sw_time *time); /* GoString */

/* Reads `text` by a layout, in `local` where the text names no zone. False with Go's message in `error`. */
bool sw_time_parse(struct sw_arena *arena, struct sw_str layout, struct sw_str text, const struct sw_zone *local,
                   struct sw_time *out, struct sw_buf *error);

/* The fields of Go's struct, as printf shows them. */
void sw_time_fields(const struct sw_time *time, uint64_t *wall, int64_t *ext);
const struct sw_zone *sw_time_zone_field(const struct sw_time *time);

void sw_month_write(struct sw_buf *out, int64_t month);
void sw_weekday_write(struct sw_buf *out, int64_t weekday);
/* As errors of Go's package time quote: plainly, what is not ASCII by its bytes. */
void sw_time_quote(struct sw_buf *out, struct sw_str text);

void sw_duration_write(struct sw_buf *out, int64_t nanos);
bool sw_duration_parse(struct sw_str text, int64_t *nanos, struct sw_buf *error);
int64_t sw_duration_round(int64_t nanos, int64_t unit);

/* The layout's next element: its place, length and kind (0: none is left). Shared by formatting and parsing. */
enum sw_layout {
    SW_LAYOUT_NONE,
    SW_LAYOUT_LONG_MONTH,
    SW_LAYOUT_MONTH,
    SW_LAYOUT_NUM_MONTH,
    SW_LAYOUT_ZERO_MONTH,
    SW_LAYOUT_LONG_WEEKDAY,
    SW_LAYOUT_WEEKDAY,
    SW_LAYOUT_DAY,
    SW_LAYOUT_UNDER_DAY,
    SW_LAYOUT_ZERO_DAY,
    SW_LAYOUT_UNDER_YEAR_DAY,
    SW_LAYOUT_ZERO_YEAR_DAY,
    SW_LAYOUT_HOUR,
    SW_LAYOUT_HOUR12,
    SW_LAYOUT_ZERO_HOUR12,
    SW_LAYOUT_MINUTE,
    SW_LAYOUT_ZERO_MINUTE,
    SW_LAYOUT_SECOND,
    SW_LAYOUT_ZERO_SECOND,
    SW_LAYOUT_LONG_YEAR,
    SW_LAYOUT_YEAR,
    SW_LAYOUT_PM,
    SW_LAYOUT_LOWER_PM,
    SW_LAYOUT_ZONE_NAME,
    SW_LAYOUT_ISO,
    SW_LAYOUT_ISO_SECONDS,
    SW_LAYOUT_ISO_SHORT,
    SW_LAYOUT_ISO_COLON,
    SW_LAYOUT_ISO_COLON_SECONDS,
    SW_LAYOUT_NUM,
    SW_LAYOUT_NUM_SECONDS,
    SW_LAYOUT_NUM_SHORT,
    SW_LAYOUT_NUM_COLON,
    SW_LAYOUT_NUM_COLON_SECONDS,
    SW_LAYOUT_FRACTION,
    SW_LAYOUT_FRACTION_TRIMMED,
};
enum sw_layout sw_layout_next(struct sw_str layout, size_t *start, size_t *end);

extern const char *const sw_month_names[12];
extern const char *const sw_weekday_names[7];

#endif
