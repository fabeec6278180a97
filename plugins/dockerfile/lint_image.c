#include "plugins/dockerfile/lint_image.h"

#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/dockerfile/resolve.h"
#include "plugins/dockerfile/text.h"

/* ---- what is not known without building ---- */

/* Any base image is there, and says nothing of itself. */
static enum sw_df_found find_image(void *context, const char *reference, const char *platform, struct sw_df_base *base) {
    (void)context, (void)reference, (void)platform;
    *base = (struct sw_df_base){.config = "{}", .unresolved = true};
    return SW_DF_FOUND;
}

/* Stands for a value of another image: something that a FROM can name. */
static const char *stand_in(const char *type) {
    static const char digest[] = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
    if (strcmp(type, "ImageName") == 0)
        return "slipway.invalid/image:stage";
    if (strcmp(type, "ImageRepo") == 0)
        return "slipway.invalid/image";
    return strcmp(type, "ImageTag") == 0 ? "stage" : digest;
}

static void stand_in_for_imports(struct sw_df_planner *p) {
    p->import_pairs = sw_arena_new(&p->arena, (p->document.import_count + 1) * sizeof(*p->import_pairs));
    for (size_t i = 0; i < p->document.import_count; i++)
        p->import_pairs[i] = (struct sw_pair){p->document.imports[i].build_arg, stand_in(p->document.imports[i].type)};
    p->dependency_args = (struct sw_pairs){p->import_pairs, p->document.import_count};
}

/* ---- what was found ---- */

/* "JSONArgsRecommended" -> ".../json-args-recommended/". One rule has no page. */
static const char *page_of(struct sw_arena *arena, const char *rule) {
    sw_cleanup_buf struct sw_buf name = {0};
    if (strcmp(rule, "InvalidBaseImagePlatform") == 0)
        return NULL;
    for (const char *p = rule; *p; p++) {
        bool upper = *p >= 'A' && *p <= 'Z', before = p > rule && p[-1] >= 'a' && p[-1] <= 'z';
        bool next = p[1] >= 'a' && p[1] <= 'z';
        if (upper && p > rule && (before || next))
            sw_buf_putc(&name, '-');
        sw_buf_putc(&name, (char)(upper ? *p | 0x20 : *p));
    }
    return sw_arena_format(arena, "https://docs.docker.com/go/dockerfile/rule/%s/", sw_buf_text(&name));
}

static void report(struct sw_df_planner *p, struct sw_df_lint *lint, void (*found)(void *context, const struct sw_finding *finding),
                   void *context) {
    sw_df_lint_sort(lint);
    for (size_t i = 0; i < lint->warnings.len; i++) {
        const struct sw_df_warning *warning = sw_vec_at(&lint->warnings, i);
        struct sw_finding finding = {.size = sizeof(finding),
                                     .rule = warning->rule,
                                     .text = warning->text,
                                     .url = page_of(&p->arena, warning->rule),
                                     .place = {.file = p->document.dockerfile, .line = warning->first, .end_line = warning->last}};
        found(context, &finding);
    }
}

bool sw_df_lint_image(const struct sw_host *host, const struct sw_plan_request *request,
                      void (*found)(void *context, const struct sw_finding *finding), void *context, struct sw_error **error) {
    struct sw_df_planner *p = sw_df_planner_read(host, request, error);
    if (!p)
        return false;
    stand_in_for_imports(p);
    struct sw_df_failure failure = {.arena = &p->arena};
    struct sw_df_options options;
    struct sw_df_evaluation evaluation;
    bool ok = sw_df_planner_find_frontend(p, &failure) && (p->frontend.image || sw_df_planner_options(p, &options, &failure));
    if (ok && !p->frontend.image) { /* else the rules are not about this file */
        options.check = true;
        options.platform = NULL;
        options.images = (struct sw_df_images){.find = find_image};
        sw_df_evaluate(p->file, &options, &evaluation);
        report(p, &evaluation.lint, found, context);
        ok = !evaluation.failure.text;
        if (!ok)
            sw_pass(error, sw_df_planner_error(p, &evaluation.failure));
        sw_df_evaluation_fini(&evaluation);
    } else if (!ok) {
        sw_pass(error, sw_df_planner_error(p, &failure));
    }
    sw_df_planner_close(p);
    return ok;
}
