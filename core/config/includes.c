#include "core/config/includes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/map.h"
#include "core/base/path.h"
#include "core/config/schema.h"

/* An entry of `includes`. */
struct include {
    const struct sw_value *value;
    const char *git;
    const char *kind; /* "branch", "tag" or "commit" */
    const char *ref;
    const char *add;
    const char *to;
    const struct sw_commit *commit;
};

struct sw_includes {
    struct sw_arena arena;
    struct sw_vec entries;      /* of struct include */
    struct sw_vec files;        /* of struct sw_included_file */
    struct sw_map by_path;      /* to an index into `files`, plus one */
    struct sw_map folders;      /* that lead to a file */
    struct sw_vec repositories; /* of struct sw_repository *, local ones, opened here */
};

struct loader {
    struct sw_includes *includes;
    const struct sw_includes_request *request;
    struct sw_diagnostics *list;
    struct sw_value *lock;
};

void sw_includes_free(struct sw_includes *includes) {
    if (!includes)
        return;
    for (size_t i = 0; i < includes->repositories.len; i++)
        sw_repository_free(*(struct sw_repository **)sw_vec_at(&includes->repositories, i));
    sw_vec_fini(&includes->repositories);
    sw_vec_fini(&includes->entries);
    sw_vec_fini(&includes->files);
    sw_map_fini(&includes->by_path, NULL);
    sw_map_fini(&includes->folders, NULL);
    sw_arena_fini(&includes->arena);
    free(includes);
}

/* ---- entries ---- */

static const char *text_of(const struct sw_value *map, const char *key) {
    return sw_value_source(sw_value_get(map, key));
}

static void read_ref(struct loader *loader, struct include *include, size_t index) {
    static const char *const kinds[] = {"branch", "tag", "commit"};
    for (size_t i = 0; i < 3; i++) {
        const char *ref = text_of(include->value, kinds[i]);
        if (*ref && include->kind)
            sw_diagnose_value(loader->list, sw_value_key(include->value, kinds[i]),
                              "includes[%zu]: `%s` and `%s` exclude each other", index, include->kind, kinds[i]);
        if (!*ref || include->kind)
            continue;
        include->kind = kinds[i];
        include->ref = ref;
    }
    if (!include->kind)
        sw_diagnose_value(loader->list, include->value, "includes[%zu]: one of `branch`, `tag` and `commit` is missing", index);
}

static const char *read_path(struct loader *loader, const struct include *include, const char *key, size_t index) {
    const char *path = text_of(include->value, key);
    if (!*path)
        sw_diagnose_value(loader->list, include->value, "includes[%zu]: key \"%s\" is missing", index, key);
    else if (*path != '/')
        sw_error_hint(sw_diagnose_value(loader->list, sw_value_get(include->value, key),
                                        "includes[%zu] › %s: \"%s\" must be an absolute path, counted from the repository's root",
                                        index, key, path),
                      "write `%s: /%s`", key, path);
    return path;
}

static void check_globs(struct loader *loader, const struct include *include, const char *key, size_t index) {
    const struct sw_value *globs = sw_value_get(include->value, key);
    for (size_t i = 0; sw_value_kind_of(globs) == SW_VALUE_LIST && i < globs->count; i++) {
        const struct sw_value *glob = globs->values[i];
        if (!sw_value_is_scalar(glob))
            continue;
        struct sw_filter filter = {.size = sizeof filter, .include = {&glob->source, 1}};
        struct sw_matcher *matcher = sw_matcher_new("", &filter, 1, NULL);
        if (*glob->source == '/')
            sw_diagnose_value(loader->list, glob, "includes[%zu] › %s: \"%s\" must be a relative path: it counts from `add`", index,
                              key, glob->source);
        else if (!matcher)
            sw_diagnose_value(loader->list, glob, "includes[%zu] › %s: \"%s\" is no valid pattern", index, key, glob->source);
        sw_matcher_free(matcher);
    }
}

static void check_auth(struct loader *loader, const struct include *include, size_t index) {
    static const char *const sources[] = {"env", "src", "value"};
    const struct sw_value *auth = sw_value_get(include->value, "basicAuth"), *password = sw_value_get(auth, "password");
    size_t count = 0;
    if (sw_value_kind_of(auth) != SW_VALUE_MAP)
        return;
    for (size_t i = 0; i < 3; i++)
        count += *text_of(password, sources[i]) != 0;
    if (!*text_of(auth, "username"))
        sw_diagnose_value(loader->list, auth, "includes[%zu] › basicAuth: key \"username\" is missing", index);
    if (count != 1)
        sw_diagnose_value(loader->list, password ? password : auth,
                          "includes[%zu] › basicAuth › password: exactly one of `env`, `src` and `value` is wanted", index);
}

