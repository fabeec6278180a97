/* secrets.h - the secrets of images, from the places that the user's configuration names.
 *
 * A value is read when a backend asks for it during a solve, or when its results are looked through, never earlier, and not kept here. It is registered with mask.h, so that
 * no output shows it. */
#ifndef CORE_PLUGIN_SECRETS_H
#define CORE_PLUGIN_SECRETS_H

#include "slipway/types.h"

enum sw_secret_origin {
    SW_SECRET_FROM_ENV,  /* name of an environment variable of the host */
    SW_SECRET_FROM_FILE, /* path of a file of the host */
    SW_SECRET_FROM_TEXT, /* the value itself */
};

/* Names a secret of plan `plan_id`. Strings are copied. From now on this process and its children leave no core dumps. [loop] */
void sw_secrets_add(const char *plan_id, const char *id, enum sw_secret_origin source, const char *text);

/* Names an agent's socket of plan `plan_id`. [loop] */
void sw_secrets_add_ssh(const char *plan_id, const char *id, const char *socket);

/* The functions of struct sw_host_secret. [any] */
bool sw_secrets_value(const char *plan_id, const char *id, struct sw_bytes *value, struct sw_error **error);
void sw_secrets_free_value(struct sw_bytes *value); /* wipes; takes a zeroed one */
const char *sw_secrets_ssh_socket(const char *plan_id, const char *id);

/* Visits the values of all secrets of all plans that can be read: what may not turn up in what is published. Those count too that this
 * run does not use, since the results of an earlier one are used again. `visit` copies what it keeps. [any] */
void sw_secrets_each(void (*visit)(void *context, const char *id, struct sw_bytes value), void *context);

/* Forgets and wipes all. [loop] */
void sw_secrets_end(void);

#endif
