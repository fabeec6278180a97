#include "tests/unit/plugins/registry/store_calls.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "slipway/plugin.h"
#include "tests/unit/check.h"
#include "tests/unit/plugins/registry/test_host.h"

const struct sw_plugin *slipway_plugin_v1(const struct sw_host *host, const char **refusal);

static const struct sw_plugin *plugin;
static unsigned opened;
static uint64_t cancel_after;

/* What a call is waiting for and what it got. */
struct waiting {
    bool done;
    struct sw_error *error;
    struct sw_buf *out;
    struct sw_strlist *tags;
    char **digest;
    bool *through_index;
    struct sw_bytes bytes;
    struct sw_cancel *cancel;
    bool settled; /* the cancel timer is over */
};

void store_restart(void) {
    const char *refusal = NULL;
    store_stop();
    opened = 0;
    plugin = slipway_plugin_v1(test_host(), &refusal);
    assert_non_null(plugin);
}

void store_stop(void) {
    if (plugin)
        plugin->stop();
    plugin = NULL;
}

const struct sw_store *store_table(void) {
    return plugin->store;
}

unsigned store_opened(void) {
    return opened;
}

void store_cancel_after(uint64_t ms) {
    cancel_after = ms;
}

static void on_cancel_time(void *context) {
    struct waiting *waiting = context;
    test_cancel_fire(waiting->cancel);
    waiting->settled = true;
}

static void begin(struct waiting *waiting) {
    waiting->cancel = test_cancel_new();
    waiting->settled = true;
    if (!cancel_after)
        return;
    waiting->settled = false;
    test_host_after(cancel_after, on_cancel_time, waiting);
}

static struct sw_error *end(struct waiting *waiting) {
    assert_false(waiting->done); /* never from inside the call */
    assert_true(test_host_run(&waiting->done));
    assert_true(test_host_run(&waiting->settled));
    test_cancel_free(waiting->cancel);
    return waiting->error;
}

static struct sw_repo *repo_of(const char *address) {
    struct sw_error *error = NULL;
    struct sw_repo *repo = plugin->store->open(address, &error);
    if (!repo)
        fail_msg("%s: %s", address, error->message);
    return repo;
}

static void settle(struct waiting *waiting, struct sw_error *error) {
    assert_false(waiting->done);
    waiting->done = true;
    waiting->error = error;
}

static void on_plain(void *context, struct sw_error *error) {
    settle(context, error);
}

static void on_resolved(void *context, const struct sw_resolved *resolved, struct sw_error *error) {
    struct waiting *waiting = context;
    if (resolved && waiting->digest)
        *waiting->digest = sw_strdup(resolved->manifest->digest);
    if (resolved && waiting->through_index)
        *waiting->through_index = resolved->index != NULL;
    settle(waiting, error);
}

static void on_tags(void *context, struct sw_strings tags, struct sw_error *error) {
    struct waiting *waiting = context;
    if (!error && waiting->tags)
        sw_strlist_copy(waiting->tags, tags);
    settle(waiting, error);
}

static void on_manifest(void *context, const struct sw_manifest *manifest, struct sw_error *error) {
    struct waiting *waiting = context;
    if (manifest && waiting->out)
        sw_buf_add(waiting->out, manifest->body.data, manifest->body.len);
    if (manifest && waiting->digest)
        *waiting->digest = sw_strdup(manifest->digest);
    settle(waiting, error);
}

static void on_bytes(void *context, struct sw_bytes bytes, struct sw_error *error) {
    struct waiting *waiting = context;
    if (!error && waiting->out)
        sw_buf_add(waiting->out, bytes.data, bytes.len);
    settle(waiting, error);
}

static int memory_file(struct sw_bytes bytes) {
    int fd = memfd_create("blob", MFD_CLOEXEC);
    assert_true(fd >= 0);
    for (size_t at = 0; at < bytes.len;) {
        ssize_t n = pwrite(fd, (const char *)bytes.data + at, bytes.len - at, (off_t)at);
        assert_true(n > 0);
        at += (size_t)n;
    }
    return fd;
}

static int open_bytes(void *context, struct sw_error **error) {
    (void)error;
    struct waiting *waiting = context;
    opened++;
    return memory_file(waiting->bytes);
}

struct sw_error *store_resolve(const char *reference, const char *platform, char **digest, bool *through_index) {
    struct waiting waiting = {.digest = digest, .through_index = through_index};
    begin(&waiting);
    plugin->store->resolve(reference, platform, waiting.cancel, on_resolved, &waiting);
    return end(&waiting);
}

