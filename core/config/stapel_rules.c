/* Rules of Stapel documents that a schema cannot say. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "core/config/check.h"

/* ---- base ---- */

static void check_base(struct sw_check *check, const struct sw_image_document *document) {
    const struct sw_value *value = document->value;
    const char *from = sw_check_text(value, "from"), *image = sw_check_text(value, "fromImage"),
               *artifact = sw_check_text(value, "fromArtifact");
    bool misshapen = false;
    const char *const keys[] = {"from", "fromImage", "fromArtifact"};
    const struct sw_value *first = NULL;
    for (size_t i = 0; i < 3; i++) {
        const struct sw_value *base = sw_value_get(value, keys[i]);
        misshapen = misshapen || sw_check_is_list(base) || sw_check_is_map(base);
        if (!first)
            first = sw_value_key(value, keys[i]);
    }
    if (!*from && !*image && !*artifact && !misshapen)
        sw_diagnose_value(check->list, first ? first : value, "%s: key \"from\" is missing or empty: the base image",
                          document->subject);
    if (*artifact && (*from || *image))
        sw_diagnose_value(check->list, sw_value_key(value, "fromArtifact"), "%s: `fromArtifact` and `%s` exclude each other",
                          document->subject, *from ? "from" : "fromImage");
    else if (*from && *image)
        sw_diagnose_value_warning(check->list, sw_value_key(value, "from"), "%s: `from` is ignored, because `fromImage` is set",
                                  document->subject);
    if (strstr(from, "<no value>"))
        sw_diagnose_value_warning(check->list, sw_value_get(value, "from"),
                                  "%s › from: \"%s\": a template printed a value that does not exist", document->subject, from);
    if (sw_check_switch(value, "fromLatest", false))
        sw_check_gate(check, sw_value_key(value, "fromLatest"), SW_GATE_FROM_LATEST, NULL, document->subject);
}

static void refuse_for_artifact(struct sw_check *check, const struct sw_image_document *document, const char *key,
                                const char *hint) {
    const struct sw_value *at = sw_value_key(document->value, key);
    if (!document->artifact || !at || !sw_check_given(document->value, key))
        return;
    sw_error_hint(sw_diagnose_value(check->list, at, "%s: key \"%s\" is not for artifacts", document->subject, key), "%s", hint);
}

static void check_kinds(struct sw_check *check, const struct sw_image_document *document) {
    const struct sw_value *value = document->value;
    refuse_for_artifact(check, document, "docker", "use `imageSpec`");
    refuse_for_artifact(check, document, "final", "an artifact never is final; use `image` with `final: false`");
    if (sw_check_switch(value, "disableGitAfterPatch", false))
        refuse_for_artifact(check, document, "disableGitAfterPatch", "artifacts never have these stages");
    if (sw_check_given(value, "shell") && sw_check_given(value, "ansible"))
        sw_diagnose_value(check->list, sw_value_key(value, "ansible"), "%s: `shell` and `ansible` exclude each other",
                          document->subject);
    if (sw_check_given(value, "ansible"))
        sw_diagnose_value_warning(check->list, sw_value_key(value, "ansible"), "%s: `ansible` is deprecated: use `shell`",
                                  document->subject);
    if (!sw_check_given(value, "docker"))
        return;
    if (sw_check_given(value, "imageSpec"))
        sw_error_hint(sw_diagnose_value(check->list, sw_value_key(value, "docker"),
                                        "%s: `docker` and `imageSpec` exclude each other", document->subject),
                      "`docker` is deprecated: move its settings to `imageSpec.config`");
    else
        sw_diagnose_value_warning(check->list, sw_value_key(value, "docker"), "%s: `docker` is deprecated: use `imageSpec`",
                                  document->subject);
}

/* ---- paths ---- */

static void check_absolute(struct sw_check *check, const struct sw_value *map, const char *key, const char *way) {
    const struct sw_value *value = sw_value_get(map, key);
    if (!sw_value_is_scalar(value) || *value->source == '/' || !*value->source)
        return;
    sw_error_hint(sw_diagnose_value(check->list, value, "%s › %s: \"%s\" must be an absolute path", way, key, value->source),
                  "write `%s: /%s`", key, value->source);
}

