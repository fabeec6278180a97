#include "plugins/local/nodework.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "plugins/local/copy.h"
#include "plugins/local/fileop.h"
#include "plugins/local/flatten.h"
#include "plugins/local/layer.h"
#include "plugins/local/layerwork.h"
#include "plugins/local/mounts.h"
#include "plugins/local/overlay.h"
#include "plugins/local/platforms.h"
#include "plugins/local/settle.h"
#include "plugins/local/shadow.h"
#include "plugins/local/treediff.h"
#include "plugins/local/treeop.h"

/* One task at work. */
struct job {
    struct sw_nodework *work;
    const struct sw_host *host;
    const struct sw_graph *graph;
    struct sw_localstore *store;
    struct sw_stacks stacks;
    struct sw_draft draft;
    int below; /* the files that the draft was mounted on, merged; -1: nothing */
};

static const struct sw_op_note *note_of(const struct job *job) {
    return job->host->graph->note(job->graph, job->work->node);
}

static const void *record_of(const struct job *job) {
    return job->host->graph->record(job->graph, job->work->node);
}

/* ---- mounting ---- */

/* Keeps what is below the draft, to be compared with it. Nothing but the empty folder is nothing. */
static bool keep_below(struct job *job, const struct sw_vec *folders, struct sw_error **error) {
    struct sw_overlay overlay = {.lowers = folders->data, .lower_count = folders->len, .upper = -1, .work = -1};
    if (folders->len > 1)
        job->below = sw_overlay_mount(&overlay, error);
    return folders->len < 2 || job->below >= 0;
}

/* Mounts the draft on `stack`. Writable, so its devices cannot be opened: the step could have made them. */
static int mount_draft(struct job *job, const struct sw_stack *stack, bool devices, struct sw_error **error) {
    struct sw_vec folders = {0};
    int fd = -1;
    if (sw_stack_open(job->store, stack, &folders, error) && sw_flatten(job->store, stack, &folders, error) &&
        sw_layerwork_copy_root(*(int *)sw_vec_at(&folders, 0), job->draft.files, error) && keep_below(job, &folders, error)) {
        struct sw_overlay overlay = {.lowers = folders.data,
                                     .lower_count = folders.len,
                                     .upper = job->draft.files,
                                     .work = job->draft.work,
                                     .devices = devices};
        fd = sw_overlay_mount(&overlay, error);
    }
    sw_stack_close(&folders);
    return fd;
}

static int mount_on_input(struct job *job, sw_node input, struct sw_error **error) {
    sw_cleanup_stack struct sw_stack stack = {0};
    sw_stack_of(&job->stacks, input, &stack);
    return mount_draft(job, &stack, false, error);
}

/* A node's files to read. */
static int mount_source(struct job *job, sw_node node, struct sw_error **error) {
    sw_cleanup_stack struct sw_stack stack = {0};
    struct sw_vec folders = {0};
    sw_stack_of(&job->stacks, node, &stack);
    int fd = -1;
    if (sw_stack_open(job->store, &stack, &folders, error) && sw_flatten(job->store, &stack, &folders, error)) {
        struct sw_overlay overlay = {.lowers = folders.data, .lower_count = folders.len, .upper = -1, .work = -1};
        /* Nothing but the empty folder cannot be an overlay, and need not be one. */
        fd = folders.len > 1 ? sw_overlay_mount(&overlay, error) : fcntl(job->store->empty, F_DUPFD_CLOEXEC, 3);
    }
    sw_stack_close(&folders);
    return fd;
}

/* ---- exec ---- */

/* The command as a person wrote it, not too long for a message. */
static char *command_text(struct sw_strings argv) {
    enum { LONGEST = 200 };
    sw_cleanup_buf struct sw_buf text = {0};
    for (size_t i = 0; i < argv.count; i++)
        sw_buf_printf(&text, "%s%s", i ? " " : "", argv.items[i]);
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == '\n')
            text.data[i] = ' ';
    if (text.len > LONGEST) {
        sw_buf_truncate(&text, LONGEST);
        while (text.len && ((unsigned char)text.data[text.len - 1] & 0x80))
            sw_buf_truncate(&text, text.len - 1);
        sw_buf_puts(&text, "…");
    }
    return sw_buf_take(&text);
}

