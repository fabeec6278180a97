#include "plugins/registry/auth.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/registry/challenge.h"
#include "plugins/registry/failure.h"
#include "plugins/registry/proxy.h"
#include "plugins/registry/retry.h"
#include "plugins/registry/scope.h"
#include "plugins/registry/token.h"

enum { FIXED_TOKEN_LIFE = 60, FRESH_MS = 5000, TOKEN_TRIES = 3, MAX_TOKEN_ANSWER = 1 << 20 };

/* A token in hand. */
struct held_token {
    struct sw_strlist scopes;
    char *header;
    uint64_t from;
    uint64_t until;
};

/* A request to the token server, and who waits for it. */
struct flight {
    struct sw_auth *auth;
    struct sw_strlist scopes;
    struct sw_http_call *call;
    struct sw_timer *timer;
    char *url;
    char *form; /* body of a POST, or NULL */
    struct sw_strlist headers;
    unsigned tries;
    struct flight *next;
};

struct sw_auth_wait {
    struct sw_auth *auth;
    struct sw_strlist scopes;
    struct flight *flight; /* NULL while credentials are looked up */
    sw_auth_done done;
    void *context;
    struct sw_auth_wait *next;
};

enum credential_state { CREDENTIAL_UNKNOWN, CREDENTIAL_ASKED, CREDENTIAL_KNOWN };

struct sw_auth {
    struct sw_endpoint *endpoint;
    struct sw_challenge challenge;
    bool challenged;
    bool post_refused; /* the realm does not do POST */
    enum credential_state state;
    char *username;
    char *password;
    char *identity_token;
    char *registry_token;
    struct sw_vec tokens; /* struct held_token */
    struct flight *flights;
    struct sw_auth_wait *waits;
};

static void start_flight(struct flight *flight);
static void advance(struct sw_auth_wait *wait);

