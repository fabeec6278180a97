/* Sprig's getHostByName. */
#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>

#include "core/template/function.h"
#include "core/template/random.h"

static bool write_address(const struct addrinfo *info, char *out, socklen_t size) {
    const void *address = info->ai_family == AF_INET6 ? (const void *)&((struct sockaddr_in6 *)info->ai_addr)->sin6_addr
                                                      : (const void *)&((struct sockaddr_in *)info->ai_addr)->sin_addr;
    return inet_ntop(info->ai_family, address, out, size) != NULL;
}

static bool fn_get_host_by_name(struct sw_call *call) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    size_t count = 0;
    if (getaddrinfo(sw_str_z(call->arena, call->args[0].text), NULL, &hints, &found) != 0)
        return sw_call_fail(call, "invalid argument to Intn");
    for (const struct addrinfo *info = found; info; info = info->ai_next)
        count++;
    const struct addrinfo *chosen = found;
    for (uint64_t skip = sw_random_below(count); skip > 0; skip--)
        chosen = chosen->ai_next;
    char text[INET6_ADDRSTRLEN] = "";
    write_address(chosen, text, sizeof text);
    freeaddrinfo(found);
    return sw_return_text(call, sw_str_copy(call->arena, sw_str_of(text)));
}

const struct sw_function sw_network_functions[] = {
    {"getHostByName", "s", 's', fn_get_host_by_name},
    {NULL, NULL, 0, NULL},
};
