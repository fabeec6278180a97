/* `dependencies` of image documents. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/suggest.h"
#include "core/config/check.h"

static const char *const TYPES[] = {"ImageName", "ImageTag", "ImageRepo", "ImageID", "ImageDigest"};
enum { TYPE_COUNT = 5 };

enum kind { DOCKERFILE, STAPEL, OTHER };

static enum kind kind_of(const struct sw_image_document *document) {
    if (!document->builder)
        return OTHER;
    return strcmp(document->builder->name, "dockerfile") == 0 ? DOCKERFILE
           : strcmp(document->builder->name, "stapel") == 0   ? STAPEL
                                                              : OTHER;
}

static void check_type(struct sw_check *check, const struct sw_value *item, const char *way) {
    const struct sw_value *type = sw_value_get(item, "type");
    if (sw_check_is_list(type) || sw_check_is_map(type))
        return;
    const char *text = sw_value_source(type);
    for (size_t i = 0; i < TYPE_COUNT; i++)
        if (strcmp(text, TYPES[i]) == 0)
            return;
    if (!*text && sw_check_misspelled(check, item, "type"))
        return;
    if (!*text) {
        sw_diagnose_value(check->list, item, "%s: key \"type\" is missing: ImageName, ImageTag, ImageRepo, ImageID or ImageDigest",
                          way);
        return;
    }
    struct sw_error *error = sw_diagnose_value(
        check->list, type, "%s › type: expected ImageName, ImageTag, ImageRepo, ImageID or ImageDigest, not \"%s\"", way, text);
    const char *nearest = sw_suggest(text, (struct sw_strings){TYPES, TYPE_COUNT});
    if (nearest)
        sw_error_hint(error, "did you mean \"%s\"?", nearest);
}

/* The target key of this kind of image; the other kind's is refused. */
static const char *find_target(struct sw_check *check, enum kind kind, const struct sw_value *item, const char *way) {
    const char *arg = sw_check_text(item, "targetBuildArg"), *env = sw_check_text(item, "targetEnv");
    const char *wanted = kind == STAPEL ? "targetEnv" : "targetBuildArg", *other = kind == STAPEL ? "targetBuildArg" : "targetEnv";
    if (kind == OTHER)
        return *arg ? arg : env;
    const char *text = kind == STAPEL ? env : arg, *foreign = kind == STAPEL ? arg : env;
    if (*foreign) {
        struct sw_error *error = sw_diagnose_value(check->list, sw_value_key(item, other), "%s: key \"%s\" is only for %s images",
                                                   way, other, kind == STAPEL ? "dockerfile" : "stapel");
        sw_error_hint(error, "here it is `%s`", wanted);
        return text;
    }
    if (!*text && !sw_check_misspelled(check, item, wanted))
        sw_diagnose_value(check->list, item, "%s: key \"%s\" is missing", way, wanted);
    return text;
}

static void check_unique(struct sw_check *check, enum kind kind, const struct sw_value *item, const char *way, const char *target,
                         const struct sw_dependency_import *seen, size_t count) {
    const char *key = kind == STAPEL ? "targetEnv" : "targetBuildArg";
    for (size_t i = 0; *target && i < count; i++) {
        if (strcmp(seen[i].target, target) != 0)
            continue;
        const struct sw_value *at = sw_value_get(item, key);
        sw_diagnose_value(check->list, at ? at : item, "%s › %s: \"%s\" is already filled in line %u", way, key, target,
                          seen[i].place.line);
        return;
    }
}

static void read_imports(struct sw_check *check, struct sw_image_document *document, const struct sw_value *entry, const char *way,
                         struct sw_vec *all, struct sw_dependency *dependency) {
    enum kind kind = kind_of(document);
    const struct sw_value *list = sw_value_get(entry, "imports");
    if (!sw_check_is_list(list))
        return;
    struct sw_dependency_import *imports = sw_arena_new(check->arena, (list->count + 1) * sizeof *imports);
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct sw_value *item = list->values[i];
        if (!sw_check_is_map(item))
            continue;
        sw_cleanup_free char *inner = sw_format("%s › imports[%zu]", way, i);
        check_type(check, item, inner);
        const char *target = find_target(check, kind, item, inner);
        /* a build argument is filled once; a variable may be set by two dependencies, and the later one wins */
        if (kind == DOCKERFILE)
            check_unique(check, kind, item, inner, target, all->data, all->len);
        else
            check_unique(check, kind, item, inner, target, imports, count);
        imports[count] = (struct sw_dependency_import){.type = sw_check_text(item, "type"), .target = target, .place = item->place};
        sw_vec_push(all, &imports[count++]);
    }
    dependency->imports = imports;
    dependency->import_count = count;
}