struct sw_error *store_list(const char *address, struct sw_strlist *tags) {
    struct waiting waiting = {.tags = tags};
    struct sw_repo *repo = repo_of(address);
    begin(&waiting);
    plugin->store->list(repo, waiting.cancel, on_tags, &waiting);
    plugin->store->close(repo);
    return end(&waiting);
}

struct sw_error *store_get_manifest(const char *address, const char *name, struct sw_buf *body) {
    struct waiting waiting = {.out = body};
    struct sw_repo *repo = repo_of(address);
    begin(&waiting);
    plugin->store->get_manifest(repo, name, waiting.cancel, on_manifest, &waiting);
    plugin->store->close(repo);
    return end(&waiting);
}

static struct sw_descriptor descriptor_of(const char *digest, uint64_t bytes) {
    return (struct sw_descriptor){.size = sizeof(struct sw_descriptor), .media_type = "x", .digest = digest, .bytes = bytes};
}

struct sw_error *store_get_blob(const char *address, const char *digest, uint64_t bytes, struct sw_buf *out) {
    struct waiting waiting = {.out = out};
    struct sw_repo *repo = repo_of(address);
    struct sw_descriptor blob = descriptor_of(digest, bytes);
    begin(&waiting);
    plugin->store->get_blob(repo, &blob, waiting.cancel, on_bytes, &waiting);
    plugin->store->close(repo);
    return end(&waiting);
}

struct sw_error *store_fetch_blob(const char *address, const char *digest, uint64_t bytes, struct sw_buf *out) {
    struct waiting waiting = {0};
    struct sw_repo *repo = repo_of(address);
    struct sw_descriptor blob = descriptor_of(digest, bytes);
    int fd = memory_file((struct sw_bytes){0});
    begin(&waiting);
    plugin->store->fetch_blob(repo, &blob, fd, waiting.cancel, NULL, on_plain, &waiting);
    plugin->store->close(repo);
    struct sw_error *error = end(&waiting);
    char chunk[8192];
    ssize_t n;
    for (off_t at = 0; out && (n = pread(fd, chunk, sizeof chunk, at)) > 0; at += n)
        sw_buf_add(out, chunk, (size_t)n);
    close(fd);
    return error;
}

struct sw_error *store_put_blob(const char *address, const char *digest, struct sw_bytes bytes, const char *from) {
    struct waiting waiting = {.bytes = bytes};
    struct sw_repo *repo = repo_of(address);
    struct sw_descriptor blob = descriptor_of(digest, bytes.len);
    begin(&waiting);
    plugin->store->put_blob(repo, &blob, from, open_bytes, waiting.cancel, NULL, on_plain, &waiting);
    plugin->store->close(repo);
    return end(&waiting);
}

struct sw_error *store_put_manifest(const char *address, const char *tag, const char *media_type, struct sw_bytes body,
                                    char **digest) {
    struct waiting waiting = {.digest = digest};
    struct sw_repo *repo = repo_of(address);
    begin(&waiting);
    plugin->store->put_manifest(repo, tag, media_type, body, waiting.cancel, on_manifest, &waiting);
    plugin->store->close(repo);
    return end(&waiting);
}

struct sw_error *store_remove(const char *address, const char *name) {
    struct waiting waiting = {0};
    struct sw_repo *repo = repo_of(address);
    begin(&waiting);
    plugin->store->remove(repo, name, waiting.cancel, on_plain, &waiting);
    plugin->store->close(repo);
    return end(&waiting);
}

struct token_wait {
    bool done;
    struct sw_error *error;
    char *token;
    uint32_t seconds;
};

static void on_token(void *context, const char *token, uint32_t seconds, struct sw_error *error) {
    struct token_wait *waiting = context;
    assert_false(waiting->done);
    *waiting = (struct token_wait){.done = true, .error = error, .token = sw_strdup(token), .seconds = seconds};
}

struct sw_error *store_token(const char *registry, const char *scope, char **token, uint32_t *seconds) {
    const struct sw_store_token *table = plugin->store->get_extension(SW_EXT_TOKEN);
    struct token_wait waiting = {0};
    table->fetch(registry, (struct sw_strings){&scope, 1}, NULL, on_token, &waiting);
    assert_true(test_host_run(&waiting.done)); /* it may be so already */
    *token = waiting.token;
    *seconds = waiting.seconds;
    return waiting.error;
}
