/* The JSON documents that a registry sends: manifests, indexes, configs, lists of tags, tokens and errors. */
#include <stdlib.h>

#include "core/base/error.h"
#include "core/base/map.h"
#include "plugins/registry/failure.h"
#include "plugins/registry/manifest.h"
#include "plugins/registry/tags.h"
#include "plugins/registry/token.h"

static void read_manifest(struct sw_bytes body) {
    sw_cleanup_error struct sw_error *error = NULL;
    sw_cleanup_manifest_view struct sw_manifest_view view = {0};
    struct sw_platform platform = sw_platform_of("linux", "amd64", NULL);
    if (!sw_manifest_parse("application/json", body, &view, &error))
        return;
    if (view.is_index)
        sw_manifest_choose(&view, &platform, &error);
    else
        sw_manifest_check_config(&view, body, &platform, &error);
}

static void read_tags(struct sw_bytes body) {
    struct sw_map tags = {0};
    size_t added, total;
    sw_tags_read_page(body, &tags, &added, &total, NULL);
    sw_map_fini(&tags, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct sw_bytes body = {data, size};
    read_manifest(body);
    read_tags(body);
    struct sw_token token = {0};
    sw_token_parse(body, &token, NULL);
    sw_token_fini(&token);
    sw_cleanup_complaint struct sw_complaint complaint = {0};
    sw_complaint_read(body, &complaint);
    return 0;
}
