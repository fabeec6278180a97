/* manual.h - what the program says about itself, made from the tables of commands and options. */
#ifndef CORE_CLI_MANUAL_H
#define CORE_CLI_MANUAL_H

#include "core/base/buf.h"
#include "core/cli/command.h"

enum sw_manual_form { SW_MANUAL_TEXT, SW_MANUAL_MARKDOWN, SW_MANUAL_MAN };

/* The list of all commands. */
void sw_manual_overview(struct sw_buf *out);

/* One command: use, text, options with their variables. */
void sw_manual_command(struct sw_buf *out, const struct sw_command *command);

/* Everything, as a document. */
void sw_manual_whole(struct sw_buf *out, enum sw_manual_form form);

#endif
