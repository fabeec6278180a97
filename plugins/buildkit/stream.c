#include "plugins/buildkit/stream.h"

#include <errno.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"

enum {
    READ_SIZE = 64 * 1024,
    READS_A_TURN = 16,      /* then others get the loop */
    LOW_WATER = 128 * 1024, /* `drained` below this */
    OUTPUT_HEADER = 8,      /* of docker's framing: stream, three zeros, length */
    OUTPUT_ERROR_KEPT = 4096,
};

struct sw_stream {
    const struct sw_host *host;
    int fd;
    int child;
    int complaints; /* the child's standard error, or -1 */
    SSL *tls;
    char *name;
    struct sw_fd_watch *watch;
    const struct sw_stream_events *events;
    void *context;
    struct sw_buf out;
    size_t out_at;
    bool shaken;           /* TLS: the handshake is done */
    bool read_wants_write; /* TLS */
    bool ended;
    bool split;
    struct sw_buf frame; /* of docker's framing: a header that came in pieces */
    size_t frame_left;   /* bytes of the current frame still to come */
    bool frame_is_error;
    struct sw_buf injected;  /* to be given in the next turn */
    struct sw_buf complaint; /* what came on standard error */
    unsigned busy;           /* depth of callbacks */
    bool doomed;             /* free when not busy */
};

const char *sw_stream_name(const struct sw_stream *stream) {
    return stream->name;
}

size_t sw_stream_pending(const struct sw_stream *stream) {
    return stream->out.len - stream->out_at;
}

/* ---- ends ---- */

static void end_child(int pid) {
    if (pid <= 0)
        return;
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

static void destroy(struct sw_stream *stream) {
    stream->host->fds->unwatch(stream->watch);
    SSL_free(stream->tls);
    sw_close(&stream->fd);
    end_child(stream->child);
    sw_close(&stream->complaints);
    sw_buf_fini(&stream->out);
    sw_buf_fini(&stream->frame);
    sw_buf_fini(&stream->injected);
    sw_buf_fini(&stream->complaint);
    free(stream->name);
    free(stream);
}

void sw_stream_free(struct sw_stream *stream) {
    if (!stream)
        return;
    stream->doomed = true;
    stream->ended = true;
    if (!stream->busy)
        destroy(stream);
}

static void enter(struct sw_stream *stream) {
    stream->busy++;
}

static void leave(struct sw_stream *stream) {
    if (--stream->busy == 0 && stream->doomed)
        destroy(stream);
}

/* What the child said before it went. */
static void read_complaints(struct sw_stream *stream) {
    char text[OUTPUT_ERROR_KEPT];
    ssize_t got = stream->complaints >= 0 ? pread(stream->complaints, text, sizeof text, 0) : 0;
    if (got > 0)
        sw_buf_add(&stream->complaint, text, (size_t)got);
}

static struct sw_error *with_complaint(const struct sw_stream *stream, struct sw_error *error) {
    char *text = sw_strdup(sw_buf_text(&stream->complaint));
    size_t len = strlen(text);
    while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        text[--len] = '\0';
    const char *last = strrchr(text, '\n');
    if (!error)
        error = sw_error_new(SW_ERROR_UNAVAILABLE, "the way to %s was closed: %s", stream->name, last ? last + 1 : text);
    free(error->excerpt);
    error->excerpt = text;
    return error;
}

static void end(struct sw_stream *stream, struct sw_error *error) {
    if (stream->ended) {
        sw_error_free(error);
        return;
    }
    stream->ended = true;
    stream->host->fds->change(stream->watch, 0);
    read_complaints(stream);
    if (stream->complaint.len)
        error = with_complaint(stream, error);
    if (stream->events)
        stream->events->ended(stream->context, error);
    else
        sw_error_free(error);
}

static struct sw_error *broken(const struct sw_stream *stream, const char *why) {
    return sw_error_new(SW_ERROR_UNAVAILABLE, "the connection to %s broke: %s", stream->name, why);
}

/* What can be done about a failure: by what we found wrong in the daemon's certificate, else by what it or OpenSSL complains of. */
static const char *tls_advice(long verified, unsigned long code) {
    if (verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH)
        return "the daemon's certificate is for another name: give that by --buildkit-tls-name or ?name= if it is the right daemon";
    if (verified == X509_V_ERR_CERT_HAS_EXPIRED || verified == X509_V_ERR_CERT_NOT_YET_VALID)
        return "renew the daemon's certificate, and compare the clocks of both hosts";
    if (verified != X509_V_OK)
        return "the daemon's certificate must be signed by the CA that --buildkit-tls-ca or ?ca= names";
    switch (ERR_GET_REASON(code)) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
        return "the daemon wants to know who we are: give --buildkit-tls-cert and --buildkit-tls-key, or ?cert= and ?key=";
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
        return "the daemon does not accept our certificate: it must be signed by the daemon's CA (its --tlscacert), and still be "
               "valid";
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
        return "what listens there does not speak TLS: leave out the certificates, or look for the daemon's port for TLS";
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
        return "the daemon closed the connection during the handshake: does it speak TLS at that address? look at its log";
    default:
        return "look at the daemon's log for its side of it";
    }
}

