#include "plugins/registry/grant.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/registry/auth.h"
#include "plugins/registry/exchange.h"
#include "plugins/registry/reference.h"

struct grant {
    struct sw_endpoint *endpoint;
    struct sw_strlist scopes;
    struct sw_cancel *cancel;
    struct sw_cancel_watch *watch;
    struct sw_auth_wait *wait;
    sw_token_done done;
    void *context;
};

static void finish(struct grant *grant, const char *token, uint32_t seconds, struct sw_error *error) {
    const struct sw_host *host = grant->endpoint->client->host;
    if (grant->watch)
        host->cancel->unwatch(grant->watch);
    sw_auth_forget(grant->wait);
    grant->done(grant->context, token, seconds, error);
    sw_strlist_fini(&grant->scopes);
    free(grant);
}

static void on_header(void *context, const char *header, struct sw_error *error) {
    static const char bearer[] = "Authorization: Bearer ";
    struct grant *grant = context;
    bool has_token = header && !strncmp(header, bearer, strlen(bearer));
    grant->wait = NULL;
    finish(grant, has_token ? header + strlen(bearer) : NULL, has_token ? sw_auth_remaining(grant->endpoint->auth, header) : 0,
           error);
}

static void on_cancelled(void *context) {
    finish(context, NULL, 0, sw_error_new(SW_ERROR_CANCELLED, "cancelled"));
}

static void ask(struct grant *grant) {
    if (!sw_auth_wants_tokens(grant->endpoint->auth)) {
        finish(grant, NULL, 0, NULL);
        return;
    }
    if (grant->cancel)
        grant->watch = grant->endpoint->client->host->cancel->watch(grant->cancel, on_cancelled, grant);
    struct sw_auth_wait *wait = sw_auth_ask(grant->endpoint->auth, sw_strlist_view(&grant->scopes), on_header, grant);
    if (wait) /* else the answer came at once, and the grant is gone */
        grant->wait = wait;
}

/* What the registry answers does not matter, if it only says what it wants. */
static void on_probed(void *context, struct sw_outcome *outcome) {
    struct grant *grant = context;
    if (outcome->error && !sw_auth_is_challenged(grant->endpoint->auth)) {
        finish(grant, NULL, 0, outcome->error);
        return;
    }
    sw_error_free(outcome->error);
    ask(grant);
}

static struct sw_endpoint *find_endpoint(struct sw_client *client, const char *registry, struct sw_error **error) {
    sw_cleanup_reference struct sw_reference reference = {0};
    sw_cleanup_free char *address = sw_format("%s/x", registry);
    if (!sw_reference_parse_repository(address, &reference, error))
        return NULL;
    sw_cleanup_free char *host = sw_reference_host(&reference);
    return sw_client_endpoint(client, host, error);
}

void sw_grant_fetch(struct sw_client *client, const char *registry, struct sw_strings scopes, struct sw_cancel *cancel,
                    sw_token_done done, void *context) {
    struct sw_error *error = NULL;
    struct sw_endpoint *endpoint = find_endpoint(client, registry, &error);
    if (!endpoint) {
        done(context, NULL, 0, error);
        return;
    }
    struct grant *grant = sw_new(sizeof *grant);
    *grant = (struct grant){.endpoint = endpoint, .cancel = cancel, .done = done, .context = context};
    sw_strlist_copy(&grant->scopes, scopes);
    if (sw_auth_is_challenged(endpoint->auth)) {
        ask(grant);
        return;
    }
    struct sw_exchange_request request = {
        .endpoint = endpoint,
        .method = "GET",
        .url = "/v2/",
        .scopes = scopes,
        .body_fd = -1,
        .limit = 64 * 1024,
        .cancel = cancel,
        .done = on_probed,
        .context = grant,
    };
    sw_exchange_start(&request);
}
