#include "core/source/patch_filter.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"

enum state {
    STATE_OUTSIDE, /* nothing is kept until the next file begins */
    STATE_HEADER,
    STATE_BODY,
};

enum { SHORT_ID = 8 };

struct filter {
    const struct sw_mapping_paths *mapping;
    struct sw_patch_text *patch;
    enum state state;
    char *name; /* of the current file */
};

void sw_patch_text_fini(struct sw_patch_text *patch) {
    sw_buf_fini(&patch->text);
    sw_strlist_fini(&patch->paths);
    sw_strlist_fini(&patch->binaries);
    sw_strlist_fini(&patch->removed);
}

static bool begins(const char *line, const char *word) {
    return strncmp(line, word, strlen(word)) == 0;
}

static void add_once(struct sw_strlist *list, const char *text) {
    if (!list->len || strcmp(list->items[list->len - 1], text) != 0)
        sw_strlist_add(list, text);
}

/* --- quoting ------------------------------------------------------------------------------------------------------------------- */

/* Undoes git's quoting of the text behind an opening quote; `*end` is put behind the closing one. NULL when it is not closed. */
static char *unquote(const char *p, const char **end) {
    static const char letters[] = "abtnvfr", values[] = "\a\b\t\n\v\f\r";
    struct sw_buf out = {0};
    for (; *p && *p != '"'; p++) {
        if (*p != '\\') {
            sw_buf_putc(&out, *p);
            continue;
        }
        p++;
        const char *letter = *p ? strchr(letters, *p) : NULL;
        if (letter) {
            sw_buf_putc(&out, values[letter - letters]);
        } else if (*p >= '0' && *p <= '3' && strspn(p, "01234567") >= 3) {
            sw_buf_putc(&out, (char)((p[0] - '0') << 6 | (p[1] - '0') << 3 | (p[2] - '0')));
            p += 2;
        } else if (*p) {
            sw_buf_putc(&out, *p);
        } else {
            break;
        }
    }
    if (*p == '"') {
        *end = p + 1;
        return sw_buf_take(&out);
    }
    sw_buf_fini(&out);
    return NULL;
}

/* Characters beyond ASCII that Go does not print as they are. */
static bool is_hidden(uint32_t rune) {
    static const uint32_t ranges[][2] = {{0x80, 0xa0},     {0xad, 0xad},       {0x2000, 0x200f}, {0x2028, 0x202f},
                                         {0x205f, 0x206f}, {0x3000, 0x3000},   {0xe000, 0xf8ff}, {0xfeff, 0xfeff},
                                         {0xfff9, 0xfffb}, {0xf0000, 0x10ffff}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (rune >= ranges[i][0] && rune <= ranges[i][1])
            return true;
    return false;
}

static size_t decode(const unsigned char *s, uint32_t *rune) {
    size_t len = (s[0] & 0xe0) == 0xc0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : (s[0] & 0xf8) == 0xf0 ? 4 : 0;
    *rune = s[0] & (len == 2 ? 0x1fu : len == 3 ? 0x0fu : 0x07u);
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        *rune = *rune << 6 | (s[i] & 0x3fu);
    }
    return len;
}

/* Quotes as Go's strconv.Quote. */
static void quote(struct sw_buf *out, const char *text) {
    static const char letters[] = "abtnvfr", values[] = "\a\b\t\n\v\f\r";
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        const char *value = strchr(values, *p);
        uint32_t rune;
        size_t len = *p >= 0x80 ? decode(p, &rune) : 1;
        if (*p == '"' || *p == '\\')
            sw_buf_printf(out, "\\%c", *p);
        else if (value)
            sw_buf_printf(out, "\\%c", letters[value - values]);
        else if (*p < 0x20 || *p == 0x7f || !len)
            sw_buf_printf(out, "\\x%02x", *p);
        else if (len > 1 && is_hidden(rune))
            sw_buf_printf(out, rune > 0xffff ? "\\U%08x" : "\\u%04x", rune);
        else
            sw_buf_add(out, p, len);
        p += len ? len : 1;
    }
}

/* --- lines --------------------------------------------------------------------------------------------------------------------- */

static void put(struct filter *filter, const char *line) {
    sw_buf_puts(&filter->patch->text, line);
    sw_buf_putc(&filter->patch->text, '\n');
}

/* The two paths of a "diff --git" line. A path that holds " b/" is cut at the wrong place, as werf cuts it. */
static bool split_paths(const char *line, char **old_path, char **new_path, bool *quoted) {
    const char *p = line + strlen("diff --git ");
    *quoted = begins(p, "\"a/");
    if (*quoted) {
        *old_path = unquote(p + 1, &p);
        *new_path = *old_path && begins(p, " \"b/") ? unquote(p + 2, &p) : NULL;
        if (!*new_path)
            return false;
        memmove(*old_path, *old_path + 2, strlen(*old_path + 2) + 1);
        memmove(*new_path, *new_path + 2, strlen(*new_path + 2) + 1);
        return true;
    }
    const char *middle = begins(p, "a/") ? strstr(p, " b/") : NULL;
    if (!middle)
        return false;
    *old_path = sw_strndup(p + 2, (size_t)(middle - p - 2));
    *new_path = sw_strdup(middle + 3);
    return true;
}

