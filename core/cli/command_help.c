#include <stdio.h>
#include <string.h>

#include "core/base/error.h"
#include "core/cli/command.h"
#include "core/cli/manual.h"

static int print(const struct sw_buf *text) {
    fwrite(sw_buf_text(text), 1, text->len, stdout);
    return 0;
}

static bool parse_form(const char *text, enum sw_manual_form *form) {
    static const char *const names[] = {"text", "markdown", "man"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], text) == 0) {
            *form = (enum sw_manual_form)i;
            return true;
        }
    return false;
}

static int run_help(const struct sw_arguments *arguments, struct sw_error **error) {
    sw_cleanup_buf struct sw_buf out = {0};
    const char *form_name = sw_argument(arguments, "as");
    enum sw_manual_form form;
    if (form_name && !parse_form(form_name, &form))
        return sw_fail(error, SW_ERROR_USAGE, "--as: \"%s\" is none of text, markdown, man", form_name);
    if (form_name) {
        sw_manual_whole(&out, form);
        return print(&out);
    }
    if (!arguments->positionals.len) {
        sw_manual_overview(&out);
        return print(&out);
    }
    size_t words;
    const char *asked[4] = {0};
    for (size_t i = 0; i < arguments->positionals.len && i < 3; i++)
        asked[i] = arguments->positionals.items[i];
    const struct sw_command *command = sw_command_find(asked, &words);
    if (!command)
        return sw_fail(error, SW_ERROR_USAGE, "there is no command \"%s\"", asked[0]);
    sw_manual_command(&out, command);
    return print(&out);
}

const struct sw_command sw_command_help = {
    .name = "help",
    .operands = "[COMMAND]",
    .summary = "explain a command",
    .groups = SW_OPTIONS_HELP,
    .max_operands = 3,
    .run = run_help,
};
