#include "plugins/dockerfile/json_text.h"

#include <string.h>

#include "plugins/dockerfile/text.h"

json_t *sw_df_json_text(const char *text) {
    json_t *value = json_string(text);
    if (value)
        return value;
    sw_cleanup_buf struct sw_buf out = {0};
    uint32_t rune;
    while (*text) {
        bool nul = sw_df_has_prefix(text, SW_DF_NUL);
        size_t len = nul ? strlen(SW_DF_NUL) : sw_df_rune(text, &rune);
        if (nul)
            sw_buf_putc(&out, '\0');
        else
            sw_df_put_rune(&out, rune);
        text += len;
    }
    return json_stringn(sw_buf_text(&out), out.len);
}

json_t *sw_df_json_list(struct sw_strings strings) {
    json_t *array = json_array();
    for (size_t i = 0; i < strings.count; i++)
        json_array_append_new(array, sw_df_json_text(strings.items[i]));
    return array;
}
