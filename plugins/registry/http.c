#include "plugins/registry/http.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"

enum {
    MAX_HEADER_BYTES = 64 * 1024,
    MAX_HEADERS = 200,
    MAX_INTERIM = 20,
    MAX_ERROR_BODY = 64 * 1024,
    CONNECT_SECONDS = 10,
    PATIENCE_SECONDS = 60,
    SLOWEST = 1024, /* bytes a second */
    HOST_CONNECTIONS = 8,
    UPLOAD_BUFFER = 2 << 20,
    DOWNLOAD_BUFFER = 512 << 10,
    DNS_SECONDS = 60,
};

struct sw_http {
    const struct sw_host *host;
    CURLM *multi;
    struct sw_timer *timer;
};

struct sw_http_call {
    struct sw_http *http;
    struct sw_http_request request;
    CURL *easy;
    struct curl_slist *headers;
    struct sw_answer answer;
    char text[CURL_ERROR_SIZE];   /* libcurl's */
    enum sw_http_failure failure; /* that we found ourselves */
    const char *reason;           /* of that */
    size_t header_bytes;
    unsigned interim;
    uint64_t sent;
    uint64_t received;
    bool head;
};

const char *sw_answer_header(const struct sw_answer *answer, const char *name) {
    size_t len = strlen(name);
    for (size_t i = 0; i < answer->headers.len; i++) {
        const char *line = answer->headers.items[i];
        if (!strncasecmp(line, name, len) && line[len] == ':')
            return line + len + 1 + strspn(line + len + 1, " \t");
    }
    return NULL;
}

struct sw_vec sw_answer_headers(const struct sw_answer *answer, const char *name) {
    struct sw_vec values = {.width = sizeof(const char *)};
    size_t len = strlen(name);
    for (size_t i = 0; i < answer->headers.len; i++) {
        const char *line = answer->headers.items[i];
        if (strncasecmp(line, name, len) || line[len] != ':')
            continue;
        const char *value = line + len + 1 + strspn(line + len + 1, " \t");
        sw_vec_push(&values, &value);
    }
    return values;
}

struct sw_strings sw_header_values(const struct sw_vec *values) {
    return (struct sw_strings){values->data, values->len};
}

/* --- libcurl and the host's loop --- */

static void free_call(struct sw_http_call *call) {
    curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    sw_strlist_fini(&call->answer.headers);
    sw_buf_fini(&call->answer.body);
    free(call->answer.url);
    free(call);
}

static enum sw_http_failure failure_of(CURLcode code, CURL *easy) {
    switch (code) {
    case CURLE_OK:
        return SW_HTTP_OK;
    case CURLE_COULDNT_RESOLVE_HOST:
        return SW_HTTP_RESOLVE;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
        return SW_HTTP_PROXY;
    case CURLE_COULDNT_CONNECT:
        return SW_HTTP_CONNECT;
    case CURLE_SSL_CONNECT_ERROR:
        return SW_HTTP_TLS_PROTOCOL;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return SW_HTTP_TLS_CERTIFICATE;
    case CURLE_OPERATION_TIMEDOUT:
        return SW_HTTP_TIMEOUT;
    case CURLE_RECV_ERROR: {
        long proxy_code = 0;
        curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &proxy_code);
        return proxy_code >= 300 ? SW_HTTP_PROXY : SW_HTTP_BROKEN;
    }
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
    case CURLE_FILESIZE_EXCEEDED:
        return code == CURLE_HTTP2 ? SW_HTTP_BROKEN : SW_HTTP_LIMIT;
    case CURLE_ABORTED_BY_CALLBACK:
        return SW_HTTP_SOURCE;
    default:
        return SW_HTTP_BROKEN;
    }
}

static void finish(struct sw_http_call *call, CURLcode code) {
    enum sw_http_failure failure = call->failure ? call->failure : failure_of(code, call->easy);
    long status = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    if (call->answer.body_cut && failure != SW_HTTP_LIMIT)
        failure = SW_HTTP_OK;
    /* A server may refuse while we still send and close then: its answer is worth more than the broken pipe. */
    if (failure == SW_HTTP_BROKEN && status >= 400 && call->request.has_body)
        failure = SW_HTTP_OK;
    call->answer.status = (uint32_t)status;
    const char *text = call->failure ? call->reason : *call->text ? call->text : curl_easy_strerror(code);
    call->request.done(call->request.context, &call->answer, failure, text);
    free_call(call);
}

static void collect_finished(struct sw_http *http) {
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(http->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        struct sw_http_call *call = NULL;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &call);
        curl_multi_remove_handle(http->multi, easy);
        finish(call, code);
    }
}

/* A descriptor's watch and who it belongs to. */
struct socket_watch {
    struct sw_http *http;
    struct sw_fd_watch *watch;
    int fd;
};

