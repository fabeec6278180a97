/* loop_uv.h - the libuv loop behind loop.h, for this room's own modules only.
 *
 * A handle's `data` is the heap block that holds it, freed when it is closed by `sw_loop_close_handle` or by the loop's end; NULL for
 * a handle that lives elsewhere. */
#ifndef CORE_RUNTIME_LOOP_UV_H
#define CORE_RUNTIME_LOOP_UV_H

#include <uv.h>

uv_loop_t *sw_loop_uv(void); /* asserts that the loop was started */
void sw_loop_close_handle(uv_handle_t *handle);

#endif
