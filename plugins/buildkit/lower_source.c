/* lower_source.c - base images, and trees. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "plugins/buildkit/image_blob.h"
#include "plugins/buildkit/lower.h"
#include "plugins/buildkit/sync_source.h"

/* ---- images ---- */

bool sw_lower_is_local_image(const struct sw_host *host, const struct sw_image *image) {
    const char *repo = host->image->repo(image);
    return !repo || !strncmp(repo, "oci:", 4);
}

/* The repository with its registry, as daemons want it. To be freed. */
static char *full_name(const char *repo) {
    size_t host = strcspn(repo, "/");
    bool has_registry = repo[host] && (memchr(repo, '.', host) || memchr(repo, ':', host) || !strncmp(repo, "localhost/", 10));
    if (!has_registry)
        return sw_format("docker.io/%s%s", repo[host] ? "" : "library/", repo);
    if (!strncmp(repo, "index.docker.io/", 16) || !strncmp(repo, "registry-1.docker.io/", 21))
        return sw_format("docker.io/%s", repo + host + 1);
    if (!strncmp(repo, "docker.io/", 10) && !strchr(repo + 10, '/'))
        return sw_format("docker.io/library/%s", repo + 10);
    return sw_strdup(repo);
}

static char *local_identifier(struct sw_lower *lower, sw_node node, const struct sw_image *image, struct sw_error **error) {
    const char *name = lower->loaded ? sw_map_get(lower->loaded, lower->host->graph->key(lower->solve->graph, node)) : NULL;
    if (name)
        return sw_format("docker-image://docker.io/library/%s", name);
    if (!sw_lower_has(lower, "source.ocilayout")) {
        sw_fail(error, SW_ERROR_UNSUPPORTED,
                "the image %s is only on this host, and the BuildKit daemon at %s is too old to be given it",
                lower->host->image->reference(image), lower->daemon->endpoint->address);
        if (error)
            *error =
                sw_error_hint(*error, "keep stages in a registry that the daemon reaches (--repo), or use BuildKit 0.11 or later");
        return NULL;
    }
    char manifest[72];
    sw_image_blobs_add(lower->host, image, &lower->served->images, manifest);
    return sw_format("oci-layout://slipway/image@%s", manifest);
}

char *sw_lower_image_identifier(struct sw_lower *lower, sw_node node, struct sw_error **error) {
    const struct sw_image *image = ((const struct sw_op_image *)sw_lower_record(lower, node))->image;
    if (sw_lower_is_local_image(lower->host, image))
        return local_identifier(lower, node, image, error);
    sw_cleanup_free char *name = full_name(lower->host->image->repo(image));
    return sw_format("docker-image://%s@%s", name, lower->host->image->manifest_digest(image));
}

bool sw_lower_image(struct sw_lower *lower, sw_node node, struct sw_llb_value *value, struct sw_error **error) {
    const struct sw_image *image = ((const struct sw_op_image *)sw_lower_record(lower, node))->image;
    const char *title = sw_lower_title(lower, node);
    const struct sw_pair loaded[] = {{"image.resolvemode", "local"}};
    const struct sw_pair layout[] = {{"oci.session", lower->session}, {"oci.store", "slipway"}};
    if (!lower->host->image->layer_count(image)) {
        *value = SW_LLB_SCRATCH;
        return true;
    }
    sw_cleanup_free char *identifier = sw_lower_image_identifier(lower, node, error);
    if (!identifier)
        return false;
    bool from_us = !strncmp(identifier, "oci-layout:", 11), in_docker = !from_us && sw_lower_is_local_image(lower->host, image);
    struct sw_pairs attrs = {from_us ? layout : loaded, from_us ? 2 : in_docker};
    *value = sw_llb_source(&lower->llb, title, identifier, attrs, from_us ? "source.ocilayout" : "source.image");
    return true;
}

/* ---- what the session serves ---- */

/* Files of the same tree in the next commit must be found under the same name: what is hashed is where the tree comes from, not what is
 * in it. */
