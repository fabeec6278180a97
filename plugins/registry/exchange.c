#include "plugins/registry/exchange.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/registry/auth.h"
#include "plugins/registry/failure.h"
#include "plugins/registry/proxy.h"
#include "plugins/registry/retry.h"

enum { MAX_REDIRECTS = 5, MAX_REFUSALS = 3, CONNECT_ATTEMPTS = 4 };

struct sw_exchange {
    struct sw_exchange_request request;
    struct sw_strlist headers;
    struct sw_strlist scopes;
    char *path; /* of the request: on the endpoint, or absolute */

    enum sw_scheme scheme;  /* of this try */
    char *target;           /* a redirect's, or NULL */
    char *method;           /* of this try */
    struct sw_url url;      /* of this try */
    struct sw_strlist sent; /* headers of this try */
    char *authorization;    /* among them, or NULL */

    struct sw_timer *timer;
    struct sw_auth_wait *wait;
    struct sw_http_call *call;
    struct sw_cancel_watch *watch;
    unsigned attempts;
    unsigned refusals; /* answers with 401 */
    unsigned redirects;
    bool consumed; /* the sink got a part of the body */
    uint64_t started;
    struct sw_exchange *next; /* in the client's list of open ones */
};

static void begin_try(struct sw_exchange *exchange);

static const struct sw_host *host_of(const struct sw_exchange *exchange) {
    return exchange->request.endpoint->client->host;
}

static void forget_authorization(struct sw_exchange *exchange) {
    if (exchange->authorization)
        explicit_bzero(exchange->authorization, strlen(exchange->authorization));
    free(exchange->authorization);
    exchange->authorization = NULL;
}

static void free_exchange(struct sw_exchange *exchange) {
    const struct sw_host *host = host_of(exchange);
    struct sw_exchange **at = &exchange->request.endpoint->client->exchanges;
    while (*at != exchange)
        at = &(*at)->next;
    *at = exchange->next;
    if (exchange->timer)
        host->timers->stop(exchange->timer);
    if (exchange->watch)
        host->cancel->unwatch(exchange->watch);
    sw_auth_forget(exchange->wait);
    sw_http_cancel(exchange->call);
    forget_authorization(exchange);
    sw_strlist_fini(&exchange->headers);
    sw_strlist_fini(&exchange->scopes);
    sw_strlist_fini(&exchange->sent);
    sw_url_fini(&exchange->url);
    free(exchange->path);
    free(exchange->target);
    free(exchange->method);
    free(exchange);
}

/* Ends the exchange. Nothing of it may be touched afterwards. */
static void finish(struct sw_exchange *exchange, const struct sw_answer *answer, struct sw_error *error, bool transient) {
    struct sw_outcome outcome = {.answer = answer, .error = error, .transient = transient};
    void (*done)(void *, struct sw_outcome *) = exchange->request.done;
    void *context = exchange->request.context;
    free_exchange(exchange);
    done(context, &outcome);
}

static void on_cancelled(void *context) {
    struct sw_exchange *exchange = context;
    exchange->watch = NULL;
    finish(exchange, NULL, sw_error_new(SW_ERROR_CANCELLED, "cancelled"), false);
}

static void on_pause_over(void *context) {
    struct sw_exchange *exchange = context;
    exchange->timer = NULL;
    begin_try(exchange);
}

static void pause_exchange(struct sw_exchange *exchange, uint64_t ms) {
    exchange->timer = host_of(exchange)->timers->after(ms, on_pause_over, exchange);
}

/* Starts anew from the registry itself: a redirect's target may have expired. */
static void reset_try(struct sw_exchange *exchange) {
    free(exchange->target);
    exchange->target = NULL;
    exchange->redirects = 0;
    free(exchange->method);
    exchange->method = sw_strdup(exchange->request.method);
    exchange->scheme = sw_endpoint_first_scheme(exchange->request.endpoint);
}

/* Waits before another try, when one is left. */
static bool retry(struct sw_exchange *exchange, int64_t asked_ms, unsigned most) {
    struct sw_endpoint *endpoint = exchange->request.endpoint;
    uint64_t now = host_of(exchange)->timers->now();
    uint64_t wait = sw_retry_backoff(++exchange->attempts, (uint32_t)rand());
    if (exchange->request.repeat == SW_REPEAT_NEVER || exchange->consumed || exchange->attempts >= most)
        return false;
    if (asked_ms > 0 && (uint64_t)asked_ms > wait)
        wait = (uint64_t)asked_ms;
    if (now + wait > exchange->started + SW_RETRY_TOTAL_MS)
        return false;
    if (asked_ms < 0 && !sw_endpoint_may_retry(endpoint))
        return false;
    if (asked_ms >= 0)
        endpoint->paused_until = now + wait; /* it asks all of us to wait */
    reset_try(exchange);
    pause_exchange(exchange, wait);
    return true;
}

/* --- answers --- */

