#include "core/config/project.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/suggest.h"
#include "core/config/check.h"

/* ---- routing ---- */

/* The claimed key of `builder` that stands in `map`, as a value; NULL for none. */
static const struct sw_value *claimed_key(const struct sw_config_builder *builder, const struct sw_value *map) {
    for (const char *const *claim = builder->claims; *claim; claim++) {
        const struct sw_value *key = sw_value_key(map, *claim);
        if (key)
            return key;
    }
    return NULL;
}

/* "`dockerfile` or `from`": the first claim of each builder. */
static void list_claims(const struct sw_check *check, struct sw_buf *out) {
    for (size_t i = 0; i < check->options->builder_count; i++)
        if (check->options->builders[i].claims[0])
            sw_buf_printf(out, "%s`%s`", out->len ? " or " : "", check->options->builders[i].claims[0]);
}

static bool known_key(const struct sw_check *check, const char *key) {
    bool known = sw_schema_has(check->image_schema, key);
    for (size_t i = 0; i < check->options->builder_count; i++)
        known = known || sw_schema_has(check->builder_schemas[i], key);
    return known;
}

static const char *nearest_claim(const struct sw_check *check, const char *key) {
    struct sw_vec claims = {.width = sizeof(const char *)};
    for (size_t i = 0; i < check->options->builder_count; i++)
        for (const char *const *claim = check->options->builders[i].claims; *claim; claim++)
            sw_vec_push(&claims, claim);
    const char *nearest = sw_suggest(key, (struct sw_strings){claims.data, claims.len});
    sw_vec_fini(&claims);
    return nearest;
}

/* The builder whose images have this key; NULL when there is none. */
static const struct sw_config_builder *owner_of(const struct sw_check *check, const char *key) {
    for (size_t i = 0; i < check->options->builder_count; i++)
        if (sw_schema_has(check->builder_schemas[i], key))
            return &check->options->builders[i];
    return NULL;
}

/* Keys that nobody knows: one of them may stand for the claim that is missing. */
static bool report_unknown_keys(struct sw_check *check, const struct sw_value *map, const char *subject, const char *claims) {
    bool found = false;
    for (size_t i = 0; i < map->count; i++) {
        const char *key = map->keys[i]->source;
        if (sw_schema_has(check->image_schema, key) || strcmp(key, "artifact") == 0 || owner_of(check, key))
            continue;
        sw_error_hint(sw_diagnose_value(check->list, map->keys[i], "%s: unknown key \"%s\"", subject, key),
                      "the image has no key %s, which says how it is built", claims);
        found = true;
    }
    return found;
}

/* Says of an image that no builder claims what might be meant. */
static void report_unclaimed(struct sw_check *check, const struct sw_value *map, const struct sw_value *name, const char *subject) {
    bool misspelled = false;
    for (size_t i = 0; i < map->count; i++) {
        const char *key = map->keys[i]->source, *nearest = known_key(check, key) ? NULL : nearest_claim(check, key);
        if (!nearest)
            continue;
        sw_diagnose_value(check->list, map->keys[i], "%s: unknown key \"%s\" (did you mean \"%s\"?)", subject, key, nearest);
        misspelled = true;
    }
    if (misspelled)
        return;
    sw_cleanup_buf struct sw_buf claims = {0};
    list_claims(check, &claims);
    if (report_unknown_keys(check, map, subject, sw_buf_text(&claims)))
        return;
    sw_diagnose_value(check->list, name, "%s: key %s is missing", subject, sw_buf_text(&claims));
    for (size_t i = 0; i < map->count; i++) {
        const char *key = map->keys[i]->source;
        const struct sw_config_builder *owner = sw_schema_has(check->image_schema, key) ? NULL : owner_of(check, key);
        if (owner && strcmp(key, "artifact") != 0)
            sw_diagnose_value(check->list, map->keys[i], "%s: key \"%s\" is for %s images, but `%s` is missing", subject, key,
                              owner->name, owner->claims[0]);
    }
}

/* A document that has neither `configVersion` nor a name nor a claimed key. */
static void report_unrecognized(struct sw_check *check, const struct sw_value *map) {
    static const char *const names[] = {"image", "artifact", "configVersion"};
    check->incomplete = true;
    if (sw_value_key(map, "project") && !sw_check_misspelled(check, map, "configVersion")) {
        sw_error_hint(sw_diagnose_value(check->list, map, "key \"configVersion\" is missing"),
                      "write `configVersion: 1` beside `project`");
        return;
    }
    for (size_t i = 0; i < map->count; i++) {
        const char *nearest = sw_suggest(map->keys[i]->source, (struct sw_strings){names, 3});
        if (nearest) {
            sw_diagnose_value(check->list, map->keys[i], "unknown key \"%s\" (did you mean \"%s\"?)", map->keys[i]->source,
                              nearest);
            return;
        }
    }
    sw_error_hint(sw_diagnose_value(check->list, map,
                                    "this document is neither of the project nor of an image: it has no key "
                                    "\"configVersion\", \"image\" or \"artifact\""),
                  "documents are separated by a line of three hyphens; an image begins with `image: NAME`");
}

