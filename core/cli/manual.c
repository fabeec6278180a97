#include "core/cli/manual.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"

static const char EXIT_CODES[] =
    "Exit codes: 0 done, 1 build failed, 2 wrong use, 3 wrong configuration, 4 backend or registry not "
    "available, 130 or 143 cancelled.";

/* ---- text ---- */

void sw_manual_overview(struct sw_buf *out) {
    sw_buf_puts(out, "Usage: slipway COMMAND [OPTIONS]\n\n"
                     "Builds the container images that a project's werf.yaml describes.\n\nCommands:\n");
    for (size_t i = 0; i < sw_command_count; i++)
        sw_buf_printf(out, "  %-20s %s\n", sw_commands[i]->name, sw_commands[i]->summary);
    sw_buf_printf(out, "\n\"slipway help COMMAND\" or \"slipway COMMAND --help\" says more.\n%s\n", EXIT_CODES);
}

static void put_spelling(struct sw_buf *out, const struct sw_option *option) {
    if (option->letter)
        sw_buf_printf(out, "-%c, ", option->letter);
    sw_buf_printf(out, "--%s", option->name);
    if (option->value)
        sw_buf_printf(out, " %s", option->value);
}

static void put_twins(struct sw_buf *out, const struct sw_option *option) {
    for (size_t i = 0; i < sizeof option->env / sizeof *option->env && option->env[i]; i++)
        sw_buf_printf(out, "%s$%s", i ? ", " : "", option->env[i]);
}

static void put_help(struct sw_buf *out, const struct sw_option *option) {
    if (option->groups & SW_OPTIONS_OF_WERF)
        sw_buf_puts(out, "werf's, accepted without effect: ");
    sw_buf_puts(out, option->help);
}

static void put_option_text(struct sw_buf *out, const struct sw_option *option) {
    sw_buf_puts(out, "  ");
    put_spelling(out, option);
    sw_buf_printf(out, "\n        %s", option->help);
    if (option->fallback)
        sw_buf_printf(out, " (default: %s)", option->fallback);
    if (option->env[0]) {
        sw_buf_puts(out, " [");
        put_twins(out, option);
        sw_buf_putc(out, ']');
    }
    sw_buf_putc(out, '\n');
}

static void put_usage(struct sw_buf *out, const struct sw_command *command) {
    sw_buf_printf(out, "slipway %s [OPTIONS]%s%s", command->name, *command->operands ? " " : "", command->operands);
}

void sw_manual_command(struct sw_buf *out, const struct sw_command *command) {
    sw_buf_puts(out, "Usage: ");
    put_usage(out, command);
    sw_buf_printf(out, "\n\n%s\n", command->summary);
    if (command->text)
        sw_buf_printf(out, "\n%s\n", command->text);
    if (command->groups)
        sw_buf_puts(out, "\nOptions:\n");
    for (size_t i = 0; i < sw_option_count; i++)
        if (sw_options[i].groups & command->groups)
            put_option_text(out, &sw_options[i]);
    if (command->groups & SW_OPTIONS_PROJECT)
        sw_buf_puts(out, "  Options of werf that need nothing here are accepted too; \"slipway help --as man\" lists them.\n");
    sw_buf_puts(out, "\nOptions of all commands:\n");
    for (size_t i = 0; i < sw_option_count; i++)
        if (sw_options[i].groups & SW_OPTIONS_COMMON)
            put_option_text(out, &sw_options[i]);
}

static void text_whole(struct sw_buf *out) {
    sw_manual_overview(out);
    for (size_t i = 0; i < sw_command_count; i++) {
        sw_buf_putc(out, '\n');
        sw_manual_command(out, sw_commands[i]);
    }
}

/* ---- markdown ---- */

static void put_cell(struct sw_buf *out, const char *text) {
    for (; *text; text++) {
        if (*text == '|')
            sw_buf_putc(out, '\\');
        sw_buf_putc(out, *text);
    }
}

