#include "core/build/custom_tags.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/build/index.h"
#include "core/build/records.h"
#include "core/build/slug.h"

/* ---- the text ---- */

static char *shortcut(const char *name, size_t len, const char *image, const char *content_tag) {
    if (len == 5 && strncmp(name, "image", len) == 0)
        return sw_strdup(image);
    if (len == 10 && strncmp(name, "image_slug", len) == 0)
        return sw_slug(image);
    if (len == 15 && strncmp(name, "image_safe_slug", len) == 0)
        return sw_tag_slug(image);
    if (len == 23 && strncmp(name, "image_content_based_tag", len) == 0)
        return sw_strdup(content_tag);
    return NULL;
}

char *sw_fill_shortcuts(const char *what, const char *text, const char *image, const char *content_tag, struct sw_error **error) {
    sw_cleanup_buf struct sw_buf out = {0};
    for (const char *at = text; *at;) {
        if (*at != '%') {
            sw_buf_putc(&out, *at++);
            continue;
        }
        const char *end = strchr(at + 1, '%');
        const char *name = at + 1;
        size_t len = end ? (size_t)(end - name) : 0;
        while (len && *name == ' ')
            name++, len--;
        while (len && name[len - 1] == ' ')
            len--;
        sw_cleanup_free char *value = end ? shortcut(name, len, image, content_tag) : NULL;
        if (!value) {
            sw_fail(error, SW_ERROR_USAGE, "%s \"%s\": unknown shortcut at \"%s\"", what, text, at);
            if (error)
                *error = sw_error_hint(*error,
                                       "there are %%image%%, %%image_slug%%, %%image_safe_slug%% and %%image_content_based_tag%%");
            return NULL;
        }
        sw_buf_puts(&out, value);
        at = end + 1;
    }
    return sw_buf_take(&out);
}

char *sw_custom_tag(const char *text, const char *image, const char *content_tag, struct sw_error **error) {
    sw_cleanup_free char *tag = sw_fill_shortcuts("custom tag", text, image, content_tag, error);
    if (tag && !sw_is_tag(tag)) {
        sw_fail(error, SW_ERROR_USAGE, "custom tag \"%s\" of image \"%s\" gives \"%s\", which cannot be a tag", text, image, tag);
        return NULL;
    }
    return sw_steal(&tag);
}

/* ---- setting ---- */

struct custom_tag {
    char *tag;
    struct sw_top_manifest image;
};

struct tagging {
    struct sw_build *build;
    struct sw_vec tags; /* of struct custom_tag */
    size_t next;
    sw_done done;
    void *context;
};

static void tag_next(struct tagging *tagging);

static void finish(struct tagging *tagging, struct sw_error *error) {
    sw_done done = tagging->done;
    void *context = tagging->context;
    for (size_t i = 0; i < tagging->tags.len; i++)
        free(((struct custom_tag *)sw_vec_at(&tagging->tags, i))->tag);
    sw_vec_fini(&tagging->tags);
    free(tagging);
    done(context, error);
}

static void on_recorded(void *context, struct sw_error *error) {
    if (error)
        finish(context, error);
    else
        tag_next(context);
}

static void on_tagged(void *context, const struct sw_manifest *manifest, struct sw_error *error) {
    struct tagging *tagging = context;
    (void)manifest;
    if (error) {
        finish(tagging, error);
        return;
    }
    const struct custom_tag *tag = sw_vec_at(&tagging->tags, tagging->next - 1);
    sw_cleanup_free char *slug = sw_limited_slug(tag->tag, 48);
    sw_cleanup_free char *record = sw_format("custom-tag-meta-%s", slug);
    const struct sw_pair labels[] = {
        {"werf", tagging->build->options.project->name}, {"stage-id", tag->image.tag}, {"tag", tag->tag}};
    if (tagging->build->options.remote)
        sw_records_put(tagging->build, record, (struct sw_pairs){labels, 3}, on_recorded, tagging);
    else
        tag_next(tagging);
}

static void on_checked(void *context, const struct sw_manifest *manifest, struct sw_error *error) {
    struct tagging *tagging = context;
    const struct custom_tag *tag = sw_vec_at(&tagging->tags, tagging->next - 1);
    if (!error && strcmp(manifest->digest, tag->image.digest) != 0)
        sw_fail(&error, SW_ERROR_BUILD, "custom tag \"%s\" names %s, not this build's %s", tag->tag, manifest->digest,
                tag->image.digest);
    if (error)
        finish(tagging, sw_error_wrap(error, "checking custom tags"));
    else
        tag_next(tagging);
}

static void tag_next(struct tagging *tagging) {
    struct sw_build *build = tagging->build;
    const struct sw_stage_repo *place = build->options.final_repo ? &build->final : &build->primary;
    if (tagging->next == tagging->tags.len) {
        finish(tagging, NULL);
        return;
    }
    const struct custom_tag *tag = sw_vec_at(&tagging->tags, tagging->next++);
    if (build->options.mode == SW_BUILD_CHECK)
        place->store->get_manifest(place->repo, tag->tag, build->cancel, on_checked, tagging);
    else
        place->store->put_manifest(place->repo, tag->tag, tag->image.media_type, tag->image.body, build->cancel, on_tagged,
                                   tagging);
}

static bool add_tags(struct tagging *tagging, const struct sw_project_image *image, struct sw_error **error) {
    struct sw_build *build = tagging->build;
    for (size_t i = 0; i < build->options.custom_tags.count; i++) {
        struct custom_tag tag = {0};
        if (!sw_top_manifest_of(build, image, &tag.image))
            return true;
        tag.tag = sw_custom_tag(build->options.custom_tags.items[i], image->name, tag.image.tag, error);
        if (!tag.tag)
            return false;
        for (size_t j = 0; j < tagging->tags.len; j++)
            if (strcmp(((struct custom_tag *)sw_vec_at(&tagging->tags, j))->tag, tag.tag) == 0) {
                sw_fail(error, SW_ERROR_USAGE, "custom tag \"%s\" would name more than one image", tag.tag);
                free(tag.tag);
                return false;
            }
        sw_vec_push(&tagging->tags, &tag);
    }
    return true;
}

void sw_custom_tags_publish(struct sw_build *build, sw_done done, void *context) {
    const struct sw_project *project = build->options.project;
    struct sw_error *error = NULL;
    struct tagging *tagging = sw_new(sizeof *tagging);
    *tagging = (struct tagging){.build = build, .tags = {.width = sizeof(struct custom_tag)}, .done = done, .context = context};
    for (size_t i = 0; i < project->image_count && !error; i++)
        if (build->options.chosen[i] && project->images[i].final)
            add_tags(tagging, &project->images[i], &error);
    if (error)
        finish(tagging, error);
    else
        tag_next(tagging);
}
