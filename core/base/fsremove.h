/* fsremove.h - removing trees that others have shaped: follows no link, crosses no mount, needs no recursion.
 *
 * The part of fsroot that removes; callers use sw_fsroot_remove and sw_fsroot_empty. */
#ifndef CORE_BASE_FSREMOVE_H
#define CORE_BASE_FSREMOVE_H

/* Removes `name` of `folder` and all below it. 0, or -1 and errno; nothing there is success, a mount point inside is EXDEV. */
int sw_fsremove_at(int folder, const char *name);

/* Removes all that is in `folder`, which may be an O_PATH descriptor. */
int sw_fsremove_content(int folder);

#endif
