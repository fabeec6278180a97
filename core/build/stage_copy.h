/* stage_copy.h - a builder's answer, kept: what a plugin hands over lives only as long as the call. */
#ifndef CORE_BUILD_STAGE_COPY_H
#define CORE_BUILD_STAGE_COPY_H

#include "core/build/session.h"

/* The stage that a builder answered with, all of it copied into `arena`, without a node. */
struct sw_stage_state *sw_stage_copy(struct sw_arena *arena, const struct sw_stage *answer);

#endif
