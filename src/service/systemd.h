/* SPDX-License-Identifier: MIT
 *
 * The service manager: what it is told (ready, status, reloading, stopping, the watchdog's food) and what it says in the environment. Without one, or
 * under one that does not ask, every function does nothing. The library that speaks to it is used here only. Main thread.
 */
#ifndef SERVICE_SYSTEMD_H
#define SERVICE_SYSTEMD_H

#include <stdbool.h>
#include <stdint.h>

/* Does a service manager want to hear from us (Type=notify)? */
bool systemd_listens(void);

/* How long the watchdog waits for its food, in microseconds; 0: there is none. Constant while the process lives. */
uint64_t systemd_watchdog_us(void);

/* The server serves; also the end of a reload. */
void systemd_ready(void);
/* A line about what is going on, for `systemctl status`. */
void systemd_status(const char *text);
/* A reload begins; systemd_ready() ends it, whether it worked or not. */
void systemd_reloading(void);
/* The server stops, for at most about so long: neither the stop's time-out nor the watchdog is to end it before. */
void systemd_stopping(uint64_t at_most_us);
/* Feeds the watchdog. */
void systemd_feed_watchdog(void);

/* Is this descriptor the journal's end of a stream? It then understands a level before each line. Any thread. */
bool systemd_journal_has(int descriptor);

#endif
