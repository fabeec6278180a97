/* tarwrite.h - the header of a tar entry, always the same bytes for the same entry.
 *
 * ustar; PAX records before it only for what ustar cannot hold and for xattrs. Owners are numbers, times whole seconds. */
#ifndef PLUGINS_LOCAL_TARWRITE_H
#define PLUGINS_LOCAL_TARWRITE_H

#include "core/base/buf.h"
#include "plugins/local/tarformat.h"

/* Appends header blocks. A folder's name gets its slash here. `entry->xattrs` are sorted by name already. */
void sw_tar_write_header(struct sw_buf *out, const struct sw_tar_entry *entry);

/* Appends zeros up to the next whole block after `bytes` of content. */
void sw_tar_write_padding(struct sw_buf *out, uint64_t bytes);

/* Appends the two zero blocks that end an archive. */
void sw_tar_write_end(struct sw_buf *out);

#endif
