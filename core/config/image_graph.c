/* How images need one another: unknown names, circles, platforms; then werf's order and the sets. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/config/check.h"
#include "core/config/platform.h"

static struct sw_image_draft *draft_at(const struct sw_check *check, size_t index) {
    return *(struct sw_image_draft **)sw_vec_at(&check->drafts, index);
}

/* ---- needs ---- */

static void unknown_dependency(struct sw_check *check, const struct sw_image_draft *draft, size_t index, const struct sw_value *at,
                               const char *name) {
    if (check->incomplete)
        return;
    struct sw_error *error = sw_diagnose_value(check->list, at, "%s › dependencies[%zu] › image: no image \"%s\" in this file",
                                               draft->document->subject, index, name);
    sw_error_hint(error, "images of a registry need no dependency: name them where they are used");
    sw_check_suggest_image(check, name, error);
}

static void dependency_needs(struct sw_check *check, struct sw_image_draft *draft) {
    const struct sw_value *list = sw_value_get(draft->image.document, "dependencies");
    for (size_t i = 0; sw_check_is_list(list) && i < list->count && !draft->document->artifact; i++) {
        const struct sw_value *at = sw_value_get(list->values[i], "image");
        const char *name = sw_value_source(at);
        if (!at || sw_check_is_list(at) || sw_check_is_map(at))
            continue;
        const struct sw_image_draft *other = sw_check_find(check, name);
        if (strcmp(name, draft->image.name) == 0)
            sw_diagnose_value(check->list, at, "%s › dependencies[%zu] › image: the image depends on itself",
                              draft->document->subject, i);
        else if (!other && *name)
            unknown_dependency(check, draft, i, at, name);
        else if (other && other->image.artifact)
            sw_error_hint(sw_diagnose_value(check->list, at, "%s › dependencies[%zu] › image: \"%s\" is an artifact (line %u)",
                                            draft->document->subject, i, name, other->image.place.line),
                          "turn the artifact into `image: %s` with `final: false`", name);
        else
            sw_check_add_need(check, draft, name, SW_NEED_DEPENDENCY, at);
    }
}

static int compare_needs(const void *a, const void *b) {
    const struct sw_image_need *x = a, *y = b;
    if (x->place.line != y->place.line)
        return x->place.line < y->place.line ? -1 : 1;
    return (x->place.column > y->place.column) - (x->place.column < y->place.column);
}

static void find_needs(struct sw_check *check) {
    for (size_t i = 0; i < check->drafts.len; i++) {
        struct sw_image_draft *draft = draft_at(check, i);
        if (draft->image.builder && strcmp(draft->image.builder->name, "stapel") == 0)
            sw_stapel_needs(check, draft);
        dependency_needs(check, draft);
        if (draft->needs.len)
            qsort(draft->needs.data, draft->needs.len, draft->needs.width, compare_needs);
    }
}

/* ---- circles ---- */

enum { NEW = 0, OPEN = 1, DONE = 2 };

struct search {
    struct sw_check *check;
    unsigned char *state;
    size_t *path; /* images on the way, and the need that each one leaves by */
    const struct sw_image_need **ways;
    size_t depth;
};

static const char *need_word(enum sw_need_kind kind) {
    return kind == SW_NEED_BASE ? "base" : kind == SW_NEED_IMPORT ? "import" : "dependency";
}

/* The images from `first` on need one another. */
static void report_circle(struct search *s, size_t begin) {
    struct sw_buf chain = {0};
    for (size_t i = begin; i < s->depth; i++)
        sw_buf_printf(&chain, "%s → (%s, line %u) ", draft_at(s->check, s->path[i])->image.name, need_word(s->ways[i]->kind),
                      s->ways[i]->place.line);
    const struct sw_image_draft *first = draft_at(s->check, s->path[begin]);
    sw_buf_puts(&chain, first->image.name);
    struct sw_value at = {.kind = SW_VALUE_STRING,
                          .place = s->ways[begin]->place,
                          .rendered_line = s->ways[begin]->rendered_line,
                          .rendered_column = s->ways[begin]->rendered_column};
    sw_diagnose_value(s->check->list, &at, "image \"%s\": images need one another in a circle: %s", first->image.name,
                      sw_buf_text(&chain));
    sw_buf_fini(&chain);
}

