/* undo.h - what must be undone before the process ends: temporary files, mounts, locks.
 *
 * Who makes such a thing registers its removal and forgets it when the thing is gone. On the orderly way out all is forgotten by
 * then; what is left after a cancelled or forced end is undone in reverse order. After kill -9 nothing runs: state on disk must
 * survive that by other means. */
#ifndef CORE_RUNTIME_UNDO_H
#define CORE_RUNTIME_UNDO_H

struct sw_undo;

/* Registers `undo`. It may be called on any thread, at a moment when others still run. [any] */
struct sw_undo *sw_undo_add(void (*undo)(void *context), void *context);

/* Registers the removal of a file, or of an empty folder. The path is copied. [any] */
struct sw_undo *sw_undo_remove_path(const char *path);

/* Forgets without undoing. Takes NULL. [any] */
void sw_undo_forget(struct sw_undo *undo);

/* Undoes all that is registered, the newest first. [any] */
void sw_undo_all(void);

#endif