static struct sw_error *tls_error(const struct sw_stream *stream, const char *what) {
    unsigned long code = ERR_get_error();
    long verified = SSL_get_verify_result(stream->tls);
    const char *why = verified != X509_V_OK ? X509_verify_cert_error_string(verified)
                      : code                ? ERR_reason_error_string(code)
                                            : "the peer closed the connection";
    struct sw_error *error = sw_error_new(SW_ERROR_UNAVAILABLE, "TLS %s with %s failed: %s", what, stream->name, why ? why : "?");
    return sw_error_hint(error, "%s", tls_advice(verified, code));
}

/* ---- reading ---- */

static void give(struct sw_stream *stream, const uint8_t *data, size_t len) {
    if (len && stream->events && !stream->ended)
        stream->events->data(stream->context, (struct sw_bytes){data, len});
}

/* Takes docker's framing off. */
static void give_split(struct sw_stream *stream, const uint8_t *data, size_t len) {
    while (len && !stream->ended) {
        if (!stream->frame_left) {
            size_t take = OUTPUT_HEADER - stream->frame.len < len ? OUTPUT_HEADER - stream->frame.len : len;
            sw_buf_add(&stream->frame, data, take);
            data += take;
            len -= take;
            if (stream->frame.len < OUTPUT_HEADER)
                return;
            const uint8_t *head = (const uint8_t *)stream->frame.data;
            stream->frame_is_error = head[0] == 2;
            stream->frame_left = (size_t)head[4] << 24 | (size_t)head[5] << 16 | (size_t)head[6] << 8 | head[7];
            sw_buf_truncate(&stream->frame, 0);
            continue;
        }
        size_t take = stream->frame_left < len ? stream->frame_left : len;
        if (!stream->frame_is_error)
            give(stream, data, take);
        else if (stream->complaint.len < OUTPUT_ERROR_KEPT)
            sw_buf_add(&stream->complaint, data, take);
        stream->frame_left -= take;
        data += take;
        len -= take;
    }
}

static ssize_t read_some(struct sw_stream *stream, uint8_t *buffer, size_t size) {
    if (!stream->tls)
        return recv(stream->fd, buffer, size, 0);
    ERR_clear_error();
    errno = 0;
    int got = SSL_read(stream->tls, buffer, (int)size);
    if (got > 0)
        return got;
    int reason = SSL_get_error(stream->tls, got);
    stream->read_wants_write = reason == SSL_ERROR_WANT_WRITE;
    if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) {
        errno = EAGAIN;
        return -1;
    }
    /* Whoever is killed says no goodbye. What was cut off is noticed above: frames and calls have ends of their own. */
    bool cut = reason == SSL_ERROR_SSL && ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    if (reason == SSL_ERROR_ZERO_RETURN || cut)
        return 0;
    end(stream, reason == SSL_ERROR_SYSCALL && errno ? broken(stream, strerror(errno)) : tls_error(stream, "connection"));
    return -1;
}

static void give_any(struct sw_stream *stream, const uint8_t *data, size_t len) {
    if (stream->split)
        give_split(stream, data, len);
    else
        give(stream, data, len);
}

static void give_injected(struct sw_stream *stream) {
    struct sw_buf injected = stream->injected;
    stream->injected = (struct sw_buf){0};
    give_any(stream, (const uint8_t *)injected.data, injected.len);
    sw_buf_fini(&injected);
}

static void read_all(struct sw_stream *stream) {
    uint8_t buffer[READ_SIZE];
    if (stream->injected.len)
        give_injected(stream);
    for (int i = 0; !stream->ended && (i < READS_A_TURN || (stream->tls && SSL_pending(stream->tls))); i++) {
        ssize_t got = read_some(stream, buffer, sizeof buffer);
        if (stream->ended)
            return;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (got <= 0) {
            end(stream, got < 0 ? broken(stream, strerror(errno)) : NULL);
            return;
        }
        give_any(stream, buffer, (size_t)got);
    }
}

