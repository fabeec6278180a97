#include "core/build/history.h"

#include "core/base/error.h"
#include "core/config/document.h"
#include "core/source/commit.h"

/* Whether an image has a git mapping of the project's own repository. */
static bool maps_own_repository(const struct sw_project_image *image) {
    const struct sw_value *git = sw_value_get(image->document, "git");
    for (size_t i = 0; git && git->kind == SW_VALUE_LIST && i < git->count; i++)
        if (!*sw_value_source(sw_value_get(git->values[i], "url")))
            return true;
    return false;
}

static const struct sw_project_image *first_that_needs_history(const struct sw_build_options *options) {
    for (size_t i = 0; i < options->project->image_count; i++)
        if (options->wanted[i] && maps_own_repository(&options->project->images[i]))
            return &options->project->images[i];
    return NULL;
}

bool sw_history_require(const struct sw_build_options *options, struct sw_error **error) {
    struct sw_repository *repository = sw_commit_repository(options->commit);
    const struct sw_project *project = options->project;
    if (!sw_repository_is_shallow(repository) || project->force_shallow_clone)
        return true;
    const struct sw_project_image *image = first_that_needs_history(options);
    if (!image)
        return true;
    if (project->allow_unshallow) {
        if (sw_repository_unshallow(repository, error))
            return true;
        if (error && *error) {
            *error =
                sw_error_wrap(*error, "image \"%s\" needs the history of this shallow clone, which cannot be fetched", image->name);
            *error = sw_error_hint(
                *error, "run: git fetch --unshallow; or set `gitWorktree.forceShallowClone: true` in werf.yaml to go without it");
        }
        return false;
    }
    sw_fail(error, SW_ERROR_CONFIG, "image \"%s\": shallow git clone is not allowed", image->name);
    if (error) {
        *error = sw_error_at(*error, image->place);
        *error = sw_error_hint(
            *error, "run: git fetch --unshallow; or allow it by `gitWorktree` in werf.yaml: `allowUnshallow: true` fetches the "
                    "history, `forceShallowClone: true` goes without it");
    }
    return false;
}
