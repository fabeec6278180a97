/* arguments.h - one instruction's line to its name, flags and arguments, each instruction by its own rule. */
#ifndef PLUGINS_DOCKERFILE_ARGUMENTS_H
#define PLUGINS_DOCKERFILE_ARGUMENTS_H

#include "plugins/dockerfile/lexer.h"

/* Fills all members that follow from the line itself. Everything lives in the failure's arena. */
bool sw_df_node_parse(const char *line, char escape, struct sw_df_node *node, struct sw_df_failure *failure);

#endif
