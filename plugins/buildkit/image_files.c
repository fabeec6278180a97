#include "plugins/buildkit/image_files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/arena.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/map.h"
#include "core/base/path.h"
#include "core/base/vec.h"
#include "plugins/buildkit/layer_import.h"
#include "plugins/buildkit/tar.h"

enum { PIECE = 64 * 1024 };

/* A path of the image, as the topmost layer that has it says. */
struct file {
    const char *path; /* relative, clean */
    const char *target;
    uint32_t type; /* enum sw_file_type; NONE: neither file nor folder nor symlink */
    uint32_t mode;
    size_t layer;
    uint64_t at;
    uint64_t bytes;
};

struct walking {
    const struct sw_host *host;
    const struct sw_image *image;
    char *path;
    struct sw_cancel *cancel;
    bool (*visit)(void *context, const struct sw_image_file *file);
    sw_done done;
    void *context;
    int *layers; /* descriptors: as they came, then unpacked */
    size_t count, next;
    struct sw_arena arena;
    struct sw_map files; /* path -> struct file, of the arena */
    struct sw_error *error;
};

static void end(struct walking *walking, struct sw_error *error) {
    for (size_t i = 0; i < walking->count; i++)
        sw_close(&walking->layers[i]);
    free(walking->layers);
    free(walking->path);
    sw_map_fini(&walking->files, NULL);
    sw_arena_fini(&walking->arena);
    walking->done(walking->context, error);
    free(walking);
}

/* ---- layers on one another, on a pool thread ---- */

/* Takes away `path` (unless `keep_itself`) and what is below it, as far as lower layers brought it. */
static void hide(struct walking *walking, const char *path, size_t layer, bool keep_itself) {
    for (size_t i = 0; i < walking->files.len; i++) {
        const char *key = walking->files.entries[i].key;
        if (!key || (keep_itself && !strcmp(key, path)) || !(*path ? sw_path_within(key, path) : true))
            continue;
        if (((const struct file *)walking->files.entries[i].value)->layer < layer)
            sw_map_remove(&walking->files, sw_arena_str(&walking->arena, key));
    }
}

static uint32_t type_of(char type) {
    return type == '5'                                 ? SW_FILE_DIRECTORY
           : type == '2'                               ? SW_FILE_SYMLINK
           : type == '0' || type == '7' || type == '1' ? SW_FILE_REGULAR
                                                       : SW_FILE_NONE;
}

static void take(struct walking *walking, size_t layer, const struct sw_tar_entry *entry) {
    const char *path = sw_buf_text(&entry->name);
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    sw_cleanup_free char *folder = sw_strndup(path, slash ? (size_t)(slash - path) : 0);
    if (!strcmp(name, ".wh..wh..opq")) {
        hide(walking, folder, layer, true);
        return;
    }
    if (!strncmp(name, ".wh.", 4)) {
        sw_cleanup_free char *gone = sw_format("%s%s%s", folder, *folder ? "/" : "", name + 4);
        hide(walking, gone, layer, false);
        return;
    }
    struct file *file = sw_arena_new(&walking->arena, sizeof *file);
    *file = (struct file){.path = sw_arena_str(&walking->arena, path),
                          .target = sw_arena_str(&walking->arena, sw_buf_text(&entry->link)),
                          .type = type_of(entry->type),
                          .mode = (uint32_t)sw_tar_number(entry->header + 100, 8) & 07777,
                          .layer = layer,
                          .at = entry->data,
                          .bytes = entry->bytes};
    sw_cleanup_free char *link = entry->type == '1' ? sw_path_join("/", sw_buf_text(&entry->link)) : NULL;
    const struct file *first = link ? sw_map_get(&walking->files, link + 1) : NULL;
    if (first) {
        file->layer = first->layer;
        file->at = first->at;
        file->bytes = first->bytes;
    }
    const struct file *old = sw_map_get(&walking->files, path);
    if (old && old->type == SW_FILE_DIRECTORY && file->type != SW_FILE_DIRECTORY)
        hide(walking, path, layer, true);
    sw_map_set(&walking->files, path, file);
}

static bool read_layer(struct walking *walking, size_t index) {
    struct stat status;
    struct sw_tar_entry entry = {0};
    if (!sw_layer_unpack(walking->host, &walking->layers[index], &walking->error) || fstat(walking->layers[index], &status) < 0)
        return false;
    struct sw_tar tar = {walking->layers[index], 0, (uint64_t)status.st_size};
    int got;
    while ((got = sw_tar_next(&tar, &entry, &walking->error)) > 0)
        take(walking, index, &entry);
    sw_tar_entry_fini(&entry);
    return got == 0;
}

/* ---- the walk ---- */

