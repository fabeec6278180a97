/* settle.h - the upper folder of an overlay, brought to what it says about the layers below: no more than the difference.
 *
 * A step may bring files into its layer and leave them as they were, or remove a folder and fill it again. Afterwards the folder has
 * neither entries that equal the ones below (in type, mode, owner, size, time, attributes that layers keep, and content where the
 * time cannot tell) nor whiteouts of what is not there, and opaque folders have become folders with a whiteout for each name that
 * is gone. What the layers show together stays the same, but that a file linked to one of a layer below is another one than that. */
#ifndef PLUGINS_LOCAL_SETTLE_H
#define PLUGINS_LOCAL_SETTLE_H

#include "plugins/local/work.h"

struct sw_settle {
    int upper; /* not mounted any more */
    int below; /* the layers below it, merged */
    const struct sw_work *work;
};

/* Blocks: [pool]. */
bool sw_settle_run(const struct sw_settle *settle, struct sw_error **error);

#endif
