#include "tests/unit/core/template/golden.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/glob.h"
#include "core/base/path.h"
#include "core/base/vec.h"
#include "core/template/base64.h"
#include "core/template/template.h"
#include "core/template/unicode.h"

/* `.Files` over an object of path to content. */
static const char *content_of(const json_t *tree, const char *path) {
    sw_cleanup_free char *clean = sw_path_clean(path);
    return json_string_value(json_object_get(tree, clean));
}

static bool get(void *context, const char *path, char **content, size_t *len, struct sw_error **error) {
    const char *text = content_of(context, path);
    if (!text)
        return sw_fail(
            error, SW_ERROR_NOT_FOUND,
            "{{ .Files.Get \"%s\" }}: the file \"%s\" not found in the project git repository. If the file exists locally, "
            "configure werf-giterminism.yaml to allow uncommitted files\n\nTo provide a strong guarantee of "
            "reproducibility, werf reads the configuration and build's context files from the project git repository, and "
            "eliminates external dependencies. We strongly recommend following this approach, but if necessary, you can "
            "allow the reading of specific files directly from the file system and enable the features that require "
            "careful use.",
            path, path);
    *len = strlen(text);
    *content = sw_strdup(text);
    return true;
}

static bool is_stars(const char *component) {
    return strspn(component, "*") == strlen(component);
}

/* Whether `.Files.Glob` finds a path: it matches the pattern, or lies below what that matches without stars at its end. */
static bool glob_finds(const char *pattern, const char *path) {
    sw_cleanup_free char *whole = sw_path_clean(pattern), *root = sw_strdup(whole);
    if (sw_glob_match(whole, path))
        return true;
    while (*root) {
        char *slash = strrchr(root, '/');
        if (!is_stars(slash ? slash + 1 : root))
            break;
        *(slash ? slash : root) = '\0';
    }
    sw_cleanup_free char *below = sw_path_join(root, "**/*");
    return (*root && sw_glob_match(root, path)) || sw_glob_match(below, path);
}

static bool glob(void *context, const char *pattern, struct sw_template_found *found, struct sw_error **error) {
    (void)error;
    const char *path;
    json_t *content;
    json_object_foreach((json_t *)context, path, content) {
        const char *text = json_string_value(content);
        if (glob_finds(pattern, path))
            sw_template_found_add(found, path, (struct sw_bytes){text, strlen(text)});
    }
    return true;
}

static bool is_dir(void *context, const char *path, bool *answer, struct sw_error **error) {
    (void)error;
    sw_cleanup_free char *clean = sw_path_clean(path);
    size_t len = strlen(clean);
    const char *name;
    json_t *content;
    *answer = false;
    json_object_foreach((json_t *)context, name, content) {
        *answer |= strncmp(name, clean, len) == 0 && name[len] == '/';
    }
    return true;
}

static bool exists(void *context, const char *path, bool *answer, struct sw_error **error) {
    is_dir(context, path, answer, error);
    *answer |= content_of(context, path) != NULL;
    return true;
}

static const char *get_environ(void *context, const char *name) {
    return json_string_value(json_object_get(context, name));
}

static void log_text(void *context, struct sw_bytes text) {
    sw_buf_add(context, text.data, text.len);
}

static const char *text_in(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct sw_template_text *)a)->name, ((const struct sw_template_text *)b)->name);
}

static void add_templates(const json_t *test, struct sw_vec *named) {
    const char *name;
    json_t *text;
    json_object_foreach(json_object_get(test, "templates"), name, text) {
        struct sw_template_text item = {name, {json_string_value(text), json_string_length(text)}};
        sw_vec_push(named, &item);
    }
    if (named->len)
        qsort(named->data, named->len, sizeof(struct sw_template_text), by_name);
}

/* Text with each byte that is no UTF-8 replaced, as JSON has it. */
static json_t *string_of(const char *text, size_t len) {
    sw_cleanup_buf struct sw_buf valid = {0};
    size_t width;
    for (size_t i = 0; i < len; i += width)
        sw_buf_add_rune(&valid, sw_rune_decode(text + i, len - i, &width));
    return json_stringn(sw_buf_text(&valid), valid.len);
}

static void add_output(json_t *result, const struct sw_template_output *output) {
    if (sw_utf8_valid(output->text, output->len)) {
        json_object_set_new(result, "output", json_stringn(output->text, output->len));
        return;
    }
    sw_cleanup_buf struct sw_buf encoded = {0};
    sw_base64_write(&encoded, (struct sw_str){output->text, output->len});
    json_object_set_new(result, "output_base64", json_string(encoded.data));
}

json_t *golden_render(const json_t *test) {
    sw_cleanup_vec struct sw_vec named = {.width = sizeof(struct sw_template_text)};
    sw_cleanup_strlist struct sw_strlist allowed = {0};
    sw_cleanup_buf struct sw_buf log = {0};
    add_templates(test, &named);
    size_t index;
    json_t *rule;
    json_array_foreach(json_object_get(test, "allow_environ"), index, rule) {
        sw_strlist_add(&allowed, json_string_value(rule));
    }
    json_t *main_text = json_object_get(test, "template"), *tree = json_object_get(test, "files");
    const json_t *commit = json_object_get(test, "commit"), *data = json_object_get(test, "data");
    sw_cleanup_free char *values = data ? json_dumps(data, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17)) : NULL;
    struct sw_template_files files = {tree, get, glob, exists, is_dir};
    struct sw_template_environ environ = {.context = json_object_get(test, "environ"),
                                          .get = get_environ,
                                          .allowed = sw_strlist_view(&allowed),
                                          .loose = json_is_true(json_object_get(test, "loose"))};
    struct sw_template_input input = {
        .main = {"werfConfig", {json_string_value(main_text), json_string_length(main_text)}},
        .named = named.data,
        .named_count = named.len,
        .values = values,
        .values_len = values ? strlen(values) : 0,
        .commit = {text_in(commit, "hash"), text_in(commit, "human"), text_in(commit, "unix")},
        .files = tree ? &files : NULL,
        .environ = &environ,
        .debug = json_is_true(json_object_get(test, "debug")),
        .log = log_text,
        .log_context = &log,
    };
    struct sw_template_output output;
    sw_cleanup_error struct sw_error *error = NULL;
    json_t *result = json_object();
    if (sw_template_render(&input, &output, &error))
        add_output(result, &output);
    else
        json_object_set_new(result, "error", string_of(error->message, strlen(error->message)));
    sw_template_output_fini(&output);
    if (log.len)
        json_object_set_new(result, "log", string_of(log.data, log.len));
    return result;
}

static int is_crash(const char *error) {
    return error && (strstr(error, "runtime error:") || strstr(error, "reflect:") || strstr(error, "reflect.Value"));
}

int golden_same(const json_t *want, const json_t *have) {
    static const char *const keys[] = {"output", "output_base64", "error", "log"};
    if (is_crash(text_in(want, "error")))
        return text_in(have, "error") != NULL;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const json_t *a = json_object_get(want, keys[i]), *b = json_object_get(have, keys[i]);
        if (!a != !b || (a && !json_equal(a, b)))
            return 0;
    }
    return 1;
}