static void read_entry(struct loader *loader, const struct sw_value *value, size_t index) {
    struct include include = {.value = value, .git = text_of(value, "git")};
    if (!*include.git)
        sw_diagnose_value(loader->list, value, "includes[%zu]: key \"git\" is missing", index);
    read_ref(loader, &include, index);
    include.add = read_path(loader, &include, "add", index);
    include.to = read_path(loader, &include, "to", index);
    check_globs(loader, &include, "includePaths", index);
    check_globs(loader, &include, "excludePaths", index);
    check_auth(loader, &include, index);
    sw_vec_push(&loader->includes->entries, &include);
}

static void read_entries(struct loader *loader) {
    struct sw_schema *schema = sw_schema_new("includes", sw_schema_includes_text, NULL);
    struct sw_value *root = sw_yaml_parse_lenient(&loader->includes->arena, loader->request->config, loader->list);
    if (root && root->kind != SW_VALUE_NULL && sw_schema_check_lax(schema, root, "", loader->list)) {
        const struct sw_value *entries = sw_value_get(root, "includes");
        for (size_t i = 0; entries && i < entries->count; i++)
            read_entry(loader, entries->values[i], i);
    }
    sw_schema_free(schema);
}

/* ---- the lock ---- */

static bool locked_commit(struct loader *loader, struct include *include) {
    const struct sw_value *entries = sw_value_get(loader->lock, "includes");
    for (size_t i = 0; sw_value_kind_of(entries) == SW_VALUE_LIST && i < entries->count; i++) {
        const struct sw_value *entry = entries->values[i];
        if (strcmp(text_of(entry, "git"), include->git) != 0 || strcmp(text_of(entry, include->kind), include->ref) != 0)
            continue;
        if (*text_of(entry, "commit")) {
            include->kind = "commit";
            include->ref = text_of(entry, "commit");
            return true;
        }
    }
    struct sw_error *error;
    if (sw_value_kind_of(entries) == SW_VALUE_LIST && !entries->count)
        error = sw_diagnose_value(loader->list, include->value, "no includes found in werf-includes.lock");
    else
        error = sw_diagnose_value(loader->list, include->value, "git \"%s\": werf-includes.lock has no commit for %s %s",
                                  include->git, include->kind, include->ref);
    sw_error_hint(error, "write the lock anew with `slipway includes update`, or let refs move with --allow-includes-update");
    return false;
}

static bool read_lock(struct loader *loader) {
    if (loader->request->update)
        return true;
    if (loader->request->lock) {
        loader->lock = sw_yaml_parse_lenient(&loader->includes->arena, loader->request->lock, loader->list);
        return loader->lock;
    }
    for (size_t i = 0; i < loader->includes->entries.len; i++) {
        struct include *include = sw_vec_at(&loader->includes->entries, i);
        if (strcmp(include->kind, "commit") == 0)
            continue;
        sw_error_hint(sw_diagnose_value(loader->list, include->value,
                                        "git \"%s\": the file \"werf-includes.lock\" is missing, which says what commit %s %s is",
                                        include->git, include->kind, include->ref),
                      "make it with `slipway includes update` and commit it");
        return false;
    }
    return true;
}

/* ---- repositories ---- */

static char *expand_home(const struct loader *loader, const char *path) {
    if (loader->request->home && strncmp(path, "~/", 2) == 0)
        return sw_path_join(loader->request->home, path + 2);
    return sw_strdup(path);
}

/* The password's text; NULL when there is none. To be freed. */
static char *password_of(const struct loader *loader, const struct sw_value *auth) {
    const struct sw_value *password = sw_value_get(auth, "password");
    if (*text_of(password, "value"))
        return sw_strdup(text_of(password, "value"));
    if (*text_of(password, "env"))
        return sw_strdup(getenv(text_of(password, "env")));
    sw_cleanup_free char *path = expand_home(loader, text_of(password, "src"));
    sw_cleanup_file FILE *file = *path ? fopen(path, "re") : NULL;
    char line[4096];
    if (!file || !fgets(line, sizeof line, file))
        return NULL;
    line[strcspn(line, "\r\n")] = 0;
    return sw_strdup(line);
}

