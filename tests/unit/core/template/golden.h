/* golden.h - template cases as lines of JSON: what goes in, and what must come out. */
#ifndef TESTS_UNIT_CORE_TEMPLATE_GOLDEN_H
#define TESTS_UNIT_CORE_TEMPLATE_GOLDEN_H

#include <jansson.h>

/* Renders the case (members "template", "data", "templates", "files", "commit", "environ", "allow_environ", "loose", "debug") and
 * gives an object with "output", "output_base64" or "error", and "log" if anything was logged. To be released with json_decref. */
json_t *golden_render(const json_t *test);

/* Whether two results are the same. Failures of the reference implementation itself ("runtime error: ", "reflect: ") may read
 * differently: then both must be errors. */
int golden_same(const json_t *want, const json_t *have);

#endif
