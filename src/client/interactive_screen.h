/* SPDX-License-Identifier: MIT
 *
 * The terminal: a prompt whose line is edited with libedit, and lines that appear above it while somebody is typing, the line being typed
 * staying as it is. While it waits for a key it also waits for a descriptor and a deadline of whoever uses it, so one thread is enough.
 *
 * There is one terminal in a process, but nothing here is global: signals come through a descriptor. Main thread.
 */
#ifndef CLIENT_INTERACTIVE_SCREEN_H
#define CLIENT_INTERACTIVE_SCREEN_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct screen;

/* What the user of a screen does while it waits for a key. */
struct screen_hooks {
    void *context;
    /* What to wait for beside the keyboard: fills in fd (-1: nothing) and events, and returns milliseconds, -1 for no deadline. */
    int (*watch)(void *context, struct pollfd *wanted);
    /* Called when one of those has come. It may print. */
    void (*turn)(void *context);
    /* The prompt, asked for whenever it is drawn. Plain text, without escapes, that lives until the next call. */
    const char *(*prompt)(void *context);
    /*
     * What could stand where the cursor is: `line` is what stands before it, the word to complete begins at *start, which this sets. Returns a new array
     * of new texts that ends with NULL, which the screen frees, or NULL.
     */
    char **(*complete)(void *context, const char *line, size_t *start);
};

/*
 * Opens the terminal on standard input and output. `history` is a file to load the history from and to keep it in, or NULL for memory only; it is no
 * error when it cannot be read. Returns 0 or -errno; the hooks must outlive the screen.
 */
int screen_open(const struct screen_hooks *hooks, const char *history, struct screen **screen);

/*
 * Lets somebody type a line; the hooks run meanwhile. Returns the line without its end, valid until the next call, and puts it into the history; NULL at
 * the end of input (Ctrl-D on an empty line, a terminal that went away, SIGTERM, or screen_finish from a hook).
 */
const char *screen_read(struct screen *screen);
/* From a hook: the line that is being read is given up and screen_read returns NULL. */
void screen_finish(struct screen *screen);

/* Prints a line (without its end), above the prompt when there is one. Control characters in it are shown as ^X. */
enum screen_colour { SCREEN_PLAIN, SCREEN_GOOD, SCREEN_GONE, SCREEN_FAINT, SCREEN_BAD };
void screen_print(struct screen *screen, enum screen_colour colour, const char *text);

/* Gives the terminal back as it was, saves the history, frees. NULL is allowed. */
void screen_close(struct screen *screen);

#endif
