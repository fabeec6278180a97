/* records.h - small records kept beside the stages: images without content whose labels say something, under a tag of their own. They
 * are werf's, so that its cleanup and its builds can use a repository that we filled. */
#ifndef CORE_BUILD_RECORDS_H
#define CORE_BUILD_RECORDS_H

#include "core/build/session.h"

/* Publishes `labels` under `tag`. [loop] */
void sw_records_put(struct sw_build *build, const char *tag, struct sw_pairs labels, sw_done done, void *context);

/* Reads the labels under `tag` of a repository, as a JSON object that lives during `done`; NULL when there is no such record. [loop] */
void sw_records_get(struct sw_build *build, const struct sw_stage_repo *place, const char *tag,
                    void (*done)(void *context, const json_t *labels, struct sw_error *error), void *context);

#endif
