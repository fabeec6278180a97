#include "core/build/report.h"

#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "core/base/vec.h"
#include "core/graph/image.h"

bool sw_report_form_of(const char *path, enum sw_report_form *form, struct sw_error **error) {
    sw_cleanup_free char *name = sw_path_base(path);
    const char *dot = strrchr(name, '.');
    const char *extension = dot && dot != name ? dot : "";
    if (strcmp(extension, ".env") == 0)
        *form = SW_REPORT_ENV;
    else if (!*extension || strcmp(extension, ".json") == 0)
        *form = SW_REPORT_JSON;
    else
        return sw_fail(error, SW_ERROR_USAGE, "build report \"%s\": the extension must be .json or .env", path);
    return true;
}

/* ---- JSON: Go's encoding with a tab, since tools compare these files as text ---- */

/* Bytes that stand in a JSON string: quotes, controls and HTML's special characters escaped. */
static void put_escaped(struct sw_buf *out, const char *text) {
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            sw_buf_printf(out, "\\%c", c);
        else if (c == '\n')
            sw_buf_puts(out, "\\n");
        else if (c == '\r')
            sw_buf_puts(out, "\\r");
        else if (c == '\t')
            sw_buf_puts(out, "\\t");
        else if (c < 0x20 || c == '<' || c == '>' || c == '&' || c == 0x7f)
            sw_buf_printf(out, c == 0x7f ? "%c" : "\\u%04x", c);
        else
            sw_buf_putc(out, (char)c);
    }
}

struct writer {
    struct sw_buf *out;
    int depth;
    bool first; /* no member has been written at this depth */
};

static void new_line(struct writer *writer) {
    sw_buf_putc(writer->out, '\n');
    for (int i = 0; i < writer->depth; i++)
        sw_buf_putc(writer->out, '\t');
}

static void start_member(struct writer *writer, const char *name) {
    if (!writer->first)
        sw_buf_putc(writer->out, ',');
    writer->first = false;
    new_line(writer);
    if (!name)
        return;
    sw_buf_putc(writer->out, '"');
    put_escaped(writer->out, name);
    sw_buf_puts(writer->out, "\": ");
}

static void put_text(struct writer *writer, const char *name, const char *text) {
    start_member(writer, name);
    sw_buf_putc(writer->out, '"');
    put_escaped(writer->out, text ? text : "");
    sw_buf_putc(writer->out, '"');
}

static void put_raw(struct writer *writer, const char *name, const char *text) {
    start_member(writer, name);
    sw_buf_puts(writer->out, text);
}

static void put_bool(struct writer *writer, const char *name, bool value) {
    put_raw(writer, name, value ? "true" : "false");
}

static void put_number(struct writer *writer, const char *name, int64_t value) {
    start_member(writer, name);
    sw_buf_printf(writer->out, "%" PRId64, value);
}

static void put_seconds(struct writer *writer, const char *name, double seconds) {
    start_member(writer, name);
    sw_buf_printf(writer->out, "\"%.2f\"", seconds);
}

static void open_in(struct writer *writer, const char *name, char bracket) {
    start_member(writer, name);
    sw_buf_putc(writer->out, bracket);
    writer->depth++;
    writer->first = true;
}

static void close_with(struct writer *writer, char bracket) {
    bool empty = writer->first;
    writer->depth--;
    writer->first = false;
    if (!empty)
        new_line(writer);
    sw_buf_putc(writer->out, bracket);
}

static uint64_t size_of(const struct sw_image *image) {
    uint64_t bytes = 0;
    for (size_t i = 0; image && i < sw_host_image_table.layer_count(image); i++)
        bytes += sw_host_image_table.layer(image, i).bytes;
    return bytes;
}

static const char *source_type(const struct sw_report *report, const struct sw_stage_report *stage) {
    if (stage->copied)
        return "secondary";
    return stage->rebuilt || !report->remote ? "" : "repo";
}

static void put_stage(struct writer *writer, const struct sw_report *report, const struct sw_stage_report *stage) {
    sw_cleanup_free char *name = sw_format("%s:%s", report->repo, stage->id);
    open_in(writer, NULL, '{');
    put_text(writer, "Name", stage->name);
    put_text(writer, "DockerImageName", name);
    put_text(writer, "DockerTag", stage->id);
    put_text(writer, "DockerImageID", sw_host_image_table.config_digest(stage->image));
    put_text(writer, "DockerImageDigest", sw_host_image_table.manifest_digest(stage->image));
    put_number(writer, "CreatedAt", stage->created_ns);
    put_number(writer, "Size", (int64_t)size_of(stage->image));
    put_text(writer, "SourceType", source_type(report, stage));
    put_bool(writer, "BaseImagePulled", false);
    put_bool(writer, "Rebuilt", stage->rebuilt);
    put_seconds(writer, "BuildTime", stage->seconds);
    put_text(writer, "Commit", report->commit);
    close_with(writer, '}');
}

