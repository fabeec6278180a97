#include <stdio.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/cli/command.h"
#include "core/cli/conveyor.h"

static void print_input(const struct sw_input *input) {
    bool shown =
        (input->flags & SW_INPUT_SECRET_FREE) && !memchr(input->value.len ? input->value.data : "", '\n', input->value.len);
    char digest[SW_SHA256_HEX];
    sw_sha256_hex(input->value.data, input->value.len, digest);
    printf("%s%s: ", input->flags & SW_INPUT_DETAIL ? "      " : "    ", input->name ? input->name : "");
    if (shown)
        printf("%.*s\n", (int)input->value.len, (const char *)input->value.data);
    else
        printf("sha256:%s\n", digest);
}

static void print_stages(const struct sw_conveyor *conveyor, bool explain) {
    size_t count;
    const struct sw_image_report *images = sw_build_reports(conveyor->build, &count);
    for (size_t i = 0; i < count; i++) {
        if (!conveyor->options.chosen[images[i].image - conveyor->options.project->images])
            continue;
        const char *name = images[i].part ? images[i].part : images[i].image->name;
        printf("%s\t%s\n", *name ? name : "~", images[i].platform);
        for (size_t j = 0; j < images[i].stage_count; j++) {
            const struct sw_stage_report *stage = &images[i].stages[j];
            printf("  %s\t%s\t%s\n", stage->name, stage->digest, stage->image ? "in the store" : "missing");
            for (size_t k = 0; explain && k < stage->input_count; k++)
                print_input(&stage->inputs[k]);
        }
    }
}

static int run_digest(const struct sw_arguments *arguments, struct sw_error **error) {
    struct sw_conveyor conveyor;
    if (!sw_conveyor_start(&conveyor, arguments, SW_BUILD_WHY, sw_strlist_view(&arguments->positionals), error))
        return 0;
    if (sw_conveyor_run(&conveyor, error))
        print_stages(&conveyor, sw_argument_flag(arguments, "explain"));
    sw_conveyor_end(&conveyor);
    return 0;
}

static void print_names(const struct sw_conveyor *conveyor) {
    size_t count;
    const struct sw_image_report *images = sw_build_reports(conveyor->build, &count);
    for (size_t i = 0; i < count; i++) {
        const struct sw_project_image *image = images[i].image;
        bool whole = !images[i].part && (image->platforms.count == 1 || !*images[i].platform);
        if (whole && conveyor->options.chosen[image - conveyor->options.project->images])
            printf("%s\n", images[i].name);
    }
}

static int run_image(const struct sw_arguments *arguments, struct sw_error **error) {
    struct sw_conveyor conveyor;
    if (!sw_conveyor_start(&conveyor, arguments, SW_BUILD_CHECK, sw_strlist_view(&arguments->positionals), error))
        return 0;
    if (sw_conveyor_run(&conveyor, error))
        print_names(&conveyor);
    sw_conveyor_end(&conveyor);
    return 0;
}

const struct sw_command sw_command_stage_image = {
    .name = "stage image",
    .operands = "[IMAGE…]",
    .summary = "print the names that images are pulled by, one a line",
    .text = "The images must have been built; nothing is built or published.",
    .groups = SW_OPTIONS_PROJECT | SW_OPTIONS_STORE | SW_OPTIONS_REPO | SW_OPTIONS_BACKEND | SW_OPTIONS_SELECT,
    .max_operands = SIZE_MAX,
    .run = run_image,
};

const struct sw_command sw_command_stage_digest = {
    .name = "stage digest",
    .operands = "[IMAGE…]",
    .summary = "print the digests of stages and what they are made of",
    .text = "With --explain every named input of every digest is printed, so that two builds can be compared line by line. Values "
            "appear as "
            "their SHA-256 unless they can hold no secret.",
    .groups = SW_OPTIONS_PROJECT | SW_OPTIONS_STORE | SW_OPTIONS_REPO | SW_OPTIONS_SELECT | SW_OPTIONS_DIGEST,
    .max_operands = SIZE_MAX,
    .run = run_digest,
};
