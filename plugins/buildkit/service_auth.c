/* service_auth.c - credentials for registries that the daemon reads from and writes to. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "plugins/buildkit/pack.h"
#include "plugins/buildkit/services.h"

/* The daemon asks for Docker Hub by the name of its API's host. */
static const char *registry_of(const char *host) {
    return !strcmp(host, "registry-1.docker.io") ? "docker.io" : host;
}

static void on_found(void *context, const struct sw_credential *credential, struct sw_error *error) {
    struct sw_question *question = context;
    if (error) {
        sw_served_fail(question->served, error);
        sw_question_refuse(question, SW_GRPC_UNAUTHENTICATED, "the credentials cannot be read");
        return;
    }
    Sw__CredentialsResponse response = SW__CREDENTIALS_RESPONSE__INIT;
    /* A refresh token goes without a user's name. */
    response.username = credential->identity_token || !credential->username ? "" : (char *)credential->username;
    response.secret = credential->identity_token ? (char *)credential->identity_token
                      : credential->password     ? (char *)credential->password
                                                 : "";
    sw_question_answer(question, &response.base);
}

static void answer_credentials(struct sw_question *question, struct sw_bytes request) {
    Sw__CredentialsRequest *asked = sw__credentials_request__unpack(NULL, request.len, request.data);
    if (!asked) {
        sw_question_refuse(question, SW_GRPC_INVALID_ARGUMENT, "malformed");
        return;
    }
    question->served->host->credential->find(registry_of(asked->host), on_found, question);
    sw__credentials_request__free_unpacked(asked, NULL);
}

void sw_serve_credentials(struct sw_served *served, struct sw_call *call) {
    sw_question_take(served, call, answer_credentials);
}
