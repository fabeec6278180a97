#include "plugins/stapel/image.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "core/base/vec.h"

const char *sw_stapel_step_name(enum sw_stapel_step step) {
    static const char *const names[] = {"beforeInstall", "install", "beforeSetup", "setup"};
    return names[step];
}

static const char *clean(struct sw_arena *arena, const char *path) {
    sw_cleanup_free char *text = sw_path_clean(path);
    return sw_arena_str(arena, text);
}

static struct sw_strings clean_all(struct sw_arena *arena, struct sw_strings paths) {
    const char **items = sw_arena_new(arena, (paths.count + 1) * sizeof *items);
    for (size_t i = 0; i < paths.count; i++)
        items[i] = clean(arena, paths.items[i]);
    return (struct sw_strings){items, paths.count};
}

/* --- entries ---------------------------------------------------------------------------------------------------------------------- */

static void read_export(struct sw_arena *arena, const struct sw_value *entry, const char *add, struct sw_stapel_export *files) {
    const char *to = sw_stapel_text(entry, "to");
    files->add = clean(arena, add);
    files->to = *to ? clean(arena, to) : files->add;
    files->include = clean_all(arena, sw_stapel_texts(arena, entry, "includePaths"));
    files->exclude = clean_all(arena, sw_stapel_texts(arena, entry, "excludePaths"));
    files->owner = sw_stapel_text(entry, "owner");
    files->group = sw_stapel_text(entry, "group");
    files->place = sw_stapel_host->document->place(entry);
}

static void read_mapping(struct sw_stapel_image *image, const struct sw_value *entry, struct sw_stapel_mapping *mapping) {
    struct sw_arena *arena = &image->arena;
    const char *add = sw_stapel_text(entry, "add");
    read_export(arena, entry, *add ? add : "/", &mapping->files);
    mapping->scope = mapping->files.add + (*mapping->files.add == '/');
    mapping->url = sw_stapel_text(entry, "url");
    mapping->branch = sw_stapel_text(entry, "branch");
    mapping->tag = sw_stapel_text(entry, "tag");
    mapping->commit = sw_stapel_text(entry, "commit");
    const struct sw_value *watched = sw_stapel_given(entry, "stageDependencies");
    for (int step = 0; watched && step < SW_STAPEL_STEPS; step++) {
        mapping->watched[step] = clean_all(arena, sw_stapel_texts(arena, watched, sw_stapel_step_name(step)));
        mapping->watches[step] = mapping->watched[step].count > 0;
    }
}

static void read_mappings(struct sw_stapel_image *image, const struct sw_value *document) {
    const struct sw_host_document *reader = sw_stapel_host->document;
    const struct sw_value *list = sw_stapel_given(document, "git");
    image->mappings = sw_arena_new(&image->arena, (reader->count(list) + 1) * sizeof *image->mappings);
    for (int remote = 0; remote < 2; remote++) {
        for (size_t i = 0; i < reader->count(list); i++) {
            const struct sw_value *entry = reader->at(list, i);
            if ((*sw_stapel_text(entry, "url") != '\0') == remote)
                read_mapping(image, entry, &image->mappings[image->mapping_count++]);
        }
    }
}

static enum sw_stapel_slot slot_of(const struct sw_value *entry) {
    const char *before = sw_stapel_text(entry, "before"), *after = sw_stapel_text(entry, "after");
    if (*before)
        return strcmp(before, "install") == 0 ? SW_STAPEL_AT_BEFORE_INSTALL : SW_STAPEL_AT_BEFORE_SETUP;
    return strcmp(after, "install") == 0 ? SW_STAPEL_AT_AFTER_INSTALL : SW_STAPEL_AT_AFTER_SETUP;
}

/* An image that is not of the project is one of a registry; only a name with a tag or digest can be. */
static bool is_external(const struct sw_plan_request *request, const char *name) {
    const char *last = strrchr(name, '/');
    bool tagged = strchr(last ? last : name, ':') || strchr(name, '@');
    return tagged || !sw_stapel_host->plan->is_project_image(request->plan, name);
}

