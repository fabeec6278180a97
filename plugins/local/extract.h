/* extract.h - entries of a tar put into a file system, below a root that nothing leaves.
 *
 * Names are cleaned as text first and then resolved inside the root. What an entry replaces is removed; missing parents are made;
 * folders get their times at the end. Device nodes are left out where they may not be made. */
#ifndef PLUGINS_LOCAL_EXTRACT_H
#define PLUGINS_LOCAL_EXTRACT_H

#include "core/base/fsroot.h"
#include "plugins/local/accounts.h"
#include "plugins/local/tarread.h"
#include "plugins/local/work.h"

enum sw_extract_form {
    SW_EXTRACT_DIFF,      /* to be a lower layer of overlayfs: whiteouts become 0:0 devices and trusted.overlay.opaque */
    SW_EXTRACT_DIFF_USER, /* the same for overlayfs mounted with userxattr: user.overlay.opaque */
    SW_EXTRACT_TREE,      /* over what the layers below left there: whiteouts remove */
    SW_EXTRACT_ARCHIVE,   /* a user's archive: whiteout names are ordinary ones */
};

struct sw_extract_options {
    enum sw_extract_form form;
    bool keep_owner;              /* false: everything belongs to the caller */
    const struct sw_owner *owner; /* instead of the entries' own; may be NULL */
    const char *prefix;           /* folder of the root that names are relative to, resolved; "" is the root itself */
    uint32_t depth;               /* most components of a name */
    const int *lowers;            /* see unpack.h */
    size_t lower_count;
    const struct sw_work *work;
};

struct sw_extract;

/* `root` and what `options` points to must outlive it. */
struct sw_extract *sw_extract_new(struct sw_fsroot *root, const struct sw_extract_options *options, struct sw_error **error);

/* Puts one entry, whose content comes from `reader`. */
bool sw_extract_entry(struct sw_extract *extract, struct sw_tar_reader *reader, const struct sw_tar_entry *entry,
                      struct sw_error **error);

/* After the last entry: sets the folders' times. */
bool sw_extract_finish(struct sw_extract *extract, struct sw_error **error);

/* Whether an opaque whiteout stood at the root. */
bool sw_extract_hides_lowers(const struct sw_extract *extract);

void sw_extract_free(struct sw_extract *extract);
void sw_extract_free_p(struct sw_extract **extract);
#define sw_cleanup_extract __attribute__((cleanup(sw_extract_free_p)))

#endif
