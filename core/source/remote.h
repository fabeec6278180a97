/* remote.h - commits of remote repositories.
 *
 * Each remote has a bare mirror in a cache folder, filled by `git fetch` with the user's own git configuration (credentials, proxies).
 * Mirrors are shared by processes, under a file lock. */
#ifndef CORE_SOURCE_REMOTE_H
#define CORE_SOURCE_REMOTE_H

#include "core/source/commit.h"

struct sw_remotes;

struct sw_remotes *sw_remotes_new(const char *cache_folder);
/* Ends all repositories opened through it, and their commits. Takes NULL. */
void sw_remotes_free(struct sw_remotes *remotes);

struct sw_remote_request {
    const char *url;
    const char *branch; /* at most one of these three; none: the remote's HEAD */
    const char *tag;
    const char *commit;
    const char *username; /* for http(s), or NULL */
    const char *password;
    bool untrusted;                 /* the url comes from a commit: protocols that git allows to users only (file) are refused */
    const struct sw_cancel *cancel; /* may be NULL */
};

/* Fetches what is missing and opens the commit; a commit that is there already costs no network. Passwords in the url never reach
 * an error or an argument list. [pool] */
const struct sw_commit *sw_remotes_commit(struct sw_remotes *remotes, const struct sw_remote_request *request,
                                          struct sw_error **error);

#endif