static bool fail_step(const struct sw_op_exec *op, struct sw_step_end *end, struct sw_error **error) {
    sw_cleanup_free char *command = command_text(op->argv);
    struct sw_error *cause =
        sw_error_new(SW_ERROR_BUILD, "process \"%s\" did not complete successfully: exit code: %d", command, end->status);
    if (end->cause) {
        sw_error_free(cause);
        cause = sw_error_new(SW_ERROR_BUILD, "process \"%s\" could not be started: %s: exit code: %d", command, end->cause,
                             end->status);
    }
    cause->exit_status = end->status;
    if (end->tail && end->tail[0])
        cause->excerpt = sw_steal(&end->tail);
    return sw_pass(error, cause);
}

static bool may_be_insecure(const struct job *job, const struct sw_op_exec *op, struct sw_error **error) {
    if (op->security != SW_SECURITY_INSECURE || job->work->solve->insecure_allowed)
        return true;
    sw_fail(error, SW_ERROR_DENIED, "the step asks to run without a sandbox, which is not allowed");
    return false;
}

/* "os/arch[/variant]" that the step's programs are for: what the operation says, else what the image config says. */
static char *platform_of(const struct job *job, const struct sw_op_exec *op) {
    if (op->platform)
        return sw_strdup(op->platform);
    sw_cleanup_json json_t *config = json_loads(job->host->graph->config(job->graph, op->input), 0, NULL);
    const char *os = json_string_value(json_object_get(config, "os"));
    const char *arch = json_string_value(json_object_get(config, "architecture"));
    const char *variant = json_string_value(json_object_get(config, "variant"));
    return os && arch ? sw_format("%s/%s%s%s", os, arch, variant ? "/" : "", variant ? variant : "") : NULL;
}

static bool can_run(const struct job *job, const struct sw_op_exec *op, struct sw_error **error) {
    const struct sw_strlist *platforms = &job->work->workshop->platforms;
    sw_cleanup_free char *platform = platform_of(job, op);
    if (!platform || sw_platforms_has(platforms, platform))
        return true;
    sw_cleanup_free char *known = sw_strings_join(sw_strlist_view(platforms), ", ");
    sw_fail(error, SW_ERROR_UNAVAILABLE, "this host cannot run steps for %s, only for %s", platform, known);
    if (error)
        *error = sw_error_hint(*error, "install qemu-user-static and binfmt-support, or use a BuildKit daemon on such a machine");
    return false;
}

static enum sw_nodework_end run_exec(struct job *job, struct sw_error **error) {
    const struct sw_op_exec *op = record_of(job);
    struct sw_mounts_wish wish = {.stacks = &job->stacks, .op = op, .plan_id = job->work->solve->plan_id, .work = &job->work->work};
    struct sw_mounts mounts;
    if (!may_be_insecure(job, op, error) || !can_run(job, op, error) || !sw_workshop_runtime(job->work->workshop, error))
        return SW_NODEWORK_FAILED;
    enum sw_mounts_got got = sw_mounts_get(&wish, &mounts, error);
    if (got != SW_MOUNTS_GOT)
        return got == SW_MOUNTS_BUSY ? SW_NODEWORK_BUSY : SW_NODEWORK_FAILED;
    sw_cleanup_stack struct sw_stack stack = {0};
    sw_stack_of(&job->stacks, op->input, &stack);
    struct sw_step step = {.runtime = job->work->workshop->runtime,
                           .seccomp = job->work->workshop->seccomp,
                           .op = op,
                           .root = mount_draft(job, &stack, op->security == SW_SECURITY_INSECURE, error),
                           .upper = job->draft.files,
                           .mounts = mounts.mounts.data,
                           .mount_count = mounts.mounts.len,
                           .secrets = job->host->secret,
                           .plan_id = job->work->solve->plan_id,
                           .insecure = op->security == SW_SECURITY_INSECURE,
                           .output = job->work->output,
                           .context = job->work->context,
                           .work = &job->work->work,
                           .cancelled = job->work->cancelled};
    struct sw_step_end end = {0};
    bool done = step.root >= 0 && sw_step_run(&step, &end, error);
    if (done && end.status)
        done = fail_step(op, &end, error);
    sw_step_end_fini(&end);
    sw_mounts_fini(&mounts);
    return done ? SW_NODEWORK_DONE : SW_NODEWORK_FAILED;
}

