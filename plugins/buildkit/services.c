#include "plugins/buildkit/services.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/buildkit/pack.h"

const struct sw_service sw_services[] = {
    {"/grpc.health.v1.Health/Check", sw_serve_health},
    {"/moby.filesync.v1.FileSync/DiffCopy", sw_serve_files},
    {"/moby.filesync.v1.FileSend/DiffCopy", sw_serve_output},
    {"/moby.filesync.v1.Auth/Credentials", sw_serve_credentials},
    {"/moby.filesync.v1.Auth/GetTokenAuthority", sw_serve_token_authority},
    {"/moby.filesync.v1.Auth/VerifyTokenAuthority", sw_serve_verify_token_authority},
    {"/moby.filesync.v1.Auth/FetchToken", sw_serve_token},
    {"/moby.buildkit.secrets.v1.Secrets/GetSecret", sw_serve_secret},
    {"/moby.sshforward.v1.SSH/CheckAgent", sw_serve_check_agent},
    {"/moby.sshforward.v1.SSH/ForwardAgent", sw_serve_forward_agent},
    {"/containerd.services.content.v1.Content/Info", sw_serve_content_info},
    {"/containerd.services.content.v1.Content/Read", sw_serve_content_read},
};
const size_t sw_service_count = sizeof sw_services / sizeof *sw_services;

static void ignore_closed(void *context, const struct sw_grpc_status *status) {
    (void)context;
    (void)status;
}

const struct sw_call_events sw_service_idle_events = {.closed = ignore_closed};

void sw_served_fail(struct sw_served *served, struct sw_error *error) {
    if (served->failure)
        sw_error_free(error);
    else
        served->failure = error;
}

/* ---- questions ---- */

static void on_message(void *context, struct sw_bytes message) {
    struct sw_question *question = context;
    sw_buf_truncate(&question->request, 0);
    sw_buf_add(&question->request, message.data, message.len);
}

static void on_half_closed(void *context) {
    struct sw_question *question = context;
    if (question->handling)
        return;
    question->handling = true;
    question->served->jobs++;
    question->handle(question, (struct sw_bytes){question->request.data, question->request.len});
}

static void free_question(struct sw_question *question) {
    sw_buf_fini(&question->request);
    free(question);
}

static void on_closed(void *context, const struct sw_grpc_status *status) {
    struct sw_question *question = context;
    (void)status;
    question->call = NULL;
    if (!question->handling)
        free_question(question);
}

static const struct sw_call_events question_events = {.message = on_message, .half_closed = on_half_closed, .closed = on_closed};

void sw_question_take(struct sw_served *served, struct sw_call *call,
                      void (*handle)(struct sw_question *question, struct sw_bytes request)) {
    struct sw_question *question = sw_new(sizeof *question);
    *question = (struct sw_question){.served = served, .call = call, .handle = handle};
    sw_call_listen(call, &question_events, question);
}

static void end(struct sw_question *question, enum sw_grpc_code code, const char *message) {
    struct sw_call *call = question->call;
    question->served->jobs--;
    if (!call) {
        free_question(question);
        return;
    }
    /* The call's own events end it. */
    question->handling = false;
    sw_call_answer(call, code, message);
}

void sw_question_answer(struct sw_question *question, const struct ProtobufCMessage *message) {
    sw_cleanup_buf struct sw_buf packed = {0};
    sw_pack(message, &packed);
    if (question->call)
        sw_call_send(question->call, (struct sw_bytes){packed.data, packed.len});
    if (packed.len)
        explicit_bzero(packed.data, packed.len); /* it may be a secret */
    end(question, SW_GRPC_OK, NULL);
}

void sw_question_refuse(struct sw_question *question, enum sw_grpc_code code, const char *message) {
    end(question, code, message);
}

/* ---- health ---- */

static void answer_health(struct sw_question *question, struct sw_bytes request) {
    enum { SERVING = 1 };
    (void)request;
    Sw__HealthResponse response = SW__HEALTH_RESPONSE__INIT;
    response.status = SERVING;
    sw_question_answer(question, &response.base);
}

void sw_serve_health(struct sw_served *served, struct sw_call *call) {
    sw_question_take(served, call, answer_health);
}
