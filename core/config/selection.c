#include "core/config/selection.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "core/base/suggest.h"

enum { LONGEST_PATTERN = 100 };

/* One character of a class, perhaps escaped; NULL when there is none. */
static const char *skip_class_character(const char *at) {
    if (!*at || *at == '-' || *at == ']')
        return NULL;
    at += *at == '\\';
    return *at ? at + 1 : NULL;
}

/* Behind the class that begins at `at` ("["); NULL when it is malformed. */
static const char *skip_class(const char *at) {
    at += 1 + (at[1] == '^');
    for (bool first = true; first || *at != ']'; first = false) {
        at = skip_class_character(at);
        if (at && *at == '-')
            at = skip_class_character(at + 1);
        if (!at)
            return NULL;
    }
    return at + 1;
}

static bool well_formed(const char *pattern) {
    for (const char *at = pattern; at && *at;) {
        if (*at == '\\' && !at[1])
            return false;
        at = *at == '[' ? skip_class(at) : at + (*at == '\\' ? 2 : 1);
        if (!at)
            return false;
    }
    return true;
}

static bool check_pattern(const char *pattern, struct sw_error **error) {
    if (strstr(pattern, "**"))
        return sw_fail(error, SW_ERROR_USAGE, "image pattern \"%s\": `**` is not supported; `*` matches within one part of a name",
                       pattern);
    if (strlen(pattern) > LONGEST_PATTERN)
        return sw_fail(error, SW_ERROR_USAGE, "image pattern \"%.40s…\" is longer than %d characters", pattern, LONGEST_PATTERN);
    if (strpbrk(pattern, "&|$"))
        return sw_fail(error, SW_ERROR_USAGE, "image pattern \"%s\": the characters & | $ are not allowed", pattern);
    if (!well_formed(pattern))
        return sw_fail(error, SW_ERROR_USAGE, "image pattern \"%s\" is malformed", pattern);
    return true;
}

static const char *plain(const char *pattern) {
    return pattern + (*pattern == '!');
}

static bool is_literal(const char *pattern) {
    return !strpbrk(pattern, "*?[\\");
}

/* Sets `marks` of all images that `pattern` matches; their number. */
static size_t mark(const struct sw_project *project, const char *pattern, bool *marks, bool final_only) {
    size_t count = 0;
    for (size_t i = 0; i < project->image_count; i++) {
        const char *name = project->images[i].name;
        bool nameless = !*name && strcmp(pattern, "~") == 0;
        if (!nameless && sw_path_match(pattern, name) != 1)
            continue;
        count++;
        marks[i] = marks[i] || !final_only || project->images[i].final;
    }
    return count;
}

static bool no_match(const struct sw_project *project, const char *pattern, struct sw_error **error) {
    struct sw_vec names = {.width = sizeof(const char *)};
    for (size_t i = 0; i < project->image_count; i++)
        sw_vec_push(&names, &project->images[i].name);
    const char *nearest = sw_suggest(pattern, (struct sw_strings){names.data, names.len});
    sw_vec_fini(&names);
    struct sw_error *failure = is_literal(pattern) ? sw_error_new(SW_ERROR_USAGE, "no image \"%s\" in werf.yaml", pattern)
                                                   : sw_error_new(SW_ERROR_USAGE, "no image matches the pattern \"%s\"", pattern);
    if (nearest && *nearest)
        sw_error_hint(failure, "did you mean \"%s\"?", nearest);
    else
        sw_error_hint(failure, "`slipway config list` prints the names");
    return sw_pass(error, failure);
}

/* Images that patterns without "!" match; all of them when there is no such pattern. */
static bool include(const struct sw_project *project, struct sw_strings patterns, bool final_only, bool *chosen,
                    struct sw_error **error) {
    bool any = false;
    for (size_t i = 0; i < patterns.count; i++) {
        if (!check_pattern(plain(patterns.items[i]), error))
            return false;
        if (*patterns.items[i] == '!')
            continue;
        any = true;
        if (!mark(project, patterns.items[i], chosen, final_only))
            return no_match(project, patterns.items[i], error);
    }
    for (size_t i = 0; i < project->image_count && !any; i++)
        chosen[i] = !final_only || project->images[i].final;
    return true;
}

/* Takes away what "!" patterns match, but for images that are named literally. */
static void exclude(const struct sw_project *project, struct sw_strings patterns, bool *chosen) {
    sw_cleanup_free bool *out = sw_new_array(project->image_count + 1, sizeof *out);
    sw_cleanup_free bool *named = sw_new_array(project->image_count + 1, sizeof *named);
    for (size_t i = 0; i < patterns.count; i++) {
        if (*patterns.items[i] == '!')
            mark(project, patterns.items[i] + 1, out, false);
        else if (is_literal(patterns.items[i]))
            mark(project, patterns.items[i], named, false);
    }
    for (size_t i = 0; i < project->image_count; i++)
        chosen[i] = chosen[i] && (!out[i] || named[i]);
}

/* Adds what the wanted images need, and what those need. */
static void add_needed(const struct sw_project *project, bool *needed) {
    sw_cleanup_free size_t *open = sw_new_array(project->image_count + 1, sizeof *open);
    size_t count = 0;
    for (size_t i = 0; i < project->image_count; i++)
        if (needed[i])
            open[count++] = i;
    while (count) {
        const struct sw_project_image *image = &project->images[open[--count]];
        for (size_t k = 0; k < image->need_count; k++) {
            size_t other = image->needs[k].image;
            if (!needed[other])
                open[count++] = other;
            needed[other] = true;
        }
    }
}

bool sw_select_images(const struct sw_project *project, struct sw_strings patterns, bool final_only,
                      struct sw_selection_result *result, struct sw_error **error) {
    *result = (struct sw_selection_result){.chosen = sw_new_array(project->image_count + 1, sizeof(bool)),
                                           .needed = sw_new_array(project->image_count + 1, sizeof(bool))};
    if (!include(project, patterns, final_only, result->chosen, error)) {
        sw_selection_result_fini(result);
        return false;
    }
    exclude(project, patterns, result->chosen);
    memcpy(result->needed, result->chosen, project->image_count * sizeof(bool));
    add_needed(project, result->needed);
    return true;
}

void sw_selection_result_fini(struct sw_selection_result *result) {
    free(result->chosen);
    free(result->needed);
    *result = (struct sw_selection_result){0};
}