/* Secrets do not stay in freed memory. */
static void free_secret(char *text) {
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

struct sw_auth *sw_auth_new(struct sw_endpoint *endpoint) {
    struct sw_auth *auth = sw_new(sizeof *auth);
    auth->endpoint = endpoint;
    auth->tokens.width = sizeof(struct held_token);
    return auth;
}

static void free_token(struct held_token *token) {
    sw_strlist_fini(&token->scopes);
    free_secret(token->header);
}

static void free_flight(struct flight *flight) {
    sw_http_cancel(flight->call);
    if (flight->timer)
        flight->auth->endpoint->client->host->timers->stop(flight->timer);
    sw_strlist_fini(&flight->scopes);
    for (size_t i = 0; i < flight->headers.len; i++)
        explicit_bzero(flight->headers.items[i], strlen(flight->headers.items[i]));
    sw_strlist_fini(&flight->headers);
    free_secret(flight->form);
    free(flight->url);
    free(flight);
}

void sw_auth_free(struct sw_auth *auth) {
    if (!auth)
        return;
    while (auth->flights) {
        struct flight *flight = auth->flights;
        auth->flights = flight->next;
        free_flight(flight);
    }
    for (size_t i = 0; i < auth->tokens.len; i++)
        free_token(sw_vec_at(&auth->tokens, i));
    sw_vec_fini(&auth->tokens);
    sw_challenge_fini(&auth->challenge);
    free(auth->username);
    free_secret(auth->password);
    free_secret(auth->identity_token);
    free_secret(auth->registry_token);
    free(auth);
}

const char *sw_auth_user(const struct sw_auth *auth) {
    return auth->username && *auth->username ? auth->username : NULL;
}

bool sw_auth_is_challenged(const struct sw_auth *auth) {
    return auth->challenged;
}

bool sw_auth_wants_tokens(const struct sw_auth *auth) {
    return auth->challenged && auth->challenge.kind == SW_CHALLENGE_BEARER;
}

static uint64_t now(const struct sw_auth *auth) {
    return auth->endpoint->client->host->timers->now();
}

/* --- waits --- */

static void unlink_wait(struct sw_auth_wait *wait) {
    struct sw_auth_wait **at = &wait->auth->waits;
    while (*at && *at != wait)
        at = &(*at)->next;
    if (*at)
        *at = wait->next;
}

static void free_wait(struct sw_auth_wait *wait) {
    sw_strlist_fini(&wait->scopes);
    free(wait);
}

static void answer_wait(struct sw_auth_wait *wait, const char *header, struct sw_error *error) {
    unlink_wait(wait);
    wait->done(wait->context, header, error);
    free_wait(wait);
}

void sw_auth_forget(struct sw_auth_wait *wait) {
    if (!wait)
        return;
    unlink_wait(wait);
    free_wait(wait); /* a flight goes on: its token will be of use to others */
}

/* Answers, or moves on, everybody that waits for `flight` (NULL: for the credentials). */
static void wake(struct sw_auth *auth, const struct flight *flight, const struct sw_error *error) {
    struct sw_auth_wait *wait = auth->waits;
    while (wait) {
        if (wait->flight != flight) {
            wait = wait->next;
            continue;
        }
        if (error)
            answer_wait(wait, NULL, sw_error_copy(error));
        else
            advance(wait);
        wait = auth->waits; /* the list has changed */
    }
}

/* --- credentials --- */

static void on_credential_found(void *context, const struct sw_credential *credential, struct sw_error *error) {
    struct sw_auth *auth = context;
    if (error) {
        auth->state = CREDENTIAL_UNKNOWN;
        sw_cleanup_error struct sw_error *cause = sw_error_wrap(error, "credentials for %s", auth->endpoint->host);
        wake(auth, NULL, cause);
        return;
    }
    if (credential) {
        auth->username = sw_strdup(credential->username);
        auth->password = sw_strdup(credential->password);
        auth->identity_token = sw_strdup(credential->identity_token);
        auth->registry_token = sw_strdup(credential->registry_token);
    }
    auth->state = CREDENTIAL_KNOWN;
    wake(auth, NULL, NULL);
}

static bool has_password(const struct sw_auth *auth) {
    return auth->username && *auth->username && auth->password;
}

/* Over plain http a password is sent only where the user said so, or within this machine. */
static bool may_send_password(const struct sw_auth *auth) {
    const struct sw_endpoint *endpoint = auth->endpoint;
    return endpoint->scheme != SW_SCHEME_HTTP || endpoint->insecure || endpoint->loopback;
}

static char *basic_header(const char *user, const char *password) {
    sw_cleanup_free char *encoded = sw_token_basic(user, password);
    char *header = sw_format("Authorization: Basic %s", encoded);
    explicit_bzero(encoded, strlen(encoded));
    return header;
}

/* --- tokens --- */

static struct held_token *find_token(struct sw_auth *auth, struct sw_strings scopes) {
    uint64_t time = now(auth);
    for (size_t i = 0; i < auth->tokens.len; i++) {
        struct held_token *token = sw_vec_at(&auth->tokens, i);
        if (token->until > time && sw_scopes_cover(sw_strlist_view(&token->scopes), scopes))
            return token;
    }
    return NULL;
}

static void drop_token(struct sw_auth *auth, size_t index) {
    struct held_token *tokens = auth->tokens.data;
    free_token(&tokens[index]);
    tokens[index] = tokens[--auth->tokens.len];
}

static void keep_token(struct sw_auth *auth, const struct flight *flight, const struct sw_token *token) {
    uint64_t time = now(auth);
    for (size_t i = auth->tokens.len; i-- > 0;) {
        struct held_token *old = sw_vec_at(&auth->tokens, i);
        if (old->until <= time)
            drop_token(auth, i);
    }
    struct held_token *held = sw_vec_push(&auth->tokens, NULL);
    sw_strlist_copy(&held->scopes, sw_strlist_view((struct sw_strlist *)&flight->scopes));
    held->header = sw_format("Authorization: Bearer %s", token->value);
    held->from = time;
    held->until = time + (uint64_t)token->seconds * 1000;
}

static struct flight *find_flight(struct sw_auth *auth, struct sw_strings scopes) {
    for (struct flight *flight = auth->flights; flight; flight = flight->next)
        if (sw_scopes_cover(sw_strlist_view(&flight->scopes), scopes))
            return flight;
    return NULL;
}

static void end_flight(struct flight *flight, const struct sw_error *error) {
    struct sw_auth *auth = flight->auth;
    struct flight **at = &auth->flights;
    while (*at != flight)
        at = &(*at)->next;
    *at = flight->next;
    wake(auth, flight, error);
    free_flight(flight);
}

static void on_flight_pause_over(void *context) {
    struct flight *flight = context;
    flight->timer = NULL;
    start_flight(flight);
}

static void retry_flight(struct flight *flight) {
    const struct sw_host_timers *timers = flight->auth->endpoint->client->host->timers;
    flight->timer = timers->after(sw_retry_backoff(flight->tries, (uint32_t)rand()), on_flight_pause_over, flight);
}

static struct sw_error *token_error(const struct sw_auth *auth, const struct sw_answer *answer) {
    const char *host = auth->endpoint->host;
    if (answer->status != 401 && answer->status != 403)
        return sw_failure_of_answer(auth->endpoint, answer, NULL);
    if (!sw_auth_user(auth) && !auth->identity_token)
        return sw_error_hint(sw_error_new(SW_ERROR_AUTH, "%s wants a login", host), SW_LOGIN_HINT, host);
    if (answer->status == 403)
        return sw_error_new(SW_ERROR_AUTH, "the token server of %s denies access to user \"%s\"", host,
                            auth->username ? auth->username : "");
    return sw_error_hint(
        sw_error_new(SW_ERROR_AUTH, "wrong user name or password for %s (user \"%s\")", host, auth->username ? auth->username : ""),
        SW_LOGIN_HINT, host);
}

/* Some token servers do not take POST: they are asked by GET then, from the next try on. */
static bool fall_back_to_get(struct flight *flight, uint32_t status) {
    if (!flight->form || (status != 404 && status != 405 && status != 400 && status != 401))
        return false;
    flight->auth->post_refused = true;
    return true;
}

static void on_token_answer(void *context, const struct sw_answer *answer, enum sw_http_failure failure, const char *text) {
    struct flight *flight = context;
    struct sw_auth *auth = flight->auth;
    sw_cleanup_error struct sw_error *error = NULL;
    flight->call = NULL;
    if (!failure && fall_back_to_get(flight, answer->status)) {
        start_flight(flight);
        return;
    }
    bool transient = failure ? sw_failure_is_transient(failure) : sw_retry_status(answer->status, NULL);
    if (transient && ++flight->tries < TOKEN_TRIES) {
        retry_flight(flight);
        return;
    }
    if (!failure && auth->challenge.basic_offered && has_password(auth) &&
        (answer->status == 404 || answer->status == 405 || answer->status == 501)) {
        auth->challenge.kind = SW_CHALLENGE_BASIC;
        end_flight(flight, NULL);
        return;
    }
    struct sw_token token = {0};
    if (failure)
        error = sw_error_wrap(sw_failure_of_call(auth->endpoint, failure, text), "the token server of %s", auth->endpoint->host);
    else if (answer->status != 200)
        error = token_error(auth, answer);
    else if (sw_token_parse((struct sw_bytes){answer->body.data, answer->body.len}, &token, &error))
        keep_token(auth, flight, &token);
    else
        error = sw_error_wrap(error, "the token server of %s", auth->endpoint->host);
    sw_token_fini(&token);
    end_flight(flight, error);
}

/* Sends credentials to the realm only if that is a place where the registry may send us. */
static bool check_realm(const struct sw_auth *auth, struct sw_url *realm, struct sw_error **error) {
    const struct sw_endpoint *endpoint = auth->endpoint;
    sw_cleanup_url struct sw_url registry = {0};
    sw_cleanup_free char *base = sw_endpoint_url(endpoint, sw_endpoint_first_scheme(endpoint), "/");
    if (!sw_url_resolve(NULL, base, &registry, error))
        return false;
    if (!sw_url_resolve(NULL, auth->challenge.realm, realm, error) ||
        !sw_url_may_follow(&registry, realm, endpoint->insecure, error)) {
        if (error)
            *error = sw_error_wrap(*error, "%s names a token server that is not used", endpoint->host);
        return false;
    }
    return true;
}

/* Composes the request: a POST for an identity token, else a GET with the password. */
static void compose(struct flight *flight, const struct sw_url *realm) {
    struct sw_auth *auth = flight->auth;
    struct sw_strings scopes = sw_strlist_view(&flight->scopes);
    bool by_post = auth->identity_token && *auth->identity_token && !auth->post_refused;
    free(flight->url);
    free_secret(flight->form);
    flight->form = NULL;
    sw_strlist_fini(&flight->headers);
    sw_strlist_add(&flight->headers, "Accept: application/json");
    if (by_post) {
        flight->url = sw_strdup(realm->text);
        flight->form = sw_token_form(auth->identity_token, auth->challenge.service, scopes);
        sw_strlist_add(&flight->headers, "Content-Type: application/x-www-form-urlencoded");
        return;
    }
    flight->url = sw_token_query(realm->text, auth->challenge.service, sw_auth_user(auth), scopes);
    if (has_password(auth))
        sw_strlist_take(&flight->headers, basic_header(auth->username, auth->password));
    else if (auth->identity_token)
        sw_strlist_take(&flight->headers, basic_header("<token>", auth->identity_token));
}

static void start_flight(struct flight *flight) {
    struct sw_auth *auth = flight->auth;
    struct sw_endpoint *endpoint = auth->endpoint;
    sw_cleanup_error struct sw_error *error = NULL;
    sw_cleanup_url struct sw_url realm = {0};
    if (!check_realm(auth, &realm, &error)) {
        end_flight(flight, error);
        return;
    }
    if (!may_send_password(auth) && (has_password(auth) || auth->identity_token)) {
        error = sw_error_new(SW_ERROR_AUTH, "the password for %s is not sent over plain http", endpoint->host);
        end_flight(flight, error);
        return;
    }
    compose(flight, &realm);
    struct sw_http_request request = {
        .method = flight->form ? "POST" : "GET",
        .url = flight->url,
        .headers = sw_strlist_view(&flight->headers),
        .tls = &endpoint->tls,
        .proxy = sw_proxy_for(&realm),
        .has_body = flight->form != NULL,
        .body = {flight->form, flight->form ? strlen(flight->form) : 0},
        .body_fd = -1,
        .limit = MAX_TOKEN_ANSWER,
        .patience = endpoint->client->patience,
        .done = on_token_answer,
        .context = flight,
    };
    flight->call = sw_http_send(endpoint->client->http, &request);
}

/* Takes a wait to its next step: an answer, the credentials, or a flight. */
static void advance(struct sw_auth_wait *wait) {
    struct sw_auth *auth = wait->auth;
    struct sw_strings scopes = sw_strlist_view(&wait->scopes);
    if (!auth->challenged || auth->challenge.kind == SW_CHALLENGE_NONE) {
        answer_wait(wait, NULL, NULL);
        return;
    }
    if (auth->state != CREDENTIAL_KNOWN) {
        wait->flight = NULL;
        if (auth->state == CREDENTIAL_UNKNOWN) {
            auth->state = CREDENTIAL_ASKED;
            auth->endpoint->client->host->credential->find(auth->endpoint->host, on_credential_found, auth);
        }
        return;
    }
    if (auth->registry_token && *auth->registry_token) {
        sw_cleanup_free char *header = sw_format("Authorization: Bearer %s", auth->registry_token);
        answer_wait(wait, header, NULL);
        return;
    }
    if (auth->challenge.kind == SW_CHALLENGE_BASIC) {
        struct sw_error *error = NULL;
        sw_cleanup_free char *header = NULL;
        if (!has_password(auth))
            error = sw_error_hint(sw_error_new(SW_ERROR_AUTH, "%s wants a login", auth->endpoint->host), SW_LOGIN_HINT,
                                  auth->endpoint->host);
        else if (!may_send_password(auth))
            error = sw_error_new(SW_ERROR_AUTH, "the password for %s is not sent over plain http", auth->endpoint->host);
        else
            header = basic_header(auth->username, auth->password);
        answer_wait(wait, header, error);
        return;
    }
    struct held_token *token = find_token(auth, scopes);
    if (token) {
        answer_wait(wait, token->header, NULL);
        return;
    }
    wait->flight = find_flight(auth, scopes);
    if (wait->flight)
        return;
    struct flight *flight = sw_new(sizeof *flight);
    flight->auth = auth;
    sw_strlist_copy(&flight->scopes, scopes);
    flight->next = auth->flights;
    auth->flights = flight;
    wait->flight = flight;
    start_flight(flight);
}

struct sw_auth_wait *sw_auth_ask(struct sw_auth *auth, struct sw_strings scopes, sw_auth_done done, void *context) {
    struct sw_auth_wait *wait = sw_new(sizeof *wait);
    wait->auth = auth;
    wait->done = done;
    wait->context = context;
    sw_strlist_copy(&wait->scopes, scopes);
    wait->next = auth->waits;
    auth->waits = wait;
    advance(wait);
    /* It may be answered already: then it is not in the list any more. */
    for (struct sw_auth_wait *at = auth->waits; at; at = at->next)
        if (at == wait)
            return wait;
    return NULL;
}

/* Forgets the token that `header` carried. Returns whether it was an old one. */
static bool forget_token(struct sw_auth *auth, const char *header) {
    for (size_t i = 0; i < auth->tokens.len; i++) {
        struct held_token *token = sw_vec_at(&auth->tokens, i);
        if (strcmp(token->header, header))
            continue;
        bool old = now(auth) > token->from + FRESH_MS;
        drop_token(auth, i);
        return old;
    }
    return true; /* another request has dropped it */
}

uint32_t sw_auth_remaining(const struct sw_auth *auth, const char *header) {
    uint64_t time = now(auth);
    for (size_t i = 0; i < auth->tokens.len; i++) {
        const struct held_token *token = sw_vec_at((struct sw_vec *)&auth->tokens, i);
        if (!strcmp(token->header, header))
            return token->until > time ? (uint32_t)((token->until - time) / 1000) : 0;
    }
    return FIXED_TOKEN_LIFE;
}

bool sw_auth_learn(struct sw_auth *auth, const struct sw_answer *answer, const char *header, struct sw_strlist *scopes) {
    struct sw_challenge challenge = {0};
    struct sw_vec values = sw_answer_headers(answer, "WWW-Authenticate");
    sw_challenge_parse(sw_header_values(&values), &challenge);
    sw_vec_fini(&values);
    bool wants_more = sw_scopes_add(scopes, challenge.scope);
    bool invalid = challenge.error_code && !strcmp(challenge.error_code, "invalid_token");
    bool basic_fixed = auth->challenge.kind == SW_CHALLENGE_BASIC && auth->challenge.basic_offered;
    if (challenge.kind != SW_CHALLENGE_NONE && !basic_fixed) {
        sw_challenge_fini(&auth->challenge);
        auth->challenge = challenge;
        auth->challenged = true;
    } else {
        sw_challenge_fini(&challenge);
    }
    if (!auth->challenged)
        return false;
    if (!header)
        return true;
    if (auth->challenge.kind == SW_CHALLENGE_BASIC)
        return false;
    bool old = forget_token(auth, header);
    return old || wants_more || invalid;
}
