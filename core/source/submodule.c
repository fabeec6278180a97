#include "core/source/submodule.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "core/source/remote.h"

/* --- .gitmodules --------------------------------------------------------------------------------------------------------------- */

static const char *skip_blank(const char *p) {
    return p + strspn(p, " \t\r");
}

/* A value in git's configuration syntax: quotes, escapes, comments. To be freed. */
static char *parse_value(const char *p, size_t len) {
    struct sw_buf out = {0};
    size_t solid = 0;
    bool quoted = false;
    for (size_t i = 0; i < len; i++) {
        char c = p[i];
        if (!quoted && (c == '#' || c == ';'))
            break;
        if (c == '"') {
            quoted = !quoted;
            continue;
        }
        if (c == '\\' && i + 1 < len) {
            c = p[++i];
            c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
        }
        sw_buf_putc(&out, c);
        if (quoted || (c != ' ' && c != '\t' && c != '\r'))
            solid = out.len;
    }
    sw_buf_truncate(&out, solid);
    return sw_buf_take(&out);
}

/* The quoted part of a line `[submodule "name"]`, or NULL. */
static char *parse_section(const char *line, size_t len) {
    static const char word[] = "[submodule";
    if (len < sizeof word || strncasecmp(line, word, sizeof word - 1) != 0)
        return NULL;
    const char *open = memchr(line, '"', len);
    const char *close = memrchr(line, '"', len);
    return open && close > open ? parse_value(open, (size_t)(close - open) + 1) : NULL;
}

struct module {
    char *name, *path, *url;
};

static void module_fini(struct module *module) {
    free(module->name);
    free(module->path);
    free(module->url);
    *module = (struct module){0};
}

static void parse_key(const char *line, size_t len, struct module *module) {
    const char *equals = memchr(line, '=', len);
    if (!equals)
        return;
    size_t key_len = (size_t)(equals - line);
    while (key_len && (line[key_len - 1] == ' ' || line[key_len - 1] == '\t'))
        key_len--;
    char **slot = key_len == 4 && !strncasecmp(line, "path", 4)  ? &module->path
                  : key_len == 3 && !strncasecmp(line, "url", 3) ? &module->url
                                                                 : NULL;
    if (!slot)
        return;
    free(*slot);
    const char *value = skip_blank(equals + 1);
    *slot = parse_value(value, len - (size_t)(value - line));
}

/* Visits each submodule that has a name and a path; `visit` returns false to stop. */
static void parse_modules(const char *text, bool (*visit)(void *context, struct module *module), void *context) {
    struct module module = {0};
    bool go_on = true;
    for (const char *p = text; *p && go_on;) {
        size_t len = strcspn(p, "\n");
        const char *line = skip_blank(p);
        size_t left = line < p + len ? len - (size_t)(line - p) : 0;
        if (left && *line == '[') {
            go_on = !module.name || !module.path || visit(context, &module);
            module_fini(&module);
            module.name = parse_section(line, left);
        } else if (left && module.name) {
            parse_key(line, left, &module);
        }
        p += len + (p[len] == '\n');
    }
    if (go_on && module.name && module.path)
        visit(context, &module);
    module_fini(&module);
}

static bool note_path(void *context, struct module *module) {
    sw_strlist_take(context, sw_path_clean(module->path));
    return true;
}

void sw_submodule_paths(const char *text, struct sw_strlist *paths) {
    parse_modules(text, note_path, paths);
}

struct search {
    const char *path;
    struct sw_submodule_entry *entry;
    bool found;
};

static bool take_if_wanted(void *context, struct module *module) {
    struct search *search = context;
    sw_cleanup_free char *clean = sw_path_clean(module->path);
    if (strcmp(clean, search->path) != 0)
        return true;
    *search->entry = (struct sw_submodule_entry){.name = sw_steal(&module->name), .url = sw_steal(&module->url)};
    search->found = true;
    return false;
}

bool sw_submodule_parse(const char *text, const char *path, struct sw_submodule_entry *entry) {
    struct search search = {.path = path, .entry = entry};
    *entry = (struct sw_submodule_entry){0};
    parse_modules(text, take_if_wanted, &search);
    return search.found;
}

/* --- where it is --------------------------------------------------------------------------------------------------------------- */

static bool read_entry(struct sw_repository *repository, const git_oid *root, const char *path, struct sw_submodule_entry *entry,
                       struct sw_error **error) {
    git_repository *handle = sw_handle_borrow(repository, error);
    if (!handle)
        return false;
    git_object *tree = sw_handle_object(repository, handle, root, GIT_OBJECT_TREE, error);
    const git_tree_entry *raw = tree ? git_tree_entry_byname((git_tree *)tree, ".gitmodules") : NULL;
    git_object *blob = raw ? sw_handle_object(repository, handle, git_tree_entry_id(raw), GIT_OBJECT_BLOB, error) : NULL;
    bool found = false;
    if (blob) {
        sw_cleanup_free char *text = sw_strndup(git_blob_rawcontent((git_blob *)blob), git_blob_rawsize((git_blob *)blob));
        found = sw_submodule_parse(text, path, entry);
    }
    git_object_free(blob);
    git_object_free(tree);
    sw_handle_return(repository, handle);
    if (!found && (!error || !*error))
        sw_fail(error, SW_ERROR_CONFIG, "submodule '%s' is not described in .gitmodules", path);
    return found;
}

