/* final_repo.h - the repository for final images alone: --final-repo. */
#ifndef CORE_BUILD_FINAL_REPO_H
#define CORE_BUILD_FINAL_REPO_H

#include "core/build/session.h"

/* Copies what stands for each final image into the final repository, unless it is there; when nothing may be published, what is not
 * there is an error. Does nothing without such a repository. [loop] */
void sw_final_repo_fill(struct sw_build *build, sw_done done, void *context);

#endif
