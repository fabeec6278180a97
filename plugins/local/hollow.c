#include "plugins/local/hollow.h"

#include <unistd.h>

#include "core/base/error.h"

static void close_reader(struct sw_hollow *hollow) {
    if (hollow->open)
        hollow->reader->tree_close(hollow->open);
    hollow->open = NULL;
}

void sw_hollow_fini(struct sw_hollow *hollow) {
    close_reader(hollow);
    sw_vec_fini(&hollow->files);
}

int sw_hollow_mark(struct sw_hollow *hollow, int fd, const struct sw_hollow_file *file) {
    hollow->files.width = sizeof *file;
    sw_vec_push(&hollow->files, file);
    return ftruncate(fd, (off_t)hollow->files.len);
}

const struct sw_hollow_file *sw_hollow_file(const struct sw_hollow *hollow, uint64_t size) {
    return sw_vec_at(&hollow->files, (size_t)size - 1);
}

bool sw_hollow_open(struct sw_hollow *hollow, uint64_t size, struct sw_error **error) {
    const struct sw_hollow_file *file = sw_hollow_file(hollow, size);
    if (hollow->open && hollow->node != file->node)
        close_reader(hollow);
    if (!hollow->open && !hollow->reader->tree_open(hollow->graph, file->node, &hollow->open, error))
        return false;
    hollow->node = file->node;
    hollow->reader->tree_seek(hollow->open, file->index);
    struct sw_tree_entry entry = {.size = sizeof entry};
    int got = hollow->reader->tree_next(hollow->open, &entry, error);
    return got > 0 || (got == 0 && sw_fail(error, SW_ERROR_IO, "a file vanished while it was read"));
}

int64_t sw_hollow_read(struct sw_hollow *hollow, void *buffer, size_t len, struct sw_error **error) {
    return hollow->reader->tree_read(hollow->open, buffer, len, error);
}
