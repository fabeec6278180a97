#include <stdio.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/cli/app.h"
#include "core/cli/command.h"

static const char *kind_name(uint32_t kind) {
    return kind == SW_PLUGIN_BUILDER ? "builder" : kind == SW_PLUGIN_BACKEND ? "backend" : "store";
}

static void print_words(const char *title, const char *const *words) {
    printf("  %s:", title);
    for (; words && *words; words++)
        printf(" %s", **words ? *words : "HOST/NAME");
    putchar('\n');
}

static void print_bits(const char *title, uint32_t bits, const char *const *names, size_t count) {
    printf("  %s:", title);
    for (size_t i = 0; i < count; i++)
        if (bits & 1u << i)
            printf(" %s", names[i]);
    putchar('\n');
}

static void print_backend(const struct sw_backend *backend) {
    static const char *const ops[] = {"scratch", "image", "tree", "patch", "exec", "copy", "file", "config", "merge", "diff"};
    static const char *const mounts[] = {"bind", "cache", "tmpfs", "secret", "ssh", "host"};
    static const char *const networks[] = {"default", "none", "host"};
    struct sw_capabilities capabilities = {.size = sizeof capabilities};
    struct sw_error *error = NULL;
    if (!backend->capabilities(&capabilities, &error)) {
        printf("  not usable here: %s\n", error ? error->message : "unknown reason");
        sw_error_free(error);
        return;
    }
    print_bits("operations", capabilities.ops, ops, sizeof ops / sizeof *ops);
    print_bits("mounts", capabilities.mounts, mounts, sizeof mounts / sizeof *mounts);
    print_bits("networks", capabilities.networks, networks, sizeof networks / sizeof *networks);
    printf("  platforms:");
    for (size_t i = 0; i < capabilities.platforms.count; i++)
        printf(" %s", capabilities.platforms.items[i]);
    putchar('\n');
}

static void print_plugin(const struct sw_plugin *plugin, const char *path) {
    printf("%s %s %s (ABI %u.%u)\n", kind_name(plugin->kind), plugin->name, plugin->version, plugin->abi_major, plugin->abi_minor);
    printf("  path: %s\n", path);
    if (plugin->summary)
        printf("  %s\n", plugin->summary);
    if (plugin->kind == SW_PLUGIN_BUILDER)
        print_words("keys", plugin->builder->claims);
    else if (plugin->kind == SW_PLUGIN_BACKEND)
        print_backend(plugin->backend);
    else
        print_words("addresses", plugin->store->schemes);
}

static int run_plugins(const struct sw_arguments *arguments, struct sw_error **error) {
    struct sw_app app;
    if (!sw_app_start(&app, arguments, error))
        return 0;
    for (size_t i = 0; i < sw_plugins_count(app.plugins); i++)
        print_plugin(sw_plugins_at(app.plugins, i), sw_plugins_path_at(app.plugins, i));
    for (size_t i = 0; i < sw_plugins_refused_count(app.plugins); i++) {
        struct sw_plugin_refusal refusal = sw_plugins_refused_at(app.plugins, i);
        printf("refused %s\n  %s\n", refusal.path, refusal.reason);
    }
    sw_app_end(&app);
    return 0;
}

const struct sw_command sw_command_plugins = {
    .name = "plugins",
    .operands = "",
    .summary = "list plugins, what they can do, and why some are refused",
    .text = "Plugins are looked for in the installed folder, in SLIPWAY_PLUGIN_PATH, and where plugins: in the host's config file "
            "says; "
            "never in a project.",
    .groups = SW_OPTIONS_STORE,
    .run = run_plugins,
};
