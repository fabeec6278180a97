/* service_secrets.c - secrets, and the user's ssh agents. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/buildkit/pack.h"
#include "plugins/buildkit/services.h"
#include "plugins/buildkit/stream.h"
#include "plugins/buildkit/wire.h"

/* ---- secrets ---- */

static void answer_secret(struct sw_question *question, struct sw_bytes request) {
    const struct sw_host_secret *secrets = question->served->host->secret;
    Sw__SecretRequest *asked = sw__secret_request__unpack(NULL, request.len, request.data);
    if (!asked) {
        sw_question_refuse(question, SW_GRPC_INVALID_ARGUMENT, "malformed");
        return;
    }
    struct sw_bytes value = {0};
    struct sw_error *error = NULL;
    if (secrets->value(question->served->plan_id, asked->id, &value, &error)) {
        Sw__SecretResponse response = SW__SECRET_RESPONSE__INIT;
        response.data = (ProtobufCBinaryData){value.len, (uint8_t *)value.data};
        sw_question_answer(question, &response.base);
        secrets->free_value(&value);
    } else if (error->code == SW_ERROR_NOT_FOUND) {
        sw_cleanup_free char *text = sw_format("secret %s: not found", asked->id);
        sw_error_free(error);
        sw_question_refuse(question, SW_GRPC_NOT_FOUND, text);
    } else {
        sw_served_fail(question->served, error);
        sw_question_refuse(question, SW_GRPC_INTERNAL, "the secret cannot be read");
    }
    sw__secret_request__free_unpacked(asked, NULL);
}

void sw_serve_secret(struct sw_served *served, struct sw_call *call) {
    sw_question_take(served, call, answer_secret);
}

/* ---- agents ---- */

static void answer_check_agent(struct sw_question *question, struct sw_bytes request) {
    Sw__CheckAgentRequest *asked = sw__check_agent_request__unpack(NULL, request.len, request.data);
    const char *id = asked && *asked->id ? asked->id : "default";
    Sw__ReturnResponse empty = SW__RETURN_RESPONSE__INIT;
    if (question->served->host->secret->ssh_socket(question->served->plan_id, id))
        sw_question_answer(question, &empty.base);
    else
        sw_question_refuse(question, SW_GRPC_NOT_FOUND, "there is no such ssh agent: start one, and add a key to it (ssh-add)");
    if (asked)
        sw__check_agent_request__free_unpacked(asked, NULL);
}

void sw_serve_check_agent(struct sw_served *served, struct sw_call *call) {
    sw_question_take(served, call, answer_check_agent);
}

/* One connection from a step to the agent. */
struct agent {
    struct sw_stream *stream;
    struct sw_call *call;
};

static void on_agent_data(void *context, struct sw_bytes bytes) {
    struct agent *agent = context;
    sw_cleanup_buf struct sw_buf message = {0};
    sw_wire_bytes(&message, 1, bytes);
    sw_call_send(agent->call, (struct sw_bytes){message.data, message.len});
}

static void on_agent_ended(void *context, struct sw_error *error) {
    struct agent *agent = context;
    sw_call_answer(agent->call, error ? SW_GRPC_UNAVAILABLE : SW_GRPC_OK, error ? "the agent went away" : NULL);
    sw_error_free(error);
}

static const struct sw_stream_events agent_events = {.data = on_agent_data, .ended = on_agent_ended};

static void on_message(void *context, struct sw_bytes message) {
    struct agent *agent = context;
    struct sw_wire_field field;
    while (sw_wire_next(&message, &field) > 0)
        if (field.number == 1 && field.type == SW_WIRE_BYTES)
            sw_stream_write(agent->stream, field.bytes);
}

static void on_half_closed(void *context) {
    struct agent *agent = context;
    sw_call_answer(agent->call, SW_GRPC_OK, NULL);
}

static void on_closed(void *context, const struct sw_grpc_status *status) {
    struct agent *agent = context;
    (void)status;
    sw_stream_free(agent->stream);
    free(agent);
}

static const struct sw_call_events forward_events = {.message = on_message, .half_closed = on_half_closed, .closed = on_closed};

static int connect_agent(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return -1;
    strcpy(address.sun_path, path);
    sw_cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        return -1;
    return sw_steal_fd(&fd);
}

void sw_serve_forward_agent(struct sw_served *served, struct sw_call *call) {
    const char *id = sw_call_metadata(call, "buildkit.ssh.id");
    const char *path = served->host->secret->ssh_socket(served->plan_id, id && *id ? id : "default");
    int fd = path ? connect_agent(path) : -1;
    if (fd < 0) {
        sw_call_answer(call, SW_GRPC_UNAVAILABLE, "the ssh agent does not answer");
        return;
    }
    struct agent *agent = sw_new(sizeof *agent);
    *agent = (struct agent){sw_stream_new(served->host, fd, NULL, "the ssh agent"), call};
    sw_stream_listen(agent->stream, &agent_events, agent);
    sw_call_listen(call, &forward_events, agent);
}