/* ---- operations on files ---- */

static bool open_sources(struct job *job, const struct sw_op_copy *op, struct sw_copy_from *from, struct sw_error **error) {
    for (size_t i = 0; i < op->source_count; i++)
        from[i].root = -1;
    for (size_t i = 0; i < op->source_count; i++) {
        if (job->host->graph->kind(job->graph, op->sources[i].from) == SW_OP_TREE) {
            from[i] =
                (struct sw_copy_from){.root = -1, .reader = job->host->graph, .graph = job->graph, .node = op->sources[i].from};
            continue;
        }
        from[i].root = mount_source(job, op->sources[i].from, error);
        if (from[i].root < 0)
            return false;
    }
    return true;
}

static bool run_copy(struct job *job, struct sw_error **error) {
    const struct sw_op_copy *op = record_of(job);
    struct sw_copy_from *from = sw_new_array(op->source_count + 1, sizeof *from);
    sw_cleanup_close int root = -1;
    bool done = open_sources(job, op, from, error);
    if (done)
        root = op->link ? fcntl(job->draft.files, F_DUPFD_CLOEXEC, 3) : mount_on_input(job, op->input, error);
    struct sw_copy_job copy = {.op = op, .from = from, .root = root, .epoch = job->work->solve->epoch, .work = &job->work->work};
    done = root >= 0 && sw_copy_run(&copy, error);
    for (size_t i = 0; i < op->source_count; i++)
        sw_close(&from[i].root);
    free(from);
    return done;
}

static bool run_file(struct job *job, struct sw_error **error) {
    const struct sw_op_file *op = record_of(job);
    sw_cleanup_close int root = mount_on_input(job, op->input, error);
    struct sw_fileop_job file = {.op = op, .root = root, .epoch = job->work->solve->epoch, .work = &job->work->work};
    return root >= 0 && sw_fileop_run(&file, error);
}

static bool run_tree(struct job *job, struct sw_error **error) {
    bool patch = job->host->graph->kind(job->graph, job->work->node) == SW_OP_PATCH;
    const struct sw_op_patch *op = patch ? record_of(job) : NULL;
    sw_cleanup_close int root = patch ? mount_on_input(job, op->input, error) : fcntl(job->draft.files, F_DUPFD_CLOEXEC, 3);
    struct sw_treeop_job tree = {.reader = job->host->graph,
                                 .graph = job->graph,
                                 .node = job->work->node,
                                 .root = root,
                                 .epoch = job->work->solve->epoch,
                                 .work = &job->work->work};
    if (root < 0)
        return false;
    return patch ? sw_treeop_patch(&tree, error) : sw_treeop_write(&tree, error);
}

static bool run_diff(struct job *job, struct sw_error **error) {
    const struct sw_op_diff *op = record_of(job);
    sw_cleanup_close int root = mount_on_input(job, op->lower, error);
    sw_cleanup_close int upper = root < 0 ? -1 : mount_source(job, op->upper, error);
    struct sw_treediff diff = {.root = root, .upper = upper, .work = &job->work->work};
    return upper >= 0 && sw_treediff_run(&diff, error);
}

static enum sw_nodework_end run_operation(struct job *job, struct sw_error **error) {
    bool done;
    switch (job->host->graph->kind(job->graph, job->work->node)) {
    case SW_OP_EXEC:
        return run_exec(job, error);
    case SW_OP_COPY:
        done = run_copy(job, error);
        break;
    case SW_OP_FILE:
        done = run_file(job, error);
        break;
    case SW_OP_TREE:
    case SW_OP_PATCH:
        done = run_tree(job, error);
        break;
    case SW_OP_DIFF:
        done = run_diff(job, error);
        break;
    default:
        done = sw_fail(error, SW_ERROR_INTERNAL, "node %u has no files of its own", job->work->node);
    }
    return done ? SW_NODEWORK_DONE : SW_NODEWORK_FAILED;
}

/* The operation has ended, and with it the draft's mount. */
static enum sw_nodework_end settle(struct job *job, enum sw_nodework_end end, struct sw_error **error) {
    struct sw_settle settle = {.upper = job->draft.files, .below = job->below, .work = &job->work->work};
    if (end != SW_NODEWORK_DONE || job->below < 0)
        return end;
    return sw_settle_run(&settle, error) ? SW_NODEWORK_DONE : SW_NODEWORK_FAILED;
}

