#include "core/cli/program.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/suggest.h"
#include "core/cli/command.h"
#include "core/cli/manual.h"
#include "core/runtime/signals.h"

static int show_error(struct sw_error *error) {
    sw_cleanup_free char *text = sw_error_text(error);
    int signal_code = sw_signals_exit_code(), code = signal_code ? signal_code : sw_error_exit_code(error->code);
    bool has_place = error->file || error->code == SW_ERROR_CONFIG; /* several findings are one error, each with its place */
    fprintf(stderr, "%s%s\n", has_place ? "" : "slipway: ", text);
    sw_error_free(error);
    return code;
}

static int unknown_command(const char *word) {
    sw_cleanup_strlist struct sw_strlist names = {0};
    for (size_t i = 0; i < sw_command_count; i++)
        sw_strlist_add(&names, sw_commands[i]->name);
    const char *near = sw_suggest(word, sw_strlist_view(&names));
    struct sw_error *error = sw_error_new(SW_ERROR_USAGE, "there is no command \"%s\"", word);
    if (near)
        error = sw_error_hint(error, "did you mean \"%s\"?", near);
    else
        error = sw_error_hint(error, "\"slipway help\" lists all commands");
    return show_error(error);
}

static int overview(FILE *out, int code) {
    sw_cleanup_buf struct sw_buf text = {0};
    sw_manual_overview(&text);
    fputs(sw_buf_text(&text), out);
    return code;
}

static bool check_operands(const struct sw_command *command, const struct sw_arguments *arguments, struct sw_error **error) {
    if (arguments->positionals.len > command->max_operands)
        return sw_fail(error, SW_ERROR_USAGE, "%s: \"%s\" is one operand too many", command->name,
                       arguments->positionals.items[command->max_operands]);
    if (arguments->has_rest && !command->takes_rest)
        return sw_fail(error, SW_ERROR_USAGE, "%s takes nothing behind \"--\"", command->name);
    return true;
}

static int run(const struct sw_command *command, const char *const *words) {
    struct sw_arguments arguments = {0};
    struct sw_error *error = NULL;
    int code = 0;
    if (sw_arguments_parse(&arguments, command->groups, words, &error)) {
        if (sw_argument_flag(&arguments, "help")) {
            sw_cleanup_buf struct sw_buf text = {0};
            sw_manual_command(&text, command);
            fputs(sw_buf_text(&text), stdout);
        } else if (check_operands(command, &arguments, &error)) {
            code = command->run(&arguments, &error);
        }
    }
    sw_arguments_fini(&arguments);
    if (error)
        code = show_error(error);
    if (fflush(stdout) != 0 && code == 0)
        code = 1;
    return code;
}

int sw_program(int argc, char **argv) {
    const char *const *words = (const char *const *)argv + 1;
    size_t count;
    if (argc < 2)
        return overview(stderr, 2);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return overview(stdout, 0);
    if (strcmp(argv[1], "--version") == 0)
        return run(&sw_command_version, words + 1);
    const struct sw_command *command = sw_command_find(words, &count);
    return command ? run(command, words + count) : unknown_command(argv[1]);
}
