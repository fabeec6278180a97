#include "core/runtime/cancel.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "core/runtime/loop.h"

struct sw_cancel_watch {
    struct sw_cancel *cancel;
    struct sw_cancel_watch *previous;
    struct sw_cancel_watch *next;
    void (*fire)(void *context);
    void *context;
    bool fired;
};

struct sw_cancel {
    atomic_bool cancelled;
    struct sw_cancel *parent;
    struct sw_cancel *children;
    struct sw_cancel *sibling;
    struct sw_cancel_watch *watches;
};

static struct sw_cancel root;
static bool delivery_due;

struct sw_cancel *sw_cancel_root(void) {
    return &root;
}

static void attach(struct sw_cancel *cancel, struct sw_cancel *parent) {
    cancel->parent = parent;
    cancel->sibling = parent->children;
    parent->children = cancel;
    if (atomic_load(&parent->cancelled))
        atomic_store(&cancel->cancelled, true);
}

struct sw_cancel *sw_cancel_new(struct sw_cancel *parent) {
    struct sw_cancel *cancel = sw_new(sizeof *cancel);
    attach(cancel, parent ? parent : &root);
    return cancel;
}

static void detach(struct sw_cancel *cancel) {
    struct sw_cancel **link = &cancel->parent->children;
    while (*link != cancel)
        link = &(*link)->sibling;
    *link = cancel->sibling;
}

void sw_cancel_free(struct sw_cancel *cancel) {
    if (!cancel)
        return;
    while (cancel->watches)
        sw_cancel_unwatch(cancel->watches);
    while (cancel->children) {
        struct sw_cancel *child = cancel->children;
        cancel->children = child->sibling;
        attach(child, cancel->parent);
    }
    detach(cancel);
    free(cancel);
}

/* A watch that is due, anywhere below `cancel`. Searched anew after each call, since a call may free tokens and watches. */
static struct sw_cancel_watch *find_due(struct sw_cancel *cancel) {
    if (atomic_load(&cancel->cancelled))
        for (struct sw_cancel_watch *watch = cancel->watches; watch; watch = watch->next)
            if (!watch->fired)
                return watch;
    for (struct sw_cancel *child = cancel->children; child; child = child->sibling) {
        struct sw_cancel_watch *watch = find_due(child);
        if (watch)
            return watch;
    }
    return NULL;
}

static void deliver(void *context) {
    (void)context;
    delivery_due = false;
    struct sw_cancel_watch *watch;
    while ((watch = find_due(&root))) {
        watch->fired = true;
        watch->fire(watch->context);
    }
}

static void deliver_later(void) {
    if (delivery_due)
        return;
    delivery_due = true;
    sw_loop_later(deliver, NULL);
}

static void mark(struct sw_cancel *cancel) {
    atomic_store(&cancel->cancelled, true);
    for (struct sw_cancel *child = cancel->children; child; child = child->sibling)
        mark(child);
}

void sw_cancel_fire(struct sw_cancel *cancel) {
    mark(cancel);
    deliver_later();
}

bool sw_cancelled(const struct sw_cancel *cancel) {
    return cancel && atomic_load(&cancel->cancelled);
}

bool sw_cancelled_error(const struct sw_cancel *cancel, struct sw_error **error) {
    if (!sw_cancelled(cancel))
        return false;
    sw_fail(error, SW_ERROR_CANCELLED, "cancelled");
    return true;
}

struct sw_cancel_watch *sw_cancel_watch(struct sw_cancel *cancel, void (*fire)(void *context), void *context) {
    if (!cancel)
        return NULL;
    struct sw_cancel_watch *watch = sw_new(sizeof *watch);
    *watch = (struct sw_cancel_watch){.cancel = cancel, .next = cancel->watches, .fire = fire, .context = context};
    if (watch->next)
        watch->next->previous = watch;
    cancel->watches = watch;
    if (sw_cancelled(cancel))
        deliver_later();
    return watch;
}

void sw_cancel_unwatch(struct sw_cancel_watch *watch) {
    if (!watch)
        return;
    if (watch->previous)
        watch->previous->next = watch->next;
    else
        watch->cancel->watches = watch->next;
    if (watch->next)
        watch->next->previous = watch->previous;
    free(watch);
}

void sw_cancel_reset_root(void) {
    while (root.watches)
        sw_cancel_unwatch(root.watches);
    atomic_store(&root.cancelled, false);
    delivery_due = false;
}