static size_t on_path(const struct search *s, size_t image) {
    size_t i = 0;
    while (i < s->depth && s->path[i] != image)
        i++;
    return i;
}

/* Depth first, without recursion: chains may be as long as the file. */
static void search_from(struct search *s, size_t start, size_t *next) {
    s->path[0] = start;
    s->state[start] = OPEN;
    s->depth = 1;
    while (s->depth) {
        size_t image = s->path[s->depth - 1];
        const struct sw_vec *needs = &draft_at(s->check, image)->needs;
        if (next[image] == needs->len) {
            s->state[image] = DONE;
            s->check->finished[s->check->finished_count++] = image;
            s->depth--;
            continue;
        }
        const struct sw_image_need *need = sw_vec_at(needs, next[image]++);
        s->ways[s->depth - 1] = need;
        if (s->state[need->image] == OPEN) {
            report_circle(s, on_path(s, need->image));
        } else if (s->state[need->image] == NEW) {
            s->state[need->image] = OPEN;
            s->path[s->depth++] = need->image;
        }
    }
}

static void find_circles(struct sw_check *check) {
    size_t count = check->drafts.len;
    struct search s = {.check = check,
                       .state = sw_new_array(count + 1, 1),
                       .path = sw_new_array(count + 1, sizeof(size_t)),
                       .ways = sw_new_array(count + 1, sizeof(void *))};
    size_t *next = sw_new_array(count + 1, sizeof *next);
    check->finished = sw_arena_new(check->arena, (count + 1) * sizeof *check->finished);
    for (size_t i = 0; i < count; i++)
        if (s.state[i] == NEW)
            search_from(&s, i, next);
    free(s.state);
    free(s.path);
    free(s.ways);
    free(next);
}

/* ---- platforms ---- */

/* As written, since that is how werf compares them. */
static struct sw_strings written_platforms(struct sw_check *check, const struct sw_image_draft *draft) {
    if (check->options->platforms.count)
        return check->options->platforms;
    const struct sw_value *own = sw_value_get(draft->image.document, "platform");
    if (sw_check_is_list(own) && own->count)
        return sw_check_texts(check, own);
    if (check->platforms.count)
        return check->platforms;
    const char **only = sw_arena_new(check->arena, sizeof *only);
    *only = check->options->default_platform ? check->options->default_platform : "linux/amd64";
    return (struct sw_strings){only, 1};
}

static bool has_text(struct sw_strings list, const char *text) {
    for (size_t i = 0; i < list.count; i++)
        if (strcmp(list.items[i], text) == 0)
            return true;
    return false;
}

static void check_platform_need(struct sw_check *check, const struct sw_image_draft *draft, const struct sw_image_need *need,
                                struct sw_strings own, struct sw_strings theirs) {
    const struct sw_image_draft *other = draft_at(check, need->image);
    for (size_t i = 0; i < own.count; i++) {
        if (has_text(theirs, own.items[i]))
            continue;
        const struct sw_value *own_key = sw_value_key(draft->image.document, "platform");
        const struct sw_value *their_key = sw_value_key(other->image.document, "platform");
        struct sw_value at = {.place = need->place, .rendered_line = need->rendered_line, .rendered_column = need->rendered_column};
        sw_cleanup_free char *list = sw_strings_join(theirs, ", ");
        struct sw_error *error = sw_diagnose_value(
            check->list, own_key ? own_key : &at,
            "%s: platform %s: it needs image \"%s\" (line %u), whose `platform` (line %u) is only %s", draft->document->subject,
            own.items[i], other->image.name, need->place.line, their_key ? their_key->place.line : other->image.place.line, list);
        sw_error_hint(error, "build both images for the same platforms, written the same way");
        return;
    }
}

static void check_platforms(struct sw_check *check) {
    for (size_t i = 0; i < check->drafts.len; i++) {
        struct sw_image_draft *draft = draft_at(check, i);
        struct sw_strings own = written_platforms(check, draft);
        for (size_t k = 0; k < draft->needs.len; k++) {
            const struct sw_image_need *need = sw_vec_at(&draft->needs, k);
            const struct sw_image_draft *other = draft_at(check, need->image);
            if (need->kind != SW_NEED_BASE && !other->image.artifact && !draft->image.artifact)
                check_platform_need(check, draft, need, own, written_platforms(check, other));
        }
    }
}

