/* SPDX-License-Identifier: MIT
 *
 * One line that somebody typed, or that a script says, read as a command; and the table of all commands, from which help and completion are made.
 * Knows nothing of terminals and connections. Any thread.
 */
#ifndef CLIENT_INTERACTIVE_COMMAND_H
#define CLIENT_INTERACTIVE_COMMAND_H

#include "client/interactive_id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COMMAND_PROBLEM = 256, COMMAND_LINE_MAX = 1 << 20 };

enum command_kind {
    COMMAND_NONE, /* an empty line, or a comment (#) */
    COMMAND_LOGIN,
    COMMAND_FOLLOW,
    COMMAND_UNFOLLOW,
    COMMAND_ONLINE,
    COMMAND_FRIENDS,
    COMMAND_STATUS,
    COMMAND_PING,
    COMMAND_RAW,
    COMMAND_WAIT,
    COMMAND_LOGOUT,
    COMMAND_HELP,
    COMMAND_QUIT,
};

struct command {
    enum command_kind kind;
    struct id_list ids; /* login: the user and then the friends; follow, unfollow, online */
    char *status;       /* NULL: none */
    bool on;            /* raw */
    uint32_t count;     /* wait: events */
    uint32_t timeout_ms;
    enum command_kind about; /* help: COMMAND_NONE for all */
};

struct command_row {
    enum command_kind kind;
    const char *name;
    const char *arguments;
    const char *help;    /* without a capital and a full stop */
    const char *example; /* or NULL */
};

enum { COMMAND_COUNT = 12, COMMAND_WAIT_MS = 10000 };

extern const struct command_row command_table[COMMAND_COUNT];

/*
 * Reads a line. Returns 0, and *command is the caller's to command_done; -EINVAL with a sentence about what is wrong, without capital and full stop; -ENOMEM
 * with one, too.
 */
int command_read(const char *line, struct command *command, char problem[static COMMAND_PROBLEM]);
void command_done(struct command *command);

/* The row of a kind; NULL for COMMAND_NONE. */
const struct command_row *command_row_find(enum command_kind kind);

#endif
