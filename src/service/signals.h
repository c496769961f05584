/* SPDX-License-Identifier: MIT
 *
 * Signals are blocked in every thread and taken, one at a time, by the main thread, so that no code ever runs in a signal
 * handler. Faults (SIGSEGV and its kin) and job control (SIGTSTP, SIGCONT, SIGTTIN, SIGTTOU) keep what they do by default.
 */
#ifndef SERVICE_SIGNALS_H
#define SERVICE_SIGNALS_H

#include <stdbool.h>

enum signals_word {
    SIGNALS_STOP,   /* SIGTERM, SIGINT or SIGQUIT */
    SIGNALS_RELOAD, /* SIGHUP */
    SIGNALS_DRAIN,  /* SIGUSR2 */
    SIGNALS_OTHER,  /* any other: nothing to do */
};

/* Blocks signals for this thread and all that it starts later. Main thread, first thing. */
void signals_block(void);

/*
 * Waits until a signal has come, which stays to be taken by signals_wait, or the descriptor (-1: none) is readable, or the time is up (-1: never).
 * True: a signal has come. Main thread.
 */
bool signals_await(int descriptor, int timeout_ms);

/* Waits for the next signal and says what it asks for; its number goes to *number. Main thread. */
enum signals_word signals_wait(int *number);

/* Has the main thread take SIGNALS_DRAIN, as if somebody had sent the signal. Any thread; returns at once. */
void signals_ask_drain(void);

#endif
