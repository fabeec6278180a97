/* mounts.h - folders that are there while steps run and never enter the image: the `mount` section.
 *
 * An image and all that stand on it mount the same folders again; labels carry the list. */
#ifndef PLUGINS_STAPEL_MOUNTS_H
#define PLUGINS_STAPEL_MOUNTS_H

#include "plugins/stapel/planner.h"

/* Sets the labels of the image's own mounts, on top of those of the previous stage. */
void sw_stapel_mount_labels(struct sw_stapel_planner *planner);

/* The mounts for a step, in the arena: those of the labels and of the image itself. Makes missing folders of the host. */
bool sw_stapel_mounts(struct sw_stapel_planner *planner, struct sw_mount **mounts, size_t *count, struct sw_error **error);

#endif
