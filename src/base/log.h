/* SPDX-License-Identifier: MIT
 *
 * The log: one JSON object per line, written to a descriptor by a thread of its own, so that a reader who does not
 * read never blocks the thread that logs. Lines wait in a bounded buffer; what does not fit is dropped and counted, and a
 * later line says how many. A flood of the same event is cut to LOG_BURST lines a second per event and
 * summarised in one line ("event": "suppressed").
 *
 * Every line has "time" (RFC 3339, UTC, milliseconds), "level", "event", then the fields in the order given.
 * Names of fields carry their unit (timeout_ms). Nothing below presence, net and service logs (log.c itself aside).
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stddef.h>
#include <stdint.h>

enum log_level { LEVEL_ERROR, LEVEL_WARN, LEVEL_INFO, LEVEL_DEBUG };

enum { LOG_BURST = 20 };

enum log_field_kind { LOG_END, LOG_TEXT, LOG_NUMBER, LOG_TRUTH };

struct log_field {
    const char *name; /* a plain ASCII word, trusted; values are escaped, names are not */
    const char *text; /* for LOG_TEXT; any bytes: what is not UTF-8 or printable is escaped; NULL prints null */
    int64_t number;   /* for LOG_NUMBER; for LOG_TRUTH, 0 is false */
    enum log_field_kind kind;
};

#define LOG_FIELD_TEXT(field_name, value) ((struct log_field){.name = (field_name), .text = (value), .kind = LOG_TEXT})
#define LOG_FIELD_NUMBER(field_name, value) ((struct log_field){.name = (field_name), .number = (int64_t)(value), .kind = LOG_NUMBER})
#define LOG_FIELD_TRUTH(field_name, value) ((struct log_field){.name = (field_name), .number = (value) ? 1 : 0, .kind = LOG_TRUTH})

/*
 * Starts the writer thread. Lines above `level` are not made at all. `descriptor` stays the caller's and is
 * not closed nor made non-blocking (it may be shared with other processes). It must stay open until log_stop. Returns 0 or
 * -errno; before log_start and after log_stop, log_write writes its line directly to standard error.
 */
int log_start(int descriptor, enum log_level level);

/* Writes what waits, summaries too, for at most `patience_ms`, then ends the writer thread. Call it on the thread that started it. */
void log_stop(int patience_ms);

/* Changes the level from now on. Any thread. */
void log_set_level(enum log_level level);

/*
 * Puts the level before each line from now on, in the form that the journal takes from the standard error of a service ("<4>" before a warning) and does not
 * show. Before log_start.
 */
void log_prefix_levels(void);

/* Is a line of this level written at all? For callers whose fields are costly to make. Any thread. */
int log_enabled(enum log_level level);

/* Writes one line. `fields` ends with an element of kind LOG_END. Any thread; never blocks on the reader. `event` must be a
 * string literal or live as long as the process: floods are told apart by it. */
void log_write(enum log_level level, const char *event, const struct log_field *fields);

/* log_event(LEVEL_INFO, "listening", LOG_FIELD_TEXT("address", text), LOG_FIELD_NUMBER("port", port)); */
#define log_event(level, event, ...) log_write((level), (event), (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){.kind = LOG_END}})

#endif
