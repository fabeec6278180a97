/* messages.c - the few messages that the peer sends. */
#include <stdio.h>
#include <string.h>

#include "tests/e2e/peer/peer.h"

#define STEP "sha256:57e9000000000000000000000000000000000000000000000000000000000000"

static void put_varint(struct sw_buf *buf, uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        sw_buf_putc(buf, (char)(value | 0x80));
    sw_buf_putc(buf, (char)value);
}

void put_number(struct sw_buf *buf, uint32_t field, uint64_t value) {
    put_varint(buf, (uint64_t)field << 3);
    put_varint(buf, value);
}

void put_bytes(struct sw_buf *buf, uint32_t field, const void *data, size_t len) {
    put_varint(buf, (uint64_t)field << 3 | 2);
    put_varint(buf, len);
    sw_buf_add(buf, data, len);
}

void put_text(struct sw_buf *buf, uint32_t field, const char *text) {
    put_bytes(buf, field, text, strlen(text));
}

void put_buf(struct sw_buf *buf, uint32_t field, const struct sw_buf *message) {
    put_bytes(buf, field, sw_buf_text(message), message->len);
}

static bool take_varint(const uint8_t **data, size_t *len, uint64_t *value) {
    *value = 0;
    for (unsigned shift = 0; *len && shift < 64; shift += 7) {
        uint8_t byte = *(*data)++;
        (*len)--;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

bool next_bytes(const uint8_t **data, size_t *len, uint32_t *field, const uint8_t **bytes, size_t *bytes_len) {
    uint64_t tag, value;
    while (take_varint(data, len, &tag) && ((tag & 7) == 0 || (tag & 7) == 2)) {
        if (!take_varint(data, len, &value))
            return false;
        if ((tag & 7) == 0)
            continue;
        if (value > *len)
            return false;
        *field = (uint32_t)(tag >> 3);
        *bytes = *data;
        *bytes_len = (size_t)value;
        *data += value;
        *len -= (size_t)value;
        return true;
    }
    return false;
}

static void put_version(const struct plan *plan, struct sw_buf *buf, uint32_t field) {
    sw_cleanup_buf struct sw_buf version = {0};
    put_text(&version, 1, "peer");
    put_text(&version, 2, plan->version);
    put_buf(buf, field, &version);
}

void workers_message(const struct plan *plan, struct sw_buf *buf) {
    sw_cleanup_buf struct sw_buf worker = {0}, platform = {0};
    const char *slash = strchr(plan->platform, '/');
    if (!slash)
        return; /* no worker at all */
    put_text(&platform, 1, slash + 1);
    put_bytes(&platform, 2, plan->platform, (size_t)(slash - plan->platform));
    put_text(&worker, 1, "peer");
    put_buf(&worker, 3, &platform);
    put_buf(buf, 1, &worker);
}

void info_message(const struct plan *plan, struct sw_buf *buf) {
    put_version(plan, buf, 1);
}

void pong_message(const struct plan *plan, struct sw_buf *buf) {
    static const char *const caps[] = {
        "source.image",
        "source.local",
        "source.local.sessionid",
        "source.local.excludepatterns",
        "source.ocilayout",
        "exec.meta.base",
        "exec.meta.network",
        "exec.meta.security",
        "exec.mount.bind",
        "exec.mount.cache",
        "exec.mount.secret",
        "exec.mount.ssh",
        "exec.secretenv",
        "exec.mount.tmpfs",
        "exec.mount.cache.sharing",
        "exec.mount.selector",
        "file.base",
        "file.rm.wildcard",
        "mergeop",
        "diffop",
        "platform",
        "constraints",
        "meta.description",
        "file.copy.includeexcludepatterns",
    };
    for (size_t i = 0; i < sizeof caps / sizeof *caps; i++) {
        sw_cleanup_buf struct sw_buf cap = {0};
        bool refused = plan->refuse_cap && !strcmp(plan->refuse_cap, caps[i]);
        put_text(&cap, 1, caps[i]);
        if (refused)
            put_text(&cap, 5, "the peer was told so");
        else
            put_number(&cap, 2, 1);
        put_buf(buf, 2, &cap);
    }
}

void solved_message(struct sw_buf *buf) {
    sw_cleanup_buf struct sw_buf result = {0}, ref = {0};
    put_text(&ref, 1, "result");
    put_buf(&result, 3, &ref);
    put_buf(buf, 3, &result);
}

void exported_message(const struct plan *plan, struct sw_buf *buf) {
    for (size_t i = 0; plan->responses[i]; i++) {
        sw_cleanup_buf struct sw_buf entry = {0};
        size_t len = strcspn(plan->responses[i], "=");
        put_bytes(&entry, 1, plan->responses[i], len);
        put_text(&entry, 2, plan->responses[i] + len + (plan->responses[i][len] == '='));
        put_buf(buf, 1, &entry);
    }
}

/* "KEY=VALUE" of a map's entry. */
static void put_entry(struct sw_buf *line, const uint8_t *data, size_t len) {
    const uint8_t *bytes;
    size_t bytes_len;
    uint32_t field;
    while (next_bytes(&data, &len, &field, &bytes, &bytes_len)) {
        sw_buf_putc(line, field == 1 ? ' ' : '=');
        sw_buf_add(line, bytes, bytes_len);
    }
}

/* A type (field 1) with attributes (2). */
static bool log_typed(int log, const char *what, const uint8_t *data, size_t len) {
    sw_cleanup_buf struct sw_buf line = {0};
    const uint8_t *bytes;
    size_t bytes_len;
    uint32_t field;
    bool pushes = false;
    while (next_bytes(&data, &len, &field, &bytes, &bytes_len)) {
        if (field == 1)
            pushes = bytes_len == 5 && !memcmp(bytes, "image", 5);
        if (field == 1)
            sw_buf_printf(&line, "%.*s", (int)bytes_len, (const char *)bytes);
        else if (field == 2)
            put_entry(&line, bytes, bytes_len);
    }
    if (log >= 0)
        dprintf(log, "%s %s\n", what, sw_buf_text(&line));
    return pushes;
}

static void log_caches(int log, const uint8_t *data, size_t len) {
    const uint8_t *bytes;
    size_t bytes_len;
    uint32_t field;
    while (next_bytes(&data, &len, &field, &bytes, &bytes_len))
        log_typed(log, field == 4 ? "cache-to" : "cache-from", bytes, bytes_len);
}

bool log_solve(int log, const uint8_t *request, size_t len) {
    const uint8_t *bytes;
    size_t bytes_len;
    uint32_t field;
    bool pushes = false;
    while (next_bytes(&request, &len, &field, &bytes, &bytes_len)) {
        if (field == 13)
            pushes = log_typed(log, "exporter", bytes, bytes_len) || pushes;
        else if (field == 8)
            log_caches(log, bytes, bytes_len);
        else if (field == 12)
            log_typed(log, "cache-from", bytes, bytes_len);
    }
    return pushes;
}

static void put_step(struct sw_buf *buf, bool ends) {
    sw_cleanup_buf struct sw_buf vertex = {0}, time = {0};
    put_number(&time, 1, 1767225600);
    put_text(&vertex, 1, STEP);
    put_text(&vertex, 3, "a step of the peer");
    put_buf(&vertex, 5, &time);
    if (ends)
        put_buf(&vertex, 6, &time);
    put_buf(buf, 1, &vertex);
}

void step_begins_message(struct sw_buf *buf) {
    put_step(buf, false);
}

void step_ends_message(struct sw_buf *buf) {
    put_step(buf, true);
}

void step_output_message(struct sw_buf *buf, size_t bytes) {
    sw_cleanup_buf struct sw_buf log = {0}, text = {0};
    while (text.len < bytes)
        sw_buf_puts(&text, "sixty-three letters are in this line, and one that ends the line\n");
    put_text(&log, 1, STEP);
    put_number(&log, 3, 1);
    put_bytes(&log, 4, text.data, text.len);
    put_buf(buf, 3, &log);
}
