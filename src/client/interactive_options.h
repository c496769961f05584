/* SPDX-License-Identifier: MIT
 *
 * The command line of alo-client, from one table: what --help, the manual page and the bash completion say is made of it, too. A flag goes over an
 * environment variable, that over the default. Main thread.
 */
#ifndef CLIENT_INTERACTIVE_OPTIONS_H
#define CLIENT_INTERACTIVE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum {
    CLIENT_ADDRESS = 300, /* a host name of 253 bytes, brackets and a port */
    CLIENT_PATH = 4096,
    CLIENT_PROBLEM = 512,
};

struct client_options {
    char address[CLIENT_ADDRESS]; /* with its port */
    char port[16];                /* --port -p $SERVER_PORT: for an address that has none */
    char history[CLIENT_PATH];    /* --history $ALO_HISTORY: a file; empty for none */
    bool udp, classic, script;
};

enum client_option_kind {
    CLIENT_FLAG, /* bool */
    CLIENT_PORT, /* a number from 1 to 65535, as text */
    CLIENT_FILE, /* a path */
};

struct client_option_row {
    const char *name; /* without its dashes */
    char letter;      /* or 0 */
    enum client_option_kind kind;
    const char *environment; /* or NULL */
    const char *fallback;    /* as one would type it; NULL for a flag */
    size_t offset;           /* of its field in struct client_options */
    const char *help;        /* without a capital and a full stop */
};

/* What prints a text and ends: a command (man), or a flag (--version). */
struct client_text_row {
    const char *name;
    const char *short_name; /* or NULL */
    const char *help;
    void (*print)(FILE *out);
};

enum { CLIENT_OPTION_COUNT = 5, CLIENT_COMMAND_COUNT = 3, CLIENT_TEXT_FLAG_COUNT = 2 };

extern const struct client_option_row client_option_table[CLIENT_OPTION_COUNT];
/* In interactive_text.c. */
extern const struct client_text_row client_commands[CLIENT_COMMAND_COUNT];
extern const struct client_text_row client_text_flags[CLIENT_TEXT_FLAG_COUNT];

enum client_outcome {
    CLIENT_RUN,
    CLIENT_DONE,  /* a text was asked for and printed: exit 0 */
    CLIENT_WRONG, /* `problem` says what is wrong, without capital and full stop: exit 2 */
};

/* Reads argv and the environment. */
enum client_outcome client_options_read(int count, char **words, struct client_options *options, char problem[static CLIENT_PROBLEM]);

#endif
