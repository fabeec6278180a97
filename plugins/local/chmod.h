/* chmod.h - modes as chmod(1) writes them: "0755", "u=rwX,go=rX", "+x", "g+s". */
#ifndef PLUGINS_LOCAL_CHMOD_H
#define PLUGINS_LOCAL_CHMOD_H

#include <sys/types.h>

#include "slipway/types.h"

struct sw_chmod; /* a mode that was read; immutable */

struct sw_chmod *sw_chmod_new(const char *text, struct sw_error **error);
void sw_chmod_free(struct sw_chmod *chmod);
void sw_chmod_free_p(struct sw_chmod **chmod);
#define sw_cleanup_chmod __attribute__((cleanup(sw_chmod_free_p)))

/* The mode's value when it is octal, else -1: a symbolic one says nothing by itself. */
int sw_chmod_octal(const struct sw_chmod *chmod);

/* What permission bits `mode` of a thing of its S_IFMT become. The umask does not count. */
mode_t sw_chmod_apply(const struct sw_chmod *chmod, mode_t mode);

#endif