static const struct sw_commit *open_local(struct loader *loader, const char *folder, const struct include *include,
                                          struct sw_error **error) {
    struct sw_repository *repository = sw_repository_open(folder, error);
    if (!repository)
        return NULL;
    sw_repository_set_strictness(repository, SW_LOOSE);
    sw_vec_push(&loader->includes->repositories, &repository);
    sw_cleanup_free char *revision = strcmp(include->kind, "commit") == 0 ? sw_strdup(include->ref)
                                     : strcmp(include->kind, "tag") == 0  ? sw_format("refs/tags/%s", include->ref)
                                                                          : sw_format("refs/heads/%s", include->ref);
    return sw_repository_commit(repository, revision, error);
}

static const struct sw_commit *open_remote(struct loader *loader, const struct include *include, struct sw_error **error) {
    const struct sw_value *auth = sw_value_get(include->value, "basicAuth");
    sw_cleanup_free char *password = password_of(loader, auth);
    struct sw_remote_request request = {.url = include->git,
                                        .branch = strcmp(include->kind, "branch") == 0 ? include->ref : NULL,
                                        .tag = strcmp(include->kind, "tag") == 0 ? include->ref : NULL,
                                        .commit = strcmp(include->kind, "commit") == 0 ? include->ref : NULL,
                                        .username = *text_of(auth, "username") ? text_of(auth, "username") : NULL,
                                        .password = password};
    return sw_remotes_commit(loader->request->remotes, &request, error);
}

static bool open_commit(struct loader *loader, struct include *include) {
    struct sw_error *error = NULL;
    struct include wanted = *include;
    struct stat info;
    if (strcmp(wanted.kind, "commit") != 0 && !loader->request->update && !locked_commit(loader, &wanted))
        return false;
    sw_cleanup_free char *folder = expand_home(loader, include->git);
    if (stat(folder, &info) == 0 && S_ISDIR(info.st_mode))
        include->commit = open_local(loader, folder, &wanted, &error);
    else
        include->commit = open_remote(loader, &wanted, &error);
    if (include->commit)
        return true;
    struct sw_error *finding =
        sw_diagnose_value(loader->list, include->value, "git \"%s\": %s", include->git, error ? error->message : "no such commit");
    if (error && error->hint)
        sw_error_hint(finding, "%s", error->hint);
    if (error)
        finding->code = error->code;
    sw_error_free(error);
    return false;
}

/* ---- files ---- */

struct mapping {
    struct sw_includes *includes;
    const struct include *include;
    size_t count;
};

static void remember_folders(struct sw_includes *includes, const char *path) {
    sw_cleanup_free char *folder = sw_path_dir(path);
    while (strcmp(folder, ".") != 0 && !sw_map_has(&includes->folders, folder)) {
        sw_map_set(&includes->folders, folder, includes);
        char *above = sw_path_dir(folder);
        free(folder);
        folder = above;
    }
}

static bool on_file(void *context, const struct sw_file *file) {
    struct mapping *mapping = context;
    struct sw_includes *includes = mapping->includes;
    if (file->type != SW_FILE_REGULAR && file->type != SW_FILE_SYMLINK)
        return true;
    sw_cleanup_free char *add = sw_matcher_path(mapping->include->add);
    const char *rest = file->path + strlen(add);
    sw_cleanup_free char *joined = sw_path_join(mapping->include->to, rest);
    const char *path = joined + strspn(joined, "/");
    struct sw_included_file made = {.path = sw_arena_str(&includes->arena, path),
                                    .commit = mapping->include->commit,
                                    .source = sw_arena_str(&includes->arena, file->path)};
    mapping->count++;
    uintptr_t known = (uintptr_t)sw_map_get(&includes->by_path, path);
    if (known) {
        *(struct sw_included_file *)sw_vec_at(&includes->files, known - 1) = made;
        return true;
    }
    sw_vec_push(&includes->files, &made);
    sw_map_set(&includes->by_path, path, (void *)(uintptr_t)includes->files.len);
    remember_folders(includes, path);
    return true;
}

static struct sw_strings texts_of(struct sw_arena *arena, const struct sw_value *list) {
    if (sw_value_kind_of(list) != SW_VALUE_LIST)
        return (struct sw_strings){0};
    const char **items = sw_arena_new(arena, (list->count + 1) * sizeof *items);
    for (size_t i = 0; i < list->count; i++)
        items[i] = sw_value_source(list->values[i]);
    return (struct sw_strings){items, list->count};
}