/* A key that must be there and hold something. */
static void check_present(struct sw_check *check, const struct sw_value *map, const char *key, const char *way, const char *what) {
    const struct sw_value *value = sw_value_get(map, key);
    if (sw_check_is_list(value) || sw_check_is_map(value) || *sw_value_source(value) ||
        (!value && sw_check_misspelled(check, map, key)))
        return;
    sw_diagnose_value(check->list, value && sw_value_key(map, key) ? sw_value_key(map, key) : map, "%s: key \"%s\" is missing%s%s",
                      way, key, *what ? ": " : "", what);
}

/* ---- git ---- */

static void check_git_reference(struct sw_check *check, const struct sw_value *entry, const char *way) {
    static const char *const keys[] = {"branch", "tag", "commit"};
    bool remote = *sw_check_text(entry, "url");
    const char *first = NULL;
    for (size_t i = 0; i < 3; i++) {
        if (!*sw_check_text(entry, keys[i]))
            continue;
        const struct sw_value *key = sw_value_key(entry, keys[i]);
        if (!remote)
            sw_error_hint(sw_diagnose_value(check->list, key, "%s: key \"%s\" is only for remote repositories", way, keys[i]),
                          "add `url`, or remove it: the project's own files are those of its commit");
        else if (first)
            sw_diagnose_value(check->list, key, "%s: `%s` and `%s` exclude each other", way, first, keys[i]);
        first = keys[i];
    }
    bool pinned = *sw_check_text(entry, "tag") || *sw_check_text(entry, "commit");
    if (!remote || (pinned && !*sw_check_text(entry, "branch")))
        return;
    const struct sw_value *branch = sw_value_key(entry, "branch");
    sw_check_gate(check, branch ? branch : entry, SW_GATE_GIT_BRANCH, NULL, way);
}

static void check_git_entry(struct sw_check *check, const struct sw_value *entry, const char *way) {
    static const char *const stages[] = {"install", "beforeSetup", "setup"};
    check_absolute(check, entry, "add", way);
    check_absolute(check, entry, "to", way);
    check_present(check, entry, "to", way, "where the files go in the image");
    const char *to = sw_check_text(entry, "to");
    size_t len = strlen(to);
    if (len > 1 && to[len - 1] == '/' && *to == '/')
        sw_diagnose_value_warning(check->list, sw_value_get(entry, "to"), "%s › to: the slash at the end of \"%s\" has no effect",
                                  way, to);
    sw_check_globs(check, entry, "includePaths", way);
    sw_check_globs(check, entry, "excludePaths", way);
    sw_cleanup_free char *inner = sw_format("%s › stageDependencies", way);
    for (size_t i = 0; i < 3; i++)
        sw_check_globs(check, sw_value_get(entry, "stageDependencies"), stages[i], inner);
    check_git_reference(check, entry, way);
}

/* ---- mounts ---- */

static void check_mount(struct sw_check *check, const struct sw_value *entry, const char *way) {
    const char *from = sw_check_text(entry, "from"), *path = sw_check_text(entry, "fromPath");
    check_absolute(check, entry, "to", way);
    check_present(check, entry, "to", way, "where it appears in the image");
    if (*from && *path) {
        sw_diagnose_value(check->list, sw_value_key(entry, "fromPath"), "%s: `from` and `fromPath` exclude each other", way);
    } else if (sw_check_none_given(check, entry, (const char *const[]){"from", "fromPath", NULL})) {
        sw_diagnose_value(check->list, entry, "%s: `from` (tmp_dir or build_dir) or `fromPath` is missing", way);
    } else if (*from && strcmp(from, "tmp_dir") != 0 && strcmp(from, "build_dir") != 0) {
        sw_error_hint(sw_diagnose_value(check->list, sw_value_get(entry, "from"),
                                        "%s › from: expected tmp_dir or build_dir, not \"%s\"", way, from),
                      "a folder of the host is `fromPath`");
    }
    if (strcmp(from, "build_dir") == 0)
        sw_check_gate(check, sw_value_get(entry, "from"), SW_GATE_MOUNT_BUILD_DIR, NULL, way);
    if (*path)
        sw_check_gate(check, sw_value_get(entry, "fromPath"), SW_GATE_MOUNT_FROM_PATH, path, way);
}