static void read_import(struct sw_stapel_image *image, const struct sw_plan_request *request, const struct sw_value *entry,
                        struct sw_stapel_import *import) {
    const char *from = sw_stapel_text(entry, "from");
    read_export(&image->arena, entry, sw_stapel_text(entry, "add"), &import->files);
    import->image = *from ? from : sw_stapel_text(entry, "image");
    import->artifact = sw_stapel_text(entry, "artifact");
    import->source = *import->image ? import->image : import->artifact;
    import->external = *import->image && is_external(request, import->source);
    import->stage = sw_stapel_text(entry, "stage");
    import->before = sw_stapel_text(entry, "before");
    import->after = sw_stapel_text(entry, "after");
    import->slot = slot_of(entry);
}

static void read_imports(struct sw_stapel_image *image, const struct sw_plan_request *request) {
    const struct sw_host_document *reader = sw_stapel_host->document;
    const struct sw_value *list = sw_stapel_given(request->document, "import");
    image->import_count = reader->count(list);
    image->imports = sw_arena_new(&image->arena, (image->import_count + 1) * sizeof *image->imports);
    for (size_t i = 0; i < image->import_count; i++)
        read_import(image, request, reader->at(list, i), &image->imports[i]);
}

static void read_dependency(struct sw_stapel_image *image, const struct sw_value *entry, struct sw_stapel_dependency *dependency) {
    const struct sw_host_document *reader = sw_stapel_host->document;
    const struct sw_value *list = sw_stapel_given(entry, "imports");
    struct sw_stapel_target *targets = sw_arena_new(&image->arena, (reader->count(list) + 1) * sizeof *targets);
    for (size_t i = 0; i < reader->count(list); i++)
        targets[i] = (struct sw_stapel_target){sw_stapel_text(reader->at(list, i), "type"),
                                               sw_stapel_text(reader->at(list, i), "targetEnv")};
    *dependency = (struct sw_stapel_dependency){
        .image = sw_stapel_text(entry, "image"), .slot = slot_of(entry), .targets = targets, .target_count = reader->count(list)};
}

static void read_dependencies(struct sw_stapel_image *image, const struct sw_value *document) {
    const struct sw_host_document *reader = sw_stapel_host->document;
    const struct sw_value *list = sw_stapel_given(document, "dependencies");
    image->dependency_count = reader->count(list);
    image->dependencies = sw_arena_new(&image->arena, (image->dependency_count + 1) * sizeof *image->dependencies);
    for (size_t i = 0; i < image->dependency_count; i++)
        read_dependency(image, reader->at(list, i), &image->dependencies[i]);
}

static void read_mounts(struct sw_stapel_image *image, const struct sw_value *document) {
    const struct sw_host_document *reader = sw_stapel_host->document;
    const struct sw_value *list = sw_stapel_given(document, "mount");
    image->mount_count = reader->count(list);
    image->mounts = sw_arena_new(&image->arena, (image->mount_count + 1) * sizeof *image->mounts);
    for (size_t i = 0; i < image->mount_count; i++) {
        const char *from = sw_stapel_text(reader->at(list, i), "from");
        const char *host = sw_stapel_text(reader->at(list, i), "fromPath");
        image->mounts[i] = (struct sw_stapel_mount){.from = clean(&image->arena, host),
                                                    .to = clean(&image->arena, sw_stapel_text(reader->at(list, i), "to")),
                                                    .type = *from ? from : "custom_dir",
                                                    .host = host};
    }
}