static bool on_endpoint(const struct sw_exchange *exchange) {
    sw_cleanup_url struct sw_url own = {0};
    sw_cleanup_free char *text = sw_endpoint_url(exchange->request.endpoint, exchange->scheme, "/");
    return sw_url_resolve(NULL, text, &own, NULL) && sw_url_same_origin(&own, &exchange->url);
}

static bool is_redirect(const struct sw_answer *answer) {
    return (answer->status >= 301 && answer->status <= 303) || answer->status == 307 || answer->status == 308;
}

static void follow(struct sw_exchange *exchange, const struct sw_answer *answer) {
    struct sw_endpoint *endpoint = exchange->request.endpoint;
    const char *location = sw_answer_header(answer, "Location");
    struct sw_error *error = NULL;
    sw_cleanup_url struct sw_url target = {0};
    if (++exchange->redirects > MAX_REDIRECTS)
        sw_fail(&error, SW_ERROR_UNAVAILABLE, "%s redirects more than %d times", endpoint->host, MAX_REDIRECTS);
    else if (!location)
        sw_fail(&error, SW_ERROR_UNAVAILABLE, "%s redirects without saying where to", endpoint->host);
    else if (sw_url_resolve(exchange->url.text, location, &target, &error))
        sw_url_may_follow(&exchange->url, &target, endpoint->insecure, &error);
    if (error) {
        finish(exchange, NULL, sw_error_wrap(error, "redirect of %s", endpoint->host), false);
        return;
    }
    if (answer->status == 303 && strcmp(exchange->method, "HEAD")) {
        free(exchange->method);
        exchange->method = sw_strdup("GET");
    }
    free(exchange->target);
    exchange->target = sw_strdup(target.text);
    begin_try(exchange);
}

/* A server that speaks TLS only says so to a plain request; to a HEAD it can only be meant. */
static bool wants_tls(const struct sw_exchange *exchange, const struct sw_answer *answer) {
    if (exchange->scheme != SW_SCHEME_HTTP || answer->status != 400)
        return false;
    return !strcmp(exchange->method, "HEAD") || (answer->body.data && strstr(answer->body.data, "HTTPS"));
}

static bool try_other_scheme(struct sw_exchange *exchange) {
    enum sw_scheme other =
        exchange->redirects ? SW_SCHEME_UNKNOWN : sw_endpoint_other_scheme(exchange->request.endpoint, exchange->scheme);
    if (other == SW_SCHEME_UNKNOWN)
        return false;
    exchange->scheme = other;
    begin_try(exchange);
    return true;
}

static void on_refused(struct sw_exchange *exchange, const struct sw_answer *answer) {
    struct sw_auth *auth = exchange->request.endpoint->auth;
    if (!on_endpoint(exchange) || ++exchange->refusals > MAX_REFUSALS ||
        !sw_auth_learn(auth, answer, exchange->authorization, &exchange->scopes)) {
        finish(exchange, answer, NULL, false);
        return;
    }
    begin_try(exchange);
}

static void on_busy(struct sw_exchange *exchange, const struct sw_answer *answer) {
    int64_t asked = -1;
    if (answer->status == 429 || answer->status == 503)
        asked = sw_retry_after(sw_answer_header(answer, "Retry-After"), time(NULL));
    if (answer->status == 429 && asked < 0)
        asked = 0;
    if (!retry(exchange, asked, SW_RETRY_ATTEMPTS))
        finish(exchange, answer, NULL, true);
}

static void on_failure(struct sw_exchange *exchange, enum sw_http_failure failure, const char *text) {
    struct sw_endpoint *endpoint = exchange->request.endpoint;
    if ((failure == SW_HTTP_TLS_PROTOCOL || failure == SW_HTTP_CONNECT) && try_other_scheme(exchange))
        return;
    if (failure == SW_HTTP_TLS_PROTOCOL && !endpoint->scheme && sw_endpoint_first_scheme(endpoint) == SW_SCHEME_HTTP) {
        endpoint->scheme = SW_SCHEME_HTTP; /* plain it was, whatever it meant */
        begin_try(exchange);
        return;
    }
    bool transient = sw_failure_is_transient(failure);
    if (transient && retry(exchange, -1, failure == SW_HTTP_CONNECT ? CONNECT_ATTEMPTS : SW_RETRY_ATTEMPTS))
        return;
    finish(exchange, NULL, sw_failure_of_call(endpoint, failure, text), transient);
}

static void on_answer(void *context, const struct sw_answer *answer, enum sw_http_failure failure, const char *text) {
    struct sw_exchange *exchange = context;
    struct sw_endpoint *endpoint = exchange->request.endpoint;
    exchange->call = NULL;
    if (failure) {
        on_failure(exchange, failure, text);
        return;
    }
    if (!exchange->redirects && wants_tls(exchange, answer) && try_other_scheme(exchange))
        return;
    if (!exchange->redirects && !endpoint->scheme && on_endpoint(exchange))
        endpoint->scheme = exchange->scheme;
    if (!exchange->redirects)
        sw_failure_show_warnings(endpoint, answer);
    sw_cleanup_complaint struct sw_complaint complaint = {0};
    if (answer->status >= 500)
        sw_complaint_read((struct sw_bytes){answer->body.data, answer->body.len}, &complaint);
    if (answer->status == 401)
        on_refused(exchange, answer);
    else if (is_redirect(answer))
        follow(exchange, answer);
    else if (sw_retry_status(answer->status, complaint.code))
        on_busy(exchange, answer);
    else
        finish(exchange, answer, NULL, false);
}

