/* SPDX-License-Identifier: MIT
 *
 * alo-client for scripts: a command on each line of standard input; results and events, one JSON object on each line, on standard output. Main
 * thread.
 */
#ifndef CLIENT_INTERACTIVE_SCRIPT_H
#define CLIENT_INTERACTIVE_SCRIPT_H

#include "client/interactive_talk.h"

/* Runs until the end of input, `quit`, or the loss of the connection. Returns the exit status: 1 when that was lost or a command failed. */
int script_run(const struct talk_options *options);

#endif
