/* program.h - the program but for its first lines: all commands, and all libraries they need, in a shared object of its own.
 *
 * Loading libgit2, libcrypto and the twenty libraries behind them costs some three milliseconds, of which "slipway version" needs
 * nothing. So main.c links none of them and loads the object that has this function when there is something to do. */
#ifndef CORE_CLI_PROGRAM_H
#define CORE_CLI_PROGRAM_H

/* The one symbol of the object, by its name and its type. */
#define SW_PROGRAM_SYMBOL "sw_program"
typedef int sw_program_main(int argc, char **argv);

/* Runs the command line as main() gets it, on the thread that becomes the loop's; to be called once. Gives the exit code. */
__attribute__((visibility("default"))) sw_program_main sw_program;

#endif