/* --- tries --- */

static bool sink(void *context, const struct sw_answer *answer, const void *data, size_t len) {
    struct sw_exchange *exchange = context;
    exchange->consumed = true;
    return exchange->request.sink(exchange->request.context, answer, data, len);
}

static void sent(void *context, uint64_t bytes) {
    struct sw_exchange *exchange = context;
    exchange->request.sent(exchange->request.context, bytes);
}

static void send_try(struct sw_exchange *exchange) {
    const struct sw_exchange_request *r = &exchange->request;
    r->endpoint->requests++;
    sw_strlist_fini(&exchange->sent);
    sw_strlist_copy(&exchange->sent, sw_strlist_view(&exchange->headers));
    if (exchange->authorization)
        sw_strlist_add(&exchange->sent, exchange->authorization);
    struct sw_http_request request = {
        .method = exchange->method,
        .url = exchange->url.text,
        .headers = sw_strlist_view(&exchange->sent),
        .tls = &r->endpoint->tls,
        .proxy = sw_proxy_for(&exchange->url),
        .has_body = r->has_body && strcmp(exchange->method, "GET"),
        .body = r->body,
        .body_fd = r->body_fd,
        .body_offset = r->body_offset,
        .body_bytes = r->body_bytes,
        .limit = r->limit,
        .patience = r->endpoint->client->patience,
        .once = r->repeat == SW_REPEAT_NEVER,
        .bulk = r->bulk,
        .sink = r->sink ? sink : NULL,
        .sent = r->sent ? sent : NULL,
        .done = on_answer,
        .context = exchange,
    };
    exchange->call = sw_http_send(r->endpoint->client->http, &request);
}

static void on_authorized(void *context, const char *header, struct sw_error *error) {
    struct sw_exchange *exchange = context;
    exchange->wait = NULL;
    if (error) {
        finish(exchange, NULL, error, false);
        return;
    }
    forget_authorization(exchange);
    exchange->authorization = sw_strdup(header);
    send_try(exchange);
}

static bool resolve_try(struct sw_exchange *exchange, struct sw_error **error) {
    const char *wanted = exchange->target ? exchange->target : exchange->path;
    sw_url_fini(&exchange->url);
    if (*wanted != '/')
        return sw_url_resolve(NULL, wanted, &exchange->url, error);
    sw_cleanup_free char *text = sw_endpoint_url(exchange->request.endpoint, exchange->scheme, wanted);
    return sw_url_resolve(NULL, text, &exchange->url, error);
}

static void begin_try(struct sw_exchange *exchange) {
    struct sw_endpoint *endpoint = exchange->request.endpoint;
    struct sw_error *error = NULL;
    uint64_t now = host_of(exchange)->timers->now();
    if (endpoint->paused_until > now) {
        pause_exchange(exchange, endpoint->paused_until - now);
        return;
    }
    if (endpoint->scheme)
        exchange->scheme = endpoint->scheme;
    if (!resolve_try(exchange, &error)) {
        finish(exchange, NULL, error, false);
        return;
    }
    forget_authorization(exchange);
    if (!on_endpoint(exchange)) { /* strangers get no credentials */
        send_try(exchange);
        return;
    }
    struct sw_auth_wait *wait = sw_auth_ask(endpoint->auth, sw_strlist_view(&exchange->scopes), on_authorized, exchange);
    if (wait) /* else the answer came at once, and the exchange may be gone */
        exchange->wait = wait;
}

void sw_exchange_start(const struct sw_exchange_request *request) {
    struct sw_exchange *exchange = sw_new(sizeof *exchange);
    exchange->request = *request;
    exchange->next = request->endpoint->client->exchanges;
    request->endpoint->client->exchanges = exchange;
    sw_strlist_copy(&exchange->headers, request->headers);
    sw_strlist_copy(&exchange->scopes, request->scopes);
    exchange->path = sw_strdup(request->url);
    exchange->method = sw_strdup(request->method);
    exchange->scheme = sw_endpoint_first_scheme(request->endpoint);
    const struct sw_host *host = host_of(exchange);
    exchange->started = host->timers->now() + request->delay;
    pause_exchange(exchange, request->delay);
    if (request->cancel)
        exchange->watch = host->cancel->watch(request->cancel, on_cancelled, exchange);
}

void sw_exchange_abandon_all(struct sw_client *client) {
    while (client->exchanges)
        free_exchange(client->exchanges);
}
