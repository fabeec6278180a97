#include "core/config/listing.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/config/schema.h"
#include "core/config/yaml_scalar.h"

void sw_listing_names(struct sw_buf *out, const struct sw_project *project, const bool *chosen) {
    for (size_t i = 0; i < project->image_count; i++)
        if (!chosen || chosen[i])
            sw_buf_printf(out, "%s\n", *project->images[i].name ? project->images[i].name : "~");
}

/* ---- graph ---- */

/* A name as YAML reads it back: plain where that is safe. */
static void add_name(struct sw_buf *out, const char *name) {
    struct sw_arena arena = {0};
    struct sw_value value = {0};
    size_t len = strlen(name);
    sw_yaml_resolve(&arena, &value, "", name, true);
    bool plain = value.kind == SW_VALUE_STRING && len &&
                 strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-") == len && *name != '-';
    sw_arena_fini(&arena);
    if (plain) {
        sw_buf_puts(out, name);
        return;
    }
    json_t *text = json_string(name);
    sw_cleanup_free char *quoted = json_dumps(text, JSON_ENCODE_ANY);
    json_decref(text);
    sw_buf_puts(out, quoted ? quoted : "\"\"");
}

static void add_needs(struct sw_buf *out, const struct sw_project *project, const struct sw_project_image *image,
                      enum sw_need_kind kind, const char *title) {
    struct sw_map told = {0};
    for (size_t i = 0; i < image->need_count; i++) {
        const char *name = project->images[image->needs[i].image].name;
        if (image->needs[i].kind != kind || sw_map_has(&told, name))
            continue;
        if (!told.count)
            sw_buf_printf(out, "    %s:%s", title, kind == SW_NEED_BASE ? " " : "\n");
        sw_map_set(&told, name, &told);
        if (kind != SW_NEED_BASE)
            sw_buf_puts(out, "    - ");
        add_name(out, name);
        sw_buf_putc(out, '\n');
    }
    sw_map_fini(&told, NULL);
}

void sw_listing_graph(struct sw_buf *out, const struct sw_project *project, const bool *chosen) {
    for (size_t i = 0; i < project->image_count; i++) {
        const struct sw_project_image *image = &project->images[i];
        if (chosen && !chosen[i])
            continue;
        sw_buf_puts(out, "- image: ");
        add_name(out, image->name);
        sw_buf_puts(out, image->need_count ? "\n  dependsOn:\n" : "\n");
        add_needs(out, project, image, SW_NEED_BASE, "from");
        add_needs(out, project, image, SW_NEED_IMPORT, "import");
        add_needs(out, project, image, SW_NEED_DEPENDENCY, "dependencies");
    }
}

/* ---- schema ---- */

/* "#/$defs/x" of a builder's schema becomes "#/$defs/NAME.x", and "#" becomes "#/$defs/NAME", where they stand in the whole. */
static void move_references(json_t *node, const char *name) {
    const char *key, *ref = json_string_value(json_object_get(node, "$ref"));
    if (ref) {
        sw_cleanup_free char *moved =
            strncmp(ref, "#/$defs/", 8) == 0 ? sw_format("#/$defs/%s.%s", name, ref + 8) : sw_format("#/$defs/%s", name);
        json_object_set_new(node, "$ref", json_string(moved));
    }
    json_t *child, *item;
    size_t index;
    json_object_foreach(node, key, child) {
        move_references(child, name);
    }
    json_array_foreach(node, index, item) {
        move_references(item, name);
    }
}

/* A list that may also be written as its only item, which is made a list before it is checked here: editors have to know both forms. */
static void show_one_or_list(json_t *node) {
    json_t *description = json_incref(json_object_get(node, "description"));
    json_object_del(node, "x-one-or-list");
    json_t *list = json_copy(node);
    json_object_clear(node);
    if (description)
        json_object_set_new(node, "description", description);
    json_object_set_new(node, "anyOf", json_pack("[O, o]", json_object_get(list, "items"), list));
}

/* Takes keywords away that only this program reads. */
static void drop_own_words(json_t *node) {
    json_t *child, *item;
    const char *key;
    void *next;
    size_t index;
    json_object_foreach_safe(node, next, key, child) {
        if (strncmp(key, "x-", 2) == 0 && (json_is_object(child) || json_is_boolean(child)) && !json_object_get(child, "type")) {
            json_object_del(node, key);
            continue;
        }
        if (json_is_true(json_object_get(child, "x-one-or-list")))
            show_one_or_list(child);
        drop_own_words(child);
    }
    json_array_foreach(node, index, item) {
        drop_own_words(item);
    }
}

/* Adds a schema to the whole's $defs: its own definitions under prefixed names, and itself under `name`. A borrowed reference. */
static json_t *add_schema(json_t *defs, const char *name, const char *text) {
    json_t *root = json_loads(text, 0, NULL), *child;
    if (!json_is_object(root)) {
        json_decref(root);
        return NULL;
    }
    move_references(root, name);
    drop_own_words(root);
    const char *key;
    json_object_foreach(json_object_get(root, "$defs"), key, child) {
        sw_cleanup_free char *moved = sw_format("%s.%s", name, key);
        json_object_set(defs, moved, child);
    }
    json_object_del(root, "$defs");
    json_object_del(root, "$schema");
    json_object_set_new(defs, name, root);
    return root;
}

/* {"required": [KEY]} for each claimed key, as alternatives. */
static json_t *claimed(const struct sw_config_builder *builder) {
    json_t *keys = json_array();
    for (const char *const *claim = builder->claims; *claim; claim++)
        json_array_append_new(keys, json_pack("{s:[s]}", "required", *claim));
    return json_pack("{s:o}", "anyOf", keys);
}

static json_t *reference_to(const char *name) {
    sw_cleanup_free char *ref = sw_format("#/$defs/%s", name);
    return json_pack("{s:s}", "$ref", ref);
}

void sw_listing_schema(struct sw_buf *out, const struct sw_config_builder *builders, size_t builder_count) {
    json_t *defs = json_object(), *any = json_array();
    add_schema(defs, "project", sw_schema_meta_text);
    json_t *common = add_schema(defs, "image", sw_schema_image_text);
    /* From the last builder to the first: a chain of "if claimed, then this builder's schema, else …". */
    json_t *chain = NULL;
    for (size_t i = builder_count; i-- > 0;) {
        json_t *schema = add_schema(defs, builders[i].name, builders[i].schema);
        if (!schema)
            continue;
        json_object_update_missing(json_object_get(schema, "properties"), json_object_get(common, "properties"));
        json_array_insert_new(any, 0, reference_to(builders[i].name));
        json_t *condition = json_pack("{s:o, s:o}", "if", claimed(&builders[i]), "then", reference_to(builders[i].name));
        json_object_set_new(condition, "else", chain ? chain : json_pack("{s:o}", "anyOf", any));
        chain = condition;
    }
    json_t *root = json_pack("{s:s, s:s, s:s, s:{s:[s]}, s:o}", "$schema", "https://json-schema.org/draft/2020-12/schema", "title",
                             "werf.yaml", "description",
                             "One document of werf.yaml: the project's own, or that of an image. Documents are separated by ---.",
                             "if", "required", "configVersion", "then", reference_to("project"));
    json_object_set_new(root, "else", chain ? chain : json_pack("{s:o}", "anyOf", any));
    json_object_set_new(root, "$defs", defs);
    sw_cleanup_free char *text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    sw_buf_printf(out, "%s\n", text ? text : "{}");
}
