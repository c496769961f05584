/* SPDX-License-Identifier: MIT
 *
 * How one line of the log is made: a JSON object whose values cannot forge a second line, break the JSON or steer a
 * terminal, whatever bytes a stranger put into them. Pure; any thread; writes nowhere.
 */
#ifndef BASE_LOG_LINE_H
#define BASE_LOG_LINE_H

#include "base/log.h"

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LOG_PREFIX_BYTES = 3,                             /* what log_line_prefix puts before it */
    LOG_LINE_BYTES = PIPE_BUF - 1 - LOG_PREFIX_BYTES, /* a pipe takes that much in one piece, so that processes sharing it do not mix their lines */
    LOG_VALUE_BYTES = 512,                            /* of one text once escaped; a longer one ends in an ellipsis */
};

struct log_line {
    size_t length;
    char text[LOG_LINE_BYTES + LOG_PREFIX_BYTES]; /* ends in '\n', no NUL */
};

/* Puts the level before a whole line, once, as the journal reads it: "<4>" before a warning. */
void log_line_prefix(struct log_line *line, enum log_level level);

/* Makes the whole line. A field that does not fit any more is left out and the line says "cut": true. */
void log_line_make(struct log_line *line, int64_t realtime_ms, enum log_level level, const char *event, const struct log_field *fields);

#endif
