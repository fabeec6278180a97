/* What a stage begins with: an image, nothing, another image that the user puts in its place. */
#include <string.h>

#include "plugins/dockerfile/reference.h"
#include "plugins/dockerfile/state.h"
#include "plugins/dockerfile/text.h"

static const struct sw_df_platform *platform_of(struct sw_df_evaluator *e, const struct sw_df_state *state) {
    return state->has_platform ? &state->platform : &e->target;
}

bool sw_df_context_find(struct sw_df_evaluator *e, const char *name, const struct sw_df_platform *platform,
                        const struct sw_pair **found) {
    *found = NULL;
    if (sw_df_equal_fold(name, "scratch") || sw_df_equal_fold(name, "context"))
        return true;
    struct sw_df_reference reference;
    if (!sw_df_reference_parse(name, &reference, e->failure))
        return sw_df_fail_prefix(e->failure, "invalid context name %s: ", name);
    struct sw_df_platform wanted = platform ? *platform : e->implicit_target ? sw_df_platform_host() : e->target;
    sw_df_platform_normalize(e->arena, &wanted);
    const char *familiar = sw_df_reference_familiar(e->arena, &reference);
    const char *with_platform =
        sw_arena_format(e->arena, "%s::%s", familiar, sw_df_platform_text(e->arena, &wanted, SW_DF_PLATFORM_ALL));
    for (int pass = 0; pass < 2 && !*found; pass++)
        for (size_t i = 0; i < e->options->contexts.count; i++)
            if (strcmp(e->options->contexts.items[i].key, pass == 0 ? with_platform : familiar) == 0)
                *found = &e->options->contexts.items[i];
    return true;
}

static void need(struct sw_df_evaluator *e, const struct sw_df_state *state, const char *reference, const char *platform) {
    for (size_t i = 0; i < e->out->needs.len; i++) {
        const struct sw_df_need *other = sw_vec_at(&e->out->needs, i);
        if (strcmp(other->reference, reference) == 0 && strcmp(other->platform, platform) == 0)
            return;
    }
    struct sw_df_need item = {sw_arena_str(e->arena, reference), sw_arena_str(e->arena, platform), state->stage.first,
                              state->stage.last};
    sw_vec_push(&e->out->needs, &item);
}

/* Looks an image up; a pending one leaves `base` without a config. */
static bool find_image(struct sw_df_evaluator *e, const struct sw_df_state *state, const char *reference,
                       const struct sw_df_platform *platform, struct sw_df_base *base) {
    struct sw_df_platform normal = *platform;
    sw_df_platform_normalize(e->arena, &normal);
    const char *text = sw_df_platform_text(e->arena, &normal, SW_DF_PLATFORM_ALL);
    *base = (struct sw_df_base){0};
    enum sw_df_found found = e->options->images.find(e->options->images.context, reference, text, base);
    if (found == SW_DF_MISSING)
        return sw_df_fail(e->failure, "%s: not found", reference);
    if (found == SW_DF_PENDING)
        need(e, state, reference, text);
    return true;
}

static struct sw_strings common_names(struct sw_df_evaluator *e) {
    static const char *const repositories[] = {"alpine", "busybox", "centos", "debian", "golang", "ubuntu", "fedora"};
    enum { COUNT = sizeof(repositories) / sizeof(repositories[0]), FORMS = 4 };
    struct sw_strings stages = sw_df_state_names(e);
    const char **names = sw_arena_new(e->arena, (stages.count + COUNT * FORMS) * sizeof(char *));
    size_t count = 0;
    for (; count < stages.count; count++)
        names[count] = stages.items[count];
    for (size_t i = 0; i < COUNT; i++) {
        names[count++] = repositories[i];
        names[count++] = sw_arena_format(e->arena, "docker.io/library%s", repositories[i]);
        names[count++] = sw_arena_format(e->arena, "%s:latest", repositories[i]);
        names[count++] = sw_arena_format(e->arena, "docker.io/library%s:latest", repositories[i]);
    }
    return (struct sw_strings){names, count};
}

static struct sw_df_step *image_step(struct sw_df_evaluator *e, struct sw_df_state *state, const char *reference,
                                     const struct sw_df_platform *platform, const struct sw_df_base *base) {
    struct sw_df_step *step = sw_df_step_new(e, SW_DF_STEP_IMAGE, NULL);
    step->reference = reference;
    step->digest = base->digest;
    step->image = base->handle;
    step->platform = sw_df_platform_text(e->arena, platform, SW_DF_PLATFORM_ALL);
    step->instruction = state->stage.code;
    step->first = state->stage.first;
    step->last = state->stage.last;
    step->title = sw_df_step_title(e, state, sw_arena_format(e->arena, "FROM %s", reference));
    return step;
}

