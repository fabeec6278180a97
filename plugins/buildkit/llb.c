#include "plugins/buildkit/llb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/hash.h"
#include "plugins/buildkit/wire.h"

void sw_llb_fini(struct sw_llb *llb) {
    for (size_t i = 0; i < llb->ops.len; i++) {
        struct sw_llb_op *op = sw_vec_at(&llb->ops, i);
        sw_vec_fini(&op->inputs);
        sw_strlist_fini(&op->caps);
    }
    sw_vec_fini(&llb->ops);
    sw_map_fini(&llb->by_digest, NULL);
    sw_arena_fini(&llb->arena);
    *llb = (struct sw_llb){0};
}

/* ---- writing an operation ---- */

int64_t sw_llb_input(struct sw_llb_draft *draft, struct sw_llb_value value) {
    if (value.op == SIZE_MAX)
        return -1;
    draft->inputs.width = sizeof value;
    for (size_t i = 0; i < draft->inputs.len; i++) {
        const struct sw_llb_value *known = sw_vec_at(&draft->inputs, i);
        if (known->op == value.op && known->output == value.output)
            return (int64_t)i;
    }
    sw_vec_push(&draft->inputs, &value);
    return (int64_t)draft->inputs.len - 1;
}

void sw_llb_need(struct sw_llb_draft *draft, const char *cap) {
    if (!sw_strlist_has(&draft->caps, cap))
        sw_strlist_add(&draft->caps, cap);
}

void sw_llb_platform(struct sw_buf *out, uint32_t field, const char *platform) {
    sw_cleanup_buf struct sw_buf message = {0};
    if (!platform)
        return;
    sw_cleanup_free char *copy = sw_strdup(platform);
    char *rest = copy;
    const char *os = strsep(&rest, "/"), *arch = strsep(&rest, "/");
    sw_wire_text(&message, 1, arch);
    sw_wire_text(&message, 2, os);
    sw_wire_text(&message, 3, rest);
    sw_wire_message(out, field, &message);
}

static void put_inputs(struct sw_llb *llb, const struct sw_llb_draft *draft, struct sw_buf *out) {
    for (size_t i = 0; i < draft->inputs.len; i++) {
        const struct sw_llb_value *input = sw_vec_at(&draft->inputs, i);
        const struct sw_llb_op *op = sw_vec_at(&llb->ops, input->op);
        sw_cleanup_buf struct sw_buf message = {0};
        sw_wire_text(&message, 1, op->digest);
        sw_wire_uint(&message, 2, input->output);
        sw_wire_message(out, 1, &message);
    }
}

static void end_draft(struct sw_llb_draft *draft) {
    sw_vec_fini(&draft->inputs);
    sw_strlist_fini(&draft->caps);
    sw_buf_fini(&draft->body);
    *draft = (struct sw_llb_draft){0};
}

struct sw_llb_value sw_llb_add(struct sw_llb *llb, struct sw_llb_draft *draft, enum sw_llb_payload payload) {
    sw_cleanup_buf struct sw_buf bytes = {0};
    llb->ops.width = sizeof(struct sw_llb_op);
    /* The order of Go's writer, members of a oneof last: daemons since 0.17 name an operation by the digest of what they write themselves,
     * and speak of it by that name. */
    put_inputs(llb, draft, &bytes);
    sw_llb_platform(&bytes, 10, draft->platform ? draft->platform : llb->platform);
    sw_wire_message(&bytes, payload, &draft->body);
    char digest[72], hex[SW_SHA256_HEX];
    sw_sha256_hex(bytes.data, bytes.len, hex);
    snprintf(digest, sizeof digest, "sha256:%s", hex);
    uintptr_t known = (uintptr_t)sw_map_get(&llb->by_digest, digest);
    if (!known) {
        struct sw_llb_op op = {.digest = sw_arena_str(&llb->arena, digest),
                               .bytes = sw_arena_bytes(&llb->arena, (struct sw_bytes){bytes.data, bytes.len}),
                               .inputs = draft->inputs,
                               .title = sw_arena_str(&llb->arena, draft->title),
                               .caps = draft->caps};
        draft->inputs = (struct sw_vec){0};
        draft->caps = (struct sw_strlist){0};
        sw_vec_push(&llb->ops, &op);
        known = llb->ops.len;
        sw_map_set(&llb->by_digest, digest, (void *)known);
    }
    end_draft(draft);
    return (struct sw_llb_value){known - 1, 0};
}