static void on_socket_ready(void *context, uint32_t events) {
    struct socket_watch *socket = context;
    struct sw_http *http = socket->http; /* `socket` may be gone after the call below */
    int action = (events & (SW_FD_READ | SW_FD_CLOSED) ? CURL_CSELECT_IN : 0) | (events & SW_FD_WRITE ? CURL_CSELECT_OUT : 0);
    int running;
    curl_multi_socket_action(http->multi, socket->fd, action, &running);
    collect_finished(http);
}

static int on_socket_wanted(CURL *easy, curl_socket_t fd, int what, void *context, void *assigned) {
    (void)easy;
    struct sw_http *http = context;
    struct socket_watch *socket = assigned;
    if (what == CURL_POLL_REMOVE) {
        if (socket)
            http->host->fds->unwatch(socket->watch);
        free(socket);
        curl_multi_assign(http->multi, fd, NULL);
        return 0;
    }
    uint32_t events = (what & CURL_POLL_IN ? SW_FD_READ : 0) | (what & CURL_POLL_OUT ? SW_FD_WRITE : 0);
    if (socket) {
        http->host->fds->change(socket->watch, events);
        return 0;
    }
    socket = sw_new(sizeof *socket);
    socket->http = http;
    socket->fd = fd;
    socket->watch = http->host->fds->watch(fd, events, on_socket_ready, socket);
    curl_multi_assign(http->multi, fd, socket);
    return 0;
}

static void on_timer_fired(void *context) {
    struct sw_http *http = context;
    http->timer = NULL;
    int running;
    curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect_finished(http);
}

static int on_timer_wanted(CURLM *multi, long ms, void *context) {
    (void)multi;
    struct sw_http *http = context;
    if (http->timer)
        http->host->timers->stop(http->timer);
    http->timer = ms < 0 ? NULL : http->host->timers->after((uint64_t)ms, on_timer_fired, http);
    return 0;
}

void sw_http_load(void) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct sw_http *sw_http_new(const struct sw_host *host) {
    struct sw_http *http = sw_new(sizeof *http);
    http->host = host;
    http->multi = curl_multi_init();
    if (!http->multi) {
        free(http);
        return NULL;
    }
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted);
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    curl_multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)HOST_CONNECTIONS);
    return http;
}

void sw_http_free(struct sw_http *http) {
    if (!http)
        return;
    curl_multi_cleanup(http->multi);
    if (http->timer)
        http->host->timers->stop(http->timer);
    free(http);
}

/* --- one call --- */

static size_t fail_call(struct sw_http_call *call, enum sw_http_failure failure, const char *reason) {
    call->failure = failure;
    call->reason = reason;
    return 0;
}

static bool lengths_agree(const struct sw_answer *answer) {
    struct sw_vec lengths = sw_answer_headers(answer, "Content-Length");
    bool agree = true;
    for (size_t i = 1; i < lengths.len; i++)
        agree = agree && !strcmp(*(char **)sw_vec_at(&lengths, i), *(char **)sw_vec_at(&lengths, 0));
    if (lengths.len && sw_answer_header(answer, "Transfer-Encoding"))
        agree = false;
    sw_vec_fini(&lengths);
    return agree;
}

/* Looks at a header block that has just ended. */
static size_t check_headers(struct sw_http_call *call, size_t taken) {
    long status = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    call->answer.status = (uint32_t)status;
    if (status < 200)
        return ++call->interim > MAX_INTERIM ? fail_call(call, SW_HTTP_LIMIT, "the server sends interim answers without end")
                                             : taken;
    if (!lengths_agree(&call->answer))
        return fail_call(call, SW_HTTP_LIMIT, "the answer's length is given twice, differently");
    const char *length = sw_answer_header(&call->answer, "Content-Length");
    if (length && status < 300 && !call->head && strtoull(length, NULL, 10) > call->request.limit)
        return fail_call(call, SW_HTTP_LIMIT, "the answer is greater than it may be");
    return taken;
}

static size_t on_header(char *data, size_t size, size_t count, void *context) {
    struct sw_http_call *call = context;
    size_t len = size * count;
    size_t bare = len;
    while (bare && (data[bare - 1] == '\n' || data[bare - 1] == '\r'))
        bare--;
    if (bare >= 5 && !strncmp(data, "HTTP/", 5)) {
        sw_strlist_fini(&call->answer.headers);
        call->header_bytes = 0;
        return len;
    }
    if (!bare)
        return check_headers(call, len);
    call->header_bytes += len;
    if (call->header_bytes > MAX_HEADER_BYTES || call->answer.headers.len >= MAX_HEADERS)
        return fail_call(call, SW_HTTP_LIMIT, "the answer's header is too long");
    if (*data != ' ' && *data != '\t') /* folded lines went out of use for good reasons */
        sw_strlist_take(&call->answer.headers, sw_strndup(data, bare));
    return len;
}

