/* SPDX-License-Identifier: MIT
 *
 * The line that says how far a run is. On a terminal it is written over itself, cut to the terminal's width, and gone when the run
 * has ended; elsewhere (a log, a pipe) there is a whole line now and then. It belongs on standard error, so that what a program
 * prints can be piped. One thread's.
 */
#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
    FILE *file; /* borrowed; NULL: quiet */
    bool terminal;
    bool shown; /* a line stands on the terminal */
    bool begun;
    int64_t last_ns;
};

struct progress_state {
    double seconds, seconds_total; /* since the start, and in all; 0 in all when nobody knows */
    const char *unit;              /* of the rate: "notifications", "logins" */
    double rate;                   /* per second, just now */
    uint64_t online, delivered, errors;
};

/* Quiet: nothing is ever written. */
void progress_begin(struct progress *progress, FILE *file, bool quiet);

/* Writes the line when that is due (every 200 ms on a terminal, every 5 s elsewhere); cheap when it is not. now_ns: any clock. */
void progress_show(struct progress *progress, int64_t now_ns, const struct progress_state *state);

/* Takes the line away, so that something else can be printed there; the next progress_show writes it again. */
void progress_clear(struct progress *progress);

#endif