static int by_key(const void *a, const void *b) {
    return strcmp(((const struct sw_pair *)a)->key, ((const struct sw_pair *)b)->key);
}

struct sw_llb_value sw_llb_source(struct sw_llb *llb, const char *title, const char *identifier, struct sw_pairs attrs,
                                  const char *cap) {
    struct sw_llb_draft draft = {.title = title};
    sw_wire_text(&draft.body, 1, identifier);
    sw_cleanup_free struct sw_pair *sorted = sw_new_array(attrs.count + 1, sizeof *sorted);
    if (attrs.count) {
        memcpy(sorted, attrs.items, attrs.count * sizeof *sorted);
        qsort(sorted, attrs.count, sizeof *sorted, by_key);
    }
    for (size_t i = 0; i < attrs.count; i++)
        sw_wire_entry(&draft.body, 2, sorted[i].key, sorted[i].value);
    sw_llb_need(&draft, cap);
    return sw_llb_add(llb, &draft, SW_LLB_SOURCE);
}

/* ---- the definition ---- */

static void mark(const struct sw_llb *llb, size_t index, bool *marked) {
    marked[index] = true;
    for (size_t i = index + 1; i-- > 0;) {
        const struct sw_llb_op *op = sw_vec_at(&llb->ops, i);
        for (size_t k = 0; marked[i] && k < op->inputs.len; k++)
            marked[((struct sw_llb_value *)sw_vec_at(&op->inputs, k))->op] = true;
    }
}

static Sw__OpMetadataEntry *metadata_of(const struct sw_llb_op *op, struct sw_arena *arena) {
    Sw__OpMetadataEntry *entry = sw_arena_new(arena, sizeof *entry);
    Sw__OpMetadata *metadata = sw_arena_new(arena, sizeof *metadata);
    sw__op_metadata_entry__init(entry);
    sw__op_metadata__init(metadata);
    entry->key = (char *)op->digest;
    entry->value = metadata;
    if (op->title) {
        struct sw_pair *pair = sw_arena_new(arena, sizeof *pair);
        *pair = (struct sw_pair){"llb.customname", op->title};
        metadata->n_description = 1;
        metadata->description = sw_pack_entries(arena, (struct sw_pairs){pair, 1});
    }
    metadata->n_caps = op->caps.len;
    metadata->caps = sw_arena_new(arena, (op->caps.len + 1) * sizeof *metadata->caps);
    for (size_t i = 0; i < op->caps.len; i++) {
        metadata->caps[i] = sw_arena_new(arena, sizeof **metadata->caps);
        sw__cap_entry__init(metadata->caps[i]);
        metadata->caps[i]->key = op->caps.items[i];
        metadata->caps[i]->value = 1;
    }
    return entry;
}

/* The last operation has no payload: it only names the result. */
static ProtobufCBinaryData terminal(const struct sw_llb *llb, struct sw_llb_value value, struct sw_arena *arena) {
    sw_cleanup_buf struct sw_buf bytes = {0};
    struct sw_llb_draft draft = {0};
    sw_llb_input(&draft, value);
    put_inputs((struct sw_llb *)llb, &draft, &bytes);
    sw_vec_fini(&draft.inputs);
    return (ProtobufCBinaryData){bytes.len, sw_arena_copy(arena, bytes.data, bytes.len)};
}

Sw__Definition *sw_llb_definition(const struct sw_llb *llb, struct sw_llb_value value, struct sw_arena *arena) {
    Sw__Definition *definition = sw_arena_new(arena, sizeof *definition);
    sw__definition__init(definition);
    if (value.op == SIZE_MAX)
        return definition;
    bool *marked = sw_arena_new(arena, llb->ops.len);
    mark(llb, value.op, marked);
    definition->def = sw_arena_new(arena, (llb->ops.len + 1) * sizeof *definition->def);
    definition->metadata = sw_arena_new(arena, (llb->ops.len + 1) * sizeof *definition->metadata);
    for (size_t i = 0; i < llb->ops.len; i++) {
        const struct sw_llb_op *op = sw_vec_at(&llb->ops, i);
        if (!marked[i])
            continue;
        definition->def[definition->n_def++] = (ProtobufCBinaryData){op->bytes.len, (uint8_t *)op->bytes.data};
        definition->metadata[definition->n_metadata++] = metadata_of(op, arena);
    }
    definition->def[definition->n_def++] = terminal(llb, value, arena);
    return definition;
}
