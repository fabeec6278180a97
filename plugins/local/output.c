#include "plugins/local/output.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"

enum { PIECE = 16 * 1024, TAIL_BYTES = 64 * 1024, TAIL_LINES = 40, SHORTEST_SECRET = 4, ASK_MS = 200 };

static void remember(struct sw_buf *tail, const char *data, size_t len) {
    sw_buf_add(tail, data, len);
    if (tail->len <= 2 * TAIL_BYTES)
        return;
    memmove(tail->data, tail->data + tail->len - TAIL_BYTES, TAIL_BYTES);
    sw_buf_truncate(tail, TAIL_BYTES);
}

/* False at the end of the stream. */
static bool pass_on(struct sw_output *output, int index) {
    char piece[PIECE];
    ssize_t len = read(output->pipes[index], piece, sizeof piece);
    if (len < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (len <= 0)
        return false;
    remember(&output->tail, piece, (size_t)len);
    if (output->output)
        output->output(output->context, index + 1, (struct sw_bytes){piece, (size_t)len});
    return true;
}

int sw_output_follow(struct sw_output *output, struct sw_launched *launched) {
    enum { STREAMS = 2, ENDED = 2, CANCELLED = 3 };
    int status = -1;
    struct pollfd fds[] = {
        {output->pipes[0], POLLIN, 0}, {output->pipes[1], POLLIN, 0}, {launched->pidfd, POLLIN, 0}, {output->cancelled, POLLIN, 0}};
    while (fds[0].fd >= 0 || fds[1].fd >= 0 || fds[ENDED].fd >= 0) {
        int ready = poll(fds, sizeof fds / sizeof *fds, output->work ? ASK_MS : -1);
        if (ready == 0 && fds[ENDED].fd >= 0 && !sw_work_wanted(output->work, NULL))
            sw_launched_kill(launched);
        if (ready <= 0)
            continue;
        for (int i = 0; i < STREAMS; i++)
            if (fds[i].revents && !pass_on(output, i))
                fds[i].fd = -1;
        if (fds[CANCELLED].revents) {
            if (fds[ENDED].fd >= 0)
                sw_launched_kill(launched);
            fds[CANCELLED].fd = -1;
        }
        if (fds[ENDED].revents) {
            status = sw_launched_wait(launched);
            fds[ENDED].fd = -1;
        }
    }
    return status;
}

static void mask(struct sw_buf *text, struct sw_bytes secret) {
    char *found;
    if (secret.len < SHORTEST_SECRET)
        return;
    while (text->len && (found = memmem(text->data, text->len, secret.data, secret.len))) {
        size_t before = (size_t)(found - text->data), after = text->len - before - secret.len;
        sw_cleanup_buf struct sw_buf old = *text;
        *text = (struct sw_buf){0};
        sw_buf_add(text, old.data, before);
        sw_buf_puts(text, "***");
        sw_buf_add(text, old.data + before + secret.len, after);
    }
}

char *sw_output_tail(const struct sw_output *output, const struct sw_vec *secrets) {
    struct sw_buf text = {0};
    sw_buf_add(&text, output->tail.data, output->tail.len);
    for (size_t i = 0; i < secrets->len; i++)
        mask(&text, *(const struct sw_bytes *)sw_vec_at(secrets, i));
    while (text.len && text.data[text.len - 1] == '\n')
        sw_buf_truncate(&text, text.len - 1);
    size_t start = text.len;
    for (int lines = 0; start > 0; start--)
        if (text.data[start - 1] == '\n' && ++lines == TAIL_LINES)
            break;
    /* An excerpt is text: a NUL would end it. */
    for (size_t i = start; i < text.len; i++)
        if (text.data[i] == '\0')
            text.data[i] = ' ';
    char *tail = sw_strndup(text.data ? text.data + start : "", text.len - start);
    sw_buf_fini(&text);
    return tail;
}
