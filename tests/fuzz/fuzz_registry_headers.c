/* What a registry says in headers: challenges, links, ranges, waiting times, locations, and the proxy lists of the environment. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/vec.h"
#include "plugins/registry/challenge.h"
#include "plugins/registry/fetch.h"
#include "plugins/registry/link.h"
#include "plugins/registry/proxy.h"
#include "plugins/registry/retry.h"
#include "plugins/registry/scope.h"
#include "plugins/registry/upload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sw_cleanup_free char *text = sw_strndup((const char *)data, size);
    const char *values[] = {text, text};
    sw_cleanup_challenge struct sw_challenge challenge = {0};
    sw_challenge_parse((struct sw_strings){values, 2}, &challenge);
    sw_cleanup_strlist struct sw_strlist scopes = {0};
    sw_scopes_add(&scopes, challenge.scope);
    free(sw_link_next((struct sw_strings){values, 2}));
    sw_content_range_continues(text, 10, 20);
    sw_upload_stored(text);
    sw_retry_after(text, 0);
    sw_proxy_excluded(text, "10.0.0.1", 443);
    sw_cleanup_url struct sw_url url = {0};
    sw_cleanup_url struct sw_url from = {0};
    if (sw_url_resolve("https://registry.example/v2/", text, &url, NULL) &&
        sw_url_resolve(NULL, "https://registry.example/", &from, NULL))
        sw_url_may_follow(&from, &url, false, NULL);
    return 0;
}
