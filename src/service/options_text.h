/* SPDX-License-Identifier: MIT
 *
 * Every text about the program and its options, made from the table: the help, the manual page, the bash completion, the README's
 * table. Main thread.
 */
#ifndef SERVICE_OPTIONS_TEXT_H
#define SERVICE_OPTIONS_TEXT_H

#include "service/options_value.h"

#include <stdbool.h>
#include <stdio.h>

/* What ends instead of serving: a command (man) or a flag (--version). */
struct option_command {
    const char *name;
    const char *short_name; /* or NULL */
    const char *help;
    void (*print)(FILE *out); /* NULL: it is about the options once they are read */
};

#define OPTION_CHECK_FLAG "--check-config"
#define OPTION_PRINT_FLAG "--print-config"

enum { OPTION_COMMANDS = 5, OPTION_TEXT_FLAGS = 4 };

extern const struct option_command option_commands[OPTION_COMMANDS];
extern const struct option_command option_text_flags[OPTION_TEXT_FLAGS];

/* Prints what such a word asks for; false when it is none of them, or one about the options. */
bool options_print(FILE *out, const char *word);

/* The names of the commands, as a part of a sentence. */
void options_list_commands(char text[static OPTION_TEXT]);

#endif
