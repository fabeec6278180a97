#include "core/runtime/undo.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/alloc.h"

struct sw_undo {
    struct sw_undo *newer;
    struct sw_undo *older;
    void (*undo)(void *context);
    void *context;
    char *path;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sw_undo *newest;

static struct sw_undo *add(struct sw_undo undo) {
    struct sw_undo *entry = sw_memdup(&undo, sizeof undo);
    pthread_mutex_lock(&lock);
    entry->older = newest;
    if (newest)
        newest->newer = entry;
    newest = entry;
    pthread_mutex_unlock(&lock);
    return entry;
}

struct sw_undo *sw_undo_add(void (*undo)(void *context), void *context) {
    return add((struct sw_undo){.undo = undo, .context = context});
}

struct sw_undo *sw_undo_remove_path(const char *path) {
    return add((struct sw_undo){.path = sw_strdup(path)});
}

static void unlink_entry(struct sw_undo *undo) {
    if (undo->newer)
        undo->newer->older = undo->older;
    else
        newest = undo->older;
    if (undo->older)
        undo->older->newer = undo->newer;
}

void sw_undo_forget(struct sw_undo *undo) {
    if (!undo)
        return;
    pthread_mutex_lock(&lock);
    unlink_entry(undo);
    pthread_mutex_unlock(&lock);
    free(undo->path);
    free(undo);
}

static struct sw_undo *take_newest(void) {
    pthread_mutex_lock(&lock);
    struct sw_undo *undo = newest;
    if (undo)
        unlink_entry(undo);
    pthread_mutex_unlock(&lock);
    return undo;
}

void sw_undo_all(void) {
    struct sw_undo *undo;
    while ((undo = take_newest())) {
        if (undo->undo)
            undo->undo(undo->context);
        if (undo->path)
            remove(undo->path);
        free(undo->path);
        free(undo);
    }
}