/* ---- writing ---- */

/* Writing failed: what the peer said before it closed is the better reason. */
static void end_reading(struct sw_stream *stream, struct sw_error *error) {
    read_all(stream);
    end(stream, error);
}

static ssize_t write_some(struct sw_stream *stream, const char *data, size_t len) {
    if (!stream->tls)
        return send(stream->fd, data, len, MSG_NOSIGNAL);
    ERR_clear_error();
    errno = 0;
    int put = SSL_write(stream->tls, data, len > READ_SIZE ? READ_SIZE : (int)len);
    if (put > 0)
        return put;
    int reason = SSL_get_error(stream->tls, put);
    if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) {
        errno = EAGAIN;
        return -1;
    }
    struct sw_error *error =
        reason == SSL_ERROR_SYSCALL && errno ? broken(stream, strerror(errno)) : tls_error(stream, "connection");
    end_reading(stream, error);
    return -1;
}

static void write_all(struct sw_stream *stream) {
    bool any = false;
    while (!stream->ended && sw_stream_pending(stream)) {
        ssize_t put = write_some(stream, stream->out.data + stream->out_at, sw_stream_pending(stream));
        if (stream->ended)
            return;
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (put < 0) {
            end_reading(stream, broken(stream, strerror(errno)));
            return;
        }
        stream->out_at += (size_t)put;
        any = true;
    }
    if (!sw_stream_pending(stream)) {
        sw_buf_truncate(&stream->out, 0);
        stream->out_at = 0;
    } else if (stream->out_at > LOW_WATER) {
        memmove(stream->out.data, stream->out.data + stream->out_at, sw_stream_pending(stream));
        sw_buf_truncate(&stream->out, sw_stream_pending(stream));
        stream->out_at = 0;
    }
    if (any && sw_stream_pending(stream) < LOW_WATER && stream->events && stream->events->drained)
        stream->events->drained(stream->context);
}

/* ---- turns ---- */

static void watch_for(struct sw_stream *stream) {
    if (stream->ended)
        return;
    bool writes = stream->shaken ? sw_stream_pending(stream) || stream->read_wants_write || stream->injected.len
                                 : SSL_want_write(stream->tls);
    stream->host->fds->change(stream->watch, SW_FD_READ | (writes ? SW_FD_WRITE : 0));
}

/* Whether the handshake is done. */
static bool shake(struct sw_stream *stream) {
    ERR_clear_error();
    int done = SSL_do_handshake(stream->tls);
    if (done == 1) {
        stream->shaken = true;
        return true;
    }
    int reason = SSL_get_error(stream->tls, done);
    if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE)
        end(stream, tls_error(stream, "handshake"));
    return false;
}

static void on_ready(void *context, uint32_t events) {
    struct sw_stream *stream = context;
    (void)events;
    enter(stream);
    if (stream->shaken || shake(stream)) {
        read_all(stream);
        write_all(stream);
    }
    watch_for(stream);
    leave(stream);
}

/* ---- life ---- */

struct sw_stream *sw_stream_new(const struct sw_host *host, int fd, SSL *tls, const char *name) {
    struct sw_stream *stream = sw_new(sizeof *stream);
    stream->host = host;
    stream->fd = fd;
    stream->complaints = -1;
    stream->tls = tls;
    stream->shaken = !tls;
    stream->name = sw_strdup(name);
    if (tls)
        SSL_set_fd(tls, fd);
    stream->watch = host->fds->watch(fd, SW_FD_READ | (tls ? SW_FD_WRITE : 0), on_ready, stream);
    return stream;
}

void sw_stream_listen(struct sw_stream *stream, const struct sw_stream_events *events, void *context) {
    stream->events = events;
    stream->context = context;
}

void sw_stream_write(struct sw_stream *stream, struct sw_bytes bytes) {
    if (stream->ended || !bytes.len)
        return;
    sw_buf_add(&stream->out, bytes.data, bytes.len);
    if (!stream->busy && stream->shaken)
        watch_for(stream);
}

void sw_stream_own_child(struct sw_stream *stream, int pid, int complaints) {
    stream->child = pid;
    stream->complaints = complaints;
}

void sw_stream_split_outputs(struct sw_stream *stream) {
    stream->split = true;
}

void sw_stream_inject(struct sw_stream *stream, struct sw_bytes bytes) {
    if (stream->ended || !bytes.len)
        return;
    sw_buf_add(&stream->injected, bytes.data, bytes.len);
    if (!stream->busy && stream->shaken)
        watch_for(stream);
}
