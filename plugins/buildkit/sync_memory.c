#include "plugins/buildkit/sync_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/map.h"

static const int64_t NANOS = 1000000000;

/* A folder keeps the time at which it was first seen: what changes in it says nothing of itself. */
static const char FOLDER_ID[] = "-";

/* A line is "SECONDS ID PATH"; paths with a newline are not remembered. */
static void read_lines(const char *file, struct sw_map *known) {
    sw_cleanup_file FILE *stream = fopen(file, "re");
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    while (stream && (len = getline(&line, &size, stream)) > 0) {
        if (line[len - 1] != '\n')
            break; /* it was cut off */
        line[len - 1] = '\0';
        char *id = strchr(line, ' ');
        char *path = id ? strchr(id + 1, ' ') : NULL;
        if (path)
            free(sw_map_set(known, path + 1, sw_strndup(line, (size_t)(path - line))));
    }
    free(line);
}

/* Whole or not at all: the file is replaced in one step. */
static void write_lines(const char *file, const struct sw_buf *text) {
    sw_cleanup_free char *new_file = sw_format("%s.%d", file, (int)getpid());
    sw_cleanup_close int fd = open(new_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    size_t at = 0;
    while (at < text->len) {
        ssize_t put = write(fd, text->data + at, text->len - at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            break;
        at += (size_t)put;
    }
    if (at < text->len || rename(new_file, file) < 0)
        unlink(new_file);
}

/* Nanoseconds below a second that follow from the content. */
static int64_t fraction(const char *id) {
    uint64_t hash = 1469598103934665603u; /* FNV-1a */
    for (; *id; id++)
        hash = (hash ^ (unsigned char)*id) * 1099511628211u;
    return (int64_t)(hash % (uint64_t)NANOS);
}

void sw_sync_memory_apply(const char *file, struct sw_sync_item *items, size_t count) {
    struct sw_map known = {0};
    sw_cleanup_buf struct sw_buf text = {0};
    bool changed = false;
    if (file)
        read_lines(file, &known);
    for (size_t i = 0; i < count; i++) {
        struct sw_sync_item *item = &items[i];
        if (item->type != SW_FILE_REGULAR && item->type != SW_FILE_DIRECTORY)
            continue;
        const char *wanted = item->type == SW_FILE_DIRECTORY ? FOLDER_ID : item->id;
        int64_t seconds = item->mtime / NANOS;
        const char *line = sw_map_get(&known, item->path);
        const char *id = line ? strchr(line, ' ') : NULL;
        if (id && wanted && !strcmp(id + 1, wanted))
            seconds = strtoll(line, NULL, 10);
        else
            changed = true;
        item->mtime = seconds * NANOS + (item->id ? fraction(item->id) : 0);
        if (wanted && !strchr(item->path, '\n'))
            sw_buf_printf(&text, "%" PRId64 " %s %s\n", seconds, wanted, item->path);
    }
    if (file && changed)
        write_lines(file, &text);
    sw_map_fini(&known, free);
}