static void check_mounts(struct sw_check *check, const struct sw_image_document *document, const struct sw_value *list) {
    for (size_t i = 0; i < list->count; i++) {
        if (!sw_check_is_map(list->values[i]))
            continue;
        sw_cleanup_free char *way = sw_format("%s › mount[%zu]", document->subject, i);
        check_mount(check, list->values[i], way);
        const char *to = sw_check_text(list->values[i], "to");
        sw_cleanup_free char *clean = sw_path_clean(to);
        for (size_t j = 0; *to && j < i; j++) {
            const char *other = sw_check_text(list->values[j], "to");
            sw_cleanup_free char *other_clean = sw_path_clean(other);
            const struct sw_value *at = sw_value_get(list->values[i], "to");
            if (strcmp(other, to) == 0)
                sw_diagnose_value(check->list, at, "%s › to: \"%s\" is already a mount, in line %u", way, to,
                                  list->values[j]->place.line);
            else if (*other && strcmp(other_clean, clean) == 0)
                sw_diagnose_value_warning(check->list, at, "%s › to: \"%s\" and \"%s\" are the same folder", way, to, other);
        }
    }
}

/* ---- imports ---- */

static bool is_one_of(const char *text, const char *const *list) {
    for (; *list; list++)
        if (strcmp(text, *list) == 0)
            return true;
    return false;
}

static void check_import_source(struct sw_check *check, const struct sw_value *entry, const char *way) {
    const char *from = sw_check_text(entry, "from"), *image = sw_check_text(entry, "image"),
               *artifact = sw_check_text(entry, "artifact");
    if (*from && *image)
        sw_diagnose_value(check->list, sw_value_key(entry, "image"), "%s: `image` is the old spelling of `from`: keep one of them",
                          way);
    else if (*artifact && (*from || *image))
        sw_diagnose_value(check->list, sw_value_key(entry, "artifact"), "%s: `artifact` and `%s` exclude each other", way,
                          *from ? "from" : "image");
    else if (sw_check_none_given(check, entry, (const char *const[]){"from", "image", "artifact", NULL}))
        sw_diagnose_value(check->list, entry,
                          "%s: key \"from\" is missing: an image of this file, or one of a registry with its tag", way);
    if (*artifact && !check->deprecation_told) {
        sw_diagnose_value_warning(check->list, sw_value_key(entry, "artifact"), "%s: `artifact` is deprecated: use `from`", way);
        check->deprecation_told = true;
    }
}

static void check_import_stage(struct sw_check *check, const struct sw_value *entry, const char *way) {
    static const char *const places[] = {"install", "setup", NULL};
    static const char *const stages[] = {"beforeInstall", "install", "beforeSetup", "setup", NULL};
    const char *before = sw_check_text(entry, "before"), *after = sw_check_text(entry, "after"),
               *stage = sw_check_text(entry, "stage");
    if (*before && *after)
        sw_diagnose_value(check->list, sw_value_key(entry, "after"), "%s: `before` and `after` exclude each other", way);
    else if (sw_check_none_given(check, entry, (const char *const[]){"before", "after", NULL}))
        sw_diagnose_value(check->list, entry, "%s: `before` or `after` is missing: install or setup", way);
    else if (*before && !is_one_of(before, places))
        sw_diagnose_value(check->list, sw_value_get(entry, "before"), "%s › before: expected install or setup, not \"%s\"", way,
                          before);
    else if (*after && !is_one_of(after, places))
        sw_diagnose_value(check->list, sw_value_get(entry, "after"), "%s › after: expected install or setup, not \"%s\"", way,
                          after);
    if (*stage && !is_one_of(stage, stages))
        sw_diagnose_value(check->list, sw_value_get(entry, "stage"),
                          "%s › stage: expected beforeInstall, install, beforeSetup or setup, not \"%s\"", way, stage);
}

static void check_import(struct sw_check *check, const struct sw_value *entry, const char *way) {
    check_import_source(check, entry, way);
    check_import_stage(check, entry, way);
    check_present(check, entry, "add", way, "what to copy");
    check_absolute(check, entry, "add", way);
    check_absolute(check, entry, "to", way);
    sw_check_globs(check, entry, "includePaths", way);
    sw_check_globs(check, entry, "excludePaths", way);
    sw_cleanup_free char *add = sw_path_clean(sw_check_text(entry, "add"));
    const struct sw_value *include = sw_check_given(entry, "includePaths");
    if (strcmp(add, "/") == 0 && (!include || (sw_check_is_list(include) && !include->count)))
        sw_diagnose_value(check->list, sw_value_get(entry, "add"), "%s › add: \"/\" needs `includePaths`, to say what to copy",
                          way);
}