static bool list_files(struct loader *loader, const struct include *include) {
    struct sw_includes *includes = loader->includes;
    sw_cleanup_free char *base = sw_matcher_path(include->add);
    struct sw_filter filter = {.size = sizeof filter,
                               .base = base,
                               .include = texts_of(&includes->arena, sw_value_get(include->value, "includePaths")),
                               .exclude = texts_of(&includes->arena, sw_value_get(include->value, "excludePaths"))};
    struct sw_error *error = NULL;
    struct mapping mapping = {includes, include, 0};
    sw_cleanup_matcher struct sw_matcher *matcher = sw_matcher_new("", &filter, 1, &error);
    bool good = matcher && sw_commit_list(include->commit, base, matcher, on_file, &mapping, &error);
    if (!good)
        sw_diagnose_value(loader->list, include->value, "git \"%s\": %s", include->git,
                          error ? error->message : "cannot list files");
    else if (!mapping.count)
        sw_diagnose_value(loader->list, include->value,
                          "git \"%s\": no file of %s %s matches `add`, `includePaths` and `excludePaths`", include->git,
                          include->kind, include->ref);
    sw_error_free(error);
    return good && mapping.count;
}

struct sw_includes *sw_includes_load(const struct sw_includes_request *request, struct sw_diagnostics *list) {
    struct sw_includes *includes = sw_new(sizeof *includes);
    includes->entries.width = sizeof(struct include);
    includes->files.width = sizeof(struct sw_included_file);
    includes->repositories.width = sizeof(struct sw_repository *);
    struct loader loader = {.includes = includes, .request = request, .list = list};
    size_t errors = list->error_count;
    const struct sw_yaml_text *texts = list->texts;
    list->texts = request->config;
    list->text_count = 1;
    read_entries(&loader);
    if (list->error_count == errors && read_lock(&loader))
        for (size_t i = 0; i < includes->entries.len; i++)
            if (open_commit(&loader, sw_vec_at(&includes->entries, i)))
                list_files(&loader, sw_vec_at(&includes->entries, i));
    list->texts = texts;
    list->text_count = texts ? list->text_count : 0;
    if (list->error_count == errors)
        return includes;
    sw_includes_free(includes);
    return NULL;
}

/* ---- questions ---- */

size_t sw_includes_count(const struct sw_includes *includes) {
    return includes ? includes->files.len : 0;
}

const struct sw_included_file *sw_includes_at(const struct sw_includes *includes, size_t index) {
    return sw_vec_at(&includes->files, index);
}

const struct sw_included_file *sw_includes_find(const struct sw_includes *includes, const char *path) {
    uintptr_t index = includes ? (uintptr_t)sw_map_get(&includes->by_path, path) : 0;
    return index ? sw_vec_at(&includes->files, index - 1) : NULL;
}

bool sw_includes_has_below(const struct sw_includes *includes, const char *path) {
    return includes && (sw_map_has(&includes->folders, path) || (!*path && includes->files.len));
}

/* A YAML text in double quotes. */
static void add_quoted(struct sw_buf *out, const char *text) {
    json_t *value = json_string(text);
    sw_cleanup_free char *quoted = json_dumps(value, JSON_ENCODE_ANY);
    json_decref(value);
    sw_buf_puts(out, quoted ? quoted : "\"\"");
}

char *sw_includes_lock_text(const struct sw_includes *includes) {
    struct sw_buf out = {0};
    struct sw_map told = {0};
    sw_buf_puts(&out, "includes:\n");
    for (size_t i = 0; i < includes->entries.len; i++) {
        const struct include *include = sw_vec_at(&includes->entries, i);
        sw_cleanup_free char *key = sw_format("%s %s %s", include->git, include->kind, include->ref);
        if (sw_map_has(&told, key) || !include->commit)
            continue;
        sw_map_set(&told, key, (void *)include);
        sw_buf_puts(&out, "- git: ");
        add_quoted(&out, include->git);
        if (strcmp(include->kind, "commit") != 0) {
            sw_buf_printf(&out, "\n  %s: ", include->kind);
            add_quoted(&out, include->ref);
        }
        sw_buf_printf(&out, "\n  commit: %s\n", sw_commit_id(include->commit));
    }
    sw_map_fini(&told, NULL);
    return sw_buf_take(&out);
}
