/* Any bytes as a template: they render or fail, within limits, without a crash. The text up to a NUL is a named template, what
 * follows is the main one. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/base/error.h"
#include "core/template/documents.h"
#include "core/template/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char values[] =
        "{\"a\":{\"b\":[1,\"x\",null,{\"c\":true}]},\"list\":[3,1,2],\"s\":\"Text here\",\"n\":2.5,\"nil\":null}";
    const uint8_t *split = size ? memchr(data, 0, size) : NULL;
    size_t named_len = split ? (size_t)(split - data) : 0, start = split ? named_len + 1 : 0;
    struct sw_template_text named = {"lib.tmpl", {data, named_len}};
    struct sw_template_input input = {
        .main = {"werfConfig", {data + start, size - start}},
        .named = &named,
        .named_count = split != NULL,
        .values = values,
        .values_len = sizeof values - 1,
        .limits = {.steps = 20000, .output = 1 << 20, .memory = 16 << 20},
    };
    struct sw_template_output output;
    struct sw_error *error = NULL;
    if (sw_template_render(&input, &output, &error)) {
        struct sw_documents documents;
        sw_documents_split(output.text, output.len, &documents);
        sw_documents_fini(&documents);
    }
    sw_template_output_fini(&output);
    sw_error_free(error);
    return 0;
}
