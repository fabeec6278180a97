/* docker_load.h - gives an image that only this host has to a Docker daemon, which can read it from nowhere else. [loop] */
#ifndef PLUGINS_BUILDKIT_DOCKER_LOAD_H
#define PLUGINS_BUILDKIT_DOCKER_LOAD_H

#include "plugins/buildkit/daemon.h"

/* Makes sure that the daemon has `image`; `done` gets the name ("slipway-base:…", valid during the call) under which it has it from now
 * on. An image that it has already is not sent again. */
void sw_docker_load(struct sw_daemon *daemon, const struct sw_image *image, struct sw_cancel *cancel, struct sw_vertex *vertex,
                    void (*done)(void *context, const char *name, struct sw_error *error), void *context);

#endif