static void read_shell(struct sw_stapel_image *image, const struct sw_value *document) {
    struct sw_stapel_shell *shell = &image->shell;
    const struct sw_value *section = sw_stapel_given(document, "shell");
    shell->exists = section != NULL;
    shell->version = sw_stapel_text(section, "cacheVersion");
    for (int step = 0; step < SW_STAPEL_STEPS; step++) {
        const char *name = sw_stapel_step_name(step);
        sw_cleanup_free char *version = sw_format("%sCacheVersion", name);
        shell->commands[step] = sw_stapel_texts(&image->arena, section, name);
        shell->versions[step] = sw_stapel_text(section, version);
        shell->places[step] = sw_stapel_host->document->place(sw_stapel_given(section, name));
    }
}

static void read_base(struct sw_stapel_image *image, const struct sw_plan_request *request) {
    const struct sw_value *document = request->document;
    const char *from = sw_stapel_text(document, "from");
    const char *image_name = sw_stapel_text(document, "fromImage");
    const char *artifact = sw_stapel_text(document, "fromArtifact");
    const char *name = *artifact ? artifact : *image_name ? image_name : from;
    if (!*artifact && !*image_name && strcmp(name, request->image) == 0) { /* the registry's image of the same name */
        image->base = sw_arena_format(&image->arena, "%s:latest", name);
        return;
    }
    image->base = name;
    image->base_is_image = strcmp(name, "scratch") != 0 && sw_stapel_host->plan->is_project_image(request->plan, name);
}

/* --- targets that share a place ---------------------------------------------------------------------------------------------------- */

/* Paths that an entry fills, without leading slash; none: everything. */
static void filled_paths(const struct sw_stapel_export *files, struct sw_strlist *out) {
    const char *prefix = files->to + 1;
    if (!files->include.count && *prefix)
        sw_strlist_add(out, prefix);
    for (size_t i = 0; i < files->include.count; i++)
        sw_strlist_take(out, sw_path_join(prefix, files->include.items[i]));
}

static bool any_below(const struct sw_strlist *paths, const char *folder) {
    for (size_t i = 0; i < paths->len; i++)
        if (sw_path_within(paths->items[i], folder))
            return true;
    return false;
}

static bool is_excluded(const struct sw_stapel_export *files, const char *path) {
    for (size_t i = 0; i < files->exclude.count; i++) {
        sw_cleanup_free char *folder = sw_path_join(files->to + 1, files->exclude.items[i]);
        if (sw_path_within(path, folder))
            return true;
    }
    return false;
}

static void add_exclude(struct sw_arena *arena, struct sw_stapel_export *files, const char *path) {
    const char **items = sw_arena_new(arena, (files->exclude.count + 1) * sizeof *items);
    for (size_t i = 0; i < files->exclude.count; i++)
        items[i] = files->exclude.items[i];
    sw_cleanup_free char *name = sw_path_relative(path, files->to + 1);
    items[files->exclude.count] = sw_arena_str(arena, *name ? name : ".");
    files->exclude = (struct sw_strings){items, files->exclude.count + 1};
}

void sw_stapel_exclude(struct sw_arena *arena, struct sw_stapel_export *first, const struct sw_stapel_export *second) {
    if (!sw_path_within(second->to, first->to))
        return;
    sw_cleanup_strlist struct sw_strlist mine = {0};
    sw_cleanup_strlist struct sw_strlist theirs = {0};
    filled_paths(first, &mine);
    filled_paths(second, &theirs);
    for (size_t i = 0; i < theirs.len; i++)
        if (!any_below(&mine, theirs.items[i]) && !is_excluded(first, theirs.items[i]))
            add_exclude(arena, first, theirs.items[i]);
}

static void separate_targets(struct sw_stapel_image *image) {
    size_t count = image->mapping_count + image->import_count;
    struct sw_stapel_export **all = sw_arena_new(&image->arena, (count + 1) * sizeof *all);
    for (size_t i = 0; i < image->mapping_count; i++)
        all[i] = &image->mappings[i].files;
    for (size_t i = 0; i < image->import_count; i++)
        all[image->mapping_count + i] = &image->imports[i].files;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++)
            if (i != j)
                sw_stapel_exclude(&image->arena, all[i], all[j]);
}

