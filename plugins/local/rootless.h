/* rootless.h - becoming root of a user namespace, for users who are not root of the host.
 *
 * In it, this process may mount overlays and run steps, and has no more power over the host than before. The user's subordinate ids
 * (/etc/subuid, /etc/subgid) become the other users of it when newuidmap and newgidmap are installed; without them there is one
 * user, and steps that change owners fail. */
#ifndef PLUGINS_LOCAL_ROOTLESS_H
#define PLUGINS_LOCAL_ROOTLESS_H

#include "slipway/types.h"

/* Enters user and mount namespaces of its own. Works only while the process has one thread. [loop] */
bool sw_rootless_enter(struct sw_error **error);

/* Whether users other than this one exist here: owners of files can be kept. */
bool sw_rootless_has_users(void);

/* Parses the line of `user` (a name, or `uid` as a number) in the text of /etc/subuid or /etc/subgid. */
bool sw_rootless_range(const char *text, const char *user, unsigned uid, unsigned *first, unsigned *count);

#endif
