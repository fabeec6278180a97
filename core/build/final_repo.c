#include "core/build/final_repo.h"

#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "core/build/copy.h"
#include "core/build/index.h"

struct filling {
    struct sw_build *build;
    size_t pending; /* images on their way, and one for the loop that starts them */
    struct sw_error *error;
    sw_done done;
    void *context;
};

/* One image on its way. */
struct final_image {
    struct filling *filling;
    const struct sw_project_image *image;
    struct sw_top_manifest top;
    size_t platform; /* the next one of an index to be copied */
};

static void release(struct filling *filling) {
    if (--filling->pending > 0)
        return;
    sw_done done = filling->done;
    void *context = filling->context;
    struct sw_error *error = filling->error;
    free(filling);
    done(context, error);
}

static void image_ended(struct final_image *final, struct sw_error *error) {
    struct filling *filling = final->filling;
    if (error)
        error = sw_error_wrap(error, "image \"%s\" in the final repository %s", final->image->name, filling->build->final.name);
    if (error && !filling->error)
        filling->error = error;
    else
        sw_error_free(error);
    free(final);
    release(filling);
}

static void on_index_put(void *context, const struct sw_manifest *manifest, struct sw_error *error) {
    (void)manifest;
    image_ended(context, error);
}

static void copy_next(struct final_image *final);

static void on_copied(void *context, struct sw_error *error) {
    struct final_image *final = context;
    if (error || final->top.image)
        image_ended(final, error);
    else
        copy_next(final);
}

/* An index comes after all it names. */
static void copy_next(struct final_image *final) {
    struct sw_build *build = final->filling->build;
    const struct sw_stage_repo *place = &build->final;
    struct sw_copy copy = {
        .build = build,
        .image = final->top.image,
        .store = place->store,
        .repo = place->repo,
        .tag = final->top.tag,
        .done = on_copied,
        .context = final,
    };
    if (!copy.image && final->platform == final->image->platforms.count) {
        place->store->put_manifest(place->repo, final->top.tag, final->top.media_type, final->top.body, build->cancel, on_index_put,
                                   final);
        return;
    }
    if (!copy.image) {
        copy.image = sw_build_job(build, final->image->name, final->image->platforms.items[final->platform++])->built.handle;
        copy.tag = NULL;
    }
    sw_copy_image(&copy);
}

static void fill_image(struct filling *filling, const struct sw_project_image *image) {
    const struct sw_stage_repo *place = &filling->build->final;
    struct sw_top_manifest top;
    if (!sw_top_manifest_of(filling->build, image, &top) || sw_stage_index_has_tag(&place->index, top.tag))
        return;
    struct final_image *final = sw_new(sizeof *final);
    *final = (struct final_image){filling, image, top, 0};
    filling->pending++;
    if (filling->build->options.mode == SW_BUILD_CHECK) {
        struct sw_error *error = NULL;
        sw_fail(&error, SW_ERROR_BUILD, "tag %s is not there", top.tag);
        image_ended(final, sw_error_hint(error, "build it first, without --require-built-images"));
        return;
    }
    copy_next(final);
}

static void on_listed(void *context, struct sw_error *error) {
    struct filling *filling = context;
    const struct sw_build_options *options = &filling->build->options;
    filling->error = error;
    for (size_t i = 0; i < options->project->image_count && !error; i++)
        if (options->wanted[i] && options->project->images[i].final)
            fill_image(filling, &options->project->images[i]);
    release(filling);
}

void sw_final_repo_fill(struct sw_build *build, sw_done done, void *context) {
    if (!build->options.final_repo) {
        done(context, NULL);
        return;
    }
    struct filling *filling = sw_new(sizeof *filling);
    *filling = (struct filling){.build = build, .pending = 1, .done = done, .context = context};
    sw_stage_repo_list(&build->final, build->cancel, on_listed, filling);
}
