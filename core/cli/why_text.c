#include "core/cli/why_text.h"

#include <ctype.h>
#include <string.h>

/* Digests are cut to what tells them apart; so are long lists. */
enum { SHORT_ID = 12, MOST_FILES = 20 };

struct text {
    struct sw_buf *out;
    bool color;
};

static const char bold[] = "\033[1m", dim[] = "\033[2m", yellow[] = "\033[33m", green[] = "\033[32m";

static void put(const struct text *text, const char *look, const char *words) {
    sw_buf_puts(text->out, text->color ? look : "");
    sw_buf_puts(text->out, words);
    sw_buf_puts(text->out, text->color ? "\033[0m" : "");
}

static const char *get(const json_t *json, const char *key) {
    const char *value = json_string_value(json_object_get(json, key));
    return value ? value : "";
}

static bool is(const json_t *json, const char *key, const char *value) {
    return strcmp(get(json, key), value) == 0;
}

/* Bytes that a terminal would obey are shown as question marks. */
static void put_plain(const struct text *text, const char *words) {
    for (; *words; words++)
        sw_buf_putc(text->out, (unsigned char)*words < 0x20 || *words == 0x7f ? '?' : *words);
}

/* ---- values ---- */

static const char *digits_of(const char *value) {
    if (strncmp(value, "sha256:", 7) == 0)
        value += 7;
    size_t len = strspn(value, "0123456789abcdef");
    return !value[len] && (len == 32 || len == 40 || len == 56 || len == 64) ? value : NULL;
}

static void put_value(const struct text *text, const char *value) {
    const char *digits = digits_of(value);
    char cut[SHORT_ID + 1];
    if (!digits) {
        put_plain(text, *value ? value : "(empty)");
        return;
    }
    memcpy(cut, digits, SHORT_ID);
    cut[SHORT_ID] = '\0';
    put(text, dim, cut);
}

static void put_change(const struct text *text, const char *before, const char *after) {
    put_value(text, before);
    sw_buf_puts(text->out, " -> ");
    put_value(text, after);
}

/* ---- files ---- */

static const char *kind_of(const json_t *file) {
    if (*get(file, "from"))
        return "renamed";
    if (!*get(file, "before"))
        return "new";
    if (!*get(file, "after"))
        return "gone";
    return is(file, "before", get(file, "after")) ? "mode" : "changed";
}

static void put_file(const struct text *text, const json_t *file) {
    const char *kind = kind_of(file), *before = get(file, "before"), *after = get(file, "after");
    sw_buf_printf(text->out, "      %-7s  ", kind);
    if (*get(file, "from")) {
        put_plain(text, get(file, "from"));
        sw_buf_puts(text->out, " -> ");
    }
    put_plain(text, get(file, "path"));
    sw_buf_puts(text->out, "  ");
    if (strcmp(kind, "mode") == 0)
        put_change(text, get(file, "mode_before"), get(file, "mode_after"));
    else if (strcmp(kind, "changed") == 0)
        put_change(text, before, after);
    else
        put_value(text, *after ? after : before);
    sw_buf_putc(text->out, '\n');
}

static void put_files(const struct text *text, const json_t *difference) {
    const json_t *files = json_object_get(difference, "files");
    json_int_t count = json_integer_value(json_object_get(difference, "file_count"));
    size_t shown = json_array_size(files) > MOST_FILES + 1 ? MOST_FILES : json_array_size(files);
    for (size_t i = 0; i < shown; i++)
        put_file(text, json_array_get(files, i));
    if (shown < json_array_size(files))
        sw_buf_printf(text->out, "      and %lld more: --format json has them all\n", (long long)(count - (json_int_t)shown));
    if (json_object_get(difference, "filters_changed"))
        sw_buf_puts(text->out, "      which files are taken has changed too\n");
    if (files && count == 0 && !json_object_get(difference, "filters_changed"))
        sw_buf_puts(text->out, "      no file of the commit differs: it is one from outside of git\n");
    if (*get(difference, "missing_commit"))
        sw_buf_printf(text->out, "      commit %s is not in this clone, so the files cannot be named: git fetch origin %s\n",
                      get(difference, "missing_commit"), get(difference, "missing_commit"));
}

/* ---- differences ---- */

/* Names of one instruction differ in its line. */
static void put_moved(const struct text *text, const char *name, const char *was) {
    size_t same = 0;
    while (name[same] && name[same] == was[same])
        same++;
    while (same && was[same - 1] != ':')
        same--;
    sw_buf_printf(text->out, " (it was line %.*s)", (int)strspn(was + same, "0123456789"), was + same);
}

