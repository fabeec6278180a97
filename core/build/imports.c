#include "core/build/imports.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "core/build/records.h"
#include "core/build/resolve.h"
#include "core/source/matcher.h"

enum { MD5_HEX = 33 };

struct import {
    struct sw_job *job;
    char *image; /* name, or external reference */
    char *stage;
    char *add;
    struct sw_strlist include;
    struct sw_strlist exclude;
    bool external;
    char *source;  /* stage id, or "external-image:REFERENCE" */
    char *content; /* identity of the source's content */
    char *tag;     /* of the record */
    char id[SW_SHA256_HEX];
    const struct sw_stage_repo *place; /* whose records are looked at */
    size_t secondary;                  /* the next one */
    const struct sw_image *handle;
    struct sw_matcher *matcher;
    struct sw_strlist lines; /* "PATH\0LINE": sorted by path before they are hashed */
    char checksum[MD5_HEX];
    struct sw_error *error;
    void (*done)(void *context, const char *checksum, const char *source, struct sw_error *error);
    void *context;
};

static void finish(struct import *import, struct sw_error *error) {
    import->done(import->context, error ? NULL : import->checksum, import->source, error);
    sw_matcher_free(import->matcher);
    sw_strlist_fini(&import->include);
    sw_strlist_fini(&import->exclude);
    sw_strlist_fini(&import->lines);
    free(import->image);
    free(import->stage);
    free(import->add);
    free(import->source);
    free(import->content);
    free(import->tag);
    free(import);
}

/* ---- from the files ---- */

