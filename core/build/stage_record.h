/* stage_record.h - the record of a stage: the named inputs of its digest, kept beside it in the store.
 *
 * Names and digests, never values, apart from those that a builder says may be shown. Comparing two records tells, on any machine, which
 * input made a stage different from an earlier one. */
#ifndef CORE_BUILD_STAGE_RECORD_H
#define CORE_BUILD_STAGE_RECORD_H

#include "core/build/session.h"

/* Tag under which the record of a stage is kept; to be freed. */
char *sw_stage_record_tag(const char *stage_id);

/* The record as JSON text; to be freed. `parent` is the id of the stage below, or NULL. */
char *sw_stage_record_text(const struct sw_job *job, const struct sw_stage_state *stage, const char *parent);

/* What the label of a record's image is called. */
#define SW_STAGE_RECORD_LABEL "slipway.stage-record"

/* How one input differs between two records. Texts live as long as the records. */
enum sw_difference_kind { SW_INPUT_CHANGED, SW_INPUT_ADDED, SW_INPUT_REMOVED };
struct sw_difference {
    enum sw_difference_kind kind;
    const char *name;
    const char *before; /* value or digest; NULL when there was none */
    const char *after;
};

/* Appends what differs between the inputs of two records (`before` may be NULL: nothing to compare with). Inputs are told apart by name and,
 * where a name stands more than once, by order. An input that only stands for the details below it is left out when these say more. */
void sw_stage_record_compare(const json_t *before, const json_t *after, struct sw_vec *differences);

#endif
