/* ssh_agent.h - an ssh agent of this run alone, with the keys that --ssh-key names: steps and git reach it, and nothing else of the user's. */
#ifndef CORE_CLI_SSH_AGENT_H
#define CORE_CLI_SSH_AGENT_H

#include "core/cli/app.h"

/* A zeroed one is not running. Must not move while it runs. */
struct sw_ssh_agent {
    struct sw_app *app;
    struct sw_strings keys; /* files; borrowed */
    size_t next;            /* key that is to be added */
    struct sw_process *process;
    char *folder; /* private, with the socket in it */
    char *socket;
    struct sw_undo *folder_undo;
    struct sw_undo *socket_undo;
    bool listens; /* it has said so */
    bool waits;   /* the loop turns for it */
    struct sw_error *error;
};

/* Starts an agent with the keys and makes it the one of this process: $SSH_AUTH_SOCK. Without keys nothing is done. Turns the loop until
 * the agent has them all; nothing else may be waited for. SW_ERROR_USAGE names the key that cannot be taken; the caller ends the agent
 * in any case. */
bool sw_ssh_agent_start(struct sw_ssh_agent *agent, struct sw_app *app, struct sw_strings keys, struct sw_error **error);

/* Ends the agent, which forgets its keys, and turns the loop until it has. Takes one that is not running. */
void sw_ssh_agent_end(struct sw_ssh_agent *agent);

#endif
