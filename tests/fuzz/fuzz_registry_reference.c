/* Image references, platforms and layout addresses: what was read must print to something that reads the same. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/registry/layout.h"
#include "plugins/registry/platform.h"
#include "plugins/registry/reference.h"

static void read_reference(const char *text) {
    sw_cleanup_error struct sw_error *error = NULL;
    sw_cleanup_reference struct sw_reference reference = {0};
    if (!sw_reference_parse(text, &reference, &error))
        return;
    sw_cleanup_free char *once = sw_reference_format(&reference);
    sw_cleanup_reference struct sw_reference again = {0};
    if (!sw_reference_parse(once, &again, NULL))
        abort();
    sw_cleanup_free char *twice = sw_reference_format(&again);
    if (strcmp(once, twice))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sw_cleanup_free char *text = sw_strndup((const char *)data, size);
    sw_cleanup_free char *address = sw_format("oci:%s", text);
    struct sw_platform platform;
    read_reference(text);
    if (sw_platform_parse(text, &platform, NULL))
        free(sw_platform_format(&platform));
    sw_cleanup_layout struct sw_layout layout = {0};
    sw_layout_parse(address, &layout, NULL);
    return 0;
}
