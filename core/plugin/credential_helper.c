#include "core/plugin/credential_helper.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/map.h"
#include "core/runtime/log.h"
#include "core/runtime/process.h"

enum { TIMEOUT_MS = 30000, MAX_OUTPUT = 64 * 1024 };

struct waiter {
    void (*done)(void *context, const struct sw_auth *auth, struct sw_error *error);
    void *context;
};

struct answer {
    char *helper;
    char *server;
    bool ready;
    bool known;
    struct sw_auth auth;
    struct sw_error *error;
    struct sw_vec waiters;
};

static struct sw_map answers; /* "HELPER SERVER" */

static void free_answer(void *value) {
    struct answer *answer = value;
    sw_auth_fini(&answer->auth);
    sw_error_free(answer->error);
    sw_vec_fini(&answer->waiters);
    free(answer->helper);
    free(answer->server);
    free(answer);
}

void sw_credential_helper_forget(void) {
    sw_map_fini(&answers, free_answer);
    answers = (struct sw_map){0};
}

static void tell(const struct answer *answer, const struct waiter *waiter) {
    waiter->done(waiter->context, answer->known ? &answer->auth : NULL, sw_error_copy(answer->error));
}

static void tell_all(struct answer *answer) {
    struct sw_vec waiters = answer->waiters;
    answer->waiters = (struct sw_vec){.width = sizeof(struct waiter)};
    answer->ready = true;
    for (size_t i = 0; i < waiters.len; i++)
        tell(answer, sw_vec_at(&waiters, i));
    sw_vec_fini(&waiters);
}

static bool is_not_found(const char *text) {
    return strcasestr(text, "credentials not found") || strcasestr(text, "not found in keychain");
}

/* First line of what the helper said about its failure. */
static char *first_line(struct sw_bytes text) {
    size_t len = strcspn(text.data, "\r\n");
    return sw_strndup(text.data, len < 200 ? len : 200);
}

static void read_answer(struct answer *answer, const struct sw_process_result *result) {
    sw_cleanup_json json_t *root = json_loadb(result->output.data, result->output.len, 0, NULL);
    const char *user = json_string_value(json_object_get(root, "Username"));
    const char *secret = json_string_value(json_object_get(root, "Secret"));
    if (!user || !secret) {
        sw_fail(&answer->error, SW_ERROR_AUTH, "docker-credential-%s gave no credentials for %s that can be understood",
                answer->helper, answer->server);
        return;
    }
    answer->known = *user || *secret;
    if (!strcmp(user, "<token>")) {
        answer->auth.identity_token = sw_strdup(secret);
    } else {
        answer->auth.username = sw_strdup(user);
        answer->auth.password = sw_strdup(secret);
    }
    explicit_bzero((char *)secret, strlen(secret));
}

static void on_result(void *context, const struct sw_process_result *result) {
    struct answer *answer = context;
    if (result->errors.len)
        sw_log(SW_LOG_DEBUG, answer->helper, "%s", (const char *)result->errors.data);
    if (result->timed_out) {
        sw_fail(&answer->error, SW_ERROR_AUTH, "docker-credential-%s did not answer for %s within 30 s", answer->helper,
                answer->server);
    } else if (result->too_long) {
        sw_fail(&answer->error, SW_ERROR_AUTH, "docker-credential-%s gave an answer longer than 64 KiB", answer->helper);
    } else if (!result->exit.status) {
        read_answer(answer, result);
    } else if (!is_not_found(result->output.data)) {
        sw_cleanup_free char *said = first_line(result->output);
        sw_fail(&answer->error, SW_ERROR_AUTH, "docker-credential-%s failed for %s: %s", answer->helper, answer->server,
                *said ? said : "it gave no reason");
    }
    tell_all(answer);
}

static bool is_helper_name(const char *name) {
    for (const char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
            return false;
    return *name;
}

static void start(struct answer *answer, const struct sw_auth *auth, const char *registry) {
    sw_cleanup_free char *program = sw_format("docker-credential-%s", answer->helper);
    const char *argv[] = {program, "get", NULL};
    struct sw_process_options options = {
        .size = sizeof options,
        .argv = argv,
        .stdin_bytes = {answer->server, strlen(answer->server)},
    };
    if (!is_helper_name(answer->helper))
        sw_fail(&answer->error, SW_ERROR_CONFIG, "%s: %s is no name of a credential helper", auth->file, answer->helper);
    else if (sw_process_run(&options, TIMEOUT_MS, MAX_OUTPUT, on_result, answer, &answer->error))
        return;
    else if (answer->error->code == SW_ERROR_NOT_FOUND) {
        sw_error_free(answer->error);
        answer->error = sw_error_new(SW_ERROR_AUTH, "%s is named in %s for %s, but is not in PATH", program, auth->file, registry);
        sw_error_hint(answer->error, "install the helper, or remove it from %s", auth->file);
    }
    tell_all(answer);
}

void sw_credential_helper_get(const struct sw_auth *auth, const char *registry,
                              void (*done)(void *context, const struct sw_auth *auth, struct sw_error *error), void *context) {
    sw_cleanup_free char *key = sw_format("%s %s", auth->helper, auth->server);
    struct answer *answer = sw_map_get(&answers, key);
    struct waiter waiter = {done, context};
    if (answer && answer->ready) {
        tell(answer, &waiter);
        return;
    }
    if (answer) {
        sw_vec_push(&answer->waiters, &waiter);
        return;
    }
    answer = sw_new(sizeof *answer);
    answer->helper = sw_strdup(auth->helper);
    answer->server = sw_strdup(auth->server);
    answer->waiters = (struct sw_vec){.width = sizeof(struct waiter)};
    sw_vec_push(&answer->waiters, &waiter);
    sw_map_set(&answers, key, answer);
    start(answer, auth, registry);
}