static char *source_name(const struct sw_lower *lower, sw_node node, const char *part) {
    sw_cleanup_buf struct sw_buf text = {0};
    sw_buf_printf(&text, "%s\n%s\n", lower->solve->plan_id ? lower->solve->plan_id : "", part);
    if (node != SW_NODE_NONE) {
        const struct sw_op_note *note = lower->host->graph->note(lower->solve->graph, node);
        sw_buf_printf(&text, "%s\n%s\n", note && note->title ? note->title : "", note && note->place.file ? note->place.file : "");
        if (lower->host->graph->kind(lower->solve->graph, node) == SW_OP_TREE) {
            const struct sw_op_tree *op = sw_lower_record(lower, node);
            sw_buf_printf(&text, "%s\n", op->scope ? op->scope : "");
        }
    }
    char hex[SW_SHA256_HEX];
    sw_sha256_hex(text.data, text.len, hex);
    for (unsigned i = 0;; i++) {
        char *name = sw_format("tree-%.24s-%u", hex, i);
        if (!sw_map_has(&lower->served->sources, name))
            return name;
        free(name);
    }
}

struct sw_sync_source *sw_lower_source(struct sw_lower *lower, sw_node node, const char *part) {
    sw_cleanup_free char *name = source_name(lower, node, part);
    struct sw_sync_source *source = sw_sync_source_new(lower->host, lower->solve->graph, node, name);
    sw_map_set(&lower->served->sources, name, source);
    return source;
}

bool sw_lower_load(struct sw_lower *lower, struct sw_sync_source *source, struct sw_error **error) {
    sw_cleanup_free char *folder = sw_format("%s/sync", lower->host->data_folder("buildkit"));
    sw_cleanup_free char *memory = sw_format("%s/%s", folder, source->name);
    mkdir(folder, 0700); /* if that fails, nothing is remembered */
    return sw_sync_source_load(source, memory, error);
}

struct sw_llb_value sw_lower_local(struct sw_lower *lower, const struct sw_sync_source *source, const char *title) {
    sw_cleanup_free char *identifier = sw_format("local://%s", source->name);
    struct sw_pair attrs[] = {
        {"local.session", lower->session}, {"local.sharedkeyhint", source->name}, {"local.unique", lower->session}};
    return sw_llb_source(&lower->llb, title, identifier, (struct sw_pairs){attrs, 3}, "source.local");
}

/* ---- trees ---- */

static struct sw_llb_value lower_git(struct sw_lower *lower, const struct sw_op_tree *op, const char *title) {
    struct sw_vec attrs = {.width = sizeof(struct sw_pair)};
    const char *rest = strstr(op->url, "://");
    bool subdir = op->url_subdir && *op->url_subdir;
    sw_cleanup_free char *identifier = sw_format("git://%s%s%s%s%s", rest ? rest + 3 : op->url, op->url_ref || subdir ? "#" : "",
                                                 op->url_ref ? op->url_ref : "", subdir ? ":" : "", subdir ? op->url_subdir : "");
    sw_vec_push(&attrs, &(struct sw_pair){"git.fullurl", op->url});
    if (op->keep_git_dir)
        sw_vec_push(&attrs, &(struct sw_pair){"git.keepgitdir", "true"});
    struct sw_llb_value value =
        sw_llb_source(&lower->llb, title, identifier, (struct sw_pairs){attrs.data, attrs.len}, "source.git");
    sw_vec_fini(&attrs);
    return value;
}

static struct sw_llb_value lower_url(struct sw_lower *lower, const struct sw_op_tree *op, const char *title) {
    struct sw_vec attrs = {.width = sizeof(struct sw_pair)};
    if (op->url_checksum)
        sw_vec_push(&attrs, &(struct sw_pair){"http.checksum", op->url_checksum});
    if (op->url_filename)
        sw_vec_push(&attrs, &(struct sw_pair){"http.filename", op->url_filename});
    struct sw_llb_value value = sw_llb_source(&lower->llb, title, op->url, (struct sw_pairs){attrs.data, attrs.len}, "source.http");
    sw_vec_fini(&attrs);
    return value;
}

bool sw_lower_tree(struct sw_lower *lower, sw_node node, struct sw_llb_value *value, struct sw_error **error) {
    const struct sw_op_tree *op = sw_lower_record(lower, node);
    const char *title = sw_lower_title(lower, node);
    if (op->url) {
        *value = op->url_is_git ? lower_git(lower, op, title) : lower_url(lower, op, title);
        return true;
    }
    struct sw_sync_source *source = sw_lower_source(lower, node, "");
    if (!sw_lower_load(lower, source, error))
        return false;
    *value = sw_lower_local(lower, source, title);
    return true;
}
