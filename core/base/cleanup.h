/* cleanup.h - releasing a resource where it is declared.
 *
 *     sw_cleanup_free char *name = sw_strdup(text);
 *
 * Only the attributes of types that base knows are here; each other type's header has its own. */
#ifndef CORE_BASE_CLEANUP_H
#define CORE_BASE_CLEANUP_H

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>

void sw_cleanup_free_p(void *pointer);
void sw_cleanup_close_p(int *fd);
void sw_cleanup_file_p(FILE **file);
void sw_cleanup_dir_p(DIR **dir);
void sw_cleanup_json_p(json_t **json);

#define sw_cleanup_free __attribute__((cleanup(sw_cleanup_free_p)))
#define sw_cleanup_close __attribute__((cleanup(sw_cleanup_close_p)))
#define sw_cleanup_file __attribute__((cleanup(sw_cleanup_file_p)))
#define sw_cleanup_dir __attribute__((cleanup(sw_cleanup_dir_p)))
#define sw_cleanup_json __attribute__((cleanup(sw_cleanup_json_p)))

/* Closes `*fd` unless it is negative, and sets it to -1. errno is kept. */
void sw_close(int *fd);

/* Gives `*fd` away: returns it and leaves -1 behind. */
int sw_steal_fd(int *fd);

/* Gives `*pointer` (the address of any object pointer) away: returns it and leaves NULL behind. */
void *sw_steal(void *pointer);

#endif
