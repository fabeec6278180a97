/* services.h - the services of a session: which methods there are, and who answers each.
 *
 * A handler takes a call that has just come, listens to it, and answers it. All functions are [loop]. */
#ifndef PLUGINS_BUILDKIT_SERVICES_H
#define PLUGINS_BUILDKIT_SERVICES_H

#include "plugins/buildkit/call.h"
#include "plugins/buildkit/served.h"

struct ProtobufCMessage;

struct sw_service {
    const char *path;
    void (*serve)(struct sw_served *served, struct sw_call *call);
};

extern const struct sw_service sw_services[];
extern const size_t sw_service_count;

/* Listens to calls before they have a handler. */
extern const struct sw_call_events sw_service_idle_events;

/* ---- questions with one answer ---- */

struct sw_question {
    struct sw_served *served;
    struct sw_call *call; /* NULL: the daemon does not wait any more */
    struct sw_buf request;
    void (*handle)(struct sw_question *question, struct sw_bytes request);
    bool handling; /* the answer is still due */
};

/* Reads the request, then calls `handle`, which sees to it that sw_question_answer or _refuse is called, now or later. */
void sw_question_take(struct sw_served *served, struct sw_call *call,
                      void (*handle)(struct sw_question *question, struct sw_bytes request));
void sw_question_answer(struct sw_question *question, const struct ProtobufCMessage *message);
void sw_question_refuse(struct sw_question *question, enum sw_grpc_code code, const char *message);

/* ---- handlers ---- */

void sw_serve_health(struct sw_served *served, struct sw_call *call);
void sw_serve_secret(struct sw_served *served, struct sw_call *call);
void sw_serve_check_agent(struct sw_served *served, struct sw_call *call);
void sw_serve_forward_agent(struct sw_served *served, struct sw_call *call);
void sw_serve_credentials(struct sw_served *served, struct sw_call *call);
void sw_serve_token_authority(struct sw_served *served, struct sw_call *call);
void sw_serve_verify_token_authority(struct sw_served *served, struct sw_call *call);
void sw_serve_token(struct sw_served *served, struct sw_call *call);
void sw_serve_files(struct sw_served *served, struct sw_call *call);
void sw_serve_output(struct sw_served *served, struct sw_call *call);
void sw_serve_content_info(struct sw_served *served, struct sw_call *call);
void sw_serve_content_read(struct sw_served *served, struct sw_call *call);

#endif
