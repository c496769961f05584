/* SPDX-License-Identifier: MIT
 *
 * A program in a real terminal, with tmux between: keys are pressed as a person would press them, and what is looked at is the screen, not the bytes
 * that made it. Each terminal is a tmux server of its own, which dies with the test.
 *
 * Tests that need it skip themselves when there is no tmux (program_exists).
 */
#ifndef SUPPORT_TERMINAL_H
#define SUPPORT_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

struct program;

enum { TERMINAL_PATH = 128, TERMINAL_TEXT = 64 * 1024 };

struct terminal {
    char folder[TERMINAL_PATH]; /* of its own: the home of what runs in it, too */
    struct program *tmux;
    char text[TERMINAL_TEXT]; /* the screen when it was looked at last */
};

/*
 * Opens a terminal of so many columns and 24 rows and runs a shell command in it, made as by printf. $HOME is the terminal's folder; what somebody's
 * own environment says to the programs of this project is taken out of it.
 */
struct terminal *terminal_open(unsigned columns, const char *command, ...) __attribute__((format(printf, 2, 3)));
/* Runs another command in it in the place of one that has ended (terminal_expect_exit). */
void terminal_run(struct terminal *terminal, const char *command, ...) __attribute__((format(printf, 2, 3)));

/* Types a text; presses a key that tmux has a name for: "Enter", "Tab", "Up", "C-c". */
void terminal_type(struct terminal *terminal, const char *text);
void terminal_press(struct terminal *terminal, const char *key);
void terminal_resize(struct terminal *terminal, unsigned columns);

/* Waits until this text, which may have line ends in it, is on the screen; a line's blanks at its end are not there. Rows are as they are shown. */
#define terminal_expect(terminal, text) terminal_expect_at((terminal), (text), __func__, __LINE__)
void terminal_expect_at(struct terminal *terminal, const char *text, const char *function, int line);
/* Waits until the last row that is not empty is this one, with the cursor in that column of the screen, counted from 0. */
#define terminal_expect_last(terminal, row, column) terminal_expect_last_at((terminal), (row), (column), __func__, __LINE__)
void terminal_expect_last_at(struct terminal *terminal, const char *row, unsigned column, const char *function, int line);
/* Waits until the program has ended with this exit status. */
#define terminal_expect_exit(terminal, status) terminal_expect_exit_at((terminal), (status), __func__, __LINE__)
void terminal_expect_exit_at(struct terminal *terminal, int status, const char *function, int line);

/* What is on the screen now, with the escapes that colour it, valid until the next look. */
const char *terminal_coloured(struct terminal *terminal);
/* How often a text is on the screen that was looked at last. */
unsigned terminal_count(const struct terminal *terminal, const char *text);

/* Ends what runs in it, and removes its folder. */
void terminal_close(struct terminal *terminal);

#endif
