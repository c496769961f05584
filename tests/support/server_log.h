/* SPDX-License-Identifier: MIT
 *
 * The lines of a pipe, read by a thread of their own and kept. For server.c.
 */
#ifndef SUPPORT_SERVER_LOG_H
#define SUPPORT_SERVER_LOG_H

#include <stdbool.h>
#include <stdint.h>

struct server_log;

/* Begins to read `descriptor`, which it closes at the end of input. */
struct server_log *server_log_new(int descriptor);

/* Frees the lines; the pipe must be at its end (the writer gone). */
void server_log_free(struct server_log *log);

/* The nth line of this event, waiting until the deadline; NULL when it does not come or the writer has gone. */
const char *server_log_event(struct server_log *log, const char *event, unsigned nth, int64_t deadline_ms);

/* Where the value of a name begins in a line, which is one flat JSON object, with or without spaces in it; NULL when it has none. */
const char *server_log_value(const char *line, const char *name);

/* The nth line, or NULL. */
const char *server_log_line(struct server_log *log, unsigned nth);

/* Waits for the end of input. */
bool server_log_drain(struct server_log *log, int64_t deadline_ms);

#endif
