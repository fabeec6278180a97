#include "plugins/local/names.h"

#include <ctype.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"

char *sw_names_hosts(const char *hostname, struct sw_pairs extra) {
    struct sw_buf text = {0};
    sw_buf_printf(&text, "127.0.0.1\tlocalhost %s\n::1\tlocalhost ip6-localhost ip6-loopback\n", hostname);
    for (size_t i = 0; i < extra.count; i++)
        sw_buf_printf(&text, "%s\t%s\n", extra.items[i].value, extra.items[i].key);
    return sw_buf_take(&text);
}

/* The address of a `nameserver` line, or NULL. */
static const char *server_of(const char *line, size_t len) {
    static const char word[] = "nameserver";
    size_t at = sizeof word - 1;
    if (len <= at || strncmp(line, word, at) || !isblank((unsigned char)line[at]))
        return NULL;
    while (at < len && isblank((unsigned char)line[at]))
        at++;
    return line + at;
}

char *sw_names_resolv(const char *host_text, bool shares_network) {
    struct sw_buf text = {0};
    bool any = false;
    for (const char *line = host_text; *line;) {
        size_t len = strcspn(line, "\n");
        const char *server = server_of(line, len);
        if (!server || shares_network || (strncmp(server, "127.", 4) && strncmp(server, "::1", 3))) {
            sw_buf_add(&text, line, len);
            sw_buf_putc(&text, '\n');
            any = any || server;
        }
        line += len + (line[len] == '\n');
    }
    if (!any && !shares_network)
        sw_buf_puts(&text, "nameserver 8.8.8.8\nnameserver 8.8.4.4\n");
    return sw_buf_take(&text);
}
