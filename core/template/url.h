/* url.h - URLs as Go's net/url takes them apart and puts them together. */
#ifndef CORE_TEMPLATE_URL_H
#define CORE_TEMPLATE_URL_H

#include "core/template/value.h"

struct sw_url {
    struct sw_str scheme, opaque, host, path, query, fragment;
    bool has_user, has_password;
    struct sw_str user, password;
};

/* Reads a URL; texts lie in the arena. False with Go's message ("parse …: …") in `error`. */
bool sw_url_parse(struct sw_arena *arena, struct sw_str text, struct sw_url *url, struct sw_buf *error);

/* The host without its port, and without the brackets of an IPv6 address. */
struct sw_str sw_url_hostname(struct sw_str host);

void sw_url_write_user(struct sw_buf *out, const struct sw_url *url);
void sw_url_write(struct sw_buf *out, const struct sw_url *url);

#endif