/* ---- unpacking ---- */

static bool run_restore(struct job *job, struct sw_error **error) {
    sw_cleanup_stack struct sw_stack stack = {0};
    struct sw_layer_record record;
    sw_cleanup_close int blob = -1;
    if (sw_layer_record_find(job->store, job->work->name, &record))
        blob = sw_localstore_open_blob(job->store, record.digest);
    if (blob < 0)
        return sw_fail(error, SW_ERROR_CORRUPT, "the blob of snapshot %s is gone", job->work->name);
    sw_stack_of(&job->stacks, job->work->node, &stack);
    struct sw_layerwork layer = {.store = job->store,
                                 .stack = &stack,
                                 .below = stack.parts.len - 1,
                                 .blob = blob,
                                 .digest = record.digest,
                                 .diff_id = record.diff_id,
                                 .work = &job->work->work};
    return sw_layerwork_do(&layer, &job->draft, error);
}

static bool run_unpack(struct job *job, struct sw_error **error) {
    const struct sw_op_image *op = record_of(job);
    sw_cleanup_stack struct sw_stack stack = {0};
    sw_stack_of(&job->stacks, job->work->node, &stack);
    struct sw_layer image_layer = job->host->image->layer(op->image, job->work->index);
    struct sw_layerwork layer = {.store = job->store,
                                 .stack = &stack,
                                 .below = job->work->index,
                                 .blob = job->work->blob,
                                 .digest = image_layer.digest,
                                 .diff_id = image_layer.diff_id,
                                 .work = &job->work->work};
    if (sw_layerwork_do(&layer, &job->draft, error))
        return true;
    if (error && *error)
        *error = sw_error_wrap(*error, "layer %zu of %s", job->work->index + 1, job->host->image->reference(op->image));
    return false;
}

/* ---- writing ---- */