static const struct sw_df_step *files_step(struct sw_df_evaluator *e, const char *source) {
    struct sw_df_git git;
    enum sw_df_git_kind kind = sw_df_git_parse(source, &git, e->failure);
    struct sw_df_step *step = sw_df_step_new(e, kind == SW_DF_GIT_FOUND ? SW_DF_STEP_GIT : SW_DF_STEP_URL, NULL);
    step->git = git;
    step->url = source;
    step->name = "context";
    return kind == SW_DF_GIT_INVALID ? NULL : step;
}

/* An image of a layout goes by the name that it takes the place of, with its own digest. */
static bool take_layout_name(struct sw_df_evaluator *e, const char *name, struct sw_df_reference *reference) {
    const char *digest = reference->digest, *platform = strstr(name, "::");
    if (platform)
        name = sw_arena_strn(e->arena, name, (size_t)(platform - name));
    if (!sw_df_reference_parse(name, reference, e->failure))
        return sw_df_fail_prefix(e->failure, "could not parse oci-layout reference %s: ", sw_df_quote(e->arena, name));
    reference->digest = digest;
    return true;
}

/* Loads what a named context stands for; *has_image: `image` was filled. */
static bool load_context(struct sw_df_evaluator *e, struct sw_df_state *state, const struct sw_pair *context,
                         const struct sw_df_platform *platform, struct sw_df_image *image, bool *has_image) {
    const char *name = context->key, *source = context->value, *colon = strchr(source, ':');
    *has_image = false;
    if (!colon)
        return sw_df_fail(e->failure, "invalid context specifier %s for %s", source, name);
    const char *kind = sw_arena_strn(e->arena, source, (size_t)(colon - source)), *rest = colon + 1;
    if (strcmp(kind, "local") == 0) {
        struct sw_df_step *step = sw_df_step_new(e, SW_DF_STEP_CONTEXT, NULL);
        step->name = sw_arena_str(e->arena, name);
        step->url = rest;
        step->title = sw_arena_format(e->arena, "[context %s] load from client", name);
        state->tip = step;
        return true;
    }
    if (strcmp(kind, "http") == 0 || strcmp(kind, "https") == 0 || sw_df_has_prefix(kind, "git")) {
        state->tip = files_step(e, source);
        if (!state->tip)
            return false;
        if (sw_df_has_prefix(kind, "git") && state->tip->kind != SW_DF_STEP_GIT)
            return sw_df_fail(e->failure, "invalid git context %s", source);
        return true;
    }
    if (strcmp(kind, "input") == 0)
        return sw_df_fail(e->failure, "invalid input %s for %s", rest, name);
    bool layout = strcmp(kind, "oci-layout") == 0;
    if (strcmp(kind, "docker-image") != 0 && !layout)
        return sw_df_fail(e->failure, "unsupported context source %s for %s", kind, name);
    rest += sw_df_has_prefix(rest, "//") ? 2 : 0;
    if (strcmp(rest, "scratch") == 0) {
        state->tip = sw_df_step_new(e, SW_DF_STEP_SCRATCH, NULL);
        return true;
    }
    struct sw_df_reference reference;
    struct sw_df_base base;
    if (!sw_df_reference_parse(rest, &reference, e->failure))
        return false;
    if (layout && !*reference.digest)
        return sw_df_fail(e->failure, "oci-layout reference %s has no digest", sw_df_quote(e->arena, rest));
    if (layout && !take_layout_name(e, name, &reference))
        return false;
    const char *full = sw_df_reference_text(e->arena, &reference);
    if (!find_image(e, state, full, platform, &base) || !base.config)
        return !e->failure->text;
    struct sw_df_step *step = image_step(e, state, full, platform, &base);
    step->digest = NULL; /* the context's own reference is what counts */
    step->layout = layout ? sw_arena_strn(e->arena, rest, strcspn(rest, "@")) : NULL;
    state->tip = step;
    *has_image = true;
    return sw_df_image_read(image, base.config, e->failure);
}

/* The stage is replaced as a whole. */
static bool resolve_replaced(struct sw_df_evaluator *e, struct sw_df_state *state) {
    bool has_image;
    const struct sw_df_platform *platform = platform_of(e, state);
    if (!load_context(e, state, state->context, platform, &state->image, &has_image))
        return false;
    state->dispatched = true;
    if (!has_image)
        return true;
    const struct sw_df_platform *own = &state->image.platform;
    if (*own->arch && *own->os) {
        state->has_platform = true;
        state->platform = *own;
    }
    return true;
}

/* FROM names an image that the user has put a context in the place of. */
static bool resolve_context(struct sw_df_evaluator *e, struct sw_df_state *state, const struct sw_pair *context,
                            const struct sw_df_platform *platform) {
    bool has_image;
    if (!load_context(e, state, context, platform, &state->image, &has_image))
        return false;
    if (!has_image)
        sw_df_image_scratch(&state->image, platform);
    state->platform = *platform;
    state->has_platform = true;
    return true;
}

