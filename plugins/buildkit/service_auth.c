/* service_auth.c - permission of registries that the daemon reads from and writes to.
 *
 * Where a registry works with tokens, the token is got here and the daemon sees nothing else. A password goes to the daemon only for
 * registries that know nothing better, or to a daemon that does. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/buildkit/daemon.h"
#include "plugins/buildkit/pack.h"
#include "plugins/buildkit/services.h"
#include "plugins/buildkit/token_key.h"

/* A question about one registry. */
struct inquiry {
    struct sw_question *question;
    char *registry;
    struct sw_buf salt, payload;
    struct sw_strlist scopes;
};

/* The daemon asks for Docker Hub by the name of its API's host. */
static const char *registry_of(const char *host) {
    return !strcmp(host, "registry-1.docker.io") ? "docker.io" : host;
}

static struct inquiry *inquire(struct sw_question *question, const char *host) {
    struct inquiry *inquiry = sw_new(sizeof *inquiry);
    *inquiry = (struct inquiry){.question = question, .registry = sw_strdup(registry_of(host))};
    return inquiry;
}

static void take_bytes(struct sw_buf *to, ProtobufCBinaryData from) {
    sw_buf_add(to, from.data, from.len);
}

static struct sw_bytes bytes_of(const struct sw_buf *buf) {
    return (struct sw_bytes){buf->data, buf->len};
}

static void free_inquiry(struct inquiry *inquiry) {
    sw_buf_fini(&inquiry->salt);
    sw_buf_fini(&inquiry->payload);
    sw_strlist_fini(&inquiry->scopes);
    free(inquiry->registry);
    free(inquiry);
}

static void answer(struct inquiry *inquiry, const struct ProtobufCMessage *message) {
    sw_question_answer(inquiry->question, message);
    free_inquiry(inquiry);
}

static void refuse(struct inquiry *inquiry, enum sw_grpc_code code, const char *message) {
    sw_question_refuse(inquiry->question, code, message);
    free_inquiry(inquiry);
}

/* Takes `error`: it explains what the daemon will say about it. */
static void fail(struct inquiry *inquiry, struct sw_error *error, const char *message) {
    sw_served_fail(inquiry->question->served, error);
    refuse(inquiry, SW_GRPC_UNAUTHENTICATED, message);
}

static void find(struct inquiry *inquiry,
                 void (*found)(void *context, const struct sw_credential *credential, struct sw_error *error)) {
    inquiry->question->served->host->credential->find(inquiry->registry, found, inquiry);
}

static bool is_given(const char *text) {
    return text && *text;
}

static bool has_any(const struct sw_credential *credential) {
    return is_given(credential->password) || is_given(credential->identity_token) || is_given(credential->registry_token);
}

/* ---- tokens ---- */

static void on_token(void *context, const char *token, uint32_t seconds, struct sw_error *error) {
    struct inquiry *inquiry = context;
    if (error) {
        fail(inquiry, error, "no token was given out");
        return;
    }
    if (!token) {
        refuse(inquiry, SW_GRPC_FAILED_PRECONDITION, "the registry does not work with tokens");
        return;
    }
    Sw__FetchTokenResponse response = SW__FETCH_TOKEN_RESPONSE__INIT;
    response.token = (char *)token;
    response.expires_in = seconds ? seconds : 1;
    response.issued_at = time(NULL);
    answer(inquiry, &response.base);
}

/* The realm that the daemon names does not matter: passwords go where the registry sends us. */
static void answer_token(struct sw_question *question, struct sw_bytes request) {
    Sw__FetchTokenRequest *asked = sw__fetch_token_request__unpack(NULL, request.len, request.data);
    if (!asked) {
        sw_question_refuse(question, SW_GRPC_INVALID_ARGUMENT, "malformed");
        return;
    }
    struct inquiry *inquiry = inquire(question, asked->host);
    for (size_t i = 0; i < asked->n_scopes; i++)
        sw_strlist_add(&inquiry->scopes, asked->scopes[i]);
    sw__fetch_token_request__free_unpacked(asked, NULL);
    question->served->host->credential->token(inquiry->registry, sw_strlist_view(&inquiry->scopes), question->served->cancel,
                                              on_token, inquiry);
}

void sw_serve_token(struct sw_served *served, struct sw_call *call) {
    sw_question_take(served, call, answer_token);
}

/* ---- whose tokens ---- */

static void on_authority(void *context, const struct sw_credential *credential, struct sw_error *error) {
    struct inquiry *inquiry = context;
    uint8_t key[SW_TOKEN_KEY_SIZE];
    if (error) {
        fail(inquiry, error, "the credentials cannot be read");
        return;
    }
    /* What anybody may have, the daemon gets by itself. */
    if (!has_any(credential) || !sw_token_key_public(inquiry->registry, bytes_of(&inquiry->salt), key)) {
        refuse(inquiry, SW_GRPC_UNIMPLEMENTED, "there are no credentials");
        return;
    }
    Sw__TokenAuthorityResponse response = SW__TOKEN_AUTHORITY_RESPONSE__INIT;
    response.public_key = (ProtobufCBinaryData){sizeof key, key};
    answer(inquiry, &response.base);
}

