/* EXPOSE: `[[ip:]hostport:]port[-port][/protocol]`. */
#include <arpa/inet.h>
#include <string.h>

#include "core/base/buf.h"
#include "plugins/dockerfile/number.h"
#include "plugins/dockerfile/state.h"
#include "plugins/dockerfile/text.h"

enum { PORT_LIMIT = 65535 };

struct port {
    const char *raw;
    const char *ip;
    const char *host;
    const char *container;
    const char *protocol;
};

struct range {
    uint64_t first;
    uint64_t last;
};

/* The last two parts between colons are ports; what is before them is an address. */
static void split(struct sw_arena *arena, const char *raw, struct port *port) {
    struct sw_strings parts = sw_df_split(arena, raw, ':');
    size_t n = parts.count;
    *port = (struct port){.raw = raw, .ip = "", .host = n > 1 ? parts.items[n - 2] : "", .container = parts.items[n - 1]};
    if (n > 2)
        port->ip = sw_df_join(arena, (struct sw_strings){parts.items, n - 2}, ":");
}

static bool split_protocol(struct sw_df_evaluator *e, struct port *port) {
    const char *slash = strchrnul(port->container, '/');
    port->protocol = *slash ? slash + 1 : "";
    port->container = sw_arena_strn(e->arena, port->container, (size_t)(slash - port->container));
    if (!*port->container)
        return sw_df_fail(e->failure, "invalid port: %s: no port specified", sw_df_quote(e->arena, port->raw));
    if (!*port->protocol) {
        port->protocol = "tcp";
        return true;
    }
    const char *lower = sw_df_lower(e->arena, port->protocol);
    if (strcmp(lower, "tcp") != 0 && strcmp(lower, "udp") != 0 && strcmp(lower, "sctp") != 0)
        return sw_df_fail(e->failure, "invalid port: %s: invalid proto: %s", sw_df_quote(e->arena, port->raw), port->protocol);
    return true;
}

static bool is_address(struct sw_arena *arena, const char *ip) {
    unsigned char bytes[sizeof(struct in6_addr)];
    const char *zone = strchrnul(ip, '%');
    (void)arena;
    return !*zone && (inet_pton(AF_INET, ip, bytes) == 1 || inet_pton(AF_INET6, ip, bytes) == 1);
}

static bool check_address(struct sw_df_evaluator *e, const char *ip) {
    size_t len = strlen(ip);
    if (len == 0)
        return true;
    if (*ip == '[') {
        const char *close = strchr(ip, ']');
        if (!close)
            return sw_df_fail(e->failure, "invalid IP address %s: address %s:: missing ']' in address", ip, ip);
        if (close[1])
            return sw_df_fail(e->failure, "invalid IP address %s: address %s:: missing port in address", ip, ip);
        ip = sw_arena_strn(e->arena, ip + 1, len - 2);
    }
    return !*ip || is_address(e->arena, ip) || sw_df_fail(e->failure, "invalid IP address: %s", ip);
}

static bool read_range(struct sw_arena *arena, const char *text, struct range *range) {
    const char *dash = strchr(text, '-');
    const char *first = dash ? sw_arena_strn(arena, text, (size_t)(dash - text)) : text;
    first += *first == '+';
    if (sw_df_unsigned(first, 10, PORT_LIMIT, &range->first) != SW_DF_NUMBER_OK)
        return false;
    range->last = range->first;
    if (!dash)
        return true;
    const char *last = dash + 1;
    last += *last == '+';
    return sw_df_unsigned(last, 10, PORT_LIMIT, &range->last) == SW_DF_NUMBER_OK && range->last >= range->first;
}

static void check_form(struct sw_df_evaluator *e, const struct sw_df_instruction *instruction, const struct port *port) {
    struct sw_df_spot spot = sw_df_instruction_spot(instruction);
    if (strcmp(port->protocol, sw_df_lower(e->arena, port->protocol)) != 0)
        sw_df_warn(e->lint, spot, "ExposeProtoCasing", "Defined protocol '%s' in EXPOSE instruction should be lowercase",
                   port->raw);
    if (*port->ip || *port->host)
        sw_df_warn(e->lint, spot, "ExposeInvalidFormat",
                   "EXPOSE instruction should not define an IP address or host-port mapping, found '%s'", port->raw);
}

/* Adds the ports that `raw` stands for to `list`. */
static bool read_port(struct sw_df_evaluator *e, const struct sw_df_instruction *instruction, const char *raw,
                      struct sw_vec *list) {
    struct port port;
    struct range container, host;
    split(e->arena, raw, &port);
    if (!split_protocol(e, &port))
        return false;
    check_form(e, instruction, &port);
    if (!check_address(e, port.ip))
        return false;
    if (!read_range(e->arena, port.container, &container))
        return sw_df_fail(e->failure, "invalid containerPort: %s", port.container);
    if (*port.host) {
        if (!read_range(e->arena, port.host, &host))
            return sw_df_fail(e->failure, "invalid hostPort: %s", port.host);
        if (container.last != container.first && container.last - container.first != host.last - host.first)
            return sw_df_fail(e->failure, "invalid ranges specified for container and host Ports: %s and %s", port.container,
                              port.host);
    }
    const char *protocol = sw_df_lower(e->arena, port.protocol);
    for (uint64_t number = container.first; number <= container.last; number++) {
        const char *text = sw_arena_format(e->arena, "%llu/%s", (unsigned long long)number, protocol);
        sw_vec_push(list, &text);
    }
    return true;
}

bool sw_df_dispatch_expose(struct sw_df_evaluator *e, struct sw_df_state *state, const struct sw_df_instruction *instruction) {
    static char present[] = "";
    sw_cleanup_vec struct sw_vec raw = {.width = sizeof(char *)}, ports = {.width = sizeof(char *)};
    for (size_t i = 0; i < instruction->args.count; i++) {
        struct sw_df_expansion expansion;
        if (!sw_df_expand(&e->shell, instruction->args.items[i], &state->env, &expansion, e->failure))
            return false;
        for (size_t j = 0; j < expansion.words.count; j++)
            sw_vec_push(&raw, &expansion.words.items[j]);
    }
    for (size_t i = 0; i < raw.len; i++)
        if (!read_port(e, instruction, *(const char **)sw_vec_at(&raw, i), &ports))
            return false;
    for (size_t i = 0; i < ports.len; i++)
        sw_map_set(&state->image.ports, *(const char **)sw_vec_at(&ports, i), present);
    const char *list = sw_df_join(e->arena, (struct sw_strings){ports.data, ports.len}, " ");
    sw_df_image_commit(&state->image, sw_arena_format(e->arena, "EXPOSE [%s]", list), false, e->epoch);
    return true;
}
