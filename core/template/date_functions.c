/* Sprig's family of dates. What is no time and no whole number means now. */
#include "core/template/engine.h"
#include "core/template/function.h"
#include "core/template/number.h"
#include "core/template/time.h"

enum { DAY = 86400 };

static bool return_time(struct sw_call *call, struct sw_time time) {
    return sw_return(call, (struct sw_datum){.type = SW_T_TIME, .time = sw_arena_copy(call->arena, &time, sizeof time)});
}

static bool fn_now(struct sw_call *call) {
    struct sw_time now = sw_time_now();
    now.zone = sw_zone_local(call->arena);
    return return_time(call, now);
}

static struct sw_time time_of(struct sw_datum value) {
    if (value.type == SW_T_TIME)
        return *value.time;
    if (value.type == SW_T_INT64 || value.type == SW_T_INT)
        return (struct sw_time){.seconds = value.number};
    return sw_time_now();
}

static bool format_in(struct sw_call *call, struct sw_str layout, struct sw_datum value, const char *zone) {
    struct sw_time time = time_of(value);
    sw_cleanup_buf struct sw_buf out = {0};
    if (!sw_zone_load(call->arena, zone, &time.zone))
        time.zone = NULL;
    sw_time_format(&out, &time, layout);
    return sw_return_taken(call, &out);
}

static bool fn_date(struct sw_call *call) {
    return format_in(call, call->args[0].text, call->args[1], "Local");
}

static bool fn_date_in_zone(struct sw_call *call) {
    return format_in(call, call->args[0].text, call->args[1], sw_str_z(call->arena, call->args[2].text));
}

static bool fn_html_date(struct sw_call *call) {
    return format_in(call, sw_str_of("2006-01-02"), call->args[0], "Local");
}

static bool fn_html_date_in_zone(struct sw_call *call) {
    return format_in(call, sw_str_of("2006-01-02"), call->args[0], sw_str_z(call->arena, call->args[1].text));
}

static bool fn_to_date(struct sw_call *call) {
    struct sw_time time;
    sw_cleanup_buf struct sw_buf error = {0};
    sw_time_parse(call->arena, call->args[0].text, call->args[1].text, sw_zone_local(call->arena), &time, &error);
    return return_time(call, time);
}

static bool fn_must_to_date(struct sw_call *call) {
    struct sw_time time;
    return sw_time_parse(call->arena, call->args[0].text, call->args[1].text, sw_zone_local(call->arena), &time, call->error) &&
           return_time(call, time);
}

static bool fn_date_modify(struct sw_call *call) {
    int64_t nanos;
    sw_cleanup_buf struct sw_buf error = {0};
    if (!sw_duration_parse(call->args[0].text, &nanos, &error))
        return sw_return(call, call->args[1]);
    return return_time(call, sw_time_add(*call->args[1].time, nanos));
}

static bool fn_must_date_modify(struct sw_call *call) {
    int64_t nanos;
    return sw_duration_parse(call->args[0].text, &nanos, call->error) && return_time(call, sw_time_add(*call->args[1].time, nanos));
}

static bool return_duration(struct sw_call *call, int64_t nanos) {
    sw_cleanup_buf struct sw_buf out = {0};
    sw_duration_write(&out, nanos);
    return sw_return_taken(call, &out);
}

static bool fn_ago(struct sw_call *call) {
    return return_duration(call, sw_duration_round(sw_time_sub(sw_time_now(), time_of(call->args[0])), SW_SECOND));
}

static bool fn_duration(struct sw_call *call) {
    struct sw_datum value = call->args[0];
    int64_t seconds = 0;
    if (value.type == SW_T_STRING)
        sw_parse_int(value.text, 10, &seconds);
    else if (value.type == SW_T_INT64)
        seconds = value.number;
    return return_duration(call, (int64_t)((uint64_t)seconds * SW_SECOND));
}

static int64_t nanos_of(struct sw_datum value) {
    int64_t nanos = 0;
    sw_cleanup_buf struct sw_buf error = {0};
    if (value.type == SW_T_STRING && sw_duration_parse(value.text, &nanos, &error))
        return nanos;
    if (value.type == SW_T_INT64)
        return value.number;
    return value.type == SW_T_TIME ? sw_time_sub(sw_time_now(), *value.time) : 0;
}

/* In the largest unit that the duration exceeds. */
static bool fn_duration_round(struct sw_call *call) {
    static const struct {
        uint64_t seconds;
        const char *name;
    } units[] = {{365 * DAY, "y"}, {30 * DAY, "mo"}, {DAY, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}};
    int64_t nanos = nanos_of(call->args[0]);
    uint64_t size = nanos < 0 ? 0 - (uint64_t)nanos : (uint64_t)nanos;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        uint64_t unit = units[i].seconds * SW_SECOND;
        if (size > unit)
            return sw_return_text(
                call, sw_str_of(sw_arena_format(call->arena, "%llu%s", (unsigned long long)(size / unit), units[i].name)));
    }
    return sw_return_text(call, sw_str_of("0s"));
}

static bool fn_unix_epoch(struct sw_call *call) {
    return sw_return_text(call, sw_str_of(sw_arena_format(call->arena, "%lld", (long long)call->args[0].time->seconds)));
}

const struct sw_function sw_date_functions[] = {
    {"now", "", 't', fn_now},
    {"date", "sa", 's', fn_date},
    {"dateInZone", "sas", 's', fn_date_in_zone},
    {"date_in_zone", "sas", 's', fn_date_in_zone},
    {"htmlDate", "a", 's', fn_html_date},
    {"htmlDateInZone", "as", 's', fn_html_date_in_zone},
    {"toDate", "ss", 't', fn_to_date},
    {"mustToDate", "ss", 't', fn_must_to_date},
    {"dateModify", "st", 't', fn_date_modify},
    {"date_modify", "st", 't', fn_date_modify},
    {"mustDateModify", "st", 't', fn_must_date_modify},
    {"must_date_modify", "st", 't', fn_must_date_modify},
    {"ago", "a", 's', fn_ago},
    {"duration", "a", 's', fn_duration},
    {"durationRound", "a", 's', fn_duration_round},
    {"unixEpoch", "t", 's', fn_unix_epoch},
    {NULL, NULL, 0, NULL},
};
