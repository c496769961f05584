/* SPDX-License-Identifier: MIT
 *
 * Cuts a flood of the same event to LOG_BURST lines a second, and remembers how many were left out until somebody takes the
 * summary. It is told the time (monotonic milliseconds), so that it can be tested without waiting. No lock of its own.
 */
#ifndef BASE_LOG_FLOOD_H
#define BASE_LOG_FLOOD_H

#include "base/log.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    LOG_FLOOD_EVENTS = 64,      /* events told apart within a second; the server has fewer. Those beyond are not cut. */
    LOG_FLOOD_WINDOW_MS = 1000, /* LOG_BURST lines in it */
};

struct log_flood_entry {
    const char *event; /* compared by address; NULL where unused */
    enum log_level level;
    uint32_t written;    /* in this window */
    uint64_t window_ms;  /* when this window began */
    uint64_t suppressed; /* since the last summary */
    uint64_t summary_ms; /* when the next summary is due; only while something is suppressed */
};

struct log_flood {
    struct log_flood_entry entries[LOG_FLOOD_EVENTS]; /* all zero is empty */
};

enum log_flood_answer {
    LOG_FLOOD_WRITE,          /* write it */
    LOG_FLOOD_SUPPRESS,       /* do not; it was counted */
    LOG_FLOOD_SUPPRESS_FIRST, /* the same, and from now on a summary is due some time */
};

struct log_flood_summary {
    const char *event;
    enum log_level level;
    uint64_t lines;
};

/* Asks whether one more line of this event may be written. */
enum log_flood_answer log_flood_ask(struct log_flood *flood, const char *event, enum log_level level, uint64_t now_ms);

/* When the next summary is due; UINT64_MAX when nothing is suppressed. */
uint64_t log_flood_due(const struct log_flood *flood);

/* Takes one summary that is due by now; false when there is none. */
bool log_flood_take(struct log_flood *flood, uint64_t now_ms, struct log_flood_summary *summary);

#endif
