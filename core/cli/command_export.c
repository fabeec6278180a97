#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/build/export.h"
#include "core/cli/command.h"
#include "core/cli/conveyor.h"

struct exporting {
    struct sw_conveyor conveyor;
    struct sw_vec exported; /* of struct sw_exported */
    struct sw_error *error;
};

static void on_exported(void *context, struct sw_error *error) {
    struct exporting *exporting = context;
    exporting->error = error;
    sw_app_finish(&exporting->conveyor.app);
}

/* NAME=VALUE words; one argument may hold several. `words` owns what `labels` points to. */
static bool read_labels(const struct sw_arguments *arguments, struct sw_strlist *words, struct sw_vec *labels,
                        struct sw_error **error) {
    const char *separator = sw_argument(arguments, "add-label-separator");
    if (!separator || !*separator)
        separator = "\n";
    struct sw_strings given = sw_argument_list(arguments, "add-label");
    for (size_t i = 0; i < given.count; i++)
        for (const char *at = given.items[i], *end; at; at = end ? end + strlen(separator) : NULL) {
            end = strstr(at, separator);
            if (end != at && *at)
                sw_strlist_take(words, sw_strndup(at, end ? (size_t)(end - at) : strlen(at)));
        }
    for (size_t i = 0; i < words->len; i++) {
        char *equals = strchr(words->items[i], '=');
        if (!equals || equals == words->items[i])
            return sw_fail(error, SW_ERROR_USAGE, "--add-label \"%s\" is not NAME=VALUE", words->items[i]);
        *equals = '\0';
        sw_vec_push(labels, &(struct sw_pair){words->items[i], equals + 1});
    }
    return true;
}

static void print(const struct exporting *exporting) {
    for (size_t i = 0; i < exporting->exported.len; i++) {
        const struct sw_exported *exported = sw_vec_at(&exporting->exported, i);
        printf("%s\t%s\t%s\n", *exported->image->name ? exported->image->name : "~", exported->reference, exported->digest);
    }
}

static void run_with(struct exporting *exporting, const struct sw_arguments *arguments, struct sw_error **error) {
    sw_cleanup_strlist struct sw_strlist words = {0};
    sw_cleanup_vec struct sw_vec labels = {.width = sizeof(struct sw_pair)};
    struct sw_export_options options = {.tags = sw_argument_list(arguments, "tag")};
    if (!options.tags.count) {
        sw_fail(error, SW_ERROR_USAGE, "--tag says where to: HOST/NAME:TAG");
        return;
    }
    if (!read_labels(arguments, &words, &labels, error))
        return;
    options.labels = (struct sw_pairs){labels.data, labels.len};
    if (!sw_export_check(&exporting->conveyor.options, &options, error) || !sw_conveyor_run(&exporting->conveyor, error))
        return;
    sw_export(exporting->conveyor.build, &options, &exporting->exported, on_exported, exporting);
    if (sw_app_wait(&exporting->conveyor.app, error) && exporting->error)
        sw_pass(error, exporting->error);
    print(exporting);
}

static int run_export(const struct sw_arguments *arguments, struct sw_error **error) {
    struct exporting exporting = {.exported = {.width = sizeof(struct sw_exported)}};
    bool check = sw_argument_flag(arguments, "require-built-images");
    if (!sw_conveyor_start(&exporting.conveyor, arguments, check ? SW_BUILD_CHECK : SW_BUILD_PUBLISH,
                           sw_strlist_view(&arguments->positionals), error))
        return 0;
    run_with(&exporting, arguments, error);
    sw_conveyor_end(&exporting.conveyor);
    sw_vec_fini(&exporting.exported);
    return 0;
}

const struct sw_command sw_command_export = {
    .name = "export",
    .operands = "[IMAGE…]",
    .summary = "build images and push copies of them under names of your own",
    .text =
        "Builds as `build` does, then pushes a copy of each final image under each --tag. The copies have none of the labels that "
        "begin with werf. Standard output gets a line a copy: the image's name in werf.yaml, its reference, and its digest.",
    .groups = SW_OPTIONS_PROJECT | SW_OPTIONS_STORE | SW_OPTIONS_REPO | SW_OPTIONS_BACKEND | SW_OPTIONS_EXPORT,
    .max_operands = SIZE_MAX,
    .run = run_export,
};
