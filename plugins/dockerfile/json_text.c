#include "plugins/dockerfile/json_text.h"

#include "plugins/dockerfile/text.h"

json_t *sw_df_json_text(const char *text) {
    json_t *value = json_string(text);
    if (value)
        return value;
    sw_cleanup_buf struct sw_buf out = {0};
    uint32_t rune;
    for (size_t len; (len = sw_df_rune(text, &rune)) > 0; text += len)
        sw_df_put_rune(&out, rune);
    return json_string(sw_buf_text(&out));
}

json_t *sw_df_json_list(struct sw_strings strings) {
    json_t *array = json_array();
    for (size_t i = 0; i < strings.count; i++)
        json_array_append_new(array, sw_df_json_text(strings.items[i]));
    return array;
}
