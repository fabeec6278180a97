/* leaks.h - before a stage is published, it is searched for the values of secrets.
 *
 * A secret is mounted, and is no part of a layer; but a step may write it into a file, and a text of the Dockerfile may repeat it. What
 * is found is told, or refused with --leaked-secrets refuse. Layers of base images and of stages that were stored before are not read. */
#ifndef CORE_BUILD_LEAKS_H
#define CORE_BUILD_LEAKS_H

#include "core/build/session.h"

/* Looks through the new layers of `stage` and through `config`, the text of its image's config. Answers at once when there are no
 * secrets. [loop] */
void sw_leaks_check(struct sw_job *job, const struct sw_stage_state *stage, const char *config, sw_done done, void *context);

/* Whether there are secrets to search for: then layers must come to this host before they are published. [loop] */
bool sw_leaks_possible(void);

/* Whether a value of a secret stands in the text: then it must not be shown in a record. [loop] */
bool sw_leaks_in_text(const char *text, size_t len);

#endif