static const char *subject_of(struct sw_check *check, const struct sw_value *map) {
    const struct sw_value *name = sw_value_get(map, "image"), *artifact = sw_value_get(map, "artifact");
    if (!name && artifact)
        return sw_arena_format(check->arena, "artifact \"%.100s\"", sw_value_source(artifact));
    if (sw_check_is_list(name) && name->count && sw_value_is_scalar(name->values[0]))
        return sw_arena_format(check->arena, "image \"%.100s\"", sw_value_source(name->values[0]));
    return sw_value_is_scalar(name) ? sw_arena_format(check->arena, "image \"%.100s\"", name->source) : "image";
}

/* Builders in the caller's order: of several whose keys stand in a document, the first one has it, and the others' keys are wrong. */
static void route(struct sw_check *check, struct sw_image_document *document) {
    for (size_t i = 0; i < check->options->builder_count && !document->builder; i++) {
        if (!claimed_key(&check->options->builders[i], document->value))
            continue;
        document->builder = &check->options->builders[i];
        document->schema = check->builder_schemas[i];
    }
}

/* ---- documents ---- */

/* A single map under `git` stands for a list of one. */
static void normalize(struct sw_check *check, struct sw_value *map) {
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->keys[i]->source, "git") == 0 && map->values[i]->kind == SW_VALUE_MAP)
            map->values[i] = sw_value_new_list(check->arena, map->values[i]);
}

static void take_image(struct sw_check *check, struct sw_value *map) {
    const struct sw_value *name = sw_value_key(map, "image") ? sw_value_key(map, "image") : sw_value_key(map, "artifact");
    struct sw_image_document *document = sw_arena_new(check->arena, sizeof *document);
    document->value = map;
    document->subject = subject_of(check, map);
    route(check, document);
    if (!document->builder && !name) {
        report_unrecognized(check, map);
        return;
    }
    if (!document->builder)
        report_unclaimed(check, map, name, document->subject);
    check->incomplete = check->incomplete || !name;
    normalize(check, map);
    document->artifact = sw_value_key(map, "artifact") && (!document->builder || sw_schema_has(document->schema, "artifact"));
    sw_check_names(check, document);
    sw_vec_push(&check->documents, &document);
}

/* Said once, instead of once an image. */
static bool has_builders(struct sw_check *check, const struct sw_value *map) {
    if (check->options->builder_count)
        return true;
    if (!check->builders_missed)
        sw_error_hint(sw_diagnose_value(check->list, map, "no builder plugin is loaded, so no image can be read"),
                      "`slipway plugins` lists what was found, and where it was looked for");
    check->builders_missed = true;
    return false;
}

static void take_document(struct sw_check *check, struct sw_value *root) {
    if (root->kind != SW_VALUE_MAP) {
        check->incomplete = true;
        char found[160];
        sw_value_describe(root, found, sizeof found);
        sw_error_hint(sw_diagnose_value(check->list, root, "a document must be a map, not %s", found),
                      "a document has keys with values: `image: NAME`");
        return;
    }
    if (!sw_value_key(root, "configVersion")) {
        if (has_builders(check, root))
            take_image(check, root);
    } else if (check->project->meta) {
        sw_diagnose_value(check->list, sw_value_key(root, "configVersion"),
                          "key \"configVersion\": the project is described twice; the first document with it is in line %u",
                          check->project->meta->place.line);
    } else {
        sw_check_meta(check, root);
    }
}

static void report_missing_meta(struct sw_check *check, const struct sw_yaml_text *documents, size_t count) {
    const char *name = check->options->suggested_name ? check->options->suggested_name : "my-project";
    struct sw_place place = {.file = count ? documents[0].file : NULL, .line = 1, .column = 1, .end_line = 1};
    struct sw_error *error = sw_diagnose(
        check->list, place, "the project's own document is missing: one with the keys \"configVersion\" and \"project\"");
    sw_error_hint(error, "put these lines first:\nproject: %s\nconfigVersion: 1\n---", name);
}

/* ---- images ---- */

