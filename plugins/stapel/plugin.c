/* plugin.c - the Stapel builder: werf's own way to describe an image, by a base, git mappings, shell steps and imports. */
#include "plugins/stapel/host.h"
#include "plugins/stapel/planner.h"

extern const char sw_stapel_schema_text[];

static const char *const claims[] = {"from", "fromImage", "fromArtifact", NULL};

static const struct sw_builder builder = {
    .size = sizeof builder,
    .claims = claims,
    .schema = sw_stapel_schema_text,
    .plan = sw_stapel_planner_new,
    .next = sw_stapel_planner_next,
    .realize = sw_stapel_planner_realize,
    .close = sw_stapel_planner_close,
};

static const struct sw_plugin plugin = {
    .size = sizeof plugin,
    .abi_major = SW_ABI_MAJOR,
    .abi_minor = 0,
    .kind = SW_PLUGIN_BUILDER,
    .name = "stapel",
    .version = SLIPWAY_VERSION,
    .license = "Apache-2.0",
    .homepage = "https://github.com/slipway/slipway",
    .summary = "builds Stapel images: a base, git mappings, shell steps, imports",
    .builder = &builder,
};

SW_EXPORT const struct sw_plugin *slipway_plugin_v1(const struct sw_host *host, const char **refusal);
SW_EXPORT const struct sw_plugin *slipway_plugin_v1(const struct sw_host *host, const char **refusal) {
    (void)refusal;
    sw_stapel_host = host;
    return &plugin;
}
