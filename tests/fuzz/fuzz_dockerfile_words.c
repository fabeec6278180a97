/* A word expanded in each of the ways there are, with variables whose values come from the input too. */
#include <stdint.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "plugins/dockerfile/shell.h"
#include "plugins/dockerfile/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    if (len == 0)
        return 0;
    sw_cleanup_arena struct sw_arena arena = {0};
    sw_cleanup_free char *text = sw_strndup((const char *)data + 1, len - 1);
    struct sw_df_shell shell = {.escape = data[0] & 1 ? '`' : '\\',
                                .raw_quotes = data[0] & 2,
                                .raw_escapes = data[0] & 4,
                                .no_quotes = data[0] & 8,
                                .keep_unset = data[0] & 16};
    struct sw_df_failure failure = {.arena = &arena};
    struct sw_df_expansion expansion;
    struct sw_df_env env;
    struct sw_strings strings;
    char *cut = strchr(text, '\n');
    sw_df_env_init(&env, &arena);
    sw_df_env_set(&env, "A", cut ? cut + 1 : "usr/bin");
    sw_df_env_set(&env, "E", "");
    if (cut)
        *cut = '\0';
    sw_df_expand(&shell, text, &env, &expansion, &failure);
    sw_df_words(&arena, text, shell.escape);
    sw_df_flags(&arena, text, shell.escape, &strings);
    sw_df_json_strings(&arena, text, &strings);
    sw_df_env_fini(&env);
    return 0;
}