static void check_document(struct sw_check *check, struct sw_image_document *document) {
    if (document->builder) {
        const struct sw_schema *schemas[] = {document->schema, check->image_schema};
        struct sw_schema_others others = {(const struct sw_schema *const *)check->builder_schemas, check->options->builder_count};
        sw_schema_check(schemas, 2, document->value, document->subject, &others, check->list);
    }
    sw_check_secrets(check, document);
    sw_check_dependencies(check, document);
    sw_check_image_spec(check, document);
    if (!document->builder)
        return;
    if (strcmp(document->builder->name, "dockerfile") == 0)
        sw_dockerfile_rules(check, document);
    else if (strcmp(document->builder->name, "stapel") == 0)
        sw_stapel_rules(check, document);
}

static void check_images(struct sw_check *check) {
    sw_check_name_conflicts(check);
    for (size_t i = 0; i < check->documents.len; i++)
        check_document(check, *(struct sw_image_document **)sw_vec_at(&check->documents, i));
    sw_check_graph(check);
}

/* ---- the whole ---- */

static struct sw_schema *read_schema(struct sw_check *check, const char *name, const char *text) {
    struct sw_error *error = NULL;
    struct sw_schema *schema = sw_schema_new(name, text, &error);
    if (error)
        sw_diagnostics_add(check->list, SW_SEVERITY_ERROR, error);
    return schema;
}

static bool read_schemas(struct sw_check *check) {
    bool good = true;
    check->meta_schema = read_schema(check, "core", sw_schema_meta_text);
    check->image_schema = read_schema(check, "core", sw_schema_image_text);
    check->builder_schemas = sw_new_array(check->options->builder_count + 1, sizeof *check->builder_schemas);
    for (size_t i = 0; i < check->options->builder_count; i++) {
        const struct sw_config_builder *builder = &check->options->builders[i];
        check->builder_schemas[i] = read_schema(check, builder->name, builder->schema);
        good = good && check->builder_schemas[i];
    }
    return good && check->meta_schema && check->image_schema;
}

static void free_check(struct sw_check *check) {
    for (size_t i = 0; i < check->drafts.len; i++)
        sw_vec_fini(&(*(struct sw_image_draft **)sw_vec_at(&check->drafts, i))->needs);
    sw_vec_fini(&check->drafts);
    sw_vec_fini(&check->documents);
    sw_map_fini(&check->by_name, NULL);
    sw_schema_free(check->meta_schema);
    sw_schema_free(check->image_schema);
    for (size_t i = 0; check->builder_schemas && i < check->options->builder_count; i++)
        sw_schema_free(check->builder_schemas[i]);
    free(check->builder_schemas);
}

static void parse_all(struct sw_check *check, const struct sw_yaml_text *documents, size_t count) {
    size_t unreadable = 0;
    for (size_t i = 0; i < count; i++) {
        struct sw_value *root = sw_yaml_parse(check->arena, &documents[i], check->list);
        unreadable += !root;
        if (root)
            take_document(check, root);
    }
    check->incomplete = check->incomplete || unreadable;
    if (!check->project->meta && !unreadable && !check->list->error_count)
        report_missing_meta(check, documents, count);
    check_images(check);
}

struct sw_project *sw_project_parse(const struct sw_yaml_text *documents, size_t count, const struct sw_project_options *options,
                                    struct sw_diagnostics *list) {
    struct sw_arena *arena = sw_new(sizeof *arena);
    struct sw_project *project = sw_arena_new(arena, sizeof *project);
    *project =
        (struct sw_project){.name = "", .cache_version = "", .allow_unshallow = true, .allow_fetch_origin = true, .arena = arena};
    struct sw_check check = {.arena = arena,
                             .options = options,
                             .list = list,
                             .project = project,
                             .documents.width = sizeof(void *),
                             .drafts.width = sizeof(void *)};
    list->texts = documents;
    list->text_count = count;
    if (read_schemas(&check))
        parse_all(&check, documents, count);
    list->texts = NULL;
    list->text_count = 0;
    free_check(&check);
    sw_diagnostics_sort(list, count ? documents[0].file : NULL);
    if (!list->error_count)
        return project;
    sw_project_free(project);
    return NULL;
}

void sw_project_free(struct sw_project *project) {
    if (!project)
        return;
    struct sw_arena *arena = project->arena;
    sw_arena_fini(arena);
    free(arena);
}

void sw_project_free_p(struct sw_project **project) {
    sw_project_free(*project);
    *project = NULL;
}

const struct sw_project_image *sw_project_find(const struct sw_project *project, const char *name) {
    for (size_t i = 0; i < project->image_count; i++)
        if (strcmp(project->images[i].name, name) == 0)
            return &project->images[i];
    return NULL;
}
