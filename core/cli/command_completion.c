#include <stdio.h>
#include <string.h>

#include "core/base/error.h"
#include "core/cli/command.h"

/* One function for bash: words of commands first, then the options of the command that stands on the line. zsh takes the same through
 * its bashcompinit. */
static void print_bash(void) {
    puts("_slipway() {");
    puts("  local word=\"${COMP_WORDS[COMP_CWORD]}\" line=\" ${COMP_WORDS[*]:1:COMP_CWORD-1} \" words=''");
    puts("  case \"$line\" in");
    for (size_t i = 0; i < sw_command_count; i++) {
        printf("    ' %s '*) words='", sw_commands[i]->name);
        for (size_t j = 0; j < sw_option_count; j++)
            if (sw_options[j].groups & (sw_commands[i]->groups | SW_OPTIONS_COMMON))
                printf("--%s ", sw_options[j].name);
        puts("' ;;");
    }
    printf("    *) words='");
    for (size_t i = 0; i < sw_command_count; i++)
        printf("%s ", sw_commands[i]->name);
    puts("' ;;");
    puts("  esac");
    puts("  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))");
    puts("  [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$word\"))");
    puts("}");
    puts("complete -F _slipway slipway");
}

static int run_completion(const struct sw_arguments *arguments, struct sw_error **error) {
    const char *shell = arguments->positionals.len ? arguments->positionals.items[0] : "bash";
    if (strcmp(shell, "zsh") == 0)
        puts("autoload -U +X bashcompinit && bashcompinit");
    else if (strcmp(shell, "bash") != 0)
        return sw_fail(error, SW_ERROR_USAGE, "there is no completion for \"%s\", only for bash and zsh", shell);
    print_bash();
    return 0;
}

const struct sw_command sw_command_completion = {
    .name = "completion",
    .operands = "[bash|zsh]",
    .summary = "print a completion script for a shell",
    .text = "To be read by the shell: source <(slipway completion bash)",
    .max_operands = 1,
    .run = run_completion,
};