static void put_difference(const struct text *text, const json_t *difference) {
    const char *before = get(difference, "before"), *after = get(difference, "after");
    bool files = json_object_get(difference, "files") != NULL;
    sw_buf_puts(text->out, "    ");
    put_plain(text, get(difference, "input"));
    if (is(difference, "change", "removed")) {
        sw_buf_puts(text->out, " is gone");
        if (!digits_of(before)) {
            sw_buf_puts(text->out, ": it was ");
            put_value(text, before);
        }
    } else if (json_object_get(difference, "pending")) {
        sw_buf_puts(text->out, " is not known yet: what it is taken from has to be built first");
    } else if (files && json_integer_value(json_object_get(difference, "file_count"))) {
        sw_buf_puts(text->out, ":");
    } else if (is(difference, "change", "added")) {
        sw_buf_puts(text->out, " is new");
        if (!digits_of(after)) {
            sw_buf_puts(text->out, ": ");
            put_value(text, after);
        }
    } else {
        sw_buf_puts(text->out, digits_of(before) ? " has changed: " : ": ");
        put_change(text, before, after);
    }
    if (*get(difference, "was") && is(difference, "change", "changed"))
        put_moved(text, get(difference, "input"), get(difference, "was"));
    sw_buf_putc(text->out, '\n');
    put_files(text, difference);
}

/* ---- stages ---- */

static const char *reason_of(const json_t *stage) {
    static const char *const reasons[][2] = {
        {"same", "as before"},
        {"first", ""},
        {"new", "the earlier build had no such stage"},
        {"below", "only because a stage below it differs"},
        {"commits", "only because the stage below it stands at another commit"},
        {"history", "there are such stages, but of commits that are no ancestors of this one"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (is(stage, "verdict", reasons[i][0]))
            return reasons[i][1];
    return "";
}

static bool has_differences(const json_t *stage) {
    return json_array_size(json_object_get(stage, "differences")) > 0;
}

/* How many stages from `first` on are told in one line. */
static size_t alike(const json_t *stages, size_t first) {
    const json_t *stage = json_array_get(stages, first);
    size_t end = first + 1;
    for (; !has_differences(stage) && end < json_array_size(stages); end++) {
        const json_t *other = json_array_get(stages, end);
        if (has_differences(other) || !is(other, "verdict", get(stage, "verdict")) || !is(other, "state", get(stage, "state")))
            break;
    }
    return end - first;
}

static void put_stages(const struct text *text, const json_t *stages, size_t first, size_t count, bool building) {
    const json_t *stage = json_array_get(stages, first);
    const char *reason = reason_of(stage);
    bool missing = building && is(stage, "state", "missing"), same = is(stage, "verdict", "same");
    for (size_t i = 0; i < count; i++)
        sw_buf_printf(text->out, "%s%s", i ? ", " : "  ", get(json_array_get(stages, first + i), "stage"));
    sw_buf_puts(text->out, ": ");
    if (same)
        sw_buf_puts(text->out, reason);
    else if (missing)
        put(text, yellow, count > 1 ? "have to be built" : "has to be built");
    else if (is(stage, "verdict", "first"))
        sw_buf_puts(text->out, count > 1 ? "are there" : "is there");
    else
        sw_buf_puts(text->out, is(stage, "state", "missing") ? "not needed" : "built anew");
    if (*reason && !same)
        sw_buf_printf(text->out, ", %s", reason);
    sw_buf_putc(text->out, '\n');
    const json_t *difference;
    size_t i;
    json_array_foreach(json_object_get(stage, "differences"), i, difference) put_difference(text, difference);
}

/* ---- images ---- */

static void put_earlier(const struct text *text, const json_t *image) {
    const json_t *earlier = json_object_get(image, "earlier");
    bool building = is(image, "state", "missing");
    if (!earlier) {
        sw_buf_puts(text->out, building ? "  no earlier build of this image is in the store\n"
                                        : "  no other build of this image is in the store\n");
        return;
    }
    sw_buf_puts(text->out, building ? "  compared with the build of commit " : "  compared with the build before, of commit ");
    put_value(text, get(earlier, "commit"));
    if (*get(earlier, "subject")) {
        sw_buf_puts(text->out, " \"");
        put_plain(text, get(earlier, "subject"));
        sw_buf_putc(text->out, '"');
    }
    sw_buf_puts(text->out, ":\n");
}

static void put_image(const struct text *text, const json_t *image) {
    const json_t *stages = json_object_get(image, "stages");
    bool building = is(image, "state", "missing");
    put(text, bold, *get(image, "image") ? get(image, "image") : "~");
    if (json_integer_value(json_object_get(image, "platforms")) > 1)
        sw_buf_printf(text->out, " (%s)", get(image, "platform"));
    sw_buf_puts(text->out, ": ");
    put(text, building ? yellow : green, building ? "has to be built" : "nothing to build");
    sw_buf_putc(text->out, '\n');
    put_earlier(text, image);
    for (size_t i = 0; i < json_array_size(stages);) {
        size_t count = alike(stages, i);
        put_stages(text, stages, i, count, building);
        i += count;
    }
}

void sw_why_text(const json_t *answer, bool color, struct sw_buf *out) {
    const struct text text = {out, color};
    const json_t *images = json_object_get(answer, "images"), *image;
    size_t i, building = 0;
    json_array_foreach(images, i, image) {
        put_image(&text, image);
        building += is(image, "state", "missing");
    }
    if (json_array_size(images) > 1)
        sw_buf_printf(out, "%zu of %zu have to be built\n", building, json_array_size(images));
}
