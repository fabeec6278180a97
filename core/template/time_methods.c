/* The methods that templates can call on times, durations, months, weekdays and zones. */
#include "core/template/engine.h"
#include "core/template/format.h"
#include "core/template/function.h"
#include "core/template/time.h"

static struct sw_civil civil(const struct sw_call *call) {
    return sw_time_civil(call->self.time);
}

static bool return_time(struct sw_call *call, struct sw_time time) {
    return sw_return(call, (struct sw_datum){.type = SW_T_TIME, .time = sw_arena_copy(call->arena, &time, sizeof time)});
}

static bool return_duration(struct sw_call *call, int64_t nanos) {
    return sw_return(call, (struct sw_datum){.type = SW_T_DURATION, .number = nanos});
}

static bool return_int(struct sw_call *call, int64_t number) {
    return sw_return(call, sw_int(number));
}

static bool return_int64(struct sw_call *call, int64_t number) {
    return sw_return(call, sw_int64(number));
}

/* A time without its monotonic reading. */
static struct sw_time wall(struct sw_time time) {
    time.monotonic = false;
    time.reading = 0;
    return time;
}

static bool t_string(struct sw_call *call) {
    sw_cleanup_buf struct sw_buf out = {0};
    sw_fmt_stringer(&out, call->self);
    return sw_return_taken(call, &out);
}

static bool t_go_string(struct sw_call *call) {
    sw_cleanup_buf struct sw_buf out = {0};
    sw_time_write_go(&out, call->self.time);
    return sw_return_taken(call, &out);
}

static bool t_format(struct sw_call *call) {
    sw_cleanup_buf struct sw_buf out = {0};
    sw_time_format(&out, call->self.time, call->args[0].text);
    return sw_return_taken(call, &out);
}

static bool t_unix(struct sw_call *call) {
    return return_int64(call, call->self.time->seconds);
}

/* Units of 1/`scale` second since 1970; overflows wrap, as Go's do. */
static bool return_since_epoch(struct sw_call *call, uint64_t scale) {
    const struct sw_time *time = call->self.time;
    return return_int64(call, (int64_t)((uint64_t)time->seconds * scale + (uint64_t)time->nanos / (SW_SECOND / scale)));
}

static bool t_unix_milli(struct sw_call *call) {
    return return_since_epoch(call, 1000);
}

static bool t_unix_micro(struct sw_call *call) {
    return return_since_epoch(call, 1000000);
}

static bool t_unix_nano(struct sw_call *call) {
    return return_since_epoch(call, SW_SECOND);
}

static bool t_year(struct sw_call *call) {
    return return_int(call, civil(call).year);
}

static bool t_month(struct sw_call *call) {
    return sw_return(call, (struct sw_datum){.type = SW_T_MONTH, .number = civil(call).month});
}

static bool t_day(struct sw_call *call) {
    return return_int(call, civil(call).day);
}

static bool t_hour(struct sw_call *call) {
    return return_int(call, civil(call).hour);
}

static bool t_minute(struct sw_call *call) {
    return return_int(call, civil(call).minute);
}

static bool t_second(struct sw_call *call) {
    return return_int(call, civil(call).second);
}

static bool t_nanosecond(struct sw_call *call) {
    return return_int(call, call->self.time->nanos);
}

static bool t_weekday(struct sw_call *call) {
    return sw_return(call, (struct sw_datum){.type = SW_T_WEEKDAY, .number = civil(call).weekday});
}

static bool t_year_day(struct sw_call *call) {
    return return_int(call, civil(call).year_day);
}

static bool t_is_dst(struct sw_call *call) {
    return sw_return_bool(call, sw_zone_at(call->self.time->zone, call->self.time->seconds).dst);
}

static bool t_is_zero(struct sw_call *call) {
    return sw_return_bool(call, sw_time_compare(*call->self.time, sw_time_zero()) == 0);
}

static bool t_add(struct sw_call *call) {
    return return_time(call, sw_time_add(*call->self.time, call->args[0].number));
}

static bool t_add_date(struct sw_call *call) {
    struct sw_civil now = civil(call);
    const struct sw_datum *args = call->args;
    return return_time(call, sw_time_of(now.year + args[0].number, now.month + args[1].number, now.day + args[2].number, now.hour,
                                        now.minute, now.second, call->self.time->nanos, call->self.time->zone));
}

static bool t_sub(struct sw_call *call) {
    return return_duration(call, sw_time_sub(*call->self.time, *call->args[0].time));
}

static int order(const struct sw_call *call) {
    return sw_time_compare(*call->self.time, *call->args[0].time);
}

static bool t_before(struct sw_call *call) {
    return sw_return_bool(call, order(call) < 0);
}

static bool t_after(struct sw_call *call) {
    return sw_return_bool(call, order(call) > 0);
}

static bool t_equal(struct sw_call *call) {
    return sw_return_bool(call, order(call) == 0);
}