static size_t on_body(char *data, size_t size, size_t count, void *context) {
    struct sw_http_call *call = context;
    size_t len = size * count;
    if (call->answer.status < 200 || call->answer.status >= 300) {
        size_t room = MAX_ERROR_BODY - call->answer.body.len;
        sw_buf_add(&call->answer.body, data, len < room ? len : room);
        call->answer.body_cut = len > room;
        return len > room ? 0 : len;
    }
    call->received += len;
    if (call->received > call->request.limit)
        return fail_call(call, SW_HTTP_LIMIT, "the answer is greater than it may be");
    if (!call->request.sink) {
        sw_buf_add(&call->answer.body, data, len);
        return len;
    }
    if (!call->request.sink(call->request.context, &call->answer, data, len))
        return fail_call(call, SW_HTTP_REFUSED, "the body was not taken");
    return len;
}

static uint64_t body_bytes(const struct sw_http_request *request) {
    return request->body_fd >= 0 ? request->body_bytes : request->body.len;
}

static size_t on_body_wanted(char *out, size_t size, size_t count, void *context) {
    struct sw_http_call *call = context;
    const struct sw_http_request *request = &call->request;
    uint64_t left = body_bytes(request) - call->sent;
    size_t len = size * count < left ? size * count : (size_t)left;
    if (request->body_fd < 0) {
        memcpy(out, (const char *)request->body.data + call->sent, len);
    } else if (len) {
        ssize_t n = pread(request->body_fd, out, len, (off_t)(request->body_offset + call->sent));
        if (n <= 0) {
            fail_call(call, SW_HTTP_SOURCE, "what was to be sent could not be read to its end");
            return CURL_READFUNC_ABORT;
        }
        len = (size_t)n;
    }
    call->sent += len;
    if (request->sent)
        request->sent(request->context, call->sent);
    return len;
}

/* libcurl goes back to the start when a connection that it reused turns out to be dead. */
static int on_body_rewound(void *context, curl_off_t offset, int origin) {
    struct sw_http_call *call = context;
    if (call->request.once || origin != SEEK_SET || offset < 0 || (uint64_t)offset > body_bytes(&call->request))
        return CURL_SEEKFUNC_FAIL;
    call->sent = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

static void set_headers(struct sw_http_call *call) {
    for (size_t i = 0; i < call->request.headers.count; i++)
        call->headers = curl_slist_append(call->headers, call->request.headers.items[i]);
    call->headers = curl_slist_append(call->headers, "Expect:");
    curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
}

static void set_method(struct sw_http_call *call) {
    const struct sw_http_request *request = &call->request;
    CURL *easy = call->easy;
    call->head = !strcmp(request->method, "HEAD");
    if (call->head) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    if (!request->has_body)
        return;
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)body_bytes(request));
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_body_wanted);
    curl_easy_setopt(easy, CURLOPT_READDATA, call);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_body_rewound);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, call);
    if (request->bulk)
        curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BUFFER);
}

static void set_trust(struct sw_http_call *call) {
    const struct sw_tls *tls = call->request.tls;
    CURL *easy = call->easy;
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (!tls)
        return;
    if (!tls->verify) {
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (tls->ca) {
        struct curl_blob blob = {tls->ca, strlen(tls->ca), CURL_BLOB_NOCOPY};
        curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
    }
    if (tls->cert) {
        curl_easy_setopt(easy, CURLOPT_SSLCERT, tls->cert);
        curl_easy_setopt(easy, CURLOPT_SSLKEY, tls->key);
    }
}

static void set_limits(struct sw_http_call *call) {
    CURL *easy = call->easy;
    uint32_t patience = call->request.patience ? call->request.patience : PATIENCE_SECONDS;
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)(patience < CONNECT_SECONDS ? patience : CONNECT_SECONDS));
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)SLOWEST);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)patience);
    curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, (long)DNS_SECONDS);
    curl_easy_setopt(easy, CURLOPT_PROXY, call->request.proxy ? call->request.proxy : "");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
}

struct sw_http_call *sw_http_send(struct sw_http *http, const struct sw_http_request *request) {
    struct sw_http_call *call = sw_new(sizeof *call);
    call->http = http;
    call->request = *request;
    call->easy = curl_easy_init();
    call->answer.url = sw_strdup(request->url);
    CURL *easy = call->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->text);
    curl_easy_setopt(easy, CURLOPT_URL, call->answer.url);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "slipway/" SLIPWAY_VERSION);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)(request->bulk ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS));
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, request->bulk ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    if (request->bulk && !request->has_body)
        curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)DOWNLOAD_BUFFER);
    set_method(call);
    set_headers(call);
    set_trust(call);
    set_limits(call);
    curl_multi_add_handle(http->multi, easy);
    return call;
}

void sw_http_cancel(struct sw_http_call *call) {
    if (!call)
        return;
    curl_multi_remove_handle(call->http->multi, call->easy);
    free_call(call);
}