/* A file in memory or on disk with one file's content; -1 on failure. */
static int content_of(struct walking *walking, const struct file *file) {
    sw_cleanup_close int fd = sw_layer_temporary(walking->host, &walking->error);
    sw_cleanup_free char *piece = sw_new(PIECE);
    for (uint64_t at = 0; fd >= 0 && at < file->bytes;) {
        size_t len = file->bytes - at < PIECE ? (size_t)(file->bytes - at) : PIECE;
        if (!sw_tar_read(walking->layers[file->layer], piece, len, file->at + at, &walking->error))
            return -1;
        if (write(fd, piece, len) != (ssize_t)len) {
            sw_fail(&walking->error, SW_ERROR_IO, "cannot write a file of an image");
            return -1;
        }
        at += len;
    }
    if (fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return sw_steal_fd(&fd);
}

static bool visit_file(struct walking *walking, const struct file *file) {
    sw_cleanup_free char *path = sw_format("/%s", file->path);
    sw_cleanup_close int fd = file->type == SW_FILE_REGULAR ? content_of(walking, file) : -1;
    if (walking->error)
        return false;
    struct sw_image_file visited = {.size = sizeof visited,
                                    .type = file->type,
                                    .mode = file->mode,
                                    .path = path,
                                    .target = file->type == SW_FILE_SYMLINK ? file->target : NULL,
                                    .fd = fd,
                                    .reserved_fd = -1};
    return walking->visit(walking->context, &visited);
}

static bool is_of_the_machine(const char *path) {
    return sw_path_within(path, "proc") || sw_path_within(path, "sys") || sw_path_within(path, "dev");
}

static int by_path(const void *a, const void *b) {
    return strcmp((*(const struct file *const *)a)->path, (*(const struct file *const *)b)->path);
}

/* `path` with the symlinks on its way resolved inside the image. To be freed. */
static char *resolve(const struct walking *walking, const char *path) {
    char *clean = sw_path_join("/", path);
    for (int links = 0; links < 40; links++) {
        bool changed = false;
        for (char *end_of_part = strchr(clean + 1, '/'); !changed;
             end_of_part = end_of_part ? strchr(end_of_part + 1, '/') : NULL) {
            sw_cleanup_free char *part =
                end_of_part ? sw_strndup(clean + 1, (size_t)(end_of_part - clean - 1)) : sw_strdup(clean + 1);
            const struct file *file = sw_map_get(&walking->files, part);
            if (file && file->type == SW_FILE_SYMLINK) {
                sw_cleanup_free char *folder = sw_path_dir(part);
                sw_cleanup_free char *target = *file->target == '/' ? sw_strdup(file->target) : sw_path_join(folder, file->target);
                sw_cleanup_free char *joined = sw_format("/%s/%s", target, end_of_part ? end_of_part + 1 : "");
                free(clean);
                clean = sw_path_join("/", joined);
                changed = true;
            }
            if (!end_of_part)
                break;
        }
        if (!changed)
            break;
    }
    return clean;
}

static void walk(void *context) {
    struct walking *walking = context;
    for (size_t i = 0; i < walking->count; i++)
        if (!read_layer(walking, i))
            return;
    sw_cleanup_free char *root = resolve(walking, walking->path);
    sw_cleanup_free const struct file **sorted = sw_new_array(walking->files.count + 1, sizeof *sorted);
    size_t count = 0;
    for (size_t i = 0; i < walking->files.len; i++) {
        const char *path = walking->files.entries[i].key;
        if (path && (!root[1] || sw_path_within(path, root + 1)) && !is_of_the_machine(path))
            sorted[count++] = walking->files.entries[i].value;
    }
    qsort(sorted, count, sizeof *sorted, by_path);
    for (size_t i = 0; i < count && !walking->host->cancel->cancelled(walking->cancel); i++)
        if (sorted[i]->type != SW_FILE_NONE && !visit_file(walking, sorted[i]))
            return;
}

static void on_walked(void *context) {
    struct walking *walking = context;
    struct sw_error *error = walking->error;
    if (!error && walking->host->cancel->cancelled(walking->cancel))
        error = sw_error_new(SW_ERROR_CANCELLED, "cancelled");
    end(walking, error);
}

/* ---- gathering ---- */

static void open_next(void *context);

static void on_layer(void *context, int fd, struct sw_error *error) {
    struct walking *walking = context;
    if (error) {
        end(walking, error);
        return;
    }
    walking->layers[walking->next++] = fd;
    open_next(walking);
}

static void open_next(void *context) {
    struct walking *walking = context;
    if (walking->next < walking->count)
        walking->host->blob->open_layer(walking->image, walking->next, walking->cancel, NULL, on_layer, walking);
    else
        walking->host->pool->run(walk, on_walked, walking);
}

void sw_image_files_walk(const struct sw_host *host, const struct sw_image *image, const char *path, struct sw_cancel *cancel,
                         bool (*visit)(void *context, const struct sw_image_file *file), sw_done done, void *context) {
    struct walking *walking = sw_new(sizeof *walking);
    *walking = (struct walking){.host = host,
                                .image = image,
                                .path = sw_strdup(path),
                                .cancel = cancel,
                                .visit = visit,
                                .done = done,
                                .context = context,
                                .count = host->image->layer_count(image)};
    walking->layers = sw_new_array(walking->count + 1, sizeof *walking->layers);
    for (size_t i = 0; i < walking->count; i++)
        walking->layers[i] = -1;
    host->timers->after(0, open_next, walking);
}
