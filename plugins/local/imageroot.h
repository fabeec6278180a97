/* imageroot.h - the files of a finished image, outside of any solve: its layers are fetched and unpacked as far as they are not. */
#ifndef PLUGINS_LOCAL_IMAGEROOT_H
#define PLUGINS_LOCAL_IMAGEROOT_H

#include "plugins/local/stack.h"
#include "plugins/local/workers.h"
#include "plugins/local/workshop.h"

struct sw_imageroot_wish {
    struct sw_workshop *workshop;
    struct sw_workers *workers;
    const struct sw_image *image;
    struct sw_cancel *cancel;
    /* `stack` is valid during the call; its parts may be taken. [loop] */
    void (*done)(void *context, struct sw_stack *stack, struct sw_error *error);
    void *context;
};

/* [loop] */
void sw_imageroot_get(const struct sw_imageroot_wish *wish);

#endif