/* ---- the document ---- */

static void each_map(struct sw_check *check, const struct sw_image_document *document, const char *key,
                     void (*visit)(struct sw_check *, const struct sw_value *, const char *)) {
    const struct sw_value *list = sw_value_get(document->value, key);
    for (size_t i = 0; sw_check_is_list(list) && i < list->count; i++) {
        if (!sw_check_is_map(list->values[i]))
            continue;
        sw_cleanup_free char *way = sw_format("%s › %s[%zu]", document->subject, key, i);
        visit(check, list->values[i], way);
    }
}

void sw_stapel_rules(struct sw_check *check, struct sw_image_document *document) {
    check_base(check, document);
    check_kinds(check, document);
    each_map(check, document, "git", check_git_entry);
    each_map(check, document, "import", check_import);
    const struct sw_value *mounts = sw_value_get(document->value, "mount");
    if (sw_check_is_list(mounts))
        check_mounts(check, document, mounts);
    sw_ansible_rules(check, document);
    sw_stapel_targets(check, document);
}

/* ---- names of other images ---- */

static void unknown_import(struct sw_check *check, const struct sw_image_draft *draft, const struct sw_value *at, size_t index,
                           const char *key, const char *name) {
    if (check->incomplete)
        return;
    struct sw_error *error = sw_diagnose_value(check->list, at, "%s › import[%zu] › %s: no image \"%s\" in this file",
                                               draft->document->subject, index, key, name);
    if (strchr(name, '@'))
        sw_error_hint(error, "as the reference of an image in a registry it is malformed: a digest is sha256: and 64 hex digits");
    else if (strchr(name, ':'))
        sw_error_hint(error, "as the reference of an image in a registry it is malformed: it must be lower case");
    else
        sw_error_hint(error, "an image of a registry needs its tag: `%s:TAG`", name);
    sw_check_suggest_image(check, name, error);
}

static void import_needs(struct sw_check *check, struct sw_image_draft *draft, const struct sw_value *entry, size_t index) {
    static const char *const keys[] = {"from", "image", "artifact"};
    for (size_t i = 0; i < 3; i++) {
        const char *name = sw_check_text(entry, keys[i]);
        const struct sw_value *at = sw_value_get(entry, keys[i]);
        if (!*name || (i < 2 && sw_reference_is_external(name)))
            continue;
        if (sw_check_find(check, name))
            sw_check_add_need(check, draft, name, SW_NEED_IMPORT, at);
        else
            unknown_import(check, draft, at, index, keys[i], name);
    }
}

static void base_need(struct sw_check *check, struct sw_image_draft *draft) {
    const struct sw_value *value = draft->image.document;
    const char *name = sw_check_text(value, "fromArtifact"), *key = "fromArtifact";
    if (*name) {
        if (!sw_check_find(check, name) && !check->incomplete) {
            struct sw_error *error =
                sw_diagnose_value(check->list, sw_value_get(value, key), "%s › %s: no image \"%s\" in this file",
                                  draft->document->subject, key, name);
            sw_check_suggest_image(check, name, error);
        }
    } else if (*sw_check_text(value, "fromImage")) {
        key = "fromImage";
        name = sw_check_text(value, key);
    } else {
        key = "from";
        name = sw_check_text(value, key);
        if (strcmp(name, draft->image.name) == 0) /* the registry's image of that name */
            return;
    }
    if (*name && strcmp(name, draft->image.name) == 0) {
        sw_diagnose_value(check->list, sw_value_get(value, key), "%s › %s: the image cannot be built on itself",
                          draft->document->subject, key);
        return;
    }
    if (*name && sw_check_find(check, name))
        sw_check_add_need(check, draft, name, SW_NEED_BASE, sw_value_get(value, key));
}

void sw_stapel_needs(struct sw_check *check, struct sw_image_draft *draft) {
    base_need(check, draft);
    const struct sw_value *imports = sw_value_get(draft->image.document, "import");
    for (size_t i = 0; sw_check_is_list(imports) && i < imports->count; i++)
        if (sw_check_is_map(imports->values[i]))
            import_needs(check, draft, imports->values[i], i);
}