/* The commands that take an option. */
static void put_takers(struct sw_buf *out, const struct sw_option *option) {
    const char *separator = "";
    if (option->groups & SW_OPTIONS_COMMON) {
        sw_buf_puts(out, "all");
        return;
    }
    uint32_t groups = option->groups & SW_OPTIONS_OF_WERF ? SW_OPTIONS_PROJECT : option->groups;
    for (size_t i = 0; i < sw_command_count; i++) {
        if (!(groups & sw_commands[i]->groups))
            continue;
        sw_buf_printf(out, "%s%s", separator, sw_commands[i]->name);
        separator = ", ";
    }
}

static void put_option_row(struct sw_buf *out, const struct sw_option *option) {
    sw_cleanup_buf struct sw_buf spelling = {0};
    put_spelling(&spelling, option);
    sw_buf_puts(out, "| `");
    put_cell(out, sw_buf_text(&spelling));
    sw_buf_puts(out, "` | ");
    put_twins(out, option);
    sw_buf_puts(out, " | ");
    put_takers(out, option);
    sw_buf_puts(out, " | ");
    put_help(out, option);
    if (option->fallback)
        sw_buf_printf(out, " (default: %s)", option->fallback);
    sw_buf_puts(out, " |\n");
}

static void markdown_whole(struct sw_buf *out) {
    sw_buf_printf(
        out, "# The command line\n\nMade by `slipway help --as markdown`.\n\n%s\n\n| command | what it does |\n| --- | --- |\n",
        EXIT_CODES);
    for (size_t i = 0; i < sw_command_count; i++)
        sw_buf_printf(out, "| `%s` | %s |\n", sw_commands[i]->name, sw_commands[i]->summary);
    for (size_t i = 0; i < sw_command_count; i++) {
        sw_buf_printf(out, "\n## %s\n\n    ", sw_commands[i]->name);
        put_usage(out, sw_commands[i]);
        sw_buf_printf(out, "\n\n%s\n", sw_commands[i]->text ? sw_commands[i]->text : sw_commands[i]->summary);
    }
    sw_buf_puts(out, "\n## Options\n\n| option | variables | commands | what it does |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < sw_option_count; i++)
        put_option_row(out, &sw_options[i]);
}

/* ---- man ---- */

static void man_text(struct sw_buf *out, const char *text) {
    for (; *text; text++) {
        if (*text == '-' || *text == '\\')
            sw_buf_putc(out, '\\');
        sw_buf_putc(out, *text);
    }
    sw_buf_putc(out, '\n');
}

static void man_whole(struct sw_buf *out) {
    sw_buf_puts(out,
                ".TH SLIPWAY 1 \"\" \"slipway " SLIPWAY_VERSION "\"\n.SH NAME\nslipway \\- build container images from werf.yaml\n"
                ".SH SYNOPSIS\n.B slipway\nCOMMAND [OPTIONS]\n.SH COMMANDS\n");
    for (size_t i = 0; i < sw_command_count; i++) {
        sw_buf_printf(out, ".TP\n.B %s %s\n", sw_commands[i]->name, sw_commands[i]->operands);
        man_text(out, sw_commands[i]->text ? sw_commands[i]->text : sw_commands[i]->summary);
    }
    sw_buf_puts(out, ".SH OPTIONS\n");
    for (size_t i = 0; i < sw_option_count; i++) {
        sw_cleanup_buf struct sw_buf spelling = {0};
        put_spelling(&spelling, &sw_options[i]);
        sw_buf_puts(out, ".TP\n.B ");
        man_text(out, sw_buf_text(&spelling));
        sw_cleanup_buf struct sw_buf help = {0};
        put_help(&help, &sw_options[i]);
        man_text(out, sw_buf_text(&help));
    }
    sw_buf_printf(out, ".SH EXIT STATUS\n%s\n", EXIT_CODES);
}

void sw_manual_whole(struct sw_buf *out, enum sw_manual_form form) {
    if (form == SW_MANUAL_MARKDOWN)
        markdown_whole(out);
    else if (form == SW_MANUAL_MAN)
        man_whole(out);
    else
        text_whole(out);
}
