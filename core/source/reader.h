/* reader.h - the files of a `tree` or `patch` operation, one after another.
 *
 * Entries come in bytewise order of their paths, a folder before what is in it; contents are streamed. A tree names each folder that
 * leads to one of its files. A patch names
 *  - files that are new or changed, with their whole content; what stood in their way is replaced;
 *  - folders that the base commit did not have;
 *  - removed files (SW_FILE_DELETED), after which folders that became empty go too, up to the mapping's `to`.
 * A mapping of one file gives the path "", which is `to` itself. Times are the commit's. */
#ifndef CORE_SOURCE_READER_H
#define CORE_SOURCE_READER_H

#include "slipway/graph.h"

/* Opens a reader. Urls are not read here: SW_ERROR_UNSUPPORTED. The operation must outlive the reader. [pool] */
bool sw_tree_reader_open(const struct sw_op_tree *op, struct sw_tree_reader **reader, struct sw_error **error);
bool sw_patch_reader_open(const struct sw_op_patch *op, struct sw_tree_reader **reader, struct sw_error **error);

/* As tree_next, tree_read, tree_seek and tree_close of struct sw_host_graph. [pool] */
int sw_tree_reader_next(struct sw_tree_reader *reader, struct sw_tree_entry *entry, struct sw_error **error);
int64_t sw_tree_reader_read(struct sw_tree_reader *reader, void *buffer, size_t len, struct sw_error **error);
void sw_tree_reader_seek(struct sw_tree_reader *reader, size_t index);
void sw_tree_reader_close(struct sw_tree_reader *reader);

/* Identity of the files, for keys: equal identity means equal paths, types, modes and contents. Files of a commit are not read. [any] */
bool sw_tree_identity(const struct sw_op_tree *op, char out[65], struct sw_error **error);
bool sw_patch_identity(const struct sw_op_patch *op, char out[65], struct sw_error **error);

#endif