/* A name becomes part of a path below .git/modules. */
static bool is_safe_name(const char *name) {
    sw_cleanup_free char *clean = sw_path_clean(name);
    return *name && *name != '/' && !strcmp(clean, name) && strcmp(name, ".") != 0 && strncmp(name, "..", 2) != 0;
}

static struct sw_repository *try_open(const char *folder) {
    struct stat status;
    return stat(folder, &status) == 0 ? sw_repository_open_bare(folder, NULL) : NULL;
}

/* The submodule's repository on this host, or NULL. */
static struct sw_repository *open_local(struct sw_repository *parent, const char *path, const char *name) {
    struct sw_repository *repository = NULL;
    if (parent->work_tree) {
        sw_cleanup_free char *entry = sw_format("%s/%s/.git", parent->work_tree, path);
        sw_cleanup_free char *folder = sw_format("%s/%s", parent->work_tree, path);
        struct stat status;
        repository = lstat(entry, &status) == 0 ? sw_repository_open(folder, NULL) : NULL;
    }
    if (!repository && is_safe_name(name)) {
        sw_cleanup_free char *folder = sw_format("%s/modules/%s", parent->common_folder, name);
        repository = try_open(folder);
    }
    if (repository) {
        repository->strictness = parent->strictness;
        repository->cache = sw_strdup(parent->cache);
    }
    return repository;
}

static char *config_value(struct sw_repository *repository, const char *key) {
    git_repository *handle = sw_handle_borrow(repository, NULL);
    git_config *config = NULL;
    git_buf value = {0};
    char *result = NULL;
    if (handle && git_repository_config_snapshot(&config, handle) == 0 && git_config_get_string_buf(&value, config, key) == 0)
        result = sw_strdup(value.ptr);
    git_buf_dispose(&value);
    git_config_free(config);
    sw_handle_return(repository, handle);
    return result;
}

/* "./x" and "../x" are relative to where the superproject itself comes from. */
static char *resolve_url(struct sw_repository *parent, const char *url) {
    if (strncmp(url, "./", 2) != 0 && strncmp(url, "../", 3) != 0)
        return sw_strdup(url);
    char *base = config_value(parent, "remote.origin.url");
    if (!base)
        base = sw_strdup(parent->work_tree ? parent->work_tree : parent->common_folder);
    size_t len = strlen(base);
    while (len && base[len - 1] == '/')
        base[--len] = '\0';
    const char *rest = url;
    for (;;) {
        if (!strncmp(rest, "./", 2)) {
            rest += 2;
        } else if (!strncmp(rest, "../", 3)) {
            char *cut = strrchr(base, '/');
            if (!cut)
                cut = strrchr(base, ':');
            if (!cut)
                break;
            cut[*cut == ':'] = '\0';
            rest += 3;
        } else {
            break;
        }
    }
    char *whole = sw_format("%s%s%s", base, base[0] && base[strlen(base) - 1] == ':' ? "" : "/", rest);
    free(base);
    return whole;
}

static const struct sw_commit *fetch(struct sw_repository *parent, const char *path, const char *url, const char *id,
                                     struct sw_error **error) {
    if (!parent->cache || !url) {
        sw_fail(error, SW_ERROR_NOT_FOUND, "submodule '%s' is not checked out at commit %s", path, id);
        if (error)
            sw_error_hint(*error, "run: git submodule update --init --recursive");
        return NULL;
    }
    if (!parent->remotes)
        parent->remotes = sw_remotes_new(parent->cache);
    sw_cleanup_free char *whole = resolve_url(parent, url);
    struct sw_remote_request request = {.url = whole, .commit = id, .untrusted = true};
    const struct sw_commit *commit = sw_remotes_commit(parent->remotes, &request, error);
    if (!commit && error && *error) {
        sw_error_wrap(*error, "cannot read submodule '%s'", path);
        sw_error_hint(*error, "run: git submodule update --init --recursive");
    }
    return commit;
}

static const struct sw_commit *open_or_fetch(struct sw_repository *repository, const char *path, const char *id,
                                             const struct sw_submodule_entry *entry, struct sw_error **error) {
    struct sw_repository *local = sw_map_get(&repository->submodules, path);
    if (!local && (local = open_local(repository, path, entry->name)))
        sw_map_set(&repository->submodules, path, local);
    const struct sw_commit *commit = local ? sw_repository_commit(local, id, NULL) : NULL;
    return commit ? commit : fetch(repository, path, entry->url, id, error);
}

const struct sw_commit *sw_submodule_commit(struct sw_repository *repository, const git_oid *root, const char *path,
                                            const git_oid *id, struct sw_error **error) {
    char text[GIT_OID_HEXSZ + 1];
    git_oid_tostr(text, sizeof text, id);
    struct sw_submodule_entry entry;
    if (!read_entry(repository, root, path, &entry, error))
        return NULL;
    pthread_mutex_lock(&repository->submodule_lock);
    const struct sw_commit *commit = open_or_fetch(repository, path, text, &entry, error);
    pthread_mutex_unlock(&repository->submodule_lock);
    free(entry.name);
    free(entry.url);
    return commit;
}
