#include "plugins/dockerfile/explain_options.h"

#include <string.h>

#include "core/base/hash.h"
#include "plugins/dockerfile/flag.h"
#include "plugins/dockerfile/number.h"
#include "plugins/dockerfile/text.h"

static const char *const members[] = {"target",           "buildArgs", "labels", "platforms",     "buildPlatform", "dockerignore",
                                      "dockerfileIgnore", "contexts",  "images", "missingImages", "attrs",         "check"};

static const char *text_of(struct sw_df_explain_options *o, const char *key) {
    return json_string_value(json_object_get(o->root, key));
}

static struct sw_pairs pairs_of(struct sw_df_explain_options *o, const char *key) {
    json_t *object = json_object_get(o->root, key), *value;
    struct sw_pair *items = sw_arena_new(&o->arena, (json_object_size(object) + 1) * sizeof(*items));
    size_t count = 0;
    const char *name;
    json_object_foreach(object, name, value) {
        const char *text = json_string_value(value);
        items[count++] = (struct sw_pair){name, text ? text : ""};
    }
    return (struct sw_pairs){items, count};
}

static struct sw_strings list_of(struct sw_df_explain_options *o, const char *key) {
    json_t *array = json_object_get(o->root, key);
    const char **items = sw_arena_new(&o->arena, (json_array_size(array) + 1) * sizeof(char *));
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *text = json_string_value(json_array_get(array, i));
        items[i] = text ? text : "";
    }
    return (struct sw_strings){items, json_array_size(array)};
}

/* A config that stands in for an image of which the options say nothing: it has a PATH, a command and one layer. */
static const char *plain_config(struct sw_df_explain_options *o, const char *reference, const char *platform) {
    char digest[SW_SHA256_HEX];
    struct sw_df_failure ignored = {.arena = &o->arena};
    struct sw_df_platform p;
    sw_sha256_hex(reference, strlen(reference), digest);
    if (!sw_df_platform_parse(platform, &p, &ignored))
        p = sw_df_platform_host();
    sw_df_platform_normalize(&o->arena, &p);
    const char *variant = *p.variant ? sw_arena_format(&o->arena, ",\"variant\":\"%s\"", p.variant) : "";
    return sw_arena_format(&o->arena,
                           "{\"os\":\"%s\",\"architecture\":\"%s\"%s,\"config\":{\"Env\":[\"PATH=/usr/local/sbin:/usr/local/bin:"
                           "/usr/sbin:/usr/bin:/sbin:/bin\"],\"Cmd\":[\"/bin/sh\"]},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":"
                           "[\"sha256:%s\"]},\"history\":[{\"created_by\":\"base layer\"}]}",
                           p.os, p.arch, variant, digest);
}

static const char *digest_of(struct sw_df_explain_options *o, const char *text) {
    char digest[SW_SHA256_HEX];
    sw_sha256_hex(text, strlen(text), digest);
    return sw_arena_format(&o->arena, "sha256:%s", digest);
}

static enum sw_df_found find_image(void *context, const char *reference, const char *platform, struct sw_df_base *base) {
    struct sw_df_explain_options *o = context;
    json_t *missing = json_object_get(o->root, "missingImages"), *images = json_object_get(o->root, "images");
    for (size_t i = 0; i < json_array_size(missing); i++) {
        const char *name = json_string_value(json_array_get(missing, i));
        if (name && strcmp(name, reference) == 0)
            return SW_DF_MISSING;
    }
    const char *exact = sw_arena_format(&o->arena, "%s@%s", reference, platform);
    const char *key = json_object_get(images, exact) ? exact : reference;
    json_t *config = json_object_get(images, key);
    if (!config) {
        *base = (struct sw_df_base){.config = plain_config(o, reference, platform), .digest = digest_of(o, exact)};
        return SW_DF_FOUND;
    }
    char *text = json_dumps(config, JSON_COMPACT);
    *base = (struct sw_df_base){.config = sw_arena_str(&o->arena, text), .digest = digest_of(o, key)};
    free(text);
    return SW_DF_FOUND;
}

static const char *attribute(struct sw_df_explain_options *o, const char *key) {
    return json_string_value(json_object_get(json_object_get(o->root, "attrs"), key));
}

