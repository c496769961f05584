/* SPDX-License-Identifier: MIT
 *
 * Any program as a child process that a test talks to, as a person would: it writes to the program's standard input and waits for
 * what comes out. Standard output and standard error are one stream. The program dies with the test that started it.
 */
#ifndef SUPPORT_PROGRAM_H
#define SUPPORT_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum program_between {
    PROGRAM_PIPES,
    PROGRAM_TERMINAL, /* a terminal of its own, which passes lines on as they are */
};

struct program {
    pid_t process;
    int watch; /* readable when it has ended */
    int input, output;
    bool at_end;
    char *text;           /* all that came out so far */
    size_t length, start; /* [start..length) has not been expected yet */
};

/* Starts a command line, which is split at spaces. */
struct program *program_start(enum program_between between, const char *command);

/* Starts the server ($ALO_WRAPPER, $ALO_BINARY) with these flags, without variables of the test's environment that it would read. */
struct program *program_start_server(enum program_between between, const char *flags);
/* The same with these variables ("NAME=value ..."). */
struct program *program_start_server_with(enum program_between between, const char *variables, const char *flags);

/* Is there a program of this name? */
bool program_exists(const char *name);

void program_say(struct program *program, const char *text);

/* No more will be said to it. */
void program_hang_up(struct program *program);

/* Waits until this text comes out after what was expected before; returns where it begins, valid until the next use. */
#define program_expect(program, text) program_expect_at((program), (text), __func__, __LINE__)
const char *program_expect_at(struct program *program, const char *text, const char *function, int line);

/* Reads until it closes its output, then waits for its end; returns the status as wait() does. */
#define program_wait(program) program_wait_at((program), __func__, __LINE__)
int program_wait_at(struct program *program, const char *function, int line);

/* Frees one that has ended (program_wait). */
void program_free(struct program *program);

#endif