/* The usual form, without repetitions. What is no platform stays as it is and is said when the image is to be built. */
static void set_platforms(struct sw_check *check, struct sw_image_draft *draft) {
    struct sw_strings written = written_platforms(check, draft);
    const char **items = sw_arena_new(check->arena, (written.count + 1) * sizeof *items);
    size_t count = 0;
    for (size_t i = 0; i < written.count; i++) {
        struct sw_error *error = NULL;
        sw_cleanup_free char *usual = sw_platform_normalize(written.items[i], check->options->default_platform, &error);
        if (!usual)
            draft->image.platform_problem = sw_arena_str(check->arena, error->message);
        sw_error_free(error);
        const char *text = usual ? usual : written.items[i];
        if (!has_text((struct sw_strings){items, count}, text))
            items[count++] = sw_arena_str(check->arena, text);
    }
    draft->image.platforms = (struct sw_strings){items, count};
}

/* ---- order ---- */

/* An image's set is one above the highest set that it needs. */
static void find_sets(struct sw_check *check, struct sw_project_image *images, const size_t *order) {
    for (size_t k = 0; k < check->finished_count; k++) {
        struct sw_project_image *image = &images[order[check->finished[k]]];
        for (size_t i = 0; i < image->need_count; i++)
            if (images[image->needs[i].image].set >= image->set)
                image->set = images[image->needs[i].image].set + 1;
        if (image->set >= check->project->set_count)
            check->project->set_count = image->set + 1;
    }
}

static bool comes_first(const struct sw_image_draft *draft) {
    return draft->image.builder && strcmp(draft->image.builder->name, "dockerfile") == 0;
}

/* Dockerfile images stand before all others, as werf has them; `order[i]` is the place of draft i. */
static void find_order(const struct sw_check *check, size_t *order) {
    size_t at = 0;
    for (int first = 1; first >= 0; first--)
        for (size_t i = 0; i < check->drafts.len; i++)
            if (comes_first(draft_at(check, i)) == first)
                order[i] = at++;
}

static void fill_image(struct sw_check *check, struct sw_image_draft *draft, const size_t *order, struct sw_project_image *image) {
    const struct sw_image_document *document = draft->document;
    set_platforms(check, draft);
    *image = draft->image;
    image->secrets = document->secrets;
    image->secret_count = document->secret_count;
    image->dependencies = document->dependencies;
    image->dependency_count = document->dependency_count;
    image->spec = image->final ? document->full_spec : document->own_spec;
    const char *own = sw_check_text(image->document, "cacheVersion");
    image->cache_version = *own ? own : check->project->cache_version;
    image->network = sw_check_text(image->document, "network");
    bool said = sw_value_key(image->document, "staged");
    image->staged = comes_first(draft) && (check->options->force_staged ||
                                           sw_check_switch(image->document, "staged", said ? false : check->project->staged));
    struct sw_image_need *needs = sw_arena_copy(check->arena, draft->needs.data, draft->needs.len * sizeof *needs);
    for (size_t i = 0; i < draft->needs.len; i++)
        needs[i].image = order[needs[i].image];
    image->needs = needs;
    image->need_count = draft->needs.len;
}

static void make_images(struct sw_check *check) {
    struct sw_project *project = check->project;
    size_t count = check->drafts.len;
    struct sw_project_image *images = sw_arena_new(check->arena, (count + 1) * sizeof *images);
    size_t *order = sw_arena_new(check->arena, (count + 1) * sizeof *order);
    find_order(check, order);
    for (size_t i = 0; i < count; i++)
        fill_image(check, draft_at(check, i), order, &images[order[i]]);
    find_sets(check, images, order);
    project->images = images;
    project->image_count = count;
    project->document_order = order;
}

void sw_check_graph(struct sw_check *check) {
    find_needs(check);
    find_circles(check);
    check_platforms(check);
    make_images(check);
}
