/* stage_record.h - the record of a stage: the named inputs of its digest, kept beside it in the store.
 *
 * Names and digests, never values, apart from those that a builder says may be shown. Comparing two records tells, on any machine, which
 * input made a stage different from an earlier one. Of files it keeps the commit and the filters: together with the repository they tell
 * each file, at no cost in size. */
#ifndef CORE_BUILD_STAGE_RECORD_H
#define CORE_BUILD_STAGE_RECORD_H

#include "core/build/session.h"

/* Tag under which the record of a stage (or of an index, by its tag) is kept; to be freed. */
char *sw_stage_record_tag(const char *stage_id);

/* The record as JSON text; to be freed. `parent` is the id of the stage below, or NULL. */
char *sw_stage_record_text(const struct sw_job *job, const struct sw_stage_state *stage, const char *parent);

/* The record of an index: which stage is whose platform's. NULL when a platform is not finished. To be freed. */
char *sw_index_record_text(const struct sw_build *build, const struct sw_project_image *image);

/* What the label of a record's image is called. */
#define SW_STAGE_RECORD_LABEL "slipway.stage-record"

/* How one input differs between two records. Texts live as long as the records. */
enum sw_difference_kind { SW_INPUT_CHANGED, SW_INPUT_ADDED, SW_INPUT_REMOVED };
struct sw_difference {
    enum sw_difference_kind kind;
    const char *name;     /* as it is now, or as it was when it is gone */
    const char *old_name; /* other than `name` where an instruction has moved to another line; NULL when it is new */
    const char *before;   /* value or digest; NULL when there was none */
    const char *after;
    const json_t *record; /* the input in the earlier record, or NULL */
    size_t index;         /* of the input in the later record; SIZE_MAX when it is gone */
};

/* Appends what differs between the inputs of two records (`before` may be NULL: nothing to compare with). Both lists are laid side by side:
 * an input that only stands elsewhere, or in another line of its file, is the same; one with the same name and another value has changed.
 * An input that only stands for the details below it is left out when these say more, and each difference is told once. */
void sw_stage_record_compare(const json_t *before, const json_t *after, struct sw_vec *differences);

/* A filter of the files of an input of a record: filter `number` of it, whose strings go into `arena`. False: the record does not keep it,
 * because it is too long. */
bool sw_stage_record_filter(const json_t *record, const json_t *files, size_t number, struct sw_arena *arena,
                            struct sw_filter *filter);

#endif
