#include "core/cli/listing.h"

#include <jansson.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/vec.h"
#include "core/config/schema.h"

void sw_listing_names(struct sw_buf *out, const struct sw_project *project, const bool *chosen) {
    for (size_t i = 0; i < project->image_count; i++)
        if (chosen[i])
            sw_buf_printf(out, "%s\n", *project->images[i].name ? project->images[i].name : "~");
}

/* ---- the graph ---- */

/* A name as a YAML scalar: plain where that is read back as the same text. */
static void put_scalar(struct sw_buf *out, const char *text) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@+";
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"};
    bool quoted = strspn(text, plain) != strlen(text) || !*text || strspn(text, "0123456789.+-_:") == strlen(text) ||
                  strchr("-:@", *text) || text[strlen(text) - 1] == ':';
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        quoted |= strcasecmp(text, words[i]) == 0;
    sw_buf_printf(out, quoted ? "\"%s\"" : "%s", text);
}

static void put_needs(struct sw_buf *out, const struct sw_project *project, const struct sw_project_image *image,
                      enum sw_need_kind kind, const char *key) {
    sw_cleanup_strlist struct sw_strlist names = {0};
    for (size_t i = 0; i < image->need_count; i++) {
        const char *name = project->images[image->needs[i].image].name;
        if (image->needs[i].kind == kind && !sw_strlist_has(&names, name))
            sw_strlist_add(&names, name);
    }
    if (!names.len)
        return;
    sw_buf_printf(out, "    %s:", key);
    if (kind == SW_NEED_BASE) {
        sw_buf_putc(out, ' ');
        put_scalar(out, names.items[0]);
        sw_buf_putc(out, '\n');
        return;
    }
    sw_buf_putc(out, '\n');
    for (size_t i = 0; i < names.len; i++) {
        sw_buf_puts(out, "    - ");
        put_scalar(out, names.items[i]);
        sw_buf_putc(out, '\n');
    }
}

void sw_listing_graph(struct sw_buf *out, const struct sw_project *project, const bool *chosen) {
    for (size_t i = 0; i < project->image_count; i++) {
        const struct sw_project_image *image = &project->images[i];
        if (!chosen[i])
            continue;
        sw_buf_puts(out, "- image: ");
        put_scalar(out, image->name);
        sw_buf_putc(out, '\n');
        if (image->need_count)
            sw_buf_puts(out, "  dependsOn:\n");
        put_needs(out, project, image, SW_NEED_BASE, "from");
        put_needs(out, project, image, SW_NEED_IMPORT, "import");
        put_needs(out, project, image, SW_NEED_DEPENDENCY, "dependencies");
    }
}

/* ---- the schema ---- */

/* A document of a builder has the keys common to all images and its own; both schemas close their objects, so that the two sets of
 * properties have to become one. */
static json_t *merge_schemas(const json_t *common, const json_t *own) {
    json_t *merged = json_deep_copy(common);
    static const char *const objects[] = {"properties", "patternProperties", "$defs"};
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        json_t *from = json_object_get(own, objects[i]), *to = json_object_get(merged, objects[i]);
        if (!json_is_object(from))
            continue;
        if (json_is_object(to))
            json_object_update(to, from);
        else
            json_object_set(merged, objects[i], from);
    }
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)own, key, value) {
        if (!json_object_get(merged, key))
            json_object_set(merged, key, value);
    }
    return merged;
}

static json_t *of_builder(const json_t *common, const struct sw_config_builder *builder) {
    sw_cleanup_json json_t *own = json_loads(builder->schema, 0, NULL);
    json_t *merged = merge_schemas(common, own), *claims = json_array();
    json_object_set_new(merged, "title", json_sprintf("an image of the %s builder", builder->name));
    for (size_t i = 0; builder->claims[i]; i++)
        json_array_append_new(claims, json_pack("{s:[s]}", "required", builder->claims[i]));
    /* Its own anyOf stays valid beside the claims: both must hold. */
    json_t *all = json_object_get(merged, "allOf");
    if (!json_is_array(all)) {
        all = json_array();
        json_object_set_new(merged, "allOf", all);
    }
    json_array_append_new(all, json_pack("{s:o}", "anyOf", claims));
    return merged;
}

void sw_listing_schema(struct sw_buf *out, const struct sw_config_builder *builders, size_t count) {
    sw_cleanup_json json_t *common = json_loads(sw_schema_image_text, 0, NULL);
    json_t *documents = json_array();
    json_array_append_new(documents, json_loads(sw_schema_meta_text, 0, NULL));
    for (size_t i = 0; i < count; i++)
        json_array_append_new(documents, of_builder(common, &builders[i]));
    sw_cleanup_json json_t *schema = json_pack("{s:s, s:s, s:o}", "$schema", "https://json-schema.org/draft/2020-12/schema",
                                               "title", "a document of werf.yaml", "anyOf", documents);
    sw_cleanup_free char *text = json_dumps(schema, JSON_INDENT(2));
    sw_buf_puts(out, text);
    sw_buf_putc(out, '\n');
}
