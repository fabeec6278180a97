/* load [PATH…]: loads the installed plugins and those at PATH, and prints what became of each. For tests of packages, which need to
 * know no more than that. */
#include <stdio.h>

#include "core/plugin/descriptor.h"
#include "core/plugin/host.h"
#include "core/plugin/plugins.h"
#include "core/runtime/loop.h"

static void print_plugin(const struct sw_plugin *plugin, const char *path) {
    printf("%s %s %s %s", sw_descriptor_kind(plugin->kind), plugin->name, plugin->version, path);
    const char *const *claim = sw_descriptor_claims(plugin);
    for (; claim && *claim; claim++)
        printf(" \"%s\"", *claim);
    printf("\n");
}

int main(int argc, char **argv) {
    /* Plugins ask whether the groups are there, and call none before they are used. */
    static const struct sw_host_document document = {.size = sizeof document};
    static const struct sw_host_files files = {.size = sizeof files};
    static const struct sw_host_graph graph = {.size = sizeof graph};
    if (!sw_loop_start(NULL))
        return 1;
    const struct sw_host *host = sw_host_make(&(struct sw_host_parts){.document = &document, .files = &files, .graph = &graph});
    struct sw_plugins *plugins = sw_plugins_new(host);
    sw_plugins_load_all(plugins, (struct sw_strings){(const char *const *)argv + 1, (size_t)argc - 1});
    for (size_t i = 0; i < sw_plugins_count(plugins); i++)
        print_plugin(sw_plugins_at(plugins, i), sw_plugins_path_at(plugins, i));
    size_t refused = sw_plugins_refused_count(plugins);
    for (size_t i = 0; i < refused; i++)
        printf("refused %s: %s\n", sw_plugins_refused_at(plugins, i).path, sw_plugins_refused_at(plugins, i).reason);
    sw_plugins_free(plugins);
    sw_host_end();
    sw_loop_end();
    return refused > 0;
}
