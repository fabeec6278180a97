#include "plugins/dockerfile/download.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"

enum { ERROR_TEXT_LIMIT = 2000 };

struct download {
    const struct sw_host *host;
    char *url;
    char *checksum;
    char *folder;
    char *file; /* path */
    char *part; /* path while it is being written */
    struct sw_buf errors;
    sw_df_download_done done;
    void *context;
};

static void finish(struct download *d, struct sw_error *error) {
    struct stat status;
    int64_t mtime = stat(d->file, &status) == 0 ? status.st_mtime : 0;
    unlink(d->part);
    d->done(d->context, error ? NULL : d->folder, mtime, error);
    free(d->url);
    free(d->checksum);
    free(d->folder);
    free(d->file);
    free(d->part);
    sw_buf_fini(&d->errors);
    free(d);
}

/* Hex digest of a file under `algorithm`; NULL when it cannot be read. To be freed. */
static char *file_digest(const char *path, const char *algorithm) {
    const EVP_MD *kind = EVP_get_digestbyname(algorithm);
    sw_cleanup_file FILE *file = fopen(path, "rbe");
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    char buffer[16384];
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    char *text = NULL;
    if (kind && file && hash && EVP_DigestInit_ex(hash, kind, NULL)) {
        for (size_t got; (got = fread(buffer, 1, sizeof(buffer), file)) > 0;)
            EVP_DigestUpdate(hash, buffer, got);
        if (!ferror(file) && EVP_DigestFinal_ex(hash, digest, &len)) {
            text = sw_new(2 * (size_t)len + 1);
            sw_hex(digest, len, text);
        }
    }
    EVP_MD_CTX_free(hash);
    return text;
}

static struct sw_error *check_digest(struct download *d) {
    if (!*d->checksum)
        return NULL;
    sw_cleanup_free char *algorithm = sw_strndup(d->checksum, strcspn(d->checksum, ":"));
    sw_cleanup_free char *digest = file_digest(d->file, algorithm);
    const char *want = d->checksum + strlen(algorithm) + 1;
    if (digest && strcmp(digest, want) == 0)
        return NULL;
    return sw_error_new(SW_ERROR_CORRUPT, "digest mismatch %s:%s: %s", algorithm, digest ? digest : "none", d->checksum);
}

static void on_output(void *context, int stream, struct sw_bytes bytes) {
    struct download *d = context;
    if (stream == 2 && d->errors.len < ERROR_TEXT_LIMIT)
        sw_buf_add(&d->errors, bytes.data, bytes.len);
}

static void on_exited(void *context, const struct sw_process_exit *how) {
    struct download *d = context;
    struct sw_error *error = NULL;
    if (how->status != 0) {
        const char *text = sw_buf_text(&d->errors);
        error = sw_error_new(SW_ERROR_UNAVAILABLE, "%s cannot be downloaded: %.*s", d->url, (int)strcspn(text, "\n"),
                             *text ? text : "curl was ended");
    } else if (rename(d->part, d->file) != 0 && errno != ENOENT) { /* no new file: the old one is still the newest */
        sw_fail_errno(&error, errno, "%s cannot be kept", d->url);
    } else {
        error = check_digest(d);
    }
    finish(d, error);
}

/* The request for curl's standard input: a URL may hold a password, and command lines can be seen by all. */
static char *configuration(const struct download *d) {
    struct sw_buf text = {0};
    sw_buf_puts(&text, "url = \"");
    for (const char *p = d->url; *p; p++) {
        if (*p == '"' || *p == '\\')
            sw_buf_putc(&text, '\\');
        if ((unsigned char)*p >= ' ')
            sw_buf_putc(&text, *p);
    }
    sw_buf_puts(&text, "\"\n");
    return sw_buf_take(&text);
}

static void start(struct download *d, struct sw_cancel *cancel) {
    struct sw_error *error = NULL;
    const char *argv[24] = {"curl",     "--silent",      "--show-error", "--fail", "--location",
                            "--proto",  "=http,https",   "--retry",      "2",      "--connect-timeout",
                            "30",       "--remote-time", "--config",     "-",      "--globoff",
                            "--output", d->part};
    if (access(d->file, R_OK) == 0) {
        argv[17] = "--time-cond";
        argv[18] = d->file;
    }
    sw_cleanup_free char *input = configuration(d);
    struct sw_process_options options = {.size = sizeof(options),
                                         .argv = argv,
                                         .stdin_bytes = {input, strlen(input)},
                                         .output = on_output,
                                         .exited = on_exited,
                                         .context = d,
                                         .cancel = cancel};
    if (!d->host->process->spawn(&options, &error))
        finish(d, sw_error_hint(sw_error_wrap(error, "%s cannot be downloaded", d->url), "the program curl is needed for that"));
}

void sw_df_download(const struct sw_df_download_request *request, sw_df_download_done done, void *context) {
    struct download *d = sw_new(sizeof(*d));
    char key[SW_SHA256_HEX];
    sw_sha256_hex(request->url, strlen(request->url), key);
    const char *root = request->host->data_folder("dockerfile");
    *d = (struct download){.host = request->host,
                           .url = sw_strdup(request->url),
                           .checksum = sw_strdup(request->checksum),
                           .folder = sw_format("%s/%s", root, key),
                           .done = done,
                           .context = context};
    d->file = sw_format("%s/%s", d->folder, request->name);
    d->part = sw_format("%s.%ld.part", d->folder, (long)getpid());
    if (mkdir(d->folder, 0700) != 0 && errno != EEXIST) {
        struct sw_error *error = NULL;
        sw_fail_errno(&error, errno, "%s cannot be made", d->folder);
        finish(d, error);
        return;
    }
    start(d, request->cancel);
}
