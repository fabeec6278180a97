/* host.h - makes the table that plugins get (struct sw_host of slipway/host.h).
 *
 * The groups that need the event loop, settings, secrets and credentials are filled in here. Those that need a room of the data's way
 * (documents, files, images, the graph, plans, blobs) come from the caller, who knows these rooms. There is one table a process:
 * plugins call its functions without saying whose they are. */
#ifndef CORE_PLUGIN_HOST_H
#define CORE_PLUGIN_HOST_H

#include "slipway/plugin.h"

/* Pointers are borrowed for the life of the process; a table that is NULL is NULL for plugins too. */
struct sw_host_parts {
    const char *store_folder; /* copied */
    const struct sw_host_document *document;
    const struct sw_host_files *files;
    const struct sw_host_image *image;
    const struct sw_host_graph *graph;
    const struct sw_host_blob *blob;
    const struct sw_host_plan *plan;
    const void *(*get_extension)(const char *id); /* may be NULL */
};

/* Fills the table in, and gives it. Called again, it changes the same table: for tests. [loop] */
const struct sw_host *sw_host_make(const struct sw_host_parts *parts);

/* Frees what the table has gathered (folder names). No plugin may be called afterwards. [loop] */
void sw_host_end(void);

#endif