static const char *name_of(const struct sw_image_report *image) {
    return image->part ? image->part : image->image->name;
}

static const char *config_type(const struct sw_image_report *image) {
    if (!*image->platform)
        return "";
    if (image->part)
        return "unknown"; /* as werf says of them */
    return image->image->staged ? "staged" : image->image->builder->name;
}

static void put_image(struct writer *writer, const struct sw_report *report, const struct sw_image_report *image) {
    open_in(writer, name_of(image), '{');
    put_text(writer, "WerfImageName", name_of(image));
    put_text(writer, "ConfigType", config_type(image));
    put_text(writer, "DockerRepo", image->repo);
    put_text(writer, "DockerTag", image->tag);
    put_text(writer, "DockerImageID", image->id);
    put_text(writer, "DockerImageDigest", image->digest);
    put_text(writer, "DockerImageName", image->name);
    put_text(writer, "TargetPlatform", image->platform);
    put_bool(writer, "Rebuilt", image->rebuilt);
    put_bool(writer, "Final", image->image->final && !image->part);
    put_number(writer, "Size", (int64_t)image->bytes);
    put_seconds(writer, "BuildTime", image->seconds);
    put_text(writer, "Commit", report->commit);
    if (image->stage_count) {
        open_in(writer, "Stages", '[');
        for (size_t i = 0; i < image->stage_count; i++)
            if (image->stages[i].image)
                put_stage(writer, report, &image->stages[i]);
        close_with(writer, ']');
    } else {
        put_raw(writer, "Stages", "null");
    }
    close_with(writer, '}');
}

/* What stands for an image: its index, or its only platform. Parts of an index are left out, and so are images that failed. */
static bool is_shown(const struct sw_image_report *image) {
    return image->tag && (!*image->platform || image->image->platforms.count == 1);
}

static int by_name(const void *a, const void *b) {
    return strcmp(name_of(*(const struct sw_image_report *const *)a), name_of(*(const struct sw_image_report *const *)b));
}

static void sort_images(const struct sw_report *report, struct sw_vec *sorted) {
    for (size_t i = 0; i < report->count; i++) {
        const struct sw_image_report *image = &report->images[i];
        if (is_shown(image))
            sw_vec_push(sorted, &image);
    }
    if (sorted->len)
        qsort(sorted->data, sorted->len, sorted->width, by_name);
}

static void write_json(struct sw_buf *out, const struct sw_report *report, const struct sw_vec *images) {
    struct writer writer = {.out = out, .depth = 1, .first = true};
    sw_buf_putc(out, '{');
    open_in(&writer, "Runtime", '{');
    put_text(&writer, "Backend", report->backend);
    put_bool(&writer, "InContainer", false);
    close_with(&writer, '}');
    open_in(&writer, "Images", '{');
    for (size_t i = 0; i < images->len; i++)
        put_image(&writer, report, *(const struct sw_image_report **)sw_vec_at(images, i));
    close_with(&writer, '}');
    put_raw(&writer, "ImagesByPlatform", "{}");
    close_with(&writer, '}');
    sw_buf_putc(out, '\n');
}

/* ---- env ---- */

static char *variable_prefix(const char *image) {
    sw_cleanup_free char *upper = sw_strdup(image);
    for (char *p = upper; *p; p++)
        *p = strchr("/-.", *p) ? '_' : (char)toupper((unsigned char)*p);
    return *upper ? sw_format("WERF_%s_", upper) : sw_strdup("WERF_");
}

static void write_env(struct sw_buf *out, const struct sw_vec *images) {
    for (size_t i = 0; i < images->len; i++) {
        const struct sw_image_report *image = *(const struct sw_image_report **)sw_vec_at(images, i);
        sw_cleanup_free char *prefix = variable_prefix(name_of(image));
        sw_buf_printf(out, "%sDOCKER_IMAGE_NAME=%s\n", prefix, image->name);
        sw_buf_printf(out, "%sDOCKER_IMAGE_ID=%s\n", prefix, image->id);
        sw_buf_printf(out, "%sDOCKER_IMAGE_DIGEST=%s\n", prefix, image->digest);
        sw_buf_printf(out, "%sDOCKER_REPO=%s\n", prefix, image->repo);
        sw_buf_printf(out, "%sDOCKER_TAG=%s\n", prefix, image->tag);
        sw_buf_printf(out, "%sWERF_IMAGE_NAME=%s\n", prefix, name_of(image));
        sw_buf_printf(out, "%sFINAL=%s\n", prefix, image->image->final && !image->part ? "true" : "false");
    }
}

void sw_report_write(struct sw_buf *out, enum sw_report_form form, const struct sw_report *report) {
    sw_cleanup_vec struct sw_vec images = {.width = sizeof(struct sw_image_report *)};
    sort_images(report, &images);
    if (form == SW_REPORT_ENV)
        write_env(out, &images);
    else
        write_json(out, report, &images);
}