/* Without a platform that was asked for, one that the image has and the builder can run is taken. */
static struct sw_df_platform fitting_platform(struct sw_df_evaluator *e, const struct sw_df_state *state,
                                              const struct sw_df_platform *platform) {
    const struct sw_df_platform *own = &state->image.platform;
    if (state->has_platform || !e->implicit_target)
        return *platform;
    if (strcmp(platform->os, own->os) == 0 && strcmp(platform->arch, own->arch) == 0)
        return *platform;
    bool runs = strcmp(e->build.os, own->os) == 0 && strcmp(e->build.arch, own->arch) == 0;
    return runs ? e->build : *platform;
}

static void check_base_platform(struct sw_df_evaluator *e, const struct sw_df_state *state, const char *name,
                                const struct sw_df_platform *expected) {
    struct sw_df_platform actual = state->image.platform, wanted = *expected;
    if (strcmp(actual.os, wanted.os) == 0 && strcmp(actual.arch, wanted.arch) == 0)
        return;
    sw_df_platform_normalize(e->arena, &actual);
    sw_df_platform_normalize(e->arena, &wanted);
    struct sw_df_spot spot = {.first = state->stage.first, .last = state->stage.last};
    sw_df_warn(e->lint, spot, "InvalidBaseImagePlatform",
               "Base image %s was pulled with platform \"%s\", expected \"%s\" for current build", name,
               sw_df_platform_text(e->arena, &actual, SW_DF_PLATFORM_ALL),
               sw_df_platform_text(e->arena, &wanted, SW_DF_PLATFORM_ALL));
}

/* Every layer must have its entry in the history, or entries of later steps would stand for layers of the base. */
static void complete_history(struct sw_df_image *image, size_t layer_count) {
    size_t known = 0;
    for (size_t i = 0; i < image->history.len; i++)
        known += !((const struct sw_df_history *)sw_vec_at(&image->history, i))->empty_layer;
    for (; known < layer_count; known++) {
        struct sw_df_history entry = {.created_by = "", .author = "", .comment = "buildkit.exporter.image.v0"};
        sw_vec_push(&image->history, &entry);
    }
}

/* Takes over a base whose config is known. */
static bool use_image(struct sw_df_evaluator *e, struct sw_df_state *state, const char *written, const char *reference,
                      const struct sw_df_base *base) {
    if (!sw_df_image_read(&state->image, base->config, e->failure))
        return false;
    complete_history(&state->image, base->layer_count);
    struct sw_df_platform platform = fitting_platform(e, state, platform_of(e, state));
    state->stage.base = reference;
    if (base->unresolved || sw_df_image_has_layers(&state->image)) {
        state->tip = image_step(e, state, reference, &platform, base);
        if (!base->unresolved)
            check_base_platform(e, state, written, &platform);
    } else {
        state->tip = sw_df_step_new(e, SW_DF_STEP_SCRATCH, NULL);
    }
    state->platform = platform;
    state->has_platform = true;
    return true;
}

static bool resolve_image(struct sw_df_evaluator *e, struct sw_df_state *state, bool reachable) {
    const char *written = state->stage.base;
    struct sw_df_reference reference;
    struct sw_df_base base = {0};
    if (e->options->images.known && e->options->images.known(e->options->images.context, written, &base))
        return !reachable || use_image(e, state, written, written, &base);
    if (!sw_df_reference_parse(written, &reference, e->failure))
        return sw_df_fail_prefix(e->failure, "failed to parse stage name %s: ", sw_df_quote(e->arena, written));
    if (state->context && reachable)
        return resolve_replaced(e, state);
    const char *full = sw_df_reference_text(e->arena, &reference);
    const struct sw_pair *context;
    state->stage.base = full;
    if (!reachable) {
        state->platform = *platform_of(e, state);
        state->has_platform = true;
        return true;
    }
    if (!sw_df_context_find(e, full, platform_of(e, state), &context))
        return false;
    if (context)
        return resolve_context(e, state, context, platform_of(e, state));
    if (!find_image(e, state, full, platform_of(e, state), &base)) {
        sw_df_fail_prefix(e->failure, "%s: ", written);
        return sw_df_suggest(e->failure, written, common_names(e), SW_DF_CASE_MATTERS);
    }
    return !base.config || use_image(e, state, written, full, &base);
}

bool sw_df_base_resolve(struct sw_df_evaluator *e, struct sw_df_state *state, bool reachable) {
    if (strcmp(state->stage.base, "scratch") == 0 && !state->context) {
        state->tip = sw_df_step_new(e, SW_DF_STEP_SCRATCH, NULL);
        sw_df_image_fini(&state->image);
        sw_df_image_init(&state->image, e->arena);
        sw_df_image_scratch(&state->image, &e->target);
        state->platform = e->target;
        state->has_platform = true;
        state->dispatched = state->dispatched || state->unregistered;
        return true;
    }
    bool ok = resolve_image(e, state, reachable);
    if (!ok && state->stage.last > 0)
        sw_df_fail_at(e->failure, state->stage.first, state->stage.last);
    state->dispatched = state->dispatched || state->unregistered;
    return ok;
}
