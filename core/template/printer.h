/* printer.h - printing under way: what print and printf share. Internal to this room. */
#ifndef CORE_TEMPLATE_PRINTER_H
#define CORE_TEMPLATE_PRINTER_H

#include "core/template/engine.h"
#include "core/template/verb.h"

struct sw_printer {
    struct sw_engine *engine;
    struct sw_buf *out;
    struct sw_verb verb;
    bool erroring; /* printing a value for a message: no methods */
    bool failed;
    /* Of sprintf. */
    bool reordered;
    bool good_index;
};

/* One argument under a verb's letter, with the printer's flags. */
void sw_print_arg(struct sw_printer *printer, struct sw_datum arg, uint32_t verb);

#endif
