#include "core/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void sw_cleanup_free_p(void *pointer) {
    free(sw_steal(pointer));
}

void sw_cleanup_close_p(int *fd) {
    sw_close(fd);
}

void sw_cleanup_file_p(FILE **file) {
    if (*file)
        fclose(*file);
}

void sw_cleanup_dir_p(DIR **dir) {
    if (*dir)
        closedir(*dir);
}

void sw_cleanup_json_p(json_t **json) {
    json_decref(*json);
}

void sw_close(int *fd) {
    int saved = errno;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    errno = saved;
}

int sw_steal_fd(int *fd) {
    int stolen = *fd;
    *fd = -1;
    return stolen;
}

void *sw_steal(void *pointer) {
    /* memcpy, since `pointer` may point to any type of object pointer. */
    void *stolen, *none = NULL;
    memcpy(&stolen, pointer, sizeof stolen);
    memcpy(pointer, &none, sizeof none);
    return stolen;
}
