/* SPDX-License-Identifier: MIT
 *
 * alo-client at a terminal: commands are typed, events appear above the prompt. Main thread.
 */
#ifndef CLIENT_INTERACTIVE_SHELL_H
#define CLIENT_INTERACTIVE_SHELL_H

#include "client/interactive_talk.h"

/* Runs until somebody quits. `history` is the file that keeps what was typed, or NULL. Returns the exit status. */
int shell_run(const struct talk_options *options, const char *history);

#endif