static void md5_hex(EVP_MD_CTX *hash, char out[MD5_HEX]) {
    uint8_t raw[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_DigestFinal_ex(hash, raw, &size);
    sw_hex(raw, 16, out);
}

static bool md5_of_file(EVP_MD_CTX *hash, int fd) {
    char buffer[64 * 1024];
    ssize_t n;
    while ((n = read(fd, buffer, sizeof buffer)) > 0)
        EVP_DigestUpdate(hash, buffer, (size_t)n);
    return n == 0;
}

/* "-rwxr-xr-x", as stat prints it. */
static void permissions(const struct sw_image_file *file, char out[11]) {
    static const char letters[] = "rwxrwxrwx";
    static const struct {
        uint32_t bit;
        size_t at;
        char set, alone; /* with the right to execute, and without */
    } special[] = {{04000, 3, 's', 'S'}, {02000, 6, 's', 'S'}, {01000, 9, 't', 'T'}};
    out[0] = file->type == SW_FILE_SYMLINK ? 'l' : '-';
    for (size_t i = 0; i < 9; i++)
        out[i + 1] = (file->type == SW_FILE_SYMLINK ? 0777 : file->mode) & (0400u >> i) ? letters[i] : '-';
    for (size_t i = 0; i < 3; i++)
        if (file->type != SW_FILE_SYMLINK && file->mode & special[i].bit)
            out[special[i].at] = out[special[i].at] == 'x' ? special[i].set : special[i].alone;
    out[10] = '\0';
}

/* The path to sort by, and the line. */
static char *line_of(const struct import *import, const struct sw_image_file *file, const char *md5) {
    char mode[11];
    if (!import->job->build->options.permissions_in_checksums)
        return sw_format("%s\n%s  %s\n", file->path, md5, file->path);
    permissions(file, mode);
    return sw_format("%s\n%s\t%s\t%s\n", file->path, md5, mode, file->path);
}

/* One line of md5sum for each regular file and symlink: "MD5  PATH". A symlink's is that of "symlink:TARGET". A path with white space
 * loses all before the last of it on its way through werf's shell pipeline, and with that drops out. [pool] */
static bool visit(void *context, const struct sw_image_file *file) {
    struct import *import = context;
    if ((file->type != SW_FILE_REGULAR && file->type != SW_FILE_SYMLINK) || !sw_matcher_matched(import->matcher, file->path + 1))
        return true;
    if (strpbrk(file->path, " \n"))
        return true;
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    EVP_DigestInit_ex(hash, EVP_md5(), NULL);
    bool read_well = true;
    if (file->type == SW_FILE_SYMLINK) {
        EVP_DigestUpdate(hash, "symlink:", strlen("symlink:"));
        EVP_DigestUpdate(hash, file->target, strlen(file->target));
    } else {
        read_well = md5_of_file(hash, file->fd);
    }
    char md5[MD5_HEX];
    md5_hex(hash, md5);
    EVP_MD_CTX_free(hash);
    if (!read_well)
        sw_fail(&import->error, SW_ERROR_IO, "cannot read %s of image %s", file->path, import->image);
    else
        sw_strlist_take(&import->lines, line_of(import, file, md5));
    return read_well;
}

static void on_recorded(void *context, struct sw_error *error) {
    struct import *import = context;
    if (error && error->code == SW_ERROR_CANCELLED) {
        finish(import, error);
        return;
    }
    if (error) { /* the build is right without the record, only slower for the next one */
        import->job->build->options.host->log("build", SW_LOG_WARN, error->message);
        error->destroy(error);
    }
    finish(import, NULL);
}

static void record(struct import *import) {
    struct sw_build *build = import->job->build;
    const struct sw_pair labels[] = {
        {"werf", build->options.project->name},
        {"import-source-id", import->id},
        {"source-stage-id", import->source},
        {"checksum", import->checksum},
    };
    sw_records_put(build, import->tag, (struct sw_pairs){labels, 4}, on_recorded, import);
}

static void on_walked(void *context, struct sw_error *error) {
    struct import *import = context;
    if (error || import->error) {
        struct sw_error *cause = error ? error : import->error;
        if (error)
            sw_error_free(import->error);
        finish(import, cause);
        return;
    }
    sw_strlist_sort(&import->lines);
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    EVP_DigestInit_ex(hash, EVP_md5(), NULL);
    for (size_t i = 0; i < import->lines.len; i++) {
        const char *line = strchr(import->lines.items[i], '\n') + 1;
        EVP_DigestUpdate(hash, line, strlen(line));
    }
    md5_hex(hash, import->checksum);
    EVP_MD_CTX_free(hash);
    record(import);
}

static void walk(struct import *import) {
    const struct sw_build_options *options = &import->job->build->options;
    struct sw_error *error = NULL;
    const struct sw_backend_files *files =
        options->backend->get_extension ? options->backend->get_extension(SW_EXT_IMAGE_FILES) : NULL;
    if (!files) {
        sw_fail(&error, SW_ERROR_UNSUPPORTED, "backend \"%s\" cannot read files of images, which import needs",
                options->backend_name);
        finish(import, error);
        return;
    }
    sw_cleanup_free char *scope = sw_matcher_path(import->add);
    struct sw_filter filter = {.size = sizeof filter,
                               .base = scope,
                               .include = sw_strlist_view(&import->include),
                               .exclude = sw_strlist_view(&import->exclude)};
    import->matcher = sw_matcher_new(scope, &filter, 1, &error);
    if (!import->matcher) {
        finish(import, error);
        return;
    }
    files->walk(import->handle, import->add, import->job->build->cancel, visit, on_walked, import);
}

/* ---- from the record ---- */

static void on_record(void *context, const json_t *labels, struct sw_error *error) {
    struct import *import = context;
    const char *checksum = json_string_value(json_object_get(labels, "checksum"));
    if (error) {
        finish(import, error);
        return;
    }
    if (!checksum || strlen(checksum) != MD5_HEX - 1) {
        walk(import);
        return;
    }
    memcpy(import->checksum, checksum, MD5_HEX);
    if (import->place == &import->job->build->primary || sw_build_only_plans(import->job->build))
        finish(import, NULL);
    else
        record(import);
}

static void compute_id(struct import *import) {
    sw_cleanup_free char *include = sw_strings_join(sw_strlist_view(&import->include), "///");
    sw_cleanup_free char *exclude = sw_strings_join(sw_strlist_view(&import->exclude), "///");
    const char *items[] = {"SourceImageContentDigest",
                           import->content,
                           "Add",
                           import->add,
                           "IncludePaths",
                           include,
                           "ExcludePaths",
                           exclude,
                           "CacheVersion",
                           "true"};
    sw_join256((struct sw_strings){items, import->job->build->options.permissions_in_checksums ? 10 : 8}, import->id);
    import->tag = sw_format("import-metadata-%s", import->id);
}

/* When nothing is built there are no files: the identity of the source stands for them. */
static void stand_in(struct import *import) {
    memcpy(import->checksum, import->id, MD5_HEX - 1);
    sw_map_set(&import->job->build->stand_ins, import->checksum, import->job);
    finish(import, NULL);
}

static void look_in(struct import *import, struct sw_stage_repo *place);

static void on_listed(void *context, struct sw_error *error) {
    struct import *import = context;
    struct sw_build *build = import->job->build;
    if (error)
        finish(import, error);
    else if (sw_stage_index_has_tag(&import->place->index, import->tag))
        sw_records_get(build, import->place, import->tag, on_record, import);
    else if (import->secondary < build->options.secondary_count)
        look_in(import, &build->secondaries[import->secondary++]);
    else if (sw_build_only_plans(build))
        stand_in(import);
    else
        walk(import);
}

static void look_in(struct import *import, struct sw_stage_repo *place) {
    import->place = place;
    sw_stage_repo_list(place, import->job->build->cancel, on_listed, import);
}

static void source_known(struct import *import) {
    compute_id(import);
    if (import->job->build->options.mode == SW_BUILD_PRINT) {
        stand_in(import);
        return;
    }
    look_in(import, &import->job->build->primary);
}

static void on_external(void *context, const struct sw_image *image, struct sw_error *error) {
    struct import *import = context;
    if (error) {
        finish(import, error);
        return;
    }
    import->handle = image;
    import->source = sw_format("external-image:%s", import->image);
    import->content = sw_strdup(import->source);
    source_known(import);
}

static void on_built(void *context, const struct sw_built_image *image, struct sw_error *error) {
    struct import *import = context;
    if (error) {
        finish(import, error);
        return;
    }
    import->handle = image->handle;
    import->source = sw_strdup(image->tag);
    import->content = sw_strdup(image->content_digest);
    source_known(import);
}

void sw_import_checksum(struct sw_job *job, const struct sw_import *asked,
                        void (*done)(void *context, const char *checksum, const char *source, struct sw_error *error),
                        void *context) {
    struct import *import = sw_new(sizeof *import);
    import->job = job;
    import->image = sw_strdup(asked->image);
    import->stage = sw_strdup(asked->stage);
    import->add = sw_strdup(asked->add);
    import->external = asked->external;
    sw_strlist_copy(&import->include, asked->include);
    sw_strlist_copy(&import->exclude, asked->exclude);
    import->done = done;
    import->context = context;
    if (import->external)
        sw_resolve_image(job, import->image, job->platform, on_external, import);
    else
        sw_plan_table.project_image((struct sw_plan *)job, import->image, import->stage, on_built, import);
}