/* --- the mapping's name ------------------------------------------------------------------------------------------------------------ */

const char *sw_stapel_repository_name(struct sw_arena *arena, const char *url) {
    size_t len = strlen(url);
    len -= len && url[len - 1] == '/';
    const char *slash = memrchr(url, '/', len);
    if (!slash)
        return sw_arena_str(arena, url);
    size_t name_len = (size_t)(url + len - slash - 1);
    const char *start = slash;
    while (start > url && start[-1] != '/' && start[-1] != ':')
        start--;
    if (!name_len || memchr(slash, ' ', name_len + 1) || start == url)
        return sw_arena_str(arena, url);
    if (name_len > 4 && !strncmp(url + len - 4, ".git", 4))
        len -= 4;
    return sw_arena_strn(arena, start, (size_t)(url + len - start));
}

const char *sw_stapel_mapping_hash(struct sw_arena *arena, const struct sw_stapel_mapping *mapping) {
    sw_cleanup_buf struct sw_buf text = {0};
    const char *name = *mapping->url ? sw_stapel_repository_name(arena, mapping->url) : "own";
    const struct sw_stapel_export *files = &mapping->files;
    sw_buf_printf(&text, "%s_%s:::%s:::%s:::", name, name, files->to, mapping->scope);
    for (size_t i = 0; i < files->include.count; i++)
        sw_buf_puts(&text, files->include.items[i]);
    sw_buf_puts(&text, ":::");
    for (size_t i = 0; i < files->exclude.count; i++)
        sw_buf_puts(&text, files->exclude.items[i]);
    sw_buf_printf(&text, ":::%s:::%s:::%s:::%s:::%s", files->owner, files->group, mapping->branch, mapping->tag, mapping->commit);
    char out[65];
    sw_stapel_host->hash->sha256((struct sw_bytes){text.data, text.len}, out);
    return sw_arena_str(arena, out);
}

/* --- the whole --------------------------------------------------------------------------------------------------------------------- */

static bool refuse_ansible(const struct sw_value *document, struct sw_error **error) {
    const struct sw_value *ansible = sw_stapel_given(document, "ansible");
    if (!ansible)
        return true;
    sw_fail(error, SW_ERROR_CONFIG, "`ansible` cannot be built: its tasks need Ansible inside the image");
    if (error) {
        *error = sw_error_at(*error, sw_stapel_host->document->place(ansible));
        *error = sw_error_hint(*error, "write the steps as commands under `shell`");
    }
    return false;
}

struct sw_stapel_image *sw_stapel_image_new(const struct sw_plan_request *request, struct sw_error **error) {
    const struct sw_value *document = request->document;
    if (!refuse_ansible(document, error))
        return NULL;
    struct sw_stapel_image *image = sw_new(sizeof *image);
    image->is_artifact = sw_stapel_given(document, "artifact") != NULL;
    image->from_latest = sw_stapel_host->document->boolean(sw_stapel_given(document, "fromLatest"), false);
    image->from_cache_version = sw_stapel_text(document, "fromCacheVersion");
    image->docker = image->is_artifact ? NULL : sw_stapel_given(document, "docker");
    read_base(image, request);
    read_mappings(image, document);
    read_imports(image, request);
    read_dependencies(image, document);
    read_mounts(image, document);
    read_shell(image, document);
    separate_targets(image);
    for (size_t i = 0; i < image->mapping_count; i++)
        image->mappings[i].hash = sw_stapel_mapping_hash(&image->arena, &image->mappings[i]);
    bool disabled = sw_stapel_host->document->boolean(sw_stapel_given(document, "disableGitAfterPatch"), false);
    image->no_git_after = disabled || (image->is_artifact && image->mapping_count);
    return image;
}

void sw_stapel_image_free(struct sw_stapel_image *image) {
    if (!image)
        return;
    struct sw_arena arena = image->arena;
    sw_arena_fini(&arena);
    free(image);
}
