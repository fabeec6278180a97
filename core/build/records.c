#include "core/build/records.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/memory_file.h"
#include "core/build/manifest.h"

/* The one layer of every record: an empty tar (1024 zero bytes) as gzip, written once and for all. */
static const unsigned char EMPTY_LAYER[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff,
                                            0x63, 0x60, 0x18, 0x05, 0xa3, 0x60, 0x14, 0x8c, 0x54, 0x00,
                                            0x00, 0x2e, 0xaf, 0xb5, 0xef, 0x00, 0x04, 0x00, 0x00};
static const char EMPTY_DIFF_ID[] = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";
static const char LAYER_TYPE[] = "application/vnd.oci.image.layer.v1.tar+gzip";

/* ---- writing ---- */

struct put {
    struct sw_build *build;
    char *tag;
    char layer_digest[7 + SW_SHA256_HEX];
    struct sw_made_manifest made;
    sw_done done;
    void *context;
};

static void put_ended(struct put *put, struct sw_error *error) {
    sw_done done = put->done;
    void *context = put->context;
    sw_made_manifest_fini(&put->made);
    free(put->tag);
    free(put);
    done(context, error);
}

static int open_empty_layer(void *context, struct sw_error **error) {
    (void)context;
    return sw_memory_file(EMPTY_LAYER, sizeof EMPTY_LAYER, error);
}

static int open_config(void *context, struct sw_error **error) {
    const struct put *put = context;
    return sw_memory_file(put->made.config, strlen(put->made.config), error);
}

static void on_manifest_put(void *context, const struct sw_manifest *manifest, struct sw_error *error) {
    (void)manifest;
    struct put *put = context;
    if (!error)
        sw_stage_index_add(&put->build->primary.index, put->tag);
    put_ended(put, error);
}

static void on_config_put(void *context, struct sw_error *error) {
    struct put *put = context;
    struct sw_bytes body = {put->made.manifest, strlen(put->made.manifest)};
    if (error)
        put_ended(put, error);
    else
        put->build->options.store->put_manifest(put->build->primary.repo, put->tag, SW_OCI_MANIFEST, body, put->build->cancel,
                                                on_manifest_put, put);
}

static void on_layer_put(void *context, struct sw_error *error) {
    struct put *put = context;
    if (error) {
        put_ended(put, error);
        return;
    }
    struct sw_descriptor config = {sizeof config, 0, SW_OCI_CONFIG, put->made.config_digest, strlen(put->made.config)};
    put->build->options.store->put_blob(put->build->primary.repo, &config, NULL, open_config, put->build->cancel, NULL,
                                        on_config_put, put);
}

void sw_records_put(struct sw_build *build, const char *tag, struct sw_pairs labels, sw_done done, void *context) {
    struct put *put = sw_new(sizeof *put);
    put->build = build;
    put->tag = sw_strdup(tag);
    put->done = done;
    put->context = context;
    memcpy(put->layer_digest, "sha256:", 7);
    sw_sha256_hex(EMPTY_LAYER, sizeof EMPTY_LAYER, put->layer_digest + 7);
    sw_cleanup_json json_t *config =
        json_pack("{s:s, s:s, s:{}, s:s, s:{s:s, s:[s]}, s:[{}]}", "architecture", "amd64", "os", "linux", "config", "created",
                  "1970-01-01T00:00:00Z", "rootfs", "type", "layers", "diff_ids", EMPTY_DIFF_ID, "history");
    for (size_t i = 0; i < labels.count; i++)
        sw_config_set_label(config, labels.items[i].key, labels.items[i].value);
    struct sw_layer layer = {.size = sizeof layer,
                             .media_type = LAYER_TYPE,
                             .digest = put->layer_digest,
                             .diff_id = EMPTY_DIFF_ID,
                             .bytes = sizeof EMPTY_LAYER};
    sw_manifest_make(config, &layer, 1, &put->made);
    struct sw_descriptor blob = {sizeof blob, 0, LAYER_TYPE, put->layer_digest, sizeof EMPTY_LAYER};
    build->options.store->put_blob(build->primary.repo, &blob, NULL, open_empty_layer, build->cancel, NULL, on_layer_put, put);
}

/* ---- reading ---- */

struct get {
    const struct sw_stage_repo *place;
    struct sw_cancel *cancel;
    void (*done)(void *context, const json_t *labels, struct sw_error *error);
    void *context;
};

static void get_ended(struct get *get, const json_t *labels, struct sw_error *error) {
    if (error && error->code == SW_ERROR_NOT_FOUND) {
        error->destroy(error);
        error = NULL;
    }
    get->done(get->context, labels, error);
    free(get);
}

static void on_config(void *context, struct sw_bytes bytes, struct sw_error *error) {
    sw_cleanup_json json_t *config = error ? NULL : json_loadb(bytes.data, bytes.len, 0, NULL);
    get_ended(context, json_object_get(json_object_get(config, "config"), "Labels"), error);
}

static void on_manifest(void *context, const struct sw_manifest *manifest, struct sw_error *error) {
    struct get *get = context;
    sw_cleanup_json json_t *json = error ? NULL : json_loadb(manifest->body.data, manifest->body.len, JSON_REJECT_DUPLICATES, NULL);
    struct sw_descriptor blob;
    if (error || !sw_manifest_config(json, &blob))
        get_ended(get, NULL, error);
    else
        get->place->store->get_blob(get->place->repo, &blob, get->cancel, on_config, get);
}

void sw_records_get(struct sw_build *build, const struct sw_stage_repo *place, const char *tag,
                    void (*done)(void *context, const json_t *labels, struct sw_error *error), void *context) {
    struct get *get = sw_new(sizeof *get);
    *get = (struct get){place, build->cancel, done, context};
    place->store->get_manifest(place->repo, tag, build->cancel, on_manifest, get);
}