static enum sw_dependency_stage stage_of(struct sw_check *check, const struct sw_value *entry, const char *key, const char *way) {
    const struct sw_value *value = sw_value_get(entry, key);
    const char *text = sw_value_source(value);
    bool before = strcmp(key, "before") == 0;
    if (strcmp(text, "install") == 0)
        return before ? SW_DEPENDENCY_BEFORE_INSTALL : SW_DEPENDENCY_AFTER_INSTALL;
    if (strcmp(text, "setup") == 0)
        return before ? SW_DEPENDENCY_BEFORE_SETUP : SW_DEPENDENCY_AFTER_SETUP;
    sw_diagnose_value(check->list, value, "%s › %s: expected install or setup, not \"%s\"", way, key, text);
    return SW_DEPENDENCY_WHOLE;
}

static enum sw_dependency_stage read_stage(struct sw_check *check, enum kind kind, const struct sw_value *entry, const char *way) {
    bool before = *sw_check_text(entry, "before"), after = *sw_check_text(entry, "after");
    if (kind == OTHER && !before && !after)
        return SW_DEPENDENCY_WHOLE;
    if (kind == DOCKERFILE) {
        const char *keys[] = {"before", "after"};
        for (size_t i = 0; i < 2; i++)
            if (*sw_check_text(entry, keys[i]))
                sw_diagnose_value(check->list, sw_value_key(entry, keys[i]), "%s: key \"%s\" is only for stapel images", way,
                                  keys[i]);
        return SW_DEPENDENCY_WHOLE;
    }
    if (before && after) {
        sw_diagnose_value(check->list, sw_value_key(entry, "after"), "%s: `before` and `after` exclude each other", way);
        return SW_DEPENDENCY_WHOLE;
    }
    if (!before && !after) {
        if (sw_check_none_given(check, entry, (const char *const[]){"before", "after", NULL}))
            sw_diagnose_value(check->list, entry, "%s: `before` or `after` is missing: install or setup", way);
        return SW_DEPENDENCY_WHOLE;
    }
    return stage_of(check, entry, before ? "before" : "after", way);
}

static void check_args(struct sw_check *check, const struct sw_image_document *document, const struct sw_vec *all) {
    const struct sw_value *args = sw_value_get(document->value, "args");
    for (size_t i = 0; i < all->len; i++) {
        const struct sw_dependency_import *import = sw_vec_at(all, i);
        const struct sw_value *key = *import->target ? sw_value_key(args, import->target) : NULL;
        if (key)
            sw_diagnose_value(check->list, key, "%s › args: \"%s\" is also filled by `targetBuildArg` of a dependency, in line %u",
                              document->subject, import->target, import->place.line);
    }
}

void sw_check_dependencies(struct sw_check *check, struct sw_image_document *document) {
    const struct sw_value *list = sw_value_get(document->value, "dependencies");
    enum kind kind = kind_of(document);
    if (!sw_check_is_list(list))
        return;
    if (document->artifact && list->count) {
        struct sw_error *error = sw_diagnose_value(check->list, sw_value_key(document->value, "dependencies"),
                                                   "%s: key \"dependencies\" is not for artifacts", document->subject);
        sw_error_hint(error, "turn the artifact into `image` with `final: false`");
        return;
    }
    struct sw_dependency *dependencies = sw_arena_new(check->arena, (list->count + 1) * sizeof *dependencies);
    sw_cleanup_vec struct sw_vec all = {.width = sizeof(struct sw_dependency_import)};
    for (size_t i = 0; i < list->count; i++) {
        const struct sw_value *entry = list->values[i];
        if (!sw_check_is_map(entry))
            continue;
        sw_cleanup_free char *way = sw_format("%s › dependencies[%zu]", document->subject, i);
        struct sw_dependency dependency = {.image = sw_check_text(entry, "image"), .place = entry->place};
        const struct sw_value *name = sw_value_get(entry, "image");
        if (!*dependency.image && !sw_check_find(check, "") && !sw_check_is_list(name) && !sw_check_is_map(name) &&
            !sw_check_misspelled(check, entry, "image"))
            sw_diagnose_value(check->list, entry, "%s: key \"image\" is missing", way);
        dependency.stage = read_stage(check, kind, entry, way);
        read_imports(check, document, entry, way, &all, &dependency);
        dependencies[document->dependency_count++] = dependency;
    }
    document->dependencies = dependencies;
    if (kind == DOCKERFILE)
        check_args(check, document, &all);
}