static bool t_compare(struct sw_call *call) {
    return return_int(call, order(call));
}

static bool t_utc(struct sw_call *call) {
    struct sw_time time = *call->self.time;
    time.zone = NULL;
    return return_time(call, time);
}

static bool t_local(struct sw_call *call) {
    struct sw_time time = *call->self.time;
    time.zone = sw_zone_local(call->arena);
    return return_time(call, time);
}

static bool t_in(struct sw_call *call) {
    if (!call->args[0].zone)
        return sw_call_fail(call, "time: missing Location in call to Time.In");
    struct sw_time time = *call->self.time;
    time.zone = call->args[0].zone == sw_zone_utc() ? NULL : call->args[0].zone;
    return return_time(call, time);
}

static bool t_location(struct sw_call *call) {
    const struct sw_zone *zone = call->self.time->zone;
    return sw_return(call, (struct sw_datum){.type = SW_T_ZONE, .zone = zone ? zone : sw_zone_utc()});
}

/* What lies beyond a multiple of `unit`, counted from the year 1. */
static int64_t beyond(const struct sw_time *time, int64_t unit) {
    __int128 nanos = ((__int128)time->seconds - sw_time_zero().seconds) * SW_SECOND + time->nanos;
    __int128 rest = nanos % unit;
    return (int64_t)(rest < 0 ? rest + unit : rest);
}

static bool t_truncate(struct sw_call *call) {
    struct sw_time time = wall(*call->self.time);
    int64_t unit = call->args[0].number;
    return return_time(call, unit <= 0 ? time : sw_time_add(time, -beyond(&time, unit)));
}

static bool t_round(struct sw_call *call) {
    struct sw_time time = wall(*call->self.time);
    int64_t unit = call->args[0].number;
    if (unit <= 0)
        return return_time(call, time);
    int64_t rest = beyond(&time, unit);
    return return_time(call, sw_time_add(time, (uint64_t)rest * 2 < (uint64_t)unit ? -rest : unit - rest));
}

static bool return_bytes(struct sw_call *call, const struct sw_buf *text) {
    struct sw_list *list = sw_list_new(call->arena, text->len, text->len);
    for (size_t i = 0; i < text->len; i++)
        list->items[i] = (struct sw_datum){.type = SW_T_UINT8, .natural = (unsigned char)text->data[i]};
    return sw_return(call, sw_of_list(SW_T_BYTES, list));
}

static bool marshal(struct sw_call *call, const char *quote, const char *name) {
    sw_cleanup_buf struct sw_buf out = {0};
    struct sw_civil now = civil(call);
    if (now.year < 0 || now.year > 9999)
        return sw_call_fail(call, "Time.%s: year outside of range [0,9999]", name);
    sw_buf_puts(&out, quote);
    sw_time_format(&out, call->self.time, sw_str_of("2006-01-02T15:04:05.999999999Z07:00"));
    sw_buf_puts(&out, quote);
    return return_bytes(call, &out);
}

static bool t_marshal_json(struct sw_call *call) {
    return marshal(call, "\"", "MarshalJSON");
}

static bool t_marshal_text(struct sw_call *call) {
    return marshal(call, "", "MarshalText");
}

static bool d_hours(struct sw_call *call) {
    int64_t nanos = call->self.number, unit = 3600ll * SW_SECOND;
    return sw_return(call, sw_float((double)(nanos / unit) + (double)(nanos % unit) / (60.0 * 60 * 1e9)));
}

static bool d_minutes(struct sw_call *call) {
    int64_t nanos = call->self.number, unit = 60ll * SW_SECOND;
    return sw_return(call, sw_float((double)(nanos / unit) + (double)(nanos % unit) / (60 * 1e9)));
}

static bool d_seconds(struct sw_call *call) {
    int64_t nanos = call->self.number;
    return sw_return(call, sw_float((double)(nanos / SW_SECOND) + (double)(nanos % SW_SECOND) / 1e9));
}

static bool d_milliseconds(struct sw_call *call) {
    return return_int64(call, call->self.number / 1000000);
}

static bool d_microseconds(struct sw_call *call) {
    return return_int64(call, call->self.number / 1000);
}

static bool d_nanoseconds(struct sw_call *call) {
    return return_int64(call, call->self.number);
}

static bool d_round(struct sw_call *call) {
    return return_duration(call, sw_duration_round(call->self.number, call->args[0].number));
}

static bool d_truncate(struct sw_call *call) {
    int64_t unit = call->args[0].number;
    return return_duration(call, unit <= 0 ? call->self.number : call->self.number - call->self.number % unit);
}

static bool d_abs(struct sw_call *call) {
    int64_t nanos = call->self.number;
    return return_duration(call, nanos >= 0 ? nanos : nanos == INT64_MIN ? INT64_MAX : -nanos);
}