/* `hollow` as in struct sw_layer_job. */
static bool write_blob(struct job *job, int files, struct sw_hollow *hollow, struct sw_error **error) {
    sw_cleanup_free char *temporary = sw_localstore_temporary(job->store, "blob");
    sw_cleanup_close int blob = openat(job->store->temporary, temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (blob < 0)
        return sw_fail_errno(error, errno, "cannot write a layer");
    struct sw_layer_job layer = {.folder = files,
                                 .blob = blob,
                                 .epoch = job->work->solve->epoch,
                                 .threads = job->work->threads,
                                 .user_xattrs = sw_overlay_in_user_namespace(),
                                 .work = &job->work->work,
                                 .hollow = hollow};
    struct sw_layer_sum sum;
    struct sw_layer_record record = {.epoch = job->work->solve->epoch};
    bool done = sw_layer_write(&layer, &sum, error);
    if (done) {
        record.bytes = sum.bytes;
        strcpy(record.diff_id, sum.diff_id);
        strcpy(record.digest, sum.digest);
        sw_cleanup_free char *lease = sw_format("blob/%s", sum.digest);
        sw_lease_use(job->store->leases, lease);
        done = sw_localstore_keep_blob(job->store, temporary, blob, sum.digest, error);
    }
    done = done && sw_layer_record_keep(job->store, job->work->name, &record, error);
    unlinkat(job->store->temporary, temporary, 0);
    return done;
}

static enum sw_nodework_end run_write(struct job *job, struct sw_error **error) {
    struct sw_layer_record record;
    if (sw_layer_record_find(job->store, job->work->name, &record))
        return SW_NODEWORK_FOUND;
    sw_cleanup_close int files = sw_snapshot_open(job->store, job->work->name);
    if (files < 0) {
        sw_fail(error, SW_ERROR_INTERNAL, "snapshot %s is not in the store", job->work->name);
        return SW_NODEWORK_FAILED;
    }
    return write_blob(job, files, NULL, error) ? SW_NODEWORK_DONE : SW_NODEWORK_FAILED;
}

/* ---- all ---- */

static enum sw_nodework_end make_snapshot(struct job *job, struct sw_error **error) {
    if (sw_snapshot_exists(job->store, job->work->name))
        return SW_NODEWORK_FOUND;
    if (!sw_draft_begin(job->store, &job->draft, error))
        return SW_NODEWORK_FAILED;
    enum sw_nodework_end end = SW_NODEWORK_DONE;
    if (job->work->kind == SW_TASK_RUN || job->work->kind == SW_TASK_LAYER)
        end = settle(job, run_operation(job, error), error);
    else if (!(job->work->kind == SW_TASK_UNPACK ? run_unpack(job, error) : run_restore(job, error)))
        end = SW_NODEWORK_FAILED;
    enum sw_draft_check check = job->work->written ? SW_DRAFT_WRITTEN : SW_DRAFT_SUMMED;
    if (end == SW_NODEWORK_DONE && !sw_draft_commit(&job->draft, job->work->name, note_of(job)->title, check, error))
        end = SW_NODEWORK_FAILED;
    return end;
}

/* ---- layers without snapshots ---- */

static enum sw_shadow_end try_shadow(struct job *job, struct sw_error **error) {
    const struct sw_op_copy *op = record_of(job);
    sw_cleanup_hollow struct sw_hollow hollow = {.reader = job->host->graph, .graph = job->graph};
    sw_cleanup_close int lower = op->link ? -1 : mount_source(job, op->input, error);
    sw_cleanup_close int folder = -1;
    if (!op->link && lower < 0)
        return SW_SHADOW_FAILED;
    const struct sw_shadow_job shadow = {.reader = job->host->graph,
                                         .graph = job->graph,
                                         .op = op,
                                         .lower = lower,
                                         .epoch = job->work->solve->epoch,
                                         .hollow = &hollow,
                                         .work = &job->work->work};
    enum sw_shadow_end end = sw_shadow_make(&shadow, &folder, error);
    if (end == SW_SHADOW_MADE && !write_blob(job, folder, &hollow, error))
        return SW_SHADOW_FAILED;
    return end;
}

static enum sw_nodework_end run_layer(struct job *job, struct sw_error **error) {
    struct sw_layer_record record;
    if (sw_layer_record_find(job->store, job->work->name, &record))
        return SW_NODEWORK_FOUND;
    enum sw_shadow_end end = try_shadow(job, error);
    if (end == SW_SHADOW_UNFIT) /* the task that writes blobs goes on from the snapshot */
        return make_snapshot(job, error);
    return end == SW_SHADOW_MADE ? SW_NODEWORK_DONE : SW_NODEWORK_FAILED;
}

/* An error of an operation says which one it was, and where that stands. */
static struct sw_error *explain(const struct job *job, struct sw_error *error) {
    const struct sw_op_note *note = note_of(job);
    if (!error || error->code == SW_ERROR_CANCELLED || job->work->kind == SW_TASK_UNPACK)
        return error;
    if (note->title && note->title[0])
        error = sw_error_wrap(error, "%s", note->title);
    return note->place.file ? sw_error_at(error, note->place) : error;
}

static enum sw_nodework_end run(struct job *job, struct sw_error **error) {
    switch (job->work->kind) {
    case SW_TASK_WRITE:
        return run_write(job, error);
    case SW_TASK_LAYER:
        return run_layer(job, error);
    default:
        return make_snapshot(job, error);
    }
}

enum sw_nodework_end sw_nodework_do(struct sw_nodework *work, struct sw_error **error) {
    struct sw_error *cause = NULL;
    struct sw_localstore *store = sw_workshop_store(work->workshop, &cause);
    struct job job = {.work = work, .host = work->workshop->host, .graph = work->solve->graph, .store = store, .below = -1};
    job.stacks = (struct sw_stacks){.host = job.host, .store = store, .graph = job.graph};
    sw_cleanup_free char *lock = sw_format("%s/%s", work->kind == SW_TASK_WRITE ? "write" : "make", work->name);
    enum sw_nodework_end end = SW_NODEWORK_FAILED;
    if (store && sw_work_wanted(&work->work, &cause)) {
        if (!sw_lease_take(store->leases, lock))
            return SW_NODEWORK_BUSY;
        end = run(&job, &cause);
        sw_draft_fini(&job.draft);
        sw_close(&job.below);
        sw_lease_release(store->leases, lock);
    }
    sw_stacks_fini(&job.stacks);
    if (end == SW_NODEWORK_FAILED) {
        cause = explain(&job, cause); /* the host's becomes our own */
        sw_pass(error, cause);
    }
    return end;
}