static void put_paths(struct filter *filter, const char *old_name, const char *new_name, bool quoted) {
    struct sw_buf *out = &filter->patch->text;
    if (!quoted) {
        sw_buf_printf(out, "diff --git a/%s b/%s\n", old_name, new_name);
        return;
    }
    sw_buf_puts(out, "diff --git \"a/");
    quote(out, old_name);
    sw_buf_puts(out, "\" \"b/");
    quote(out, new_name);
    sw_buf_puts(out, "\"\n");
}

static void begin_file(struct filter *filter, const char *line) {
    char *old_path = NULL, *new_path = NULL;
    bool quoted;
    filter->state = STATE_OUTSIDE;
    if (split_paths(line, &old_path, &new_path, &quoted) && sw_matcher_matched(filter->mapping->matcher, old_path) &&
        sw_matcher_matched(filter->mapping->matcher, new_path)) {
        sw_cleanup_free char *old_name = sw_mapping_name(filter->mapping, old_path);
        free(filter->name);
        filter->name = sw_mapping_name(filter->mapping, new_path);
        put_paths(filter, old_name, filter->name, quoted);
        add_once(&filter->patch->paths, filter->name);
        filter->state = STATE_HEADER;
    }
    free(old_path);
    free(new_path);
}

static void put_index(struct filter *filter, const char *line) {
    struct sw_buf *out = &filter->patch->text;
    const char *p = line + strlen("index ");
    sw_buf_puts(out, "index ");
    while (*p && *p != ' ') {
        size_t len = strspn(p, "0123456789abcdef");
        sw_buf_add(out, p, len < SHORT_ID ? len : SHORT_ID);
        p += len;
        while (*p && *p != ' ' && !strchr("0123456789abcdef", *p))
            sw_buf_putc(out, *p++);
    }
    put(filter, p);
}

/* A "--- " or "+++ " line; `prefix` is "--- a/" or "+++ b/". A quoted path keeps what stands before it. */
static void put_side(struct filter *filter, const char *line, const char *prefix) {
    sw_cleanup_free char *path = sw_strdup(begins(line, prefix) ? line + strlen(prefix) : line);
    size_t len = strlen(path);
    if (len && path[len - 1] == '\t')
        path[len - 1] = '\0';
    sw_cleanup_free char *name = sw_mapping_name(filter->mapping, path);
    sw_buf_printf(&filter->patch->text, "%s%s\n", prefix, name);
}

static void header_line(struct filter *filter, const char *line) {
    if (begins(line, "index ")) {
        put_index(filter, line);
    } else if (begins(line, "--- ") && strcmp(line, "--- /dev/null") != 0) {
        put_side(filter, line, "--- a/");
    } else if (begins(line, "+++ ")) {
        if (strcmp(line, "+++ /dev/null") != 0)
            put_side(filter, line, "+++ b/");
        else
            put(filter, line);
        filter->state = STATE_BODY;
    } else if (begins(line, "Binary files ")) {
        put(filter, line);
        add_once(&filter->patch->binaries, filter->name);
        filter->state = STATE_OUTSIDE;
    } else {
        put(filter, line);
        if (begins(line, "deleted file mode "))
            add_once(&filter->patch->removed, filter->name);
        if (begins(line, "GIT binary patch")) {
            add_once(&filter->patch->binaries, filter->name);
            filter->state = STATE_BODY;
        }
    }
}

static void take_line(struct filter *filter, const char *line) {
    if (begins(line, "diff --git ")) {
        begin_file(filter, line);
    } else if (begins(line, "Submodule ")) {
        filter->state = STATE_OUTSIDE;
        if (strstr(line, "(commits not present)") || strstr(line, "(not initialized)") || strstr(line, "(not checked out)"))
            filter->patch->lacks_submodules = true;
    } else if (filter->state == STATE_HEADER) {
        header_line(filter, line);
    } else if (filter->state == STATE_BODY) {
        put(filter, line);
    }
}

void sw_patch_filter(struct sw_bytes diff, const struct sw_mapping_paths *mapping, struct sw_patch_text *patch) {
    struct filter filter = {.mapping = mapping, .patch = patch};
    const char *p = diff.data, *end = p + diff.len;
    const char *newline;
    sw_cleanup_buf struct sw_buf line = {0};
    while (diff.len && p < end && (newline = memchr(p, '\n', (size_t)(end - p)))) {
        size_t len = (size_t)(newline - p);
        if (filter.state == STATE_BODY && *p != 'd' && *p != 'S') {
            sw_buf_add(&patch->text, p, len + 1); /* contents may hold any byte */
        } else {
            sw_buf_truncate(&line, 0);
            sw_buf_add(&line, p, len);
            take_line(&filter, sw_buf_text(&line));
        }
        p = newline + 1;
    }
    free(filter.name);
}