static void answer_token_authority(struct sw_question *question, struct sw_bytes request) {
    Sw__TokenAuthorityRequest *asked = sw__token_authority_request__unpack(NULL, request.len, request.data);
    if (!asked) {
        sw_question_refuse(question, SW_GRPC_INVALID_ARGUMENT, "malformed");
        return;
    }
    struct inquiry *inquiry = inquire(question, asked->host);
    take_bytes(&inquiry->salt, asked->salt);
    sw__token_authority_request__free_unpacked(asked, NULL);
    find(inquiry, on_authority);
}

void sw_serve_token_authority(struct sw_served *served, struct sw_call *call) {
    sw_question_take(served, call, answer_token_authority);
}

static void on_verify(void *context, const struct sw_credential *credential, struct sw_error *error) {
    struct inquiry *inquiry = context;
    sw_cleanup_buf struct sw_buf signed_bytes = {0};
    if (error) {
        fail(inquiry, error, "the credentials cannot be read");
        return;
    }
    if (!has_any(credential) ||
        !sw_token_key_sign(inquiry->registry, bytes_of(&inquiry->salt), bytes_of(&inquiry->payload), &signed_bytes)) {
        refuse(inquiry, SW_GRPC_UNIMPLEMENTED, "there are no credentials");
        return;
    }
    Sw__VerifyTokenAuthorityResponse response = SW__VERIFY_TOKEN_AUTHORITY_RESPONSE__INIT;
    response.signed_bytes = (ProtobufCBinaryData){signed_bytes.len, (uint8_t *)signed_bytes.data};
    answer(inquiry, &response.base);
}

static void answer_verify_token_authority(struct sw_question *question, struct sw_bytes request) {
    Sw__VerifyTokenAuthorityRequest *asked = sw__verify_token_authority_request__unpack(NULL, request.len, request.data);
    if (!asked) {
        sw_question_refuse(question, SW_GRPC_INVALID_ARGUMENT, "malformed");
        return;
    }
    struct inquiry *inquiry = inquire(question, asked->host);
    take_bytes(&inquiry->salt, asked->salt);
    take_bytes(&inquiry->payload, asked->payload);
    sw__verify_token_authority_request__free_unpacked(asked, NULL);
    find(inquiry, on_verify);
}

void sw_serve_verify_token_authority(struct sw_served *served, struct sw_call *call) {
    sw_question_take(served, call, answer_verify_token_authority);
}

/* ---- passwords ---- */

static void give_credentials(void *context, const struct sw_credential *credential, struct sw_error *error) {
    struct inquiry *inquiry = context;
    if (error) {
        fail(inquiry, error, "the credentials cannot be read");
        return;
    }
    Sw__CredentialsResponse response = SW__CREDENTIALS_RESPONSE__INIT;
    /* A refresh token goes without a user's name. */
    response.username = credential->identity_token || !credential->username ? "" : (char *)credential->username;
    response.secret = credential->identity_token ? (char *)credential->identity_token
                      : credential->password     ? (char *)credential->password
                                                 : "";
    answer(inquiry, &response.base);
}

static void on_seen(void *context, const char *token, uint32_t seconds, struct sw_error *error) {
    struct inquiry *inquiry = context;
    (void)seconds;
    /* A registry that only the daemon can reach has no token for us. */
    bool no_token = error ? error->code == SW_ERROR_UNAVAILABLE : !token;
    if (no_token) {
        sw_error_free(error);
        find(inquiry, give_credentials);
    } else if (error) {
        fail(inquiry, error, "no token was given out");
    } else {
        refuse(inquiry, SW_GRPC_PERMISSION_DENIED, "a token serves");
    }
}

static void on_credentials(void *context, const struct sw_credential *credential, struct sw_error *error) {
    struct inquiry *inquiry = context;
    const struct sw_served *served = inquiry->question->served;
    if (error || !has_any(credential) || !sw_daemon_takes_tokens(served->daemon))
        give_credentials(inquiry, credential, error);
    else
        served->host->credential->token(inquiry->registry, (struct sw_strings){0}, served->cancel, on_seen, inquiry);
}

static void answer_credentials(struct sw_question *question, struct sw_bytes request) {
    Sw__CredentialsRequest *asked = sw__credentials_request__unpack(NULL, request.len, request.data);
    if (!asked) {
        sw_question_refuse(question, SW_GRPC_INVALID_ARGUMENT, "malformed");
        return;
    }
    struct inquiry *inquiry = inquire(question, asked->host);
    sw__credentials_request__free_unpacked(asked, NULL);
    find(inquiry, on_credentials);
}

void sw_serve_credentials(struct sw_served *served, struct sw_call *call) {
    sw_question_take(served, call, answer_credentials);
}
