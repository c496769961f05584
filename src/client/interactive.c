/* SPDX-License-Identifier: MIT
 *
 * alo-client, the program: options, and then either a terminal (interactive_shell.c) or a script (interactive_script.c). Both put a voice to the same
 * conversation (interactive_talk.c), which is built on libalo (alo/client.h) and nothing else of this project. One thread.
 */
#include "client/interactive_options.h"
#include "client/interactive_script.h"
#include "client/interactive_shell.h"

#include <stdio.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    char problem[CLIENT_PROBLEM];
    struct client_options options;

    switch (client_options_read(argc, argv, &options, problem)) {
    case CLIENT_DONE: return 0;
    case CLIENT_WRONG: fprintf(stderr, "alo-client: %s; see alo-client --help\n", problem); return 2;
    case CLIENT_RUN: break;
    }
    const struct talk_options talk = {.address = options.address, .udp = options.udp, .classic = options.classic, .reconnect = true};

    if (options.script || isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0)
        return script_run(&talk);
    return shell_run(&talk, options.history[0] == '\0' ? NULL : options.history);
}