static bool read_attributes(struct sw_df_explain_options *o, struct sw_df_failure *failure) {
    const char *no_cache = attribute(o, "no-cache");
    if (!sw_df_attributes_read(json_object_get(o->root, "attrs"), &o->run, failure))
        return false;
    o->options.no_cache = no_cache && !*no_cache;
    if (no_cache && *no_cache)
        o->options.no_cache_stages = sw_df_split(&o->arena, no_cache, ',');
    return true;
}

static const char *build_arg(struct sw_df_explain_options *o, const char *name) {
    return json_string_value(json_object_get(json_object_get(o->root, "buildArgs"), name));
}

/* Build arguments that mean something to the front end itself. */
static bool read_build_args(struct sw_df_explain_options *o, struct sw_df_failure *failure) {
    const char *check = build_arg(o, "BUILDKIT_DOCKERFILE_CHECK"), *scope = build_arg(o, "BUILDKIT_CACHE_MOUNT_NS");
    const char *hostname = build_arg(o, "BUILDKIT_SANDBOX_HOSTNAME"), *many = build_arg(o, "BUILDKIT_MULTI_PLATFORM");
    const char *asked = many && *many ? many : attribute(o, "multi-platform");
    o->options.cache_namespace = scope ? scope : "";
    if (hostname && *hostname)
        o->run.hostname = hostname;
    o->options.many_platforms = o->platforms.count > 1;
    if (asked && *asked) {
        bool value;
        if (!sw_df_parse_bool(asked, &value))
            return sw_df_fail(failure, "invalid boolean value for multi-platform: %s", asked);
        if (!value && o->options.many_platforms)
            return sw_df_fail(failure, "conflicting config: returning multiple target platforms is not allowed");
        o->options.many_platforms = value;
    }
    if (!check)
        return true;
    o->options.check_options = &o->check;
    return sw_df_check_parse(check, &o->check, failure) ||
           sw_df_fail_prefix(failure, "failed to parse build-arg:BUILDKIT_DOCKERFILE_CHECK: ");
}

static bool check_platforms(struct sw_df_explain_options *o, struct sw_df_failure *failure) {
    for (size_t i = 0; i < o->platforms.count; i++) {
        struct sw_df_platform platform;
        if (!sw_df_platform_parse(o->platforms.items[i], &platform, failure))
            return sw_df_fail_prefix(failure, "failed to parse target platform %s: ", o->platforms.items[i]);
    }
    return true;
}

static bool check_members(const json_t *root, struct sw_error **error) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)root, key, value) {
        bool known = false;
        for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
            known = known || strcmp(members[i], key) == 0;
        if (!known)
            return sw_fail(error, SW_ERROR_USAGE, "unknown member \"%s\" in the options", key);
    }
    return true;
}

bool sw_df_explain_options_read(struct sw_df_explain_options *o, const char *text, struct sw_df_failure *failure,
                                struct sw_error **error) {
    json_error_t where;
    *o = (struct sw_df_explain_options){.root = json_loads(text ? text : "{}", JSON_ALLOW_NUL, &where)};
    if (!json_is_object(o->root))
        return sw_fail(error, SW_ERROR_USAGE, "the options are no JSON object: line %d: %s", o->root ? 1 : where.line,
                       o->root ? "another type" : where.text);
    if (!check_members(o->root, error))
        return false;
    const char *target = text_of(o, "target"), *own_ignore = text_of(o, "dockerfileIgnore");
    o->platforms = list_of(o, "platforms");
    o->ignore = text_of(o, "dockerignore");
    o->options = (struct sw_df_options){.target = target ? target : "",
                                        .build_platform = text_of(o, "buildPlatform"),
                                        .check = json_is_true(json_object_get(o->root, "check")),
                                        .build_args = pairs_of(o, "buildArgs"),
                                        .labels = pairs_of(o, "labels"),
                                        .contexts = pairs_of(o, "contexts"),
                                        .ignore = own_ignore ? own_ignore : o->ignore,
                                        .ignore_name = own_ignore ? "Dockerfile.dockerignore" : ".dockerignore",
                                        .cache_namespace = "",
                                        .images = {.find = find_image, .context = o}};
    if (!o->options.build_platform)
        o->options.build_platform = "linux/amd64";
    return (check_platforms(o, failure) && read_attributes(o, failure) && read_build_args(o, failure)) || failure->text;
}

void sw_df_explain_options_fini(struct sw_df_explain_options *o) {
    json_decref(o->root);
    sw_arena_fini(&o->arena);
}
