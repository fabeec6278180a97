#include "core/template/time.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DAY = 86400, DAYS_TO_1970 = 719468 /* from 0000-03-01 */ };

/* The reference counts seconds without a sign from 1 March of the year -292277022400 on; what lies before wraps around to the far future. */
static const int64_t first_second = -9223372028741760000, days_in_range = 213503982334601, seconds_beside = 25216;

static const int64_t seconds_from_year_1 = 62135596800;

const char *const sw_month_names[12] = {"January", "February", "March",     "April",   "May",      "June",
                                        "July",    "August",   "September", "October", "November", "December"};
const char *const sw_weekday_names[7] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

/* Days since 1970-01-01 of a date in the proleptic Gregorian calendar; years that begin in March make the leap day the last. */
static int64_t days_of(int64_t year, int month, int64_t day) {
    year -= month <= 2;
    int64_t era = floor_div(year, 400), year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - DAYS_TO_1970;
}

static void date_of(int64_t days, int64_t *year, int *month, int *day) {
    days += DAYS_TO_1970;
    int64_t era = floor_div(days, 146097), day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int shifted = (int)((5 * day_of_year + 2) / 153);
    *day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = year_of_era + era * 400 + (*month <= 2);
}

int sw_days_in(int month, int64_t year) {
    static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

struct sw_time sw_time_zero(void) {
    return (struct sw_time){.seconds = -seconds_from_year_1};
}

struct sw_time sw_time_now(void) {
    struct timespec wall, steady;
    clock_gettime(CLOCK_REALTIME, &wall);
    clock_gettime(CLOCK_MONOTONIC, &steady);
    return (struct sw_time){.seconds = wall.tv_sec,
                            .nanos = (int32_t)wall.tv_nsec,
                            .monotonic = true,
                            .reading = (int64_t)steady.tv_sec * SW_SECOND + steady.tv_nsec};
}

struct sw_civil sw_time_civil(const struct sw_time *time) {
    struct sw_zone_span span = sw_zone_at(time->zone, time->seconds);
    int64_t shift = floor_div(time->seconds, DAY), rest = time->seconds % DAY;
    rest += (rest < 0 ? DAY : 0) + span.offset;
    if (time->seconds < first_second - span.offset) {
        shift += days_in_range;
        rest += seconds_beside;
    }
    int64_t days = shift + floor_div(rest, DAY);
    int64_t clock = rest - floor_div(rest, DAY) * DAY;
    struct sw_civil civil = {.hour = (int)(clock / 3600),
                             .minute = (int)(clock / 60 % 60),
                             .second = (int)(clock % 60),
                             .weekday = (int)((days % 7 + 11) % 7),
                             .zone = span.name,
                             .offset = span.offset};
    date_of(days, &civil.year, &civil.month, &civil.day);
    civil.year_day = (int)(days - days_of(civil.year, 1, 1)) + 1;
    return civil;
}

/* Carries what `*low` has beyond `base` over to `*high`. */
static void carry(int64_t *high, int64_t *low, int64_t base) {
    int64_t over = floor_div(*low, base);
    *high += over;
    *low -= over * base;
}

struct sw_time sw_time_of(int64_t year, int64_t month, int64_t day, int64_t hour, int64_t minute, int64_t second, int64_t nanos,
                          const struct sw_zone *zone) {
    month--;
    carry(&year, &month, 12);
    carry(&second, &nanos, SW_SECOND);
    carry(&minute, &second, 60);
    carry(&hour, &minute, 60);
    carry(&day, &hour, 24);
    int64_t seconds = (int64_t)((uint64_t)days_of(year, (int)month + 1, day) * DAY) + hour * 3600 + minute * 60 + second;
    struct sw_zone_span span = sw_zone_at(zone, seconds);
    if (span.offset) {
        int64_t utc = seconds - span.offset;
        if (utc < span.start || utc >= span.end)
            span = sw_zone_at(zone, utc);
        seconds -= span.offset;
    }
    return (struct sw_time){.seconds = seconds, .nanos = (int32_t)nanos, .zone = zone};
}

struct sw_time sw_time_add(struct sw_time time, int64_t nanos) {
    int64_t total = time.nanos + nanos % SW_SECOND;
    int64_t seconds = nanos / SW_SECOND;
    carry(&seconds, &total, SW_SECOND);
    time.seconds = (int64_t)((uint64_t)time.seconds + (uint64_t)seconds);
    time.nanos = (int32_t)total;
    time.reading += nanos;
    return time;
}

int64_t sw_time_sub(struct sw_time a, struct sw_time b) {
    if (a.monotonic && b.monotonic)
        return a.reading - b.reading;
    __int128 nanos = ((__int128)a.seconds - b.seconds) * SW_SECOND + a.nanos - b.nanos;
    return nanos > INT64_MAX ? INT64_MAX : nanos < INT64_MIN ? INT64_MIN : (int64_t)nanos;
}

int sw_time_compare(struct sw_time a, struct sw_time b) {
    if (a.seconds != b.seconds)
        return a.seconds < b.seconds ? -1 : 1;
    return (a.nanos > b.nanos) - (a.nanos < b.nanos);
}

bool sw_time_identical(const struct sw_time *a, const struct sw_time *b) {
    return sw_time_compare(*a, *b) == 0 && a->zone == b->zone && a->monotonic == b->monotonic && a->reading == b->reading;
}

void sw_time_fields(const struct sw_time *time, uint64_t *wall, int64_t *ext) {
    *wall = (uint64_t)time->nanos;
    *ext = time->seconds + seconds_from_year_1;
    if (!time->monotonic)
        return;
    *wall |= 1ull << 63 | (uint64_t)(time->seconds + 2682288000) << 30;
    *ext = time->reading;
}

const struct sw_zone *sw_time_zone_field(const struct sw_time *time) {
    return time->zone;
}

void sw_time_write(struct sw_buf *out, const struct sw_time *time) {
    sw_time_format(out, time, sw_str_of("2006-01-02 15:04:05.999999999 -0700 MST"));
    if (!time->monotonic)
        return;
    uint64_t size = time->reading < 0 ? 0 - (uint64_t)time->reading : (uint64_t)time->reading;
    sw_buf_printf(out, " m=%c%llu.%09llu", time->reading < 0 ? '-' : '+', (unsigned long long)(size / SW_SECOND),
                  (unsigned long long)(size % SW_SECOND));
}

void sw_time_write_go(struct sw_buf *out, const struct sw_time *time) {
    struct sw_civil civil = sw_time_civil(time);
    sw_buf_printf(out, "time.Date(%lld, time.%s, %d, %d, %d, %d, %d, ", (long long)civil.year, sw_month_names[civil.month - 1],
                  civil.day, civil.hour, civil.minute, civil.second, (int)time->nanos);
    if (!time->zone)
        sw_buf_puts(out, "time.UTC)");
    else if (strcmp(sw_zone_name(time->zone), "Local") == 0)
        sw_buf_puts(out, "time.Local)");
    else
        sw_buf_printf(out, "time.Location(\"%s\"))", sw_zone_name(time->zone));
}

void sw_month_write(struct sw_buf *out, int64_t month) {
    if (month >= 1 && month <= 12)
        sw_buf_puts(out, sw_month_names[month - 1]);
    else
        sw_buf_printf(out, "%%!Month(%llu)", (unsigned long long)month);
}

void sw_weekday_write(struct sw_buf *out, int64_t weekday) {
    if (weekday >= 0 && weekday <= 6)
        sw_buf_puts(out, sw_weekday_names[weekday]);
    else
        sw_buf_printf(out, "%%!Weekday(%llu)", (unsigned long long)weekday);
}