const struct sw_method sw_time_methods[] = {
    {SW_T_TIME, {"Format", "s", 's', t_format}, NULL},
    {SW_T_TIME, {"String", "", 's', t_string}, NULL},
    {SW_T_TIME, {"GoString", "", 's', t_go_string}, NULL},
    {SW_T_TIME, {"Unix", "", 'I', t_unix}, NULL},
    {SW_T_TIME, {"UnixMilli", "", 'I', t_unix_milli}, NULL},
    {SW_T_TIME, {"UnixMicro", "", 'I', t_unix_micro}, NULL},
    {SW_T_TIME, {"UnixNano", "", 'I', t_unix_nano}, NULL},
    {SW_T_TIME, {"Year", "", 'i', t_year}, NULL},
    {SW_T_TIME, {"Month", "", 'M', t_month}, NULL},
    {SW_T_TIME, {"Day", "", 'i', t_day}, NULL},
    {SW_T_TIME, {"Hour", "", 'i', t_hour}, NULL},
    {SW_T_TIME, {"Minute", "", 'i', t_minute}, NULL},
    {SW_T_TIME, {"Second", "", 'i', t_second}, NULL},
    {SW_T_TIME, {"Nanosecond", "", 'i', t_nanosecond}, NULL},
    {SW_T_TIME, {"Weekday", "", 'W', t_weekday}, NULL},
    {SW_T_TIME, {"YearDay", "", 'i', t_year_day}, NULL},
    {SW_T_TIME, {"IsDST", "", 'b', t_is_dst}, NULL},
    {SW_T_TIME, {"IsZero", "", 'b', t_is_zero}, NULL},
    {SW_T_TIME, {"Add", "D", 't', t_add}, NULL},
    {SW_T_TIME, {"AddDate", "iii", 't', t_add_date}, NULL},
    {SW_T_TIME, {"Sub", "t", 'D', t_sub}, NULL},
    {SW_T_TIME, {"Before", "t", 'b', t_before}, NULL},
    {SW_T_TIME, {"After", "t", 'b', t_after}, NULL},
    {SW_T_TIME, {"Equal", "t", 'b', t_equal}, NULL},
    {SW_T_TIME, {"Compare", "t", 'i', t_compare}, NULL},
    {SW_T_TIME, {"UTC", "", 't', t_utc}, NULL},
    {SW_T_TIME, {"Local", "", 't', t_local}, NULL},
    {SW_T_TIME, {"In", "z", 't', t_in}, NULL},
    {SW_T_TIME, {"Location", "", 'z', t_location}, NULL},
    {SW_T_TIME, {"Truncate", "D", 't', t_truncate}, NULL},
    {SW_T_TIME, {"Round", "D", 't', t_round}, NULL},
    {SW_T_TIME, {"MarshalJSON", "", 'S', t_marshal_json}, NULL},
    {SW_T_TIME, {"MarshalText", "", 'S', t_marshal_text}, NULL},
    {SW_T_TIME, {"Date", "", 'i', t_year}, "function Date has 3 return values; should be 1 or 2"},
    {SW_T_TIME, {"Clock", "", 'i', t_hour}, "function Clock has 3 return values; should be 1 or 2"},
    {SW_T_TIME,
     {"ISOWeek", "", 'i', t_year},
     "invalid function signature for ISOWeek: second return value should be error; is int"},
    {SW_T_TIME, {"Zone", "", 's', t_string}, "invalid function signature for Zone: second return value should be error; is int"},
    {SW_T_TIME,
     {"ZoneBounds", "", 't', t_utc},
     "invalid function signature for ZoneBounds: second return value should be error; is time.Time"},
    {SW_T_MONTH, {"String", "", 's', t_string}, NULL},
    {SW_T_WEEKDAY, {"String", "", 's', t_string}, NULL},
    {SW_T_ZONE, {"String", "", 's', t_string}, NULL},
    {SW_T_DURATION, {"String", "", 's', t_string}, NULL},
    {SW_T_DURATION, {"Hours", "", 'f', d_hours}, NULL},
    {SW_T_DURATION, {"Minutes", "", 'f', d_minutes}, NULL},
    {SW_T_DURATION, {"Seconds", "", 'f', d_seconds}, NULL},
    {SW_T_DURATION, {"Milliseconds", "", 'I', d_milliseconds}, NULL},
    {SW_T_DURATION, {"Microseconds", "", 'I', d_microseconds}, NULL},
    {SW_T_DURATION, {"Nanoseconds", "", 'I', d_nanoseconds}, NULL},
    {SW_T_DURATION, {"Round", "D", 'D', d_round}, NULL},
    {SW_T_DURATION, {"Truncate", "D", 'D', d_truncate}, NULL},
    {SW_T_DURATION, {"Abs", "", 'D', d_abs}, NULL},
    {SW_T_NONE, {NULL, NULL, 0, NULL}, NULL},
};
