/* accounts.h - users and groups as a root file system names them.
 *
 * Reads /etc/passwd and /etc/group below a root, with limits: an image may bring a device, a pipe or gigabytes under
 * these names. */
#ifndef PLUGINS_LOCAL_ACCOUNTS_H
#define PLUGINS_LOCAL_ACCOUNTS_H

#include "core/base/fsroot.h"

/* Whom a file is to belong to. */
struct sw_owner {
    uid_t uid;
    gid_t gid;
};

/* `owner` as COPY --chown takes it: user[:group], names or numbers. A user who is not there is 0; "root" and numbers need no
 * file. A number without a group is its own group, a name without one has its primary group: so too with a group that is not there. */
bool sw_accounts_owner(struct sw_fsroot *root, const char *owner, struct sw_owner *out, struct sw_error **error);

/* Who a process runs as. */
struct sw_account {
    uid_t uid;
    gid_t gid;
    char *home;    /* "/" when nothing is known */
    gid_t *groups; /* supplementary, the primary one among them */
    size_t group_count;
};

/* `user` as USER takes it: user[:group]; "" is root. A name that is not there is an error (SW_ERROR_BUILD). With a group given
 * there are no others but it. */
bool sw_accounts_process(struct sw_fsroot *root, const char *user, struct sw_account *out, struct sw_error **error);
void sw_account_fini(struct sw_account *account);

#endif
