/* SPDX-License-Identifier: MIT
 *
 * How long to wait before the next try to reach a server that went away: twice as long each time, up to a most, and by chance up to half of it less, so
 * that the clients of a server that was started again do not all come at the same moment. Any thread.
 */
#ifndef CLIENT_INTERACTIVE_BACKOFF_H
#define CLIENT_INTERACTIVE_BACKOFF_H

#include <stdint.h>

enum { BACKOFF_FIRST_MS = 500, BACKOFF_MOST_MS = 30000 };

/* Milliseconds before try number `tries`, counted from 0, with a number of chance. */
uint32_t backoff_ms(unsigned tries, uint32_t chance);

#endif
