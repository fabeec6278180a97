/* random_id.h - names of builds and sessions that nobody else has. */
#ifndef PLUGINS_BUILDKIT_RANDOM_ID_H
#define PLUGINS_BUILDKIT_RANDOM_ID_H

enum { SW_RANDOM_ID_SIZE = 26 };

/* Writes 25 characters of [0-9a-z] and a NUL. [any] */
void sw_random_id(char out[SW_RANDOM_ID_SIZE]);

#endif
