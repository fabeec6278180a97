/* build_files.h - Dockerfiles and .dockerignore files that do not come from the commit.
 *
 * Builders read the commit. These files are the exception that werf-giterminism.yaml (`config.dockerfile.allowUncommitted`,
 * `allowUncommittedDockerignoreFiles`), loose mode and werf-includes.yaml make: they come from the work tree or from an include. */
#ifndef CORE_CONFIG_BUILD_FILES_H
#define CORE_CONFIG_BUILD_FILES_H

#include "core/base/buf.h"
#include "core/config/load.h"

struct sw_build_files;

/* Finds them among the images of a loaded project, which must outlive the result. */
struct sw_build_files *sw_build_files_new(const struct sw_config *config);
void sw_build_files_free(struct sw_build_files *files); /* takes NULL */

/* Whether the file at `path`, counted from the repository's root, comes from elsewhere than the commit. */
bool sw_build_files_has(const struct sw_build_files *files, const char *path);

/* Appends the bytes of such a file. `*found` is false when there is none; other failures are errors. */
bool sw_build_files_read(const struct sw_build_files *files, const char *path, struct sw_buf *bytes, bool *found,
                         struct sw_error **error);

#endif
